program indexed
target trn2
sync auto
tensor table output float32 [100, 64]
tensor rows input int32 [128]
sbuf index int32 [128, 1]
sbuf tile float32 [128, 64]
sync.dma_copy index, rows as load
gpsimd.dma_gather tile, table[0 +: 64], index oob skip
gpsimd.dma_gather tile[:, 0 +: 8], table[8 +: 8], index step 16 op add
sync.register_load index[0 +: 1, 0] dst 7
sync.dma_copy tile[0 +: 1, :], table[0 +: 64] src_offset [7, 64] oob skip
vector.register_load index[1 +: 1, 0] dst 1
vector.tensor_copy tile[:, 0 +: 8], tile[:, 8 +: 8] src_offset [1, 1] after load
gpsimd.dma_scatter table[0 +: 64], tile, index op add
