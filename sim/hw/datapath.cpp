// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/datapath.h"

#include <algorithm>
#include <array>
#include <limits>

#include "sim/hw/lane_functions.h"
#include "sim/hw/psum.h"
#include "sim/hw/sbuf.h"
#include "sim/isa/matmul_shape.h"
#include "sim/isa/opcode.h"
#include "sim/numerics/reduction.h"
#include "sim/numerics/registers.h"

namespace nsim::hw {
namespace {

using isa::StreamInstruction;
using num::AluOp;

std::array<std::int64_t, 4> steps(const StreamInstruction& i) {
  return {i.pattern[0], i.pattern[1], i.pattern[2], i.pattern[3]};
}

using Function = void (*)(Datapath& d, const StreamInstruction& i);

void nc_matmul(Datapath& d, const StreamInstruction& i) {
  const num::View dst = d.view(i.dst);
  const num::View stationary = d.view(i.src[0]);
  const num::View moving = d.view(i.src[1]);
  if (i.perf_mode == isa::PerfMode::None) {
    num::matmul(dst, stationary, moving, i.accumulate);
  } else if (i.perf_mode == isa::PerfMode::DoubleRow) {
    num::matmul_double_row(dst, stationary, moving, i.accumulate);
  } else {
    num::matmul_sparse(dst, stationary, d.view(i.operand0.operand), moving,
                       isa::sparsity(i.perf_mode), i.accumulate);
  }
}

void nc_matmul_mx(Datapath& d, const StreamInstruction& i) {
  num::matmul_mx(d.view(i.dst), {d.view(i.src[0]), d.view(i.operand0.operand)},
                 {d.view(i.src[1]), d.view(i.operand1.operand)}, i.accumulate);
}

void nc_transpose(Datapath& d, const StreamInstruction& i) {
  const num::View dst = d.view(i.dst);
  const bool by_product = i.engine == isa::Engine::Tensor && !d.transpose_mode();
  if (by_product && num::is_float(dst.dtype)) {
    return num::transpose_by_product(dst, d.view(i.src[0]));
  }
  num::transpose(dst, d.view(i.src[0]));
  if (d.transpose_mode() && isa::is_padded_transpose(i)) {
    num::View padding = dst;
    padding.base += 1;
    padding.dtype = num::Dtype::Uint8;
    num::memset(padding, 0);
  }
}

/// The operand, begun later by what a register says, but within its buffer.
num::View moved(Datapath& d, const StreamInstruction& i, const isa::Operand& operand,
                const isa::Moved& by) {
  num::View view = d.view(operand);
  view.base += std::clamp<std::int64_t>(d.moved(i.engine, by), 0, by.most) * by.step;
  return view;
}

void tensor_copy(Datapath& d, const StreamInstruction& i) {
  num::tensor_copy(moved(d, i, i.dst, i.dst_moved), moved(d, i, i.src[0], i.src_moved));
}

void memset(Datapath& d, const StreamInstruction& i) {
  num::memset(d.view(i.dst), i.immediate);
}

void tensor_tensor(Datapath& d, const StreamInstruction& i) {
  num::tensor_tensor(d.view(i.dst), d.view(i.src[0]), d.view(i.src[1]), i.op0);
}

void tensor_scalar(Datapath& d, const StreamInstruction& i) {
  num::tensor_scalar(d.view(i.dst), d.view(i.src[0]), i.op0, ScalarView(d, i.operand0), i.reverse0,
                     i.op1, ScalarView(d, i.operand1), i.reverse1);
}

void scalar_tensor_tensor(Datapath& d, const StreamInstruction& i) {
  num::scalar_tensor_tensor(d.view(i.dst), d.view(i.src[0]), i.op0, ScalarView(d, i.operand0),
                            i.reverse0, i.op1, d.view(i.src[1]), i.reverse1);
}

void tensor_tensor_scan(Datapath& d, const StreamInstruction& i) {
  num::tensor_tensor_scan(d.view(i.dst), d.view(i.src[0]), d.view(i.src[1]),
                          ScalarView(d, i.operand0), i.op0, i.reverse0, i.op1, i.reverse1);
}

void tensor_reduce(Datapath& d, const StreamInstruction& i) {
  num::tensor_reduce(d.view(i.dst), d.view(i.src[0]), i.op0, i.keep, i.negate);
}

void activation(Datapath& d, const StreamInstruction& i) {
  if (i.reduce_cmd == num::ReduceCmd::Idle && !i.dst2.present()) {
    num::activation(d.view(i.dst), d.view(i.src[0]), i.function, ScalarView(d, i.operand0),
                    ScalarView(d, i.operand1), nullptr, i.immediate);
  } else {
    num::activation(d.view(i.dst), d.view(i.src[0]), i.function, ScalarView(d, i.operand0),
                    ScalarView(d, i.operand1), Accumulator(d, i), i.immediate);
  }
}

void activation_reduce(Datapath& d, const StreamInstruction& i) {
  Accumulator accumulator(d, i);
  num::Reduction& sums = accumulator;
  sums.op = AluOp::Add;
  sums.command = num::ReduceCmd::ResetReduce;
  num::activation(d.view(i.dst), d.view(i.src[0]), i.function, ScalarView(d, i.operand0),
                  ScalarView(d, i.operand1), sums, i.immediate);
}

void reciprocal(Datapath& d, const StreamInstruction& i) {
  num::reciprocal(d.view(i.dst), d.view(i.src[0]));
}

void bn_stats(Datapath& d, const StreamInstruction& i) {
  num::bn_stats(d.view(i.dst), d.view(i.src[0]));
}

void bn_aggr(Datapath& d, const StreamInstruction& i) {
  num::bn_aggr(d.view(i.dst), d.view(i.src[0]));
}

void iota(Datapath& d, const StreamInstruction& i) {
  num::iota(d.view(i.dst), i.base, i.partition_step, steps(i));
}

void affine_select(Datapath& d, const StreamInstruction& i) {
  num::affine_select(d.view(i.dst), d.view(i.src[0]), i.base, i.partition_step, steps(i),
                     i.immediate, i.op0);
}

std::int32_t source_register(Datapath& d, const StreamInstruction& i, std::size_t which) {
  const std::int32_t number = i.pattern.at(which) - 1;
  return number < 0 ? static_cast<std::int32_t>(i.base)
                    : d.registers(i.engine).at(static_cast<std::size_t>(number));
}

std::int32_t& destination_register(Datapath& d, const StreamInstruction& i) {
  return d.registers(i.engine).at(static_cast<std::size_t>(i.count));
}

void register_move(Datapath& d, const StreamInstruction& i) {
  destination_register(d, i) = source_register(d, i, 0);
}

void register_alu(Datapath& d, const StreamInstruction& i) {
  destination_register(d, i) =
      num::register_alu(i.op0, source_register(d, i, 0), source_register(d, i, 1));
}

void register_load(Datapath& d, const StreamInstruction& i) {
  destination_register(d, i) = num::load_register(i.src[0].dtype, d.view(i.src[0]).base);
}

void register_store(Datapath& d, const StreamInstruction& i) {
  num::store_register(i.dst.dtype, d.view(i.dst).base, source_register(d, i, 0));
}

struct Row {
  isa::Opcode opcode;
  Function function;  // nullptr: nothing to compute
};

// In the order of isa::Opcode.
constexpr Row kFunctions[] = {
    {isa::Opcode::NcMatmul, nc_matmul},
    {isa::Opcode::NcTranspose, nc_transpose},
    {isa::Opcode::TensorCopy, tensor_copy},
    {isa::Opcode::Memset, memset},
    {isa::Opcode::TensorTensor, tensor_tensor},
    {isa::Opcode::TensorScalar, tensor_scalar},
    {isa::Opcode::ScalarTensorTensor, scalar_tensor_tensor},
    {isa::Opcode::TensorReduce, tensor_reduce},
    {isa::Opcode::Activation, activation},
    {isa::Opcode::ActivationReduce, activation_reduce},
    {isa::Opcode::Reciprocal, reciprocal},
    {isa::Opcode::BnStats, bn_stats},
    {isa::Opcode::BnAggr, bn_aggr},
    {isa::Opcode::Iota, iota},
    {isa::Opcode::AffineSelect, affine_select},
    {isa::Opcode::DmaCopy, nullptr},
    {isa::Opcode::DmaTranspose, nullptr},
    {isa::Opcode::DmaGather, nullptr},
    {isa::Opcode::CoreBarrier, nullptr},
    {isa::Opcode::SemaphoreWait, nullptr},
    {isa::Opcode::Nop, nullptr},
    {isa::Opcode::TensorTensorScan, tensor_tensor_scan},
    {isa::Opcode::TensorCopyPredicated, lane::tensor_copy_predicated},
    {isa::Opcode::TensorScalarReduce, lane::tensor_scalar_reduce},
    {isa::Opcode::TensorScalarCumulative, lane::tensor_scalar_cumulative},
    {isa::Opcode::Max8, lane::max8},
    {isa::Opcode::NcFindIndex8, lane::nc_find_index8},
    {isa::Opcode::NcMatchReplace8, lane::nc_match_replace8},
    {isa::Opcode::NcStreamShuffle, lane::nc_stream_shuffle},
    {isa::Opcode::RangeSelect, lane::range_select},
    {isa::Opcode::SelectReduce, lane::select_reduce},
    {isa::Opcode::Dropout, lane::dropout},
    {isa::Opcode::Exponential, lane::exponential},
    {isa::Opcode::QuantizeMx, lane::quantize_mx},
    {isa::Opcode::TensorCopyDynamicSrc, lane::tensor_copy_dynamic_src},
    {isa::Opcode::TensorCopyDynamicDst, lane::tensor_copy_dynamic_dst},
    {isa::Opcode::TensorPartitionReduce, lane::tensor_partition_reduce},
    {isa::Opcode::LocalGather, lane::local_gather},
    {isa::Opcode::NcNGather, lane::nc_n_gather},
    {isa::Opcode::Topk, lane::topk},
    {isa::Opcode::SequenceBounds, lane::sequence_bounds},
    {isa::Opcode::NonzeroWithCount, lane::nonzero_with_count},
    {isa::Opcode::Rng, lane::rng},
    {isa::Opcode::Rand2, lane::rand2},
    {isa::Opcode::RandSetState, lane::rand_set_state},
    {isa::Opcode::RandGetState, lane::rand_get_state},
    {isa::Opcode::SetRngSeed, lane::set_rng_seed},
    {isa::Opcode::Activate2, lane::activate2},
    {isa::Opcode::NcMatmulMx, nc_matmul_mx},
    {isa::Opcode::DmaCompute, nullptr},
    {isa::Opcode::RegisterMove, register_move},
    {isa::Opcode::RegisterAlu, register_alu},
    {isa::Opcode::RegisterLoad, register_load},
    {isa::Opcode::RegisterStore, register_store},
    {isa::Opcode::Branch, nullptr},
    {isa::Opcode::DmaScatter, nullptr},
};

constexpr bool in_order() {
  int expected = 0;
  for (const Row& row : kFunctions) {
    if (static_cast<int>(row.opcode) != expected) {
      return false;
    }
    ++expected;
  }
  return expected == isa::kOpcodeCount;
}
static_assert(in_order(), "one row per opcode, in the order of isa::Opcode");

}  // namespace

void Datapath::execute(const StreamInstruction& instruction) {
  const Function function = kFunctions[static_cast<std::size_t>(instruction.opcode)].function;
  if (function != nullptr && sbuf_->storage() != nullptr) {
    function(*this, instruction);
  }
}

bool Datapath::makes_floats(const StreamInstruction& instruction) {
  return kFunctions[static_cast<std::size_t>(instruction.opcode)].function != nullptr &&
         instruction.dst.present() && num::is_float(instruction.dst.dtype);
}

bool Datapath::has_nan(const StreamInstruction& instruction) const {
  return sbuf_->storage() != nullptr && num::has_nan(view(instruction.dst));
}

void Datapath::spoil(const StreamInstruction& instruction) {
  if (sbuf_->storage() != nullptr) {
    num::store(instruction.dst.dtype, view(instruction.dst).base,
               std::numeric_limits<float>::quiet_NaN());
  }
}

void Datapath::reset() {
  accumulators_ = {};
  registers_ = {};
  for (auto& lanes : lanes_) {
    lanes.reset();
  }
}

num::Lanes& Datapath::lanes(isa::Engine engine) {
  auto& lanes = lanes_.at(static_cast<std::size_t>(engine));
  if (lanes == nullptr) {
    lanes = std::make_unique<num::Lanes>();
  }
  return *lanes;
}

num::View Datapath::view(const isa::Operand& operand) const {
  const bool in_psum = operand.space == isa::Space::Psum;
  std::byte* storage = in_psum ? psum_->storage() : sbuf_->storage();
  num::View view;
  view.dtype = operand.dtype;
  view.partitions = operand.partitions;
  view.partition_stride = in_psum ? psum_->partition_stride() : sbuf_->partition_stride();
  view.base = storage + operand.partition * view.partition_stride + operand.offset;
  const auto size = static_cast<std::int64_t>(num::size_of(operand.dtype));
  for (std::size_t i = 0; i < operand.dims && i < view.count.size(); ++i) {
    view.stride[i] = operand.dim[i].step * size;
    view.count[i] = operand.dim[i].count;
  }
  return view;
}

}  // namespace nsim::hw
