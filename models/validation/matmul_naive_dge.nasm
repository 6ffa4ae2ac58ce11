# SPDX-License-Identifier: Apache-2.0
# 4096 x 4096 x 4096 bfloat16, naive, as the profile of the kernel on trn2 shows it: every tile of B is loaded for every
# product, a tile of A once for up to three tiles of columns; descriptors are made by hardware, all loads in one queue.
program matmul_naive_dge
target trn2
sync auto

tensor lhsT input bfloat16 [4096, 4096]
tensor rhs input bfloat16 [4096, 4096]
tensor out output bfloat16 [4096, 4096]

sbuf l bfloat16 [128, 8192]
sbuf r bfloat16 [128, 2048]
sbuf o bfloat16 [128, 1024]
psum acc float32 [128, 1024]

loop m 0..32 {
  loop g 0..2 {
    loop k 0..32 {
      sync.dma_copy l[:, g * 4096 + k * 128 +: 128], lhsT[k * 128 +: 128, m * 128 +: 128] dge hwdge
      sync.dma_copy r[:, k % 4 * 512 +: 512], rhs[k * 128 +: 128, g * 1536 +: 512] dge hwdge
      tensor.nc_matmul acc[:, 0 +: 512], l[:, g * 4096 + k * 128 +: 128], r[:, k % 4 * 512 +: 512] accumulate k
    }
    vector.tensor_copy o[:, 0 +: 512], acc[:, 0 +: 512]
    scalar.dma_copy out[m * 128 +: 128, g * 1536 +: 512], o[:, 0 +: 512] dge hwdge
    loop n 1..3 {
      loop k 0..32 {
        sync.dma_copy r[:, k % 4 * 512 +: 512], rhs[k * 128 +: 128, g * 1536 + n * 512 +: 512] dge hwdge
        tensor.nc_matmul acc[:, n % 2 * 512 +: 512], l[:, g * 4096 + k * 128 +: 128], r[:, k % 4 * 512 +: 512] accumulate k
      }
      vector.tensor_copy o[:, n % 2 * 512 +: 512], acc[:, n % 2 * 512 +: 512]
      scalar.dma_copy out[m * 128 +: 128, g * 1536 + n * 512 +: 512], o[:, n % 2 * 512 +: 512] dge hwdge
    }
  }
  loop k 0..32 {
    sync.dma_copy l[:, k * 128 +: 128], lhsT[k * 128 +: 128, m * 128 +: 128] dge hwdge
    sync.dma_copy r[:, k % 4 * 512 +: 512], rhs[k * 128 +: 128, 3072 +: 512] dge hwdge
    tensor.nc_matmul acc[:, 0 +: 512], l[:, k * 128 +: 128], r[:, k % 4 * 512 +: 512] accumulate k
  }
  vector.tensor_copy o[:, 0 +: 512], acc[:, 0 +: 512]
  scalar.dma_copy out[m * 128 +: 128, 3072 +: 512], o[:, 0 +: 512] dge hwdge
  loop k 0..32 {
    sync.dma_copy r[:, k % 4 * 512 +: 512], rhs[k * 128 +: 128, 3584 +: 512] dge hwdge
    tensor.nc_matmul acc[:, 512 +: 512], l[:, k * 128 +: 128], r[:, k % 4 * 512 +: 512] accumulate k
  }
  vector.tensor_copy o[:, 512 +: 512], acc[:, 512 +: 512]
  scalar.dma_copy out[m * 128 +: 128, 3584 +: 512], o[:, 512 +: 512] dge hwdge
}
