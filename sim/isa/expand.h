// SPDX-License-Identifier: Apache-2.0
// From Program to Streams: place buffers, check every instruction against the hardware's rules, unroll
// loops, find the dependencies and insert the semaphores.
//
// Data flow: find_places() (place.h) gives addresses -> for each core, walk the body once in program order; each
// instruction is resolved and checked, and its issue appended to its engine's stream -> (auto_sync) a Dependencies
// tracker that remembers, for every cell of SBUF, PSUM and written HBM tensors, the last writer and the
// last reader of each actor (5 engines, DMA queues) says which completions the instruction must wait for ->
// waits implied by others are dropped (vector clocks), the rest become semaphore waits, and only
// instructions that somebody waits for signal.
#pragma once

#include <cstdint>
#include <memory>

#include "sim/isa/program.h"
#include "sim/isa/stream.h"

namespace nsim::isa {

/// Capacities and abilities of one physical NeuronCore, from the device configuration.
struct Limits {
  std::string target;                       // one of kTargets
  int cores_per_logical = 1;
  std::int64_t sbuf_partition_bytes = 192 * 1024;
  std::int64_t psum_partition_bytes = 16 * 1024;
  std::int64_t psum_bank_bytes = 2 * 1024;
  std::int64_t hbm_stack_bytes = std::int64_t{1} << 40;  // a tensor lies in one stack
  bool has_hwdge = false;                   // NeuronCore-v3 and later
  bool has_gpsimd_dma = false;              // NeuronCore-v3 and later
  bool has_dma_transpose = true;
  int dma_qos_classes = 1;                  // 4 on NeuronCore-v4
  bool scalar_tensor_scalar = false;        // tensor_scalar on the Scalar engine
  bool transpose_mode = false;              // NeuronCore-v3 and later
  bool matmul_double_row = false;           // NeuronCore-v3 and later
  bool matmul_sparse = false;               // NeuronCore-v3 and later
  bool matmul_small_tiles = false;          // 32 x 32; NeuronCore-v2 has tiles of 64 at least on one side
  bool matmul_bf16_result = false;          // NeuronCore-v4
  std::int64_t matmul_result_bytes = 2 * 1024;  // of a partition; all of PSUM from NeuronCore-v4 on
  /// After unrolling, of all cores: 0.3 GB of streams when loops share instructions, 2 GB at worst.
  std::int64_t max_instructions = 4'000'000;
};

/// Throws UserError (file:line:column when the program came from text) for anything the hardware
/// would not accept: wrong target or core count, partition rules, sizes, PSUM bank crossing, engine
/// and space mismatches, accesses outside their buffer or tensor, semaphore misuse.
std::shared_ptr<const Streams> expand(const Program& program, const Limits& limits);

}  // namespace nsim::isa
