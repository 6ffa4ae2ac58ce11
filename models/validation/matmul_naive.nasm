# SPDX-License-Identifier: Apache-2.0
# C = A B with A given transposed, one load of each operand per product (NKI matrix multiplication tutorial, naive
# kernel): M = ${m} tiles of 128, N = ${n} tiles of 512, K = ${k} tiles of 128. Tiles take turns in four buffers.
program matmul_naive
target ${target}
sync auto

tensor lhsT input ${dtype} [${k * 128}, ${m * 128}]
tensor rhs input ${dtype} [${k * 128}, ${n * 512}]
tensor out output ${dtype} [${m * 128}, ${n * 512}]

sbuf l ${dtype} [128, 512]
sbuf r ${dtype} [128, 2048]
sbuf o ${dtype} [128, 1024]
psum acc float32 [128, 1024]

loop m 0..${m} {
  loop n 0..${n} {
    loop k 0..${k} {
      sync.dma_copy l[:, k % 4 * 128 +: 128], lhsT[k * 128 +: 128, m * 128 +: 128] dge none
      sync.dma_copy r[:, k % 4 * 512 +: 512], rhs[k * 128 +: 128, n * 512 +: 512] dge none
      tensor.nc_matmul acc[:, n % 2 * 512 +: 512], l[:, k % 4 * 128 +: 128], r[:, k % 4 * 512 +: 512] accumulate k
    }
    vector.tensor_copy o[:, n % 2 * 512 +: 512], acc[:, n % 2 * 512 +: 512]
    scalar.dma_copy out[m * 128 +: 128, n * 512 +: 512], o[:, n % 2 * 512 +: 512] dge none
  }
}
