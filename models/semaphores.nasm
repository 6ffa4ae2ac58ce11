# SPDX-License-Identifier: Apache-2.0
# y = gelu(x) / 2 + 1 with semaphores written by hand: a pipeline of DMA, Scalar, Vector, DMA over two halves of
# each buffer. Every stage waits for the one before it, and for the one behind it to have freed its half.
# A transfer is made by 16 DMA engines, and each adds 1: semaphores of transfers count in sixteens.
program semaphores
target trn1
sync explicit

tensor x input float32 [512, 512] = uniform(-3, 3, seed 1)
tensor y output float32 [512, 512]

sbuf in float32 [128, 1024]
sbuf act float32 [128, 1024]
sbuf out float32 [128, 1024]

semaphore loaded, activated, scaled, stored

# Tile i may enter a half when tile i - 2 has left it, which is i - 1 tiles in all. One tile of credit makes that i.
sync.nop signal activated += 1, scaled += 1, stored += 16

loop i 0..4 {
  sync.dma_copy in[:, i % 2 * 512 +: 512], x[i * 128 +: 128, :] \
      wait activated >= i signal loaded += 16

  scalar.activation act[:, i % 2 * 512 +: 512], in[:, i % 2 * 512 +: 512] function gelu \
      wait loaded >= i * 16 + 16, scaled >= i signal activated += 1

  vector.tensor_scalar out[:, i % 2 * 512 +: 512], act[:, i % 2 * 512 +: 512] \
      op0 multiply operand0 0.5 op1 add operand1 1 \
      wait activated >= i + 2, stored >= i * 16 signal scaled += 1

  # Stores have a queue of their own: in the queue of the loads they would hold up the next load.
  gpsimd.dma_copy y[i * 128 +: 128, :], out[:, i % 2 * 512 +: 512] \
      wait scaled >= i + 2 signal stored += 16
}

# The program is over when the last transfer has arrived.
sync.semaphore_wait wait stored >= 80
