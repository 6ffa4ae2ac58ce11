# SPDX-License-Identifier: Apache-2.0
# y = gelu(x) / 2 + 1 with semaphores written by hand: a pipeline of DMA, Scalar, Vector, DMA over two halves of
# each buffer. Every stage waits for the one before it, and for the one behind it to have freed its half.
#
# A transfer is made by 16 DMA engines, and each adds 1 when its share has arrived. Each half has semaphores of its
# own for transfers: with two transfers in flight on one semaphore, 16 could be half of each.
program semaphores
target trn1
sync explicit

tensor x input float32 [512, 512] = uniform(-3, 3, seed 1)
tensor y output float32 [512, 512]

sbuf in float32 [128, 1024]
sbuf act float32 [128, 1024]
sbuf out float32 [128, 1024]

semaphore loaded_even, loaded_odd, stored_even, stored_odd, activated, scaled

# Tile i may enter a half when tile i - 2 has left it, which is i - 1 tiles in all. One tile of credit makes that i.
sync.nop signal activated += 1, scaled += 1

loop pair 0..2 {
  sync.dma_copy in[:, 0 +: 512], x[pair * 256 +: 128, :] \
      wait activated >= pair * 2 signal loaded_even += 16
  sync.dma_copy in[:, 512 +: 512], x[pair * 256 + 128 +: 128, :] \
      wait activated >= pair * 2 + 1 signal loaded_odd += 16

  scalar.activation act[:, 0 +: 512], in[:, 0 +: 512] function gelu \
      wait loaded_even >= pair * 16 + 16, scaled >= pair * 2 signal activated += 1
  scalar.activation act[:, 512 +: 512], in[:, 512 +: 512] function gelu \
      wait loaded_odd >= pair * 16 + 16, scaled >= pair * 2 + 1 signal activated += 1

  vector.tensor_scalar out[:, 0 +: 512], act[:, 0 +: 512] op0 multiply operand0 0.5 op1 add operand1 1 \
      wait activated >= pair * 2 + 2, stored_even >= pair * 16 signal scaled += 1
  vector.tensor_scalar out[:, 512 +: 512], act[:, 512 +: 512] op0 multiply operand0 0.5 op1 add operand1 1 \
      wait activated >= pair * 2 + 3, stored_odd >= pair * 16 signal scaled += 1

  # Stores have a queue of their own: in the queue of the loads they would hold up the next load.
  gpsimd.dma_copy y[pair * 256 +: 128, :], out[:, 0 +: 512] \
      wait scaled >= pair * 2 + 2 signal stored_even += 16
  gpsimd.dma_copy y[pair * 256 + 128 +: 128, :], out[:, 512 +: 512] \
      wait scaled >= pair * 2 + 3 signal stored_odd += 16
}

# The program is over when the last transfers have arrived.
sync.semaphore_wait wait stored_even >= 32, stored_odd >= 32
