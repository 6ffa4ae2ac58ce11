# SPDX-License-Identifier: Apache-2.0
# Loads and stores of [128, ${columns}] bfloat16 tiles with every way to make descriptors, four of each, all independent
# (DMA kernel of the neuron-agentic-development profiles; its transposes are left out: they are not in its byte count).
program dma_modes
target trn2
sync auto

tensor in input bfloat16 [128, ${columns * 16}]
tensor out output bfloat16 [128, ${columns * 16}]
sbuf t bfloat16 [128, ${columns * 16}]

loop i 0..4 {
  sync.dma_copy t[:, i * ${columns} +: ${columns}], in[:, i * ${columns} +: ${columns}] dge none
  gpsimd.dma_copy t[:, i * ${columns} + ${4 * columns} +: ${columns}], in[:, i * ${columns} + ${4 * columns} +: ${columns}] dge swdge
  sync.dma_copy t[:, i * ${columns} + ${8 * columns} +: ${columns}], in[:, i * ${columns} + ${8 * columns} +: ${columns}] queue 1 dge hwdge
  scalar.dma_copy t[:, i * ${columns} + ${12 * columns} +: ${columns}], in[:, i * ${columns} + ${12 * columns} +: ${columns}] dge hwdge
  vector.dma_copy out[:, i * ${columns} +: ${columns}], t[:, i * ${columns} +: ${columns}] dge none
  gpsimd.dma_copy out[:, i * ${columns} + ${4 * columns} +: ${columns}], t[:, i * ${columns} + ${4 * columns} +: ${columns}] queue 1 dge swdge
  sync.dma_copy out[:, i * ${columns} + ${8 * columns} +: ${columns}], t[:, i * ${columns} + ${8 * columns} +: ${columns}] queue 2 dge hwdge
  scalar.dma_copy out[:, i * ${columns} + ${12 * columns} +: ${columns}], t[:, i * ${columns} + ${12 * columns} +: ${columns}] queue 1 dge hwdge
}
