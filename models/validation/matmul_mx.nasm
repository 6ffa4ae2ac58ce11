# SPDX-License-Identifier: Apache-2.0
# 2048 products of resident MX tiles of fp8, four rows of the contraction in each element.
program matmul_mx
target trn3
sync auto
tensor a input float8_e4m3fn_x4 [128, 640]
tensor s input uint8 [128, 640]
tensor out output float32 [128, 512]
sbuf t float8_e4m3fn_x4 [128, 640]
sbuf scale uint8 [128, 640]
sbuf o float32 [128, 512]
psum acc float32 [128, 512]
sync.dma_copy t, a
sync.dma_copy scale, s
loop i 0..2048 {
  tensor.nc_matmul_mx acc, t[:, 0 +: 128], t[:, 128 +: 512] \
      stationary_scale scale[0 +: 100, 0 +: 128] moving_scale scale[0 +: 100, 128 +: 512]
}
vector.tensor_copy o, acc
scalar.dma_copy out, o
