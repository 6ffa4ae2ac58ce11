# SPDX-License-Identifier: Apache-2.0
# The second version of the same kernel: channels outside, delta and u loaded once per tile of channels, 16 states inside,
# every instruction over the whole sequence of ${steps} steps. States take turns in two sets of buffers, where every result
# replaces the one before; the first product of the next state comes before the scan, which need not wait then.
program mamba_v2
target trn1
sync auto
tensor delta input float32 [4096, ${steps}]
tensor u input float32 [4096, ${steps}]
tensor A input float32 [4096, 16]
tensor B input float32 [16, ${steps}]
tensor C input float32 [16, ${steps}]
tensor y output float32 [4096, ${steps}]

sbuf ones float32 [1, 128]
sbuf row float32 [1, 1024]
sbuf b float32 [128, ${2 * steps}]
sbuf c float32 [128, ${2 * steps}]
sbuf d float32 [128, ${turns * steps}]
sbuf x float32 [128, ${turns * steps}]
sbuf a float32 [128, 32]
sbuf da float32 [128, ${2 * steps}]
sbuf chain float32 [128, ${2 * steps}]
sbuf sum float32 [128, ${turns * steps}]
psum spread float32 [128, 2048]

gpsimd.memset ones value 1
loop t 0..32 {
  sync.dma_copy d[:, t % ${turns} * ${steps} +: ${steps}], delta[t * 128 +: 128, :]
  sync.dma_copy x[:, t % ${turns} * ${steps} +: ${steps}], u[t * 128 +: 128, :] queue 1
  sync.dma_copy a[:, t % 2 * 16 +: 16], A[t * 128 +: 128, :] queue 2
  gpsimd.memset sum[:, t % ${turns} * ${steps} +: ${steps}] value 0
  vector.tensor_tensor chain[:, 0 +: ${steps}], d[:, t % ${turns} * ${steps} +: ${steps}], x[:, t % ${turns} * ${steps} +: ${steps}] op multiply
  loop s 0..16 step 2 {
    loop k 0..${steps / 512} {
      scalar.dma_copy row[:, 0 +: 512], B[s +: 1, k * 512 +: 512]
      scalar.dma_copy row[:, 512 +: 512], C[s +: 1, k * 512 +: 512]
      tensor.nc_matmul spread[:, k % 2 * 1024 +: 512], ones, row[:, 0 +: 512]
      tensor.nc_matmul spread[:, k % 2 * 1024 + 512 +: 512], ones, row[:, 512 +: 512]
      scalar.activation b[:, 0 + k * 512 +: 512], spread[:, k % 2 * 1024 +: 512] function copy
      scalar.activation c[:, 0 + k * 512 +: 512], spread[:, k % 2 * 1024 + 512 +: 512] function copy
    }
    scalar.activation da[:, 0 +: ${steps}], d[:, t % ${turns} * ${steps} +: ${steps}] function exp scale a[:, t % 2 * 16 + s +: 1]
    vector.tensor_tensor chain[:, 0 +: ${steps}], chain[:, 0 +: ${steps}], b[:, 0 +: ${steps}] op multiply
    vector.tensor_tensor chain[:, ${steps} +: ${steps}], d[:, t % ${turns} * ${steps} +: ${steps}], x[:, t % ${turns} * ${steps} +: ${steps}] op multiply
    vector.tensor_tensor_scan chain[:, 0 +: ${steps}], da[:, 0 +: ${steps}], chain[:, 0 +: ${steps}] initial 0 op0 multiply op1 add
    vector.tensor_tensor chain[:, 0 +: ${steps}], chain[:, 0 +: ${steps}], c[:, 0 +: ${steps}] op multiply
    vector.tensor_tensor sum[:, t % ${turns} * ${steps} +: ${steps}], sum[:, t % ${turns} * ${steps} +: ${steps}], chain[:, 0 +: ${steps}] op add
    loop k 0..${steps / 512} {
      scalar.dma_copy row[:, 0 +: 512], B[s + 1 +: 1, k * 512 +: 512]
      scalar.dma_copy row[:, 512 +: 512], C[s + 1 +: 1, k * 512 +: 512]
      tensor.nc_matmul spread[:, k % 2 * 1024 +: 512], ones, row[:, 0 +: 512]
      tensor.nc_matmul spread[:, k % 2 * 1024 + 512 +: 512], ones, row[:, 512 +: 512]
      scalar.activation b[:, ${steps} + k * 512 +: 512], spread[:, k % 2 * 1024 +: 512] function copy
      scalar.activation c[:, ${steps} + k * 512 +: 512], spread[:, k % 2 * 1024 + 512 +: 512] function copy
    }
    scalar.activation da[:, ${steps} +: ${steps}], d[:, t % ${turns} * ${steps} +: ${steps}] function exp scale a[:, t % 2 * 16 + s + 1 +: 1]
    vector.tensor_tensor chain[:, ${steps} +: ${steps}], chain[:, ${steps} +: ${steps}], b[:, ${steps} +: ${steps}] op multiply
    vector.tensor_tensor chain[:, 0 +: ${steps}], d[:, t % ${turns} * ${steps} +: ${steps}], x[:, t % ${turns} * ${steps} +: ${steps}] op multiply
    vector.tensor_tensor_scan chain[:, ${steps} +: ${steps}], da[:, ${steps} +: ${steps}], chain[:, ${steps} +: ${steps}] initial 0 op0 multiply op1 add
    vector.tensor_tensor chain[:, ${steps} +: ${steps}], chain[:, ${steps} +: ${steps}], c[:, ${steps} +: ${steps}] op multiply
    vector.tensor_tensor sum[:, t % ${turns} * ${steps} +: ${steps}], sum[:, t % ${turns} * ${steps} +: ${steps}], chain[:, ${steps} +: ${steps}] op add
  }
  gpsimd.dma_copy y[t * 128 +: 128, :], sum[:, t % ${turns} * ${steps} +: ${steps}]
}
