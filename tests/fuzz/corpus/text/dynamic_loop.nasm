# Loops that the device runs, and what sequencers compute in their registers.
program dynamic_loop
target trn1
tensor counts output int32 [1, 16]
sbuf running int32 [1, 16]
sbuf tile float32 [128, 64]

vector.register_move dst 3 constant 5
loop i 0..16 step 2 dynamic {
  vector.register_alu op add dst 3 src [3, 63]
  loop j 0..2 dynamic {
    vector.register_alu op multiply dst 4 src [3] constant -1
    vector.register_store running[0, i + j] src [4]
  }
  loop j 0..2 {
    gpsimd.memset tile value 1
  }
}
scalar.register_load running[0, 15] dst 0
scalar.register_move dst 1 src [0]
sync.dma_copy counts, running
