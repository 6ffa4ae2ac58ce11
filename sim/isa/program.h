// SPDX-License-Identifier: Apache-2.0
// A program as a person writes it: tensors in HBM, buffers on chip, and one sequence of instructions
// and loops in program order, each instruction tagged with the engine that issues it. It says nothing
// about time. expand() (expand.h) turns it into one linear stream per engine.
//
// Data flow:  .nasm text --parse--> Program <--read/write--> container (NEFF-like file)
//             model file --lower--> Program --expand--> Streams --load--> NeuronCore
//
// SPMD over the physical cores of a logical core: the same body is expanded once per core, with the
// predefined variable `core` = 0 .. cores-1. HBM tensors are shared by the cores, on-chip buffers are private.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sim/base/error.h"
#include "sim/numerics/dtype.h"
#include "sim/numerics/init.h"
#include "sim/numerics/ops.h"
#include "sim/numerics/reduction.h"

namespace nsim::isa {

enum class Engine : std::uint8_t { Tensor, Vector, Scalar, GpSimd, Sync };
inline constexpr int kEngineCount = 5;
const char* name(Engine engine);  // "tensor", "vector", "scalar", "gpsimd", "sync"

enum class Space : std::uint8_t { Hbm, Sbuf, Psum };

/// Named after nki.isa. The operand order of each (dst, then sources) is in opcode.h's table.
/// The numbers are those of the container: new opcodes are added at the end.
enum class Opcode : std::uint8_t {
  NcMatmul,            // dst[M,N] (+)= src0(stationary[K,M])^T x src1(moving[K,N])
  NcTranspose,         // dst[F,P] = src0[P,F]^T; Tensor engine (SBUF to PSUM) or Vector (<= 32x32)
  TensorCopy,          // dst = src0
  Memset,              // dst = immediate[0]
  TensorTensor,        // dst = src0 op0 src1
  TensorScalar,        // dst = (src0 op0 operand0) op1 operand1
  ScalarTensorTensor,  // dst = (src0 op0 operand0) op1 src1
  TensorReduce,        // dst = reduce op0 of src0 over the free dims beyond the first `keep`
  Activation,          // dst = function(src0 * operand0(scale) + operand1(bias))
  ActivationReduce,    // as Activation, and dst2 (one element per partition) = row sums
  Reciprocal,          // dst = 1 / src0 on Vector
  BnStats,             // dst = statistics of src0
  BnAggr,              // dst = combined statistics of src0
  Iota,                // dst = base + pattern
  AffineSelect,        // dst = (base + pattern) op0 0 ? src0 : immediate[0]
  DmaCopy,             // dst = src0, by DMA, in row-major element order of the two accesses
  DmaTranspose,        // dst[c, r] = src0[r, c], by DMA, 2- and 4-byte types, into SBUF
  DmaGather,           // row i of dst = src0 moved on by src1[i] rows; op0: adds them; src0 HBM, src1 int32 in SBUF
  CoreBarrier,         // all physical cores of the logical core reach it before any goes on
  SemaphoreWait,       // waits only: no work
  Nop,
  TensorTensorScan,    // dst[i] = (src0[i] op0 dst[i-1]) op1 src1[i], dst[-1] = operand0
  TensorCopyPredicated,   // dst = src0 where src1 is not zero
  TensorScalarReduce,     // dst = src0 op0 operand0; accumulator reduced by reduce_op
  TensorScalarCumulative, // dst[i] = (src0[i] op0 operand0) op1 dst[i-1]
  Max8,                   // dst = eight largest of src0
  NcFindIndex8,           // dst = where the eight values of src1 are in src0
  NcMatchReplace8,        // dst = src0 with the eight values of src1 replaced by immediate; dst2 = where
  NcStreamShuffle,        // dst = src0 with the partitions of each quadrant permuted by pattern
  RangeSelect,            // dst = position op0 operand0 and position op1 operand1 ? src0 : immediate
  SelectReduce,           // dst = src0 ? src1 : operand0
  Dropout,                // dst = src0, or 0 with probability operand0
  Exponential,            // dst = exp(src0 - operand0)
  QuantizeMx,             // dst, dst2 = packed fp8 and scales of src0
  TensorCopyDynamicSrc,   // dst = src0 moved on by operand0 * count elements
  TensorCopyDynamicDst,   // the same for dst
  TensorPartitionReduce,  // dst = reduce op0 of src0 over its partitions
  LocalGather,            // dst = elements of src0 named by src1, the same for 16 partitions
  NcNGather,              // dst = src0[src1] in each partition
  Topk,                   // dst, dst2 = largest of 16 partitions of src0 and their places
  SequenceBounds,         // dst = begins and ends of runs of equal elements of src0
  NonzeroWithCount,       // dst = positions of what is not zero in src0, and their number
  Rng,                    // dst = random bits
  Rand2,                  // dst = uniform between operand0 and operand1
  RandSetState,           // generators = src0
  RandGetState,           // dst = generators
  SetRngSeed,             // generators from the seeds src0
  Activate2,              // dst = function((src0 op0 operand0) op1 operand1)
  NcMatmulMx,             // NcMatmul of packed elements; operand0, operand1 = scales of src0, src1
  DmaCompute,             // dst = src0 op0 src1, by DMA, in fp32 and element order
  // Of the sequencers, on their 32-bit registers. Those that loops need expand() makes itself.
  RegisterMove,           // register `count` = register or base
  RegisterAlu,            // register `count` = register op0 (register or base)
  RegisterLoad,           // register `count` = the element src0
  RegisterStore,          // the element dst = register
  Branch,                 // the end of a dynamic loop: back to its begin or on
  DmaScatter              // dst moved on by src1[i] rows = row i of src0; op0: adds it; dst HBM, src1 as of DmaGather
};

/// GpSimd: moved by the DMA engine that is part of GpSimd, not by the 16 of the core.
enum class DgeMode : std::uint8_t { Unknown, None, Swdge, Hwdge, GpSimd };

/// What a transfer does whose index or offset leads out of its tensor: ends the execution, or
/// leaves out the row, or everything.
enum class OobMode : std::uint8_t { Error, Skip };

/// How an nc_matmul uses the array. SparseM_N: at most M of every N weights are not zero.
enum class PerfMode : std::uint8_t {
  None,
  DoubleRow,  // two rows of the contraction in every partition
  Sparse4_16,
  Sparse4_12,
  Sparse4_8,
  Sparse2_8,
  Sparse2_4,
  Sparse1_4,
  Sparse1_2
};

/// One term of an affine expression: coefficient * ((variable / divide) % modulo); modulo 0 means no modulo.
/// The modulo is what rotates multi-buffers.
struct Term {
  std::uint32_t variable = 0;  // index into Program::variables
  std::int64_t coefficient = 0;
  std::int64_t divide = 1;
  std::int64_t modulo = 0;
};

/// constant + sum of terms.
struct Expr {
  std::int64_t constant = 0;
  std::vector<Term> terms;

  Expr() = default;
  Expr(std::int64_t value) : constant(value) {}  // NOLINT: constants are expressions
  bool is_constant() const { return terms.empty(); }
  /// `values` has one entry per Program::variables.
  std::int64_t evaluate(const std::vector<std::int64_t>& values) const;
};
Expr operator+(Expr a, const Expr& b);
Expr operator*(Expr a, std::int64_t factor);

/// One dimension of an access pattern, in elements.
struct Dim {
  std::int64_t step = 1;
  std::int64_t count = 1;
};

/// An operand. On chip: `partitions` rows of buffer `index` starting at `partition`, each accessed from element
/// `offset` of the row by `dims` (outermost first, at most 4). In HBM: tensor `index` from linear element `offset`
/// by `dims` (at most 5), row-major; a DMA pairs the two sides element by element.
struct Access {
  Space space = Space::Sbuf;
  std::uint32_t index = 0;
  Expr partition;
  std::int64_t partitions = 1;
  Expr offset;
  std::vector<Dim> dims;
  SourcePos where;
  Expr copy{};  // which one, of a buffer with copies
};

/// Scalar operand of tensor_scalar, activation, ...: an immediate or one element per partition.
struct ScalarOperand {
  float immediate = 0;
  std::optional<Access> access;
};

struct SemaphoreWait {
  std::uint32_t semaphore = 0;  // index into Program::semaphores
  Expr value;                   // goes on when the semaphore is >= value
};
struct SemaphoreUpdate {
  std::uint32_t semaphore = 0;
  /// Added when the instruction completes. A DMA adds 1 by each of the 16 engines: it must be 16.
  std::int32_t add = 1;
};

struct Instruction {
  Opcode opcode = Opcode::Nop;
  Engine engine = Engine::Sync;  // of a DMA: the engine whose queue triggers it
  std::optional<Access> dst;
  std::optional<Access> dst2;    // ActivationReduce: the row sums
  std::vector<Access> src;
  num::AluOp op0 = num::AluOp::Bypass;
  num::AluOp op1 = num::AluOp::Bypass;
  bool reverse0 = false;
  bool reverse1 = false;
  num::Activation function = num::Activation::Copy;
  ScalarOperand operand0;        // Activation: scale (immediate default 1 is set by the parser/builder)
  ScalarOperand operand1;        // Activation: bias
  float immediate = 0;           // Memset value, AffineSelect and RangeSelect fill, Activation relu_param
  Expr accumulate;               // NcMatmul: nonzero adds to PSUM, zero overwrites
  PerfMode perf_mode = PerfMode::None;  // NcMatmul
  int keep = 0;                  // TensorReduce: free dims kept
  bool negate = false;           // TensorReduce, TensorScalarReduce: what is read out
  num::AluOp reduce_op = num::AluOp::Add;                 // of the engine's accumulator
  num::ReduceCmd reduce_cmd = num::ReduceCmd::Idle;
  std::int64_t count = 0;        // LocalGather: elements per index; Topk: elements; TensorCopyDynamic: per step;
                                 // DmaGather, DmaScatter: elements between rows, 0: as the table is declared;
                                 // Register...: register written
  Expr base;                     // Iota, AffineSelect; Register...: constant
  std::int64_t partition_step = 0;    // NonzeroWithCount: padding
  /// Iota, AffineSelect: one step per free dim of dst; NcStreamShuffle: mask; Register...: registers read.
  std::vector<std::int64_t> pattern;
  DgeMode dge = DgeMode::Unknown;
  std::uint8_t queue = 0;        // DMA: ring of the issuing engine, 0..3
  std::uint8_t qos = 0;          // DMA: class of its packets; a higher one is served first
  OobMode oob = OobMode::Error;  // DMA with an index or offset known at run time
  /// DmaCopy, TensorCopy: the access begins that many elements later: a register, elements per count.
  std::vector<std::int64_t> dst_offset;
  std::vector<std::int64_t> src_offset;
  std::vector<SemaphoreWait> waits;
  std::vector<SemaphoreUpdate> updates;
  std::uint32_t event = 0;           // index into Program::events: its name
  std::vector<std::uint32_t> after;  // likewise: instructions that are complete before, whatever they access
  std::uint32_t label = 0;       // index into Program::labels: the operator it belongs to
  SourcePos where;
};

struct Loop;
struct CoreBody;
using Item = std::variant<Instruction, Loop, CoreBody>;

/// for (variable = begin; variable < end; variable += step) body
struct Loop {
  std::uint32_t variable = 0;
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::int64_t step = 1;
  bool dynamic = false;  // the device runs it (dynamic_loop.h), else it is unrolled before
  std::vector<Item> body;
  SourcePos where;
};

/// What one physical core runs and the others leave out. Stands in the program's body itself, not in a loop.
struct CoreBody {
  int core = 0;
  std::vector<Item> body;
  SourcePos where;
};

/// The bytes of another tensor or buffer, declared before, under another type and shape.
struct View {
  std::uint32_t base = 0;   // index into the same table of the program; may be a view itself
  std::int64_t offset = 0;  // bytes: within the tensor, or within each partition of the buffer
};

enum class TensorKind : std::uint8_t { Input, Output, Weight, Internal, View };
inline constexpr TensorKind kLastTensorKind = TensorKind::View;

/// A tensor in HBM, row-major. Weights and internals belong to the program; inputs and outputs to the caller; views are part of
/// another.
struct Tensor {
  std::string name;
  TensorKind kind = TensorKind::Internal;
  num::Dtype dtype = num::Dtype::Fp32;
  std::vector<std::int64_t> shape;
  num::Init init;  // weights: contents; inputs: what `nsim run` feeds
  SourcePos where;
  View view{};     // TensorKind::View

  std::int64_t elements() const;
  std::int64_t bytes() const;
};

/// A region of SBUF or PSUM: the same bytes of `partitions` partitions from `partition`. It has an address, or is a view, or
/// find_places() (place.h) gives it an address: for the whole program, or, when transient, from its first access to its last.
/// A transient buffer may stand for many that are alike, its copies, each with a place of its own: what the iterations of a loop
/// allocate. A view of it has as many.
struct Buffer {
  std::string name;
  Space space = Space::Sbuf;
  num::Dtype dtype = num::Dtype::Fp32;
  std::int64_t partition = 0;              // of a view: of its base
  std::int64_t partitions = 128;
  std::int64_t elements = 0;               // per partition
  std::optional<std::int64_t> address;     // byte offset in the partition
  SourcePos where;
  bool transient = false;
  std::optional<View> view{};
  std::int64_t copies = 1;

  std::int64_t bytes() const;              // per partition, of one copy
};

struct Program {
  std::string name;
  std::string target;       // one of kTargets: the architecture it was made for
  int cores = 1;            // physical cores per logical core it runs on
  bool auto_sync = true;    // semaphores are found and inserted by expand(); else the program has its own
  std::vector<Tensor> tensors;
  std::vector<Buffer> buffers;
  std::vector<std::string> semaphores;            // explicit sync only
  std::vector<std::string> variables{"core"};     // [0] is always `core`
  std::vector<std::string> labels{""};            // [0] is "no operator"
  std::vector<std::string> events{""};            // [0] is "no name": names of instructions that others come after
  std::int64_t spilled_bytes = 0;                 // HBM bytes written only because a buffer did not fit
  std::vector<Item> body;
};

}  // namespace nsim::isa
