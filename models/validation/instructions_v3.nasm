# SPDX-License-Identifier: Apache-2.0
# Instructions of NeuronCore-v3, alone (NKI kernel-optimization page, rmsnorm-quant design page) and back to back.
program instructions_v3
target trn2
sync auto
tensor in input bfloat16 [128, 16384]
tensor out output bfloat16 [128, 16384]
sbuf a bfloat16 [128, 16384]
sbuf b bfloat16 [128, 16384]
sbuf f float32 [128, 1024]
sbuf s float32 [128, 8]
sbuf h bfloat16 [128, 8]
psum p float32 [128, 512]

sync.dma_copy a, in
vector.memset f value 1
label "fp32 matmul"
loop i 0..64 {
  tensor.nc_matmul p, f[:, 0 +: 128], f[:, 512 +: 512]
}
label "tensor_copy fp32"
vector.tensor_copy f[:, 512 +: 512], f[:, 0 +: 512]
label "exp"
scalar.activation b[:, 0 +: 4096], a[:, 0 +: 4096] function exp
label "activation_reduce"
scalar.activation_reduce b, s[:, 0 +: 1], a function square
label "abs max"
vector.tensor_reduce h[:, 0 +: 1], a op abs_max
label ""
scalar.dma_copy out, b
