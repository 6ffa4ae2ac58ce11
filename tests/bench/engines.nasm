# SPDX-License-Identifier: Apache-2.0
# Four engines in a ring of eight buffers, each waiting for the one before it.
program engines
target trn2
sync auto
tensor a input float32 [128, 1024]
tensor out output float32 [128, 512]
sbuf t float32 [128, 1024]
sbuf o float32 [128, 4096]
sbuf q float32 [128, 4096]
psum acc float32 [128, 4096]
sync.dma_copy t, a
loop i 0..${count} {
  tensor.nc_matmul acc[:, i % 8 * 512 +: 512], t[:, 0 +: 128], t[:, 512 +: 512]
  vector.tensor_copy o[:, i % 8 * 512 +: 512], acc[:, i % 8 * 512 +: 512]
  scalar.activation q[:, i % 8 * 512 +: 512], o[:, i % 8 * 512 +: 512] function exp
  gpsimd.tensor_tensor o[:, i % 8 * 512 +: 512], o[:, i % 8 * 512 +: 512], q[:, i % 8 * 512 +: 512] op add
}
scalar.dma_copy out, o[:, 0 +: 512]
