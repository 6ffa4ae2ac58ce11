# SPDX-License-Identifier: Apache-2.0
# The third version: as the second, with the sequence of 8192 steps cut into tiles of 512, whose rows of B and C stay in
# PSUM where a product with ones spread them over the partitions. The scan of a tile goes on where the one before ended;
# the chains of two tiles take turns.
program mamba_v3
target trn1
sync auto
tensor delta input float32 [4096, 8192]
tensor u input float32 [4096, 8192]
tensor A input float32 [4096, 16]
tensor B input float32 [16, 8192]
tensor C input float32 [16, 8192]
tensor y output float32 [4096, 8192]

sbuf ones float32 [1, 128]
sbuf row float32 [1, 2048]
sbuf d float32 [128, 16384]
sbuf x float32 [128, 16384]
sbuf a float32 [128, 32]
sbuf da float32 [128, 1024]
sbuf du float32 [128, 1024]
sbuf db float32 [128, 1024]
sbuf h float32 [128, 1024]
sbuf hc float32 [128, 1024]
sbuf sum float32 [128, 8192]
psum spread float32 [128, 2048]

gpsimd.memset ones value 1
loop t 0..32 {
  sync.dma_copy d[:, t % 2 * 8192 +: 8192], delta[t * 128 +: 128, :]
  sync.dma_copy x[:, t % 2 * 8192 +: 8192], u[t * 128 +: 128, :] queue 1
  sync.dma_copy a[:, t % 2 * 16 +: 16], A[t * 128 +: 128, :] queue 2
  loop k 0..16 {
    gpsimd.memset sum[:, k * 512 +: 512] value 0
  }
  loop s 0..16 {
    gpsimd.memset h[:, 1023 +: 1] value 0
    loop k 0..8 {
      scalar.dma_copy row[:, 0 +: 512], B[s +: 1, k * 1024 +: 512]
      scalar.dma_copy row[:, 512 +: 512], C[s +: 1, k * 1024 +: 512]
      tensor.nc_matmul spread[:, 0 +: 512], ones, row[:, 0 +: 512]
      tensor.nc_matmul spread[:, 512 +: 512], ones, row[:, 512 +: 512]
      scalar.activation da[:, 0 +: 512], d[:, t % 2 * 8192 + k * 1024 +: 512] function exp scale a[:, t % 2 * 16 + s +: 1]
      scalar.dma_copy row[:, 1024 +: 512], B[s +: 1, k * 1024 + 512 +: 512]
      scalar.dma_copy row[:, 1536 +: 512], C[s +: 1, k * 1024 + 512 +: 512]
      tensor.nc_matmul spread[:, 1024 +: 512], ones, row[:, 1024 +: 512]
      tensor.nc_matmul spread[:, 1536 +: 512], ones, row[:, 1536 +: 512]
      scalar.activation da[:, 512 +: 512], d[:, t % 2 * 8192 + k * 1024 + 512 +: 512] function exp scale a[:, t % 2 * 16 + s +: 1]
      vector.tensor_tensor du[:, 0 +: 512], d[:, t % 2 * 8192 + k * 1024 +: 512], x[:, t % 2 * 8192 + k * 1024 +: 512] op multiply
      vector.tensor_tensor du[:, 512 +: 512], d[:, t % 2 * 8192 + k * 1024 + 512 +: 512], x[:, t % 2 * 8192 + k * 1024 + 512 +: 512] op multiply
      vector.tensor_tensor db[:, 0 +: 512], du[:, 0 +: 512], spread[:, 0 +: 512] op multiply
      vector.tensor_tensor db[:, 512 +: 512], du[:, 512 +: 512], spread[:, 1024 +: 512] op multiply
      vector.tensor_tensor_scan h[:, 0 +: 512], da[:, 0 +: 512], db[:, 0 +: 512] initial h[:, 1023 +: 1] op0 multiply op1 add
      vector.tensor_tensor_scan h[:, 512 +: 512], da[:, 512 +: 512], db[:, 512 +: 512] initial h[:, 511 +: 1] op0 multiply op1 add
      vector.tensor_tensor hc[:, 0 +: 512], h[:, 0 +: 512], spread[:, 512 +: 512] op multiply
      vector.tensor_tensor hc[:, 512 +: 512], h[:, 512 +: 512], spread[:, 1536 +: 512] op multiply
      vector.tensor_tensor sum[:, k * 1024 +: 512], sum[:, k * 1024 +: 512], hc[:, 0 +: 512] op add
      vector.tensor_tensor sum[:, k * 1024 + 512 +: 512], sum[:, k * 1024 + 512 +: 512], hc[:, 512 +: 512] op add
    }
  }
  loop k 0..16 {
    gpsimd.dma_copy y[t * 128 +: 128, k * 512 +: 512], sum[:, k * 512 +: 512] queue 1
  }
}
