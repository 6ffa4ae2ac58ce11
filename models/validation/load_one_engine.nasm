# SPDX-License-Identifier: Apache-2.0
# [4, 4096] bfloat16, one DMA engine, and the Scalar engine that waits for it (NKI DMA overview).
program load_one_engine
target trn2
sync auto
tensor in input bfloat16 [4, 4096]
tensor out output bfloat16 [4, 4096]
sbuf t bfloat16 [4, 4096]
sbuf o bfloat16 [4, 4096]
label "load"
sync.dma_copy t, in dge hwdge
label "use"
scalar.activation o, t function copy
label "store"
gpsimd.dma_copy out, o
