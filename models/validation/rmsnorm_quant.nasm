# SPDX-License-Identifier: Apache-2.0
# rmsnorm and quantisation to fp8 of [${rows}, ${columns}] bfloat16 on two cores that share the rows, 128 at a time
# (rmsnorm-quant design page). One set of buffers: a tile is finished before the next one begins.
program rmsnorm_quant
target trn2
cores 2
sync auto
tensor x input bfloat16 [${rows}, ${columns}]
tensor gamma input bfloat16 [1, ${columns}]
tensor y output float8_e4m3 [${rows}, ${columns}]
tensor scale output float32 [${rows}, 1]

sbuf g bfloat16 [128, ${columns}]
sbuf t bfloat16 [128, ${columns}]
sbuf n bfloat16 [128, ${columns}]
sbuf f float32 [128, ${columns}]
sbuf q float8_e4m3 [128, ${columns}]
sbuf s float32 [128, 8]

gpsimd.dma_copy g, gamma[0 +: 128 by 0 +: ${columns}]
loop i 0..${rows / 256} {
  label "load"
  sync.dma_copy t, x[core * ${rows / 2} + i * 128 +: 128, :] dge hwdge
  label "sum of squares"
  scalar.activation_reduce n, s[:, 0 +: 1], t function square
  label "rsqrt"
  scalar.activation s[:, 1 +: 1], s[:, 0 +: 1] function rsqrt
  label "mul"
  vector.scalar_tensor_tensor n, t, g op0 multiply operand0 s[:, 1 +: 1] op1 multiply
  label "abs max"
  vector.tensor_reduce s[:, 2 +: 1], n op abs_max
  label "scale"
  vector.reciprocal s[:, 3 +: 1], s[:, 2 +: 1]
  vector.tensor_scalar f, n op0 multiply operand0 s[:, 3 +: 1]
  label "quantize"
  vector.tensor_scalar q, f op0 minimum operand0 240 op1 maximum operand1 -240
  label "store"
  sync.dma_copy y[core * ${rows / 2} + i * 128 +: 128, :], q dge hwdge
  gpsimd.dma_copy scale[core * ${rows / 2} + i * 128 +: 128, :], s[:, 2 +: 1]
}
