program views_and_cores
target trn2
cores 2
sync auto

tensor x input float32 [256, 64]
tensor bits view x bfloat16 [256, 128] at 0
tensor "second half" view bits float16 [128, 128] at 32768
tensor y output float32 [256, 64]

sbuf tile0 float32 [128, 64] transient
sbuf tile1 float32 [128, 64] transient
sbuf low bfloat16 [32, 64] partition 32 view tile0 at 128
psum sum float32 [128, 64] transient
sbuf fixed int8 [64, 32] partition 64 address 1024

core 0 {
  label "k.py:3"
  sync.dma_copy tile0, x[0 +: 8192]
  vector.memset low value 0
  vector.tensor_copy sum, tile0
  vector.memset fixed value 1
  scalar.dma_copy y[0 +: 8192], tile0
}
core 1 {
  loop i 0..2 {
    sync.dma_copy tile1, x[8192 +: 8192]
    scalar.dma_copy y[8192 +: 8192], tile1
  }
}
vector.core_barrier
