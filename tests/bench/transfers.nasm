# SPDX-License-Identifier: Apache-2.0
# A naive matrix product: two loads of 128 rows for every product.
program transfers
target trn2
sync auto
tensor lhsT input bfloat16 [8192, 4096]
tensor rhs input bfloat16 [8192, 8192]
tensor out output float32 [128, 512]
sbuf l bfloat16 [128, 512]
sbuf r bfloat16 [128, 2048]
sbuf o float32 [128, 512]
psum acc float32 [128, 512]
loop i 0..${count} {
  sync.dma_copy l[:, i % 4 * 128 +: 128], lhsT[i / 32 % 64 * 128 +: 128, i % 32 * 128 +: 128] dge none
  sync.dma_copy r[:, i % 4 * 512 +: 512], rhs[i / 16 % 64 * 128 +: 128, i % 16 * 512 +: 512] dge none
  tensor.nc_matmul acc, l[:, i % 4 * 128 +: 128], r[:, i % 4 * 512 +: 512]
}
vector.tensor_copy o, acc
scalar.dma_copy out, o
