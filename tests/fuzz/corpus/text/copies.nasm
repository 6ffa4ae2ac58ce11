program copies
target trn2
tensor x input float32 [128, 64]
tensor y output float32 [128, 64]
sbuf acc float32 [128, 8]
sbuf tile float32 [128, 8] transient copies 9
sbuf bits uint8 [128, 32] view tile at 0
vector.memset acc value 0
loop i 0..8 {
  sync.dma_copy tile{i}, x[:, i * 8 +: 8]
  vector.tensor_tensor acc, acc, tile{i} op add
  vector.tensor_copy bits{i + 1}[:, 0 +: 4], bits{i}[:, 4 +: 4]
  scalar.dma_copy y[:, i * 8 +: 8], acc
}
