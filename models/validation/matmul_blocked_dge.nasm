# SPDX-License-Identifier: Apache-2.0
# 4096 x 4096 x 4096 bfloat16 on trn2, blocks of 8 x 2 tiles, whole rows of a block per load (2 KiB runs).
program matmul_blocked_dge
target trn2
sync auto

tensor lhsT input bfloat16 [4096, 4096]
tensor rhs input bfloat16 [4096, 4096]
tensor out output bfloat16 [4096, 4096]

sbuf l bfloat16 [128, 32768]
sbuf r bfloat16 [128, 65536]
sbuf o bfloat16 [128, 1024]
psum acc float32 [128, 1024]

loop m 0..4 {
  loop k 0..32 {
    sync.dma_copy l[:, k * 1024 +: 1024], lhsT[k * 128 +: 128, m * 1024 +: 1024] dge hwdge
  }
  loop n 0..4 {
    loop k 0..32 {
      sync.dma_copy r[:, n % 2 * 32768 + k * 1024 +: 1024], rhs[k * 128 +: 128, n * 1024 +: 1024] dge hwdge
    }
    loop bm 0..8 {
      loop bn 0..2 {
        loop k 0..32 {
          tensor.nc_matmul acc[:, bn * 512 +: 512], l[:, k * 1024 + bm * 128 +: 128], \
              r[:, n % 2 * 32768 + k * 1024 + bn * 512 +: 512] accumulate k
        }
        vector.tensor_copy o[:, bn * 512 +: 512], acc[:, bn * 512 +: 512]
        scalar.dma_copy out[m * 1024 + bm * 128 +: 128, n * 1024 + bn * 512 +: 512], o[:, bn * 512 +: 512] dge hwdge
      }
    }
  }
}
