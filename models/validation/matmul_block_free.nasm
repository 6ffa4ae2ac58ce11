# SPDX-License-Identifier: Apache-2.0
# [4096, 8192] x [8192, 8192] blocked in the free dimensions, 256 x 1024 (NKI matrix multiplication tutorial): the
# columns of A for a block of rows stay, those of B are loaded once per block.
program matmul_block_free
target trn1
sync auto

tensor lhsT input bfloat16 [8192, 4096]
tensor rhs input bfloat16 [8192, 8192]
tensor out output bfloat16 [4096, 8192]

# All of K at once: 64 tiles of A (32 KiB) and of B (128 KiB of each partition): no room for a second set.
sbuf l bfloat16 [128, 16384]
sbuf r bfloat16 [128, 65536]
sbuf o bfloat16 [128, 1024]
psum acc float32 [128, 2048]

loop m 0..16 {
  loop k 0..64 {
    sync.dma_copy l[:, k * 256 +: 256], lhsT[k * 128 +: 128, m * 256 +: 256]
  }
  loop n 0..8 {
    loop k 0..64 {
      sync.dma_copy r[:, k * 1024 +: 1024], rhs[k * 128 +: 128, n * 1024 +: 1024]
      loop bm 0..2 {
        loop bn 0..2 {
          tensor.nc_matmul acc[:, bm * 1024 + bn * 512 +: 512], l[:, k * 256 + bm * 128 +: 128], \
              r[:, k * 1024 + bn * 512 +: 512] accumulate k
        }
      }
    }
    loop bm 0..2 {
      loop bn 0..2 {
        vector.tensor_copy o[:, bn * 512 +: 512], acc[:, bm * 1024 + bn * 512 +: 512]
        scalar.dma_copy out[m * 256 + bm * 128 +: 128, n * 1024 + bn * 512 +: 512], o[:, bn * 512 +: 512]
      }
    }
  }
}
