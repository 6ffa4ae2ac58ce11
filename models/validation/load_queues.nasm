# SPDX-License-Identifier: Apache-2.0
# Large loads on four queues at once, on every core of the logical core: what the DMA engines move at most.
program load_queues
target ${target}
cores ${cores}
sync auto
tensor in input uint8 [512, 16384]
tensor out output uint8 [${cores * 128}, 16384]
sbuf t uint8 [128, 65536]
loop i 0..${count} {
  sync.dma_copy t[:, 0 +: 16384], in[0 +: 128, :] dge ${mode}
  scalar.dma_copy t[:, 16384 +: 16384], in[128 +: 128, :] dge ${mode}
  gpsimd.dma_copy t[:, 32768 +: 16384], in[256 +: 128, :]
  vector.dma_copy t[:, 49152 +: 16384], in[384 +: 128, :]
}
sync.dma_copy out[core * 128 +: 128, :], t[:, 0 +: 16384]
