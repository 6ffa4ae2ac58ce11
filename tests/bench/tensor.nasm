# SPDX-License-Identifier: Apache-2.0
# Products of resident tiles.
program tensor
target trn2
sync auto
tensor a input bfloat16 [128, 640]
tensor out output float32 [128, 512]
sbuf t bfloat16 [128, 640]
sbuf o float32 [128, 512]
psum acc float32 [128, 512]
sync.dma_copy t, a
loop i 0..${count} {
  tensor.nc_matmul acc, t[:, 0 +: 128], t[:, 128 +: 512]
}
vector.tensor_copy o, acc
scalar.dma_copy out, o
