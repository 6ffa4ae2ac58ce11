# SPDX-License-Identifier: Apache-2.0
# Rows of four bytes.
program load_small_rows
target trn1
sync auto
tensor in input float32 [128, 64]
tensor out output float32 [128, 1]
sbuf t float32 [128, 1]
sync.dma_copy t, in[:, 0 +: 1]
scalar.dma_copy out, t
