# Every statement, every kind of initial contents, every opcode with all its attributes.
program "every thing"
target trn2
cores 2
sync explicit
spilled 0x10_00
tensor a input float32 [128, 64] = normal(-0.5, 1e3, seed 3)
tensor w.1 weight bfloat16 [8, 4, 2] = uniform(-1, 1, seed 18446744073709551615)
tensor raw weight uint8 [4] = bytes("00ff" "1234")
tensor z internal int8 [3] = zero
tensor k internal float16 [3] = constant(nan)
tensor i internal int32 [] = index(7)
tensor j internal float8_e4m3 [2] = index
tensor c output tfloat32 [128, 64]
sbuf t float32 [128, 64] partition 32 address 512
sbuf "quoted \"name\" \x01" uint16 [1, 1]
psum acc float32 [64, 512]
semaphore s, done
label first
loop m -2..4 step 2 {
  sync.dma_copy t[:, m % 2 * 3 +: 2], a[m / 2 + 64 +: 128, 3 +: 2 by 2] queue 1 dge hwdge signal s += 16
  loop n 0..2 {
    tensor.nc_matmul acc, t, t accumulate n
    tensor.nc_transpose acc, t
    vector.tensor_copy t[core, -m / 2 % 4 * 3 - n * -2 - (4 - 2) * 3], t[0 +: 4, 1 +: 2 by -3 +: 4 by 0]
    vector.memset t value -inf
    gpsimd.tensor_tensor t, t, t op abs_max
    vector.tensor_scalar t, t op0 subtract operand0 t[:, n] reverse0 op1 multiply operand1 2.5 reverse1 \
        wait s >= m * 16 + core, done >= 1 signal done += 1, s += -2
    vector.scalar_tensor_tensor t, t, acc op0 add operand0 1 reverse0 op1 power reverse1
    vector.tensor_reduce t, t op add keep 1 negate
  }
  scalar.activation t, t function gelu scale t[:, 0] bias 1e-45
  scalar.activation_reduce t, t[:, 0], acc[0 +: 64, :] function exp scale 0.125 bias t[:, 1]
  vector.reciprocal t, t
  vector.bn_stats t, t
  vector.bn_aggr t, t
}
label ""
gpsimd.iota t base 5 partition_step 2 pattern [0, -1, 3, 4]
gpsimd.affine_select t, t fill 3.4028235e38 base core - 3 partition_step -1 pattern []
scalar.dma_transpose t, w.1[:, 0, :] dge none
gpsimd.dma_gather t, a[0 +: 64], t dge swdge
gpsimd.dma_gather t, a[5 +: 64], t step 64 op add oob skip as "the rows"
gpsimd.dma_scatter a[0 +: 64], t, t op add queue 2 as put after "the rows"
vector.tensor_copy t, t dst_offset [3, 64] src_offset [63, 2147483647]
sync.dma_copy t, a src_offset [0, 1] oob skip after put, "the rows" wait s >= 1 signal s += 16
scalar.activation t, t function prelu relu_param -0.25
vector.range_select t, t comp_op0 less comp_op1 equal bound0 1 bound1 2 fill 7
gpsimd.core_barrier
sync.semaphore_wait wait s >= 3
sync.nop
