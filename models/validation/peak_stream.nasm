# SPDX-License-Identifier: Apache-2.0
# Products back to back after an idle array: how long the Tensor engine runs below its full rate.
program peak_stream
target trn2
sync auto
tensor out output float32 [128, 512]
sbuf t bfloat16 [128, 640]
sbuf o float32 [128, 512]
psum acc float32 [128, 512]
vector.memset t value 1
label "matmul"
loop i 0..256 {
  tensor.nc_matmul acc, t[:, 0 +: 128], t[:, 128 +: 512]
}
label ""
vector.tensor_copy o, acc
scalar.dma_copy out, o
