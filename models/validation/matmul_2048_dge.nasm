# SPDX-License-Identifier: Apache-2.0
# 2048 x 2048 x 2048 bfloat16 on trn2, naive: a tile of A is loaded once, a tile of B serves two tiles of rows.
program matmul_2048_dge
target trn2
sync auto

tensor lhsT input bfloat16 [2048, 2048]
tensor rhs input bfloat16 [2048, 2048]
tensor out output bfloat16 [2048, 2048]

sbuf l bfloat16 [128, 8192]
sbuf r bfloat16 [128, 2048]
sbuf o bfloat16 [128, 1024]
psum acc float32 [128, 2048]

loop m 0..8 {
  loop k 0..16 {
    sync.dma_copy l[:, m % 2 * 4096 + k * 256 +: 128], lhsT[k * 128 +: 128, m * 256 +: 128] dge hwdge
    sync.dma_copy l[:, m % 2 * 4096 + k * 256 + 128 +: 128], lhsT[k * 128 +: 128, m * 256 + 128 +: 128] dge hwdge
    sync.dma_copy r[:, k % 4 * 512 +: 512], rhs[k * 128 +: 128, 0 +: 512] dge hwdge
    loop b 0..2 {
      tensor.nc_matmul acc[:, b * 512 +: 512], l[:, m % 2 * 4096 + k * 256 + b * 128 +: 128], \
          r[:, k % 4 * 512 +: 512] accumulate k
    }
  }
  loop b 0..2 {
    vector.tensor_copy o[:, b * 512 +: 512], acc[:, b * 512 +: 512]
    scalar.dma_copy out[m * 256 + b * 128 +: 128, 0 +: 512], o[:, b * 512 +: 512] dge hwdge
  }
  loop n 1..4 {
    loop k 0..16 {
      sync.dma_copy r[:, k % 4 * 512 +: 512], rhs[k * 128 +: 128, n * 512 +: 512] dge hwdge
      loop b 0..2 {
        tensor.nc_matmul acc[:, n % 2 * 1024 + b * 512 +: 512], l[:, m % 2 * 4096 + k * 256 + b * 128 +: 128], \
            r[:, k % 4 * 512 +: 512] accumulate k
      }
    }
    loop b 0..2 {
      vector.tensor_copy o[:, b * 512 +: 512], acc[:, n % 2 * 1024 + b * 512 +: 512]
      scalar.dma_copy out[m * 256 + b * 128 +: 128, n * 512 +: 512], o[:, b * 512 +: 512] dge hwdge
    }
  }
}
