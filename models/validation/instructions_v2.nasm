# SPDX-License-Identifier: Apache-2.0
# Instructions of NeuronCore-v2, alone and in dependent chains (NKI performance guide).
program instructions_v2
target trn1
sync auto
tensor in input float32 [128, 8192]
tensor out output float32 [128, 8192]
sbuf a float32 [128, 8192]
sbuf b float32 [128, 8192]
sbuf c float32 [128, 8192]
sbuf d float32 [128, 64]
sbuf w bfloat16 [128, 256]
psum p float32 [128, 128]

sync.dma_copy a, in
sync.dma_copy b, in
label "activation 1"
scalar.activation d[:, 0 +: 1], a[:, 0 +: 1] function copy
label "activation chain"
loop i 0..16 {
  scalar.activation d[:, 1 +: 1], d[:, 1 +: 1] function copy
}
label "tensor_tensor 64"
vector.tensor_tensor c[0 +: 64, :], a[0 +: 64, :], b[0 +: 64, :] op add
label "tensor_tensor 128"
vector.tensor_tensor c, a, b op multiply
label "scalar before vector"
scalar.activation d[:, 2 +: 1], c[:, 0 +: 1] function copy
label "vector after scalar"
vector.tensor_copy d[:, 3 +: 1], d[:, 2 +: 1]
label ""
vector.memset w value 1
label "matmul"
tensor.nc_matmul p[0 +: 1, :], w[:, 0 +: 1], w[:, 128 +: 128]
label "semaphore"
sync.nop
label ""
sync.dma_copy out, c
