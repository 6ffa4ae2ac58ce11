# SPDX-License-Identifier: Apache-2.0
# 32 KiB of contiguous memory for each DMA engine.
program load_32k
target trn1
sync auto
tensor in input uint8 [128, 32768]
tensor out output uint8 [128, 32768]
sbuf t uint8 [128, 32768]
sync.dma_copy t, in
scalar.dma_copy out, t
