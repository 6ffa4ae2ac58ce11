# SPDX-License-Identifier: Apache-2.0
# [4096, 8192] x [8192, 8192] blocked in all dimensions, 2048 x 1024 x 1024 (NKI matrix multiplication tutorial, fully
# optimized kernel): products of eight tiles of K accumulate in PSUM, then in SBUF in the type of the inputs. Tiles of
# A and B have ${sets} set(s) of buffers.
program matmul_blocked
target ${target}
sync auto

tensor lhsT input ${dtype} [8192, 4096]
tensor rhs input ${dtype} [8192, 8192]
tensor out output ${dtype} [4096, 8192]

sbuf l ${dtype} [128, ${16384 * sets}]
sbuf r ${dtype} [128, ${8192 * sets}]
sbuf sum ${dtype} [128, 32768]
psum acc float32 [128, 4096]

loop n 0..8 {
  vector.memset sum value 0
  loop kb 0..8 {
    loop k 0..8 {
      sync.dma_copy r[:, kb % ${sets} * 8192 + k * 1024 +: 1024], rhs[kb * 1024 + k * 128 +: 128, n * 1024 +: 1024] dge none
    }
    loop mb 0..2 {
      loop k 0..8 {
        sync.dma_copy l[:, mb % ${sets} * 16384 + k * 2048 +: 2048], lhsT[kb * 1024 + k * 128 +: 128, mb * 2048 +: 2048] dge none
      }
      loop m 0..16 {
        loop bn 0..2 {
          loop k 0..8 {
            tensor.nc_matmul acc[:, m % 4 * 1024 + bn * 512 +: 512], \
                l[:, mb % ${sets} * 16384 + k * 2048 + m * 128 +: 128], \
                r[:, kb % ${sets} * 8192 + k * 1024 + bn * 512 +: 512] accumulate k
          }
          vector.tensor_tensor sum[:, mb * 16384 + m * 1024 + bn * 512 +: 512], \
              sum[:, mb * 16384 + m * 1024 + bn * 512 +: 512], acc[:, m % 4 * 1024 + bn * 512 +: 512] op add
        }
      }
    }
  }
  loop m 0..32 {
    scalar.dma_copy out[m * 128 +: 128, n * 1024 +: 1024], sum[:, m * 1024 +: 1024] dge none
  }
}
