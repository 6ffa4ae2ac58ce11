# SPDX-License-Identifier: Apache-2.0
# 2048 products of one stationary and one moving tile that stay in SBUF: the Tensor engine alone.
program matmul_resident
target ${target}
sync auto

tensor a input ${dtype} [128, 640]
tensor out output float32 [128, 512]
sbuf t ${dtype} [128, 640]
sbuf o float32 [128, 512]
psum acc float32 [128, 512]

sync.dma_copy t, a
loop i 0..2048 {
  tensor.nc_matmul acc, t[:, 0 +: 128], t[:, 128 +: 512]
}
vector.tensor_copy o, acc
scalar.dma_copy out, o
