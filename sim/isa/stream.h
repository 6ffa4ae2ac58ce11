// SPDX-License-Identifier: Apache-2.0
// Streams: a program ready for the hardware. Loops are unrolled, addresses are numbers, every
// dependency between engines and DMA queues is a semaphore. Immutable and shared by all executions.
//
// A stream is a list of issues. An issue is small: it names an instruction and says what differs
// from issue to issue nearly always: semaphores, and where in HBM a transfer reads and writes. The
// instruction itself (half a kilobyte) is shared by all issues that are alike otherwise. Loops over
// rotating buffers have few of them, however often they run: the memory of a program grows by an
// Issue, its waits and its updates per iteration.
//
// Data flow: Expansion resolves an instruction for one iteration -> Dependencies writes waits and
// updates of its issue -> InstructionPool finds the shared instruction or adds it, and moves the
// offsets in HBM into the issue -> engines follow issue.instruction, and keep what they derive from
// an instruction (costs, ports) once for all its issues.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/isa/program.h"

namespace nsim::isa {

inline constexpr int kSemaphoreCount = 256;
/// Of 32 bits, in each engine's sequencer (NKI nki.isa register_alloc).
inline constexpr int kRegisterCount = 64;
/// What a complete DMA transfer has added to each of its semaphores. A NeuronCore has 16 DMA engines
/// that add 1 each; whatever number a what-if device has, programs count to 16.
inline constexpr int kDmaSignal = 16;

struct StreamDim {
  std::int32_t step = 1;   // elements
  std::int32_t count = 1;
};

/// An operand with every address resolved.
struct Operand {
  Space space = Space::Sbuf;
  num::Dtype dtype = num::Dtype::Fp32;
  std::uint8_t dims = 0;            // used entries of dim
  std::uint8_t partition = 0;       // first partition (on chip)
  std::uint16_t partitions = 0;     // 0: operand absent
  std::uint32_t tensor = 0;         // HBM: index into Program::tensors (address comes from the request's bindings)
  std::int64_t offset = 0;          // bytes: within the partition (on chip) or within the tensor (HBM);
                                    // of dst and src[0] in HBM the issue's offset is added
  std::array<StreamDim, 5> dim{};   // outermost first

  bool present() const { return partitions != 0; }
  /// Elements per partition (on chip) or in total (HBM).
  std::int64_t elements() const;
};

/// An operand that begins later by a number that a register of the instruction's engine holds.
struct Moved {
  std::uint8_t source = 0;  // 1 + register; 0: it stays
  std::int64_t step = 0;    // bytes per count
  std::int64_t most = 0;    // counts that stay within the buffer or tensor

  bool any() const { return source != 0; }
};

struct StreamScalar {
  float immediate = 0;
  Operand operand;  // present(): one element per partition
};

/// What an instruction is; issues share it.
struct StreamInstruction {
  Opcode opcode = Opcode::Nop;
  Engine engine = Engine::Sync;
  num::AluOp op0 = num::AluOp::Bypass;
  num::AluOp op1 = num::AluOp::Bypass;
  num::Activation function = num::Activation::Copy;
  PerfMode perf_mode = PerfMode::None;
  DgeMode dge = DgeMode::None;      // resolved: never Unknown
  std::uint8_t queue = 0;
  std::uint8_t qos = 0;
  std::uint8_t keep = 0;
  bool reverse0 = false;
  bool reverse1 = false;
  bool accumulate = false;
  bool negate = false;
  num::AluOp reduce_op = num::AluOp::Add;
  num::ReduceCmd reduce_cmd = num::ReduceCmd::Idle;
  float immediate = 0;
  Operand dst, dst2;
  std::array<Operand, 2> src;
  StreamScalar operand0, operand1;
  Moved dst_moved, src_moved;       // of dst and src[0]
  OobMode oob = OobMode::Error;
  /// TensorCopyDynamic: the last step that stays within the buffer. DmaGather, DmaScatter: the
  /// last row that the table has. Branch: how many instructions back in the engine's code, this
  /// one included; 0: on.
  std::int64_t base = 0;
  /// RegisterMove: in front of a loop of so many instructions.
  std::int64_t partition_step = 0;
  std::int64_t count = 0;           // DmaGather, DmaScatter: bytes from one row of the table to the next
  /// NcStreamShuffle: four entries of the mask each. Register...: 1 + each register read.
  std::array<std::int32_t, 8> pattern{};
  std::uint32_t label = 0;
  std::uint32_t line = 0;           // source line, for messages
};

/// One instruction in a stream.
struct Issue {
  std::uint32_t instruction = 0;    // into CoreStreams::instructions
  std::uint32_t first_wait = 0;     // into CoreStreams::waits
  std::uint32_t first_update = 0;   // into CoreStreams::updates
  std::uint8_t waits = 0;
  std::uint8_t updates = 0;
  std::int64_t dst_offset = 0;      // bytes, added to those of dst and src[0] when they lie in HBM; else 0
  std::int64_t src_offset = 0;
};

/// The mask of an nc_stream_shuffle, packed in its pattern.
void pack_mask(const std::vector<std::int64_t>& mask, StreamInstruction& instruction);
std::array<std::uint8_t, 32> shuffle_mask(const StreamInstruction& instruction);

struct StreamWait {
  std::uint16_t semaphore = 0;
  std::int32_t value = 0;
};
struct StreamUpdate {
  std::uint16_t semaphore = 0;
  std::int32_t add = 0;
};

/// Who increments a semaphore: what an engine that waits for it is idle for.
enum class SemaphoreOwner : std::uint8_t { None, Tensor, Vector, Scalar, GpSimd, Sync, Dma, Peer, Mixed };

struct CoreStreams {
  std::array<std::vector<Issue>, kEngineCount> engine;
  std::vector<StreamInstruction> instructions;  // of all engines, each once
  std::vector<StreamWait> waits;
  std::vector<StreamUpdate> updates;
  std::array<SemaphoreOwner, kSemaphoreCount> owner{};
  /// By how much an engine's code is shorter than its stream: all iterations of a dynamic loop
  /// share theirs.
  std::array<std::int64_t, kEngineCount> rolled{};

  std::int64_t code_size(Engine of) const {
    const auto e = static_cast<std::size_t>(of);
    return static_cast<std::int64_t>(engine[e].size()) - rolled[e];
  }
  const StreamInstruction& instruction(const Issue& issue) const {
    return instructions[issue.instruction];
  }
  /// A copy that needs no issue: with the offsets of its operands in HBM.
  StreamInstruction complete(const Issue& issue) const;
};

/// What the program asks of the hardware, summed over all cores; independent of any timing.
struct Work {
  std::int64_t matmul_flops = 0;       // 2*K*M*N of every nc_matmul
  std::int64_t elementwise_ops = 0;    // output elements of Vector, Scalar and GpSimd instructions
  std::int64_t hbm_read_bytes = 0;
  std::int64_t hbm_write_bytes = 0;
  std::int64_t instructions = 0;
  std::int64_t dma_transfers = 0;
};
Work& operator+=(Work& sum, const Work& more);

struct Streams {
  std::string name;
  std::string target;
  std::vector<Tensor> tensors;       // without weight bytes
  std::vector<std::string> labels;
  std::vector<std::string> semaphores;  // those with names
  std::vector<CoreStreams> cores;    // one per physical core
  std::vector<Work> label_work;      // by label
  Work work;                         // the sum of it
  std::int64_t sbuf_bytes = 0;       // highest byte used in a partition
  std::int64_t psum_bytes = 0;
  std::int64_t sbuf_peak = 0;        // most bytes of a partition in use at a time
  std::int64_t psum_peak = 0;
  std::int64_t spilled_bytes = 0;
};

}  // namespace nsim::isa
