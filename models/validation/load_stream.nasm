# SPDX-License-Identifier: Apache-2.0
# ${count} loads of [128, ${bytes}] bytes whose rows follow each other in HBM: one queue, none waits for another.
program load_stream
target ${target}
sync explicit
tensor in input uint8 [128, ${bytes}]
tensor out output uint8 [128, ${bytes}]
sbuf t uint8 [128, ${bytes}]
semaphore loaded, stored
loop i 0..${count} {
  sync.dma_copy t, in dge ${mode} signal loaded += 16
}
scalar.dma_copy out, t wait loaded >= ${16 * count} signal stored += 16
sync.semaphore_wait wait stored >= 16
