# SPDX-License-Identifier: Apache-2.0
# 2048 products of resident fp8 tiles, two rows of the contraction in each partition.
program matmul_fp8
target ${target}
sync auto
tensor a input float8_e4m3 [128, 1280]
tensor out output float32 [128, 512]
sbuf t float8_e4m3 [128, 1280]
sbuf o float32 [128, 512]
psum acc float32 [128, 512]
sync.dma_copy t, a
loop i 0..2048 {
  tensor.nc_matmul acc, t[:, 0 +: 2 by 128 +: 128], t[:, 256 +: 2 by 512 +: 512] perf_mode double_row
}
vector.tensor_copy o, acc
scalar.dma_copy out, o
