# SPDX-License-Identifier: Apache-2.0
# Selective state space model, 16 states, ${tiles} tiles of 128 channels, 512 steps, float32, first version of the NKI
# fused mamba tutorial: states outside, channels inside, delta and u loaded every time. Rows of B and C are spread over
# the partitions by a product with ones, and brought from PSUM to SBUF by the Scalar engine. The chains of two tiles take
# turns, so that an instruction need not wait for the one before it.
program mamba_v1
target trn1
sync auto
tensor delta input float32 [${tiles * 128}, 512]
tensor u input float32 [${tiles * 128}, 512]
tensor A input float32 [${tiles * 128}, 16]
tensor B input float32 [16, 512]
tensor C input float32 [16, 512]
tensor y output float32 [${tiles * 128}, 512]

sbuf ones float32 [1, 128]
sbuf row float32 [1, 2048]
sbuf b float32 [128, 1024]
sbuf c float32 [128, 1024]
sbuf d float32 [128, 1024]
sbuf x float32 [128, 1024]
sbuf a float32 [128, 2]
sbuf da float32 [128, 1024]
sbuf du float32 [128, 1024]
sbuf db float32 [128, 1024]
sbuf h float32 [128, 1024]
sbuf hc float32 [128, 1024]
sbuf sum float32 [128, ${512 * tiles}]
psum spread float32 [128, 2048]

gpsimd.memset ones value 1
loop t 0..${tiles} {
  gpsimd.memset sum[:, t * 512 +: 512] value 0
}
loop s 0..16 {
  scalar.dma_copy row[:, s % 2 * 1024 +: 512], B[s +: 1, :]
  scalar.dma_copy row[:, s % 2 * 1024 + 512 +: 512], C[s +: 1, :]
  tensor.nc_matmul spread[:, s % 2 * 1024 +: 512], ones, row[:, s % 2 * 1024 +: 512]
  tensor.nc_matmul spread[:, s % 2 * 1024 + 512 +: 512], ones, row[:, s % 2 * 1024 + 512 +: 512]
  scalar.activation b[:, s % 2 * 512 +: 512], spread[:, s % 2 * 1024 +: 512] function copy
  scalar.activation c[:, s % 2 * 512 +: 512], spread[:, s % 2 * 1024 + 512 +: 512] function copy
  loop t 0..${tiles} step 2 {
    sync.dma_copy d[:, 0 +: 512], delta[t * 128 +: 128, :]
    sync.dma_copy x[:, 0 +: 512], u[t * 128 +: 128, :] queue 1
    sync.dma_copy a[:, 0 +: 1], A[t * 128 +: 128, s +: 1] queue 2
    sync.dma_copy d[:, 512 +: 512], delta[t * 128 + 128 +: 128, :]
    sync.dma_copy x[:, 512 +: 512], u[t * 128 + 128 +: 128, :] queue 1
    sync.dma_copy a[:, 1 +: 1], A[t * 128 + 128 +: 128, s +: 1] queue 2
    label "exp"
    scalar.activation da[:, 0 +: 512], d[:, 0 +: 512] function exp scale a[:, 0 +: 1]
    scalar.activation da[:, 512 +: 512], d[:, 512 +: 512] function exp scale a[:, 1 +: 1]
    label "step"
    vector.tensor_tensor du[:, 0 +: 512], d[:, 0 +: 512], x[:, 0 +: 512] op multiply
    vector.tensor_tensor du[:, 512 +: 512], d[:, 512 +: 512], x[:, 512 +: 512] op multiply
    vector.tensor_tensor db[:, 0 +: 512], du[:, 0 +: 512], b[:, s % 2 * 512 +: 512] op multiply
    vector.tensor_tensor db[:, 512 +: 512], du[:, 512 +: 512], b[:, s % 2 * 512 +: 512] op multiply
    vector.tensor_tensor_scan h[:, 0 +: 512], da[:, 0 +: 512], db[:, 0 +: 512] initial 0 op0 multiply op1 add
    vector.tensor_tensor_scan h[:, 512 +: 512], da[:, 512 +: 512], db[:, 512 +: 512] initial 0 op0 multiply op1 add
    vector.tensor_tensor hc[:, 0 +: 512], h[:, 0 +: 512], c[:, s % 2 * 512 +: 512] op multiply
    vector.tensor_tensor hc[:, 512 +: 512], h[:, 512 +: 512], c[:, s % 2 * 512 +: 512] op multiply
    vector.tensor_tensor sum[:, t * 512 +: 512], sum[:, t * 512 +: 512], hc[:, 0 +: 512] op add
    vector.tensor_tensor sum[:, t * 512 + 512 +: 512], sum[:, t * 512 + 512 +: 512], hc[:, 512 +: 512] op add
    label ""
  }
}
loop t 0..${tiles} {
  sync.dma_copy y[t * 128 +: 128, :], sum[:, t * 512 +: 512]
}
