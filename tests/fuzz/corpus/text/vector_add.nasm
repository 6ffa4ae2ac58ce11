# SPDX-License-Identifier: Apache-2.0
# c = a + b for 512 x 1024 floats: the smallest program that overlaps loading, computing and storing.
# With `sync auto` it says only what happens, in order; the semaphores are found when it is loaded.
program vector_add
target trn1
sync auto

tensor a input float32 [512, 1024] = normal(0, 1, seed 1)
tensor b input float32 [512, 1024] = normal(0, 1, seed 2)
tensor c output float32 [512, 1024]

# Room for two tiles each, used in turn: the next tile is loaded while this one is added.
sbuf tile_a float32 [128, 2048]
sbuf tile_b float32 [128, 2048]
sbuf tile_c float32 [128, 2048]

loop row 0..512 step 128 {
  label "load"
  sync.dma_copy tile_a[:, row / 128 % 2 * 1024 +: 1024], a[row +: 128, :]
  sync.dma_copy tile_b[:, row / 128 % 2 * 1024 +: 1024], b[row +: 128, :]
  label "add"
  vector.tensor_tensor tile_c[:, row / 128 % 2 * 1024 +: 1024], \
      tile_a[:, row / 128 % 2 * 1024 +: 1024], tile_b[:, row / 128 % 2 * 1024 +: 1024] op add
  label "store"
  # A queue of its own: on the queue of the loads, each load would wait behind the store of the tile before.
  scalar.dma_copy c[row +: 128, :], tile_c[:, row / 128 % 2 * 1024 +: 1024]
}
