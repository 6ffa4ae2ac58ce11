# SPDX-License-Identifier: Apache-2.0
# A load that waits for the Vector engine to have read what it overwrites: from the result to the first data.
program handoff_to_dma
target trn2
sync auto
tensor in input float32 [128, 512]
tensor out output float32 [128, 512]
sbuf t float32 [128, 512]
sbuf o float32 [128, 512]
vector.memset t value 1
label "compute"
vector.tensor_copy o, t
label "load"
sync.dma_copy t, in dge hwdge
label ""
vector.tensor_tensor o, o, t op add
gpsimd.dma_copy out, o
