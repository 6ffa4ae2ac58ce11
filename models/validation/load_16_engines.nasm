# SPDX-License-Identifier: Apache-2.0
# [128, 128] bfloat16: eight rows of 256 bytes for each DMA engine, there and back (NKI DMA overview).
program load_16_engines
target trn2
sync auto
tensor in input bfloat16 [128, 128]
tensor out output bfloat16 [128, 128]
sbuf t bfloat16 [128, 128]
label "load"
sync.dma_copy t, in dge none
label "store"
scalar.dma_copy out, t dge none
