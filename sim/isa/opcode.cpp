// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/opcode.h"

#include <utility>

namespace nsim::isa {
namespace {

constexpr SpaceSet kHbm = bit(Space::Hbm);
constexpr SpaceSet kSbuf = bit(Space::Sbuf);
constexpr SpaceSet kPsum = bit(Space::Psum);
constexpr SpaceSet kChip = kSbuf | kPsum;

constexpr EngineSet kTensor = bit(Engine::Tensor);
constexpr EngineSet kVector = bit(Engine::Vector);
constexpr EngineSet kScalar = bit(Engine::Scalar);
constexpr EngineSet kGpSimd = bit(Engine::GpSimd);
constexpr EngineSet kAll = kTensor | kVector | kScalar | kGpSimd | bit(Engine::Sync);

constexpr OperandInfo dst(SpaceSet spaces) {
  return {OperandRole::Dst, "dst", spaces};
}
constexpr OperandInfo src0(const char* name, SpaceSet spaces) {
  return {OperandRole::Src0, name, spaces};
}
constexpr OperandInfo src1(const char* name, SpaceSet spaces) {
  return {OperandRole::Src1, name, spaces};
}

template <class... Attributes>
constexpr AttributeSet set(Attributes... attributes) {
  return (AttributeSet{0} | ... | bit(attributes));
}

using A = Attribute;

// Engines, spaces and operand names: NKI 0.6 (SDK 2.32), reference of nki.isa, each function's
// page.
// clang-format off
constexpr std::array<OpcodeInfo, kOpcodeCount> kOpcodes{{
  {Opcode::NcMatmul, "nc_matmul", kTensor, false,
   {dst(kPsum), src0("stationary", kSbuf), src1("moving", kSbuf)},
   0, set(A::Accumulate, A::PerfMode, A::Tags, A::IsStationaryOnezero, A::IsMovingOnezero,
          A::TileSize)},
  {Opcode::NcTranspose, "nc_transpose", kTensor | kVector, false,
   {dst(kChip), src0("data", kChip)},
   0, 0},
  {Opcode::TensorCopy, "tensor_copy", kVector | kScalar | kGpSimd, false,
   {dst(kChip), src0("src", kChip)},
   0, set(A::DstOffset, A::SrcOffset)},
  {Opcode::Memset, "memset", kVector | kGpSimd, false,
   {dst(kChip)},
   set(A::Value), 0},
  {Opcode::TensorTensor, "tensor_tensor", kVector | kGpSimd, false,
   {dst(kChip), src0("data1", kChip), src1("data2", kChip)},
   set(A::Op), 0},
  {Opcode::TensorScalar, "tensor_scalar", kVector | kScalar | kGpSimd, false,
   {dst(kChip), src0("data", kChip)},
   set(A::Op0), set(A::Operand0, A::Reverse0, A::Op1, A::Operand1, A::Reverse1)},
  {Opcode::ScalarTensorTensor, "scalar_tensor_tensor", kVector, false,
   {dst(kChip), src0("data", kChip), src1("operand1", kChip)},
   set(A::Op0, A::Op1), set(A::Operand0, A::Reverse0, A::Reverse1)},
  {Opcode::TensorReduce, "tensor_reduce", kVector, false,
   {dst(kChip), src0("data", kChip)},
   set(A::Op), set(A::Keep, A::Negate)},
  {Opcode::Activation, "activation", kScalar, false,
   {dst(kChip), src0("data", kChip)},
   set(A::Function), set(A::Scale, A::Bias, A::ReduceCmd, A::ReduceRes, A::ReluParam)},
  {Opcode::ActivationReduce, "activation_reduce", kScalar, false,
   {dst(kChip), OperandInfo{OperandRole::Dst2, "reduce_res", kChip}, src0("data", kChip)},
   set(A::Function), set(A::Scale, A::Bias, A::ReluParam)},
  {Opcode::Reciprocal, "reciprocal", kVector, false,
   {dst(kChip), src0("data", kChip)},
   0, 0},
  {Opcode::BnStats, "bn_stats", kVector, false,
   {dst(kChip), src0("data", kChip)},
   0, 0},
  {Opcode::BnAggr, "bn_aggr", kVector, false,
   {dst(kChip), src0("data", kChip)},
   0, 0},
  {Opcode::Iota, "iota", kGpSimd, false,
   {dst(kSbuf)},
   0, set(A::Base, A::PartitionStep, A::Pattern)},
  {Opcode::AffineSelect, "affine_select", kGpSimd, false,
   {dst(kSbuf), src0("on_true_tile", kSbuf)},
   set(A::Fill), set(A::Op, A::Base, A::PartitionStep, A::Pattern)},
  {Opcode::DmaCopy, "dma_copy", kAll, true,
   {dst(kHbm | kSbuf), src0("src", kHbm | kSbuf)},
   0, set(A::Queue, A::Dge, A::Qos, A::Oob, A::DstOffset, A::SrcOffset)},
  {Opcode::DmaTranspose, "dma_transpose", kAll, true,
   {dst(kSbuf), src0("src", kHbm | kSbuf)},
   0, set(A::Queue, A::Dge, A::Qos)},
  // An access with a vector of offsets is described by software: the GpSimd engine.
  {Opcode::DmaGather, "dma_gather", kGpSimd, true,
   {dst(kHbm | kSbuf), src0("table", kHbm), src1("index", kSbuf)},
   0, set(A::Op, A::Step, A::Queue, A::Dge, A::Qos, A::Oob)},
  {Opcode::CoreBarrier, "core_barrier", kAll, false, {}, 0, 0},
  {Opcode::SemaphoreWait, "semaphore_wait", kAll, false, {}, 0, 0},
  {Opcode::Nop, "nop", kAll, false, {}, 0, 0},
  {Opcode::TensorTensorScan, "tensor_tensor_scan", kVector, false,
   {dst(kChip), src0("data0", kChip), src1("data1", kChip)},
   set(A::Initial, A::Op0, A::Op1), set(A::Reverse0, A::Reverse1)},
  {Opcode::TensorCopyPredicated, "tensor_copy_predicated", kVector, false,
   {dst(kChip), src0("src", kChip), src1("predicate", kChip)},
   0, set(A::ReversePred)},
  {Opcode::TensorScalarReduce, "tensor_scalar_reduce", kVector, false,
   {dst(kChip), src0("data", kChip)},
   set(A::Op0, A::Operand0, A::ReduceOp),
   set(A::Reverse0, A::ReduceCmd, A::ReduceInit, A::ReduceRes, A::ReduceResNegate)},
  {Opcode::TensorScalarCumulative, "tensor_scalar_cumulative", kVector, false,
   {dst(kChip), src0("src", kChip)},
   set(A::Op0, A::Op1, A::Imm0), set(A::Imm1, A::ReduceCmd)},
  {Opcode::Max8, "max8", kVector, false,
   {dst(kChip), src0("src", kChip)},
   0, 0},
  {Opcode::NcFindIndex8, "nc_find_index8", kVector, false,
   {dst(kChip), src0("data", kChip), src1("vals", kChip)},
   0, 0},
  {Opcode::NcMatchReplace8, "nc_match_replace8", kVector, false,
   {dst(kChip), src0("data", kChip), src1("vals", kChip)},
   set(A::Imm), set(A::DstIdx)},
  {Opcode::NcStreamShuffle, "nc_stream_shuffle", kVector, false,
   {dst(kChip), src0("src", kChip)},
   set(A::ShuffleMask), 0},
  {Opcode::RangeSelect, "range_select", kVector, false,
   {dst(kChip), src0("on_true_tile", kChip)},
   set(A::CompOp0, A::CompOp1, A::Bound0, A::Bound1),
   set(A::Fill, A::RangeStart, A::ReduceCmd, A::ReduceRes), 3},
  {Opcode::SelectReduce, "select_reduce", kVector, false,
   {dst(kChip), src0("predicate", kChip), src1("on_true", kChip)},
   set(A::OnFalse), set(A::ReversePred, A::ReduceCmd, A::ReduceRes), 3},
  {Opcode::Dropout, "dropout", kVector, false,
   {dst(kChip), src0("data", kChip)},
   set(A::Prob), 0},
  {Opcode::Exponential, "exponential", kVector, false,
   {dst(kChip), src0("src", kChip)},
   0, set(A::MaxValue, A::ReduceCmd, A::ReduceInit, A::ReduceRes), 4},
  {Opcode::QuantizeMx, "quantize_mx", kVector, false,
   {dst(kSbuf), src0("src", kSbuf), OperandInfo{OperandRole::Dst2, "dst_scale", kSbuf}},
   0, 0, 4},
  {Opcode::TensorCopyDynamicSrc, "tensor_copy_dynamic_src", kVector | kScalar | kGpSimd, false,
   {dst(kChip), src0("src", kSbuf)},
   set(A::Index), set(A::Step)},
  {Opcode::TensorCopyDynamicDst, "tensor_copy_dynamic_dst", kVector | kScalar | kGpSimd, false,
   {dst(kSbuf), src0("src", kChip)},
   set(A::Index), set(A::Step)},
  {Opcode::TensorPartitionReduce, "tensor_partition_reduce", kGpSimd, false,
   {dst(kSbuf), src0("data", kSbuf)},
   set(A::Op), 0},
  {Opcode::LocalGather, "local_gather", kGpSimd, false,
   {dst(kSbuf), src0("src_buffer", kSbuf), src1("index", kSbuf)},
   0, set(A::NumElemPerIdx, A::NumValidIndices)},
  {Opcode::NcNGather, "nc_n_gather", kGpSimd, false,
   {dst(kSbuf), src0("data", kSbuf), src1("indices", kSbuf)},
   0, 0},
  {Opcode::Topk, "topk", kGpSimd, false,
   {dst(kSbuf), OperandInfo{OperandRole::Dst2, "idx_dst", kSbuf}, src0("src", kSbuf)},
   set(A::N), 0},
  {Opcode::SequenceBounds, "sequence_bounds", kGpSimd, false,
   {dst(kSbuf), src0("segment_ids", kSbuf)},
   0, 0},
  {Opcode::NonzeroWithCount, "nonzero_with_count", kGpSimd, false,
   {dst(kSbuf), src0("src", kSbuf)},
   0, set(A::IndexOffset, A::PaddingVal), 3},
  {Opcode::Rng, "rng", kVector | kGpSimd, false, {dst(kChip)}, 0, 0},
  {Opcode::Rand2, "rand2", kVector | kGpSimd, false, {dst(kChip)}, set(A::Min, A::Max), 0},
  {Opcode::RandSetState, "rand_set_state", kVector | kGpSimd, false, {src0("src", kSbuf)}, 0, 0},
  {Opcode::RandGetState, "rand_get_state", kVector | kGpSimd, false, {dst(kSbuf)}, 0, 0},
  {Opcode::SetRngSeed, "set_rng_seed", kVector | kGpSimd, false, {src0("src", kSbuf)}, 0, 0},
  {Opcode::Activate2, "activate2", kScalar, false,
   {dst(kChip), src0("data", kChip)},
   set(A::Function, A::Op0),
   set(A::Imm0, A::Op1, A::Imm1, A::Reverse0, A::Reverse1, A::ReduceOp, A::ReduceCmd,
       A::ReduceRes, A::ReluParam), 4},
  {Opcode::NcMatmulMx, "nc_matmul_mx", kTensor, false,
   {dst(kPsum), src0("stationary", kSbuf), src1("moving", kSbuf)},
   set(A::StationaryScale, A::MovingScale), set(A::Accumulate, A::TileSize), 4},
  {Opcode::DmaCompute, "dma_compute", kAll, true,
   {dst(kHbm | kSbuf), src0("src0", kHbm | kSbuf), src1("src1", kHbm | kSbuf)},
   set(A::Op), set(A::Queue, A::Dge, A::Qos)},
  {Opcode::RegisterMove, "register_move", kAll, false, {},
   set(A::DstRegister), set(A::SrcRegisters, A::Constant)},
  {Opcode::RegisterAlu, "register_alu", kAll, false, {},
   set(A::Op, A::DstRegister, A::SrcRegisters), set(A::Constant)},
  {Opcode::RegisterLoad, "register_load", kAll, false, {src0("src", kSbuf)},
   set(A::DstRegister), 0},
  {Opcode::RegisterStore, "register_store", kAll, false, {dst(kSbuf)},
   set(A::SrcRegisters), 0},
  {Opcode::Branch, "branch", kAll, false, {}, 0, 0},
  {Opcode::DmaScatter, "dma_scatter", kGpSimd, true,
   {dst(kHbm), src0("src", kHbm | kSbuf), src1("index", kSbuf)},
   0, set(A::Op, A::Step, A::Queue, A::Dge, A::Qos, A::Oob)}}};
// clang-format on

constexpr bool in_order() {
  for (std::size_t i = 0; i < kOpcodes.size(); ++i) {
    if (kOpcodes[i].opcode != static_cast<Opcode>(i)) {
      return false;
    }
  }
  return true;
}
static_assert(in_order(), "row i of the table describes opcode i");

constexpr std::array<const char*, kEngineCount> kEngineNames{"tensor", "vector", "scalar", "gpsimd",
                                                             "sync"};
constexpr std::array<const char*, 3> kSpaceNames{"HBM", "SBUF", "PSUM"};
constexpr std::array<const char*, 9> kPerfModeNames{"none",        "double_row", "sparse_4_16",
                                                    "sparse_4_12", "sparse_4_8", "sparse_2_8",
                                                    "sparse_2_4",  "sparse_1_4", "sparse_1_2"};
constexpr std::array<const char*, 5> kDgeNames{"unknown", "none", "swdge", "hwdge", "gpsimd"};
constexpr std::array<const char*, 2> kOobNames{"error", "skip"};
constexpr std::array<const char*, 5> kTensorKindNames{"input", "output", "weight", "internal",
                                                      "view"};

template <class Enum, std::size_t N>
std::optional<Enum> find(const std::array<const char*, N>& names, std::string_view wanted) {
  for (std::size_t i = 0; i < N; ++i) {
    if (wanted == names[i]) {
      return static_cast<Enum>(i);
    }
  }
  return {};
}

template <class Enum, std::size_t N>
const char* at(const std::array<const char*, N>& names, Enum value) {
  return names.at(static_cast<std::size_t>(value));
}

}  // namespace

int OpcodeInfo::operand_count() const {
  int count = 0;
  for (const OperandInfo& each : operands) {
    count += each.role != OperandRole::None ? 1 : 0;
  }
  return count;
}

const OpcodeInfo& info(Opcode opcode) {
  return kOpcodes.at(static_cast<std::size_t>(opcode));
}

std::optional<Opcode> parse_opcode(std::string_view name) {
  for (const OpcodeInfo& row : kOpcodes) {
    if (name == row.name) {
      return row.opcode;
    }
  }
  return {};
}

const char* name(Engine engine) {
  return at(kEngineNames, engine);
}
const char* name(Space space) {
  return at(kSpaceNames, space);
}
const char* name(DgeMode dge) {
  return at(kDgeNames, dge);
}
const char* name(OobMode mode) {
  return at(kOobNames, mode);
}
const char* name(PerfMode mode) {
  return at(kPerfModeNames, mode);
}
const char* name(TensorKind kind) {
  return at(kTensorKindNames, kind);
}

std::optional<Engine> parse_engine(std::string_view name) {
  return find<Engine>(kEngineNames, name);
}
std::optional<DgeMode> parse_dge(std::string_view name) {
  return find<DgeMode>(kDgeNames, name);
}
std::optional<OobMode> parse_oob(std::string_view name) {
  return find<OobMode>(kOobNames, name);
}
std::optional<PerfMode> parse_perf_mode(std::string_view name) {
  return find<PerfMode>(kPerfModeNames, name);
}
std::optional<TensorKind> parse_tensor_kind(std::string_view name) {
  return find<TensorKind>(kTensorKindNames, name);
}

const Access* operand(const Instruction& instruction, OperandRole role) {
  const auto pointer = [](const std::optional<Access>& access) {
    return access ? &*access : nullptr;
  };
  switch (role) {
    case OperandRole::Dst:
      return pointer(instruction.dst);
    case OperandRole::Dst2:
      return pointer(instruction.dst2);
    case OperandRole::Src0:
      return !instruction.src.empty() ? &instruction.src[0] : nullptr;
    case OperandRole::Src1:
      return instruction.src.size() > 1 ? &instruction.src[1] : nullptr;
    case OperandRole::None:
      break;
  }
  return nullptr;
}

const char* scalar_name(const OpcodeInfo& row, bool first) {
  constexpr AttributeSet kFirst =
      set(A::Operand0, A::Scale, A::Initial, A::Imm0, A::Bound0, A::OnFalse, A::Prob, A::MaxValue,
          A::Index, A::Min, A::Tags, A::StationaryScale);
  constexpr AttributeSet kSecond =
      set(A::Operand1, A::Bias, A::ReduceInit, A::Imm1, A::Bound1, A::Max, A::MovingScale);
  const AttributeSet found = (row.required | row.optional) & (first ? kFirst : kSecond);
  return found != 0 ? name(static_cast<A>(__builtin_ctzll(found)))
                    : (first ? "operand0" : "operand1");
}

void set_operand(Instruction& instruction, OperandRole role, Access access) {
  switch (role) {
    case OperandRole::Dst:
      instruction.dst = std::move(access);
      break;
    case OperandRole::Dst2:
      instruction.dst2 = std::move(access);
      break;
    case OperandRole::Src0:
    case OperandRole::Src1:
      instruction.src.push_back(std::move(access));
      break;
    case OperandRole::None:
      break;
  }
}

std::string engine_names(EngineSet engines) {
  std::string names;
  for (int i = 0; i < kEngineCount; ++i) {
    if ((engines & bit(static_cast<Engine>(i))) != 0) {
      names += (names.empty() ? "" : ", ") + std::string(kEngineNames[static_cast<std::size_t>(i)]);
    }
  }
  return names;
}

}  // namespace nsim::isa
