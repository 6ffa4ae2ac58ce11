// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/datapath.h"

#include <algorithm>
#include <array>

#include "sim/hw/psum.h"
#include "sim/hw/sbuf.h"
#include "sim/isa/opcode.h"
#include "sim/numerics/mx.h"
#include "sim/numerics/positions.h"
#include "sim/numerics/reduction.h"

namespace nsim::hw {
namespace {

using isa::StreamInstruction;
using num::AluOp;

/// A scalar operand together with the view it may refer to.
class ScalarView {
 public:
  ScalarView(const Datapath& datapath, const isa::StreamScalar& scalar) {
    scalar_.immediate = scalar.immediate;
    if (scalar.operand.present()) {
      view_ = datapath.view(scalar.operand);
      scalar_.view = &view_;
    }
  }
  ScalarView(const ScalarView&) = delete;
  ScalarView& operator=(const ScalarView&) = delete;
  operator const num::Scalar&() const { return scalar_; }  // NOLINT: it is one

 private:
  num::View view_;
  num::Scalar scalar_;
};

std::array<std::int64_t, 4> steps(const StreamInstruction& i) {
  return {i.pattern[0], i.pattern[1], i.pattern[2], i.pattern[3]};
}

/// The accumulator of the instruction's engine, as the instruction uses it.
class Accumulator {
 public:
  Accumulator(Datapath& datapath, const StreamInstruction& i) : initial_(datapath, i.operand1) {
    reduction_.op = i.reduce_op;
    reduction_.command = i.reduce_cmd;
    reduction_.initial = initial_;
    reduction_.accumulator = &datapath.lanes(i.engine).accumulator.at(i.dst.partition);
    reduction_.negate = i.negate;
    if (i.dst2.present()) {
      result_ = datapath.view(i.dst2);
      reduction_.result = &result_;
    }
  }
  Accumulator(const Accumulator&) = delete;
  Accumulator& operator=(const Accumulator&) = delete;
  operator num::Reduction&() { return reduction_; }  // NOLINT: it is one

 private:
  ScalarView initial_;
  num::View result_;
  num::Reduction reduction_;
};

using Function = void (*)(Datapath& d, const StreamInstruction& i);

void nc_matmul(Datapath& d, const StreamInstruction& i) {
  num::matmul(d.view(i.dst), d.view(i.src[0]), d.view(i.src[1]), i.accumulate);
}

void nc_transpose(Datapath& d, const StreamInstruction& i) {
  num::transpose(d.view(i.dst), d.view(i.src[0]));
}

void tensor_copy(Datapath& d, const StreamInstruction& i) {
  num::tensor_copy(d.view(i.dst), d.view(i.src[0]));
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
                    ScalarView(d, i.operand1), nullptr);
  } else {
    num::activation(d.view(i.dst), d.view(i.src[0]), i.function, ScalarView(d, i.operand0),
                    ScalarView(d, i.operand1), Accumulator(d, i));
  }
}

void activation_reduce(Datapath& d, const StreamInstruction& i) {
  Accumulator accumulator(d, i);
  num::Reduction& sums = accumulator;
  sums.op = AluOp::Add;
  sums.command = num::ReduceCmd::ResetReduce;
  num::activation(d.view(i.dst), d.view(i.src[0]), i.function, ScalarView(d, i.operand0),
                  ScalarView(d, i.operand1), sums);
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
                     i.immediate);
}

void tensor_copy_predicated(Datapath& d, const StreamInstruction& i) {
  num::tensor_copy_predicated(d.view(i.dst), d.view(i.src[0]), d.view(i.src[1]), i.reverse0);
}

void tensor_scalar_reduce(Datapath& d, const StreamInstruction& i) {
  num::tensor_scalar_reduce(d.view(i.dst), d.view(i.src[0]), i.op0, ScalarView(d, i.operand0),
                            i.reverse0, Accumulator(d, i));
}

void tensor_scalar_cumulative(Datapath& d, const StreamInstruction& i) {
  Accumulator accumulator(d, i);
  num::Reduction& reduction = accumulator;
  reduction.op = i.op1;
  num::tensor_scalar_cumulative(d.view(i.dst), d.view(i.src[0]), i.op0, ScalarView(d, i.operand0),
                                reduction);
}

void max8(Datapath& d, const StreamInstruction& i) {
  num::max8(d.view(i.dst), d.view(i.src[0]));
}

void nc_find_index8(Datapath& d, const StreamInstruction& i) {
  num::nc_find_index8(d.view(i.dst), d.view(i.src[0]), d.view(i.src[1]));
}

void nc_match_replace8(Datapath& d, const StreamInstruction& i) {
  const num::View indices = d.view(i.dst2);
  num::nc_match_replace8(d.view(i.dst), d.view(i.src[0]), d.view(i.src[1]), i.immediate,
                         i.dst2.present() ? &indices : nullptr);
}

void nc_stream_shuffle(Datapath& d, const StreamInstruction& i) {
  num::nc_stream_shuffle(d.view(i.dst), d.view(i.src[0]), isa::shuffle_mask(i));
}

void range_select(Datapath& d, const StreamInstruction& i) {
  const ScalarView bound0(d, i.operand0);
  const ScalarView bound1(d, i.operand1);
  Accumulator accumulator(d, i);
  num::Reduction& reduction = accumulator;
  reduction.op = AluOp::Maximum;
  num::range_select(d.view(i.dst), d.view(i.src[0]), {i.op0, bound0, i.op1, bound1, i.base},
                    reduction);
}

void select_reduce(Datapath& d, const StreamInstruction& i) {
  Accumulator accumulator(d, i);
  num::Reduction& reduction = accumulator;
  reduction.op = AluOp::Maximum;
  num::select_reduce(d.view(i.dst), d.view(i.src[0]), d.view(i.src[1]), ScalarView(d, i.operand0),
                     i.reverse0, reduction);
}

void dropout(Datapath& d, const StreamInstruction& i) {
  num::dropout(d.lanes(i.engine), i.dst.partition, d.view(i.dst), d.view(i.src[0]),
               ScalarView(d, i.operand0));
}

void exponential(Datapath& d, const StreamInstruction& i) {
  num::exponential(d.view(i.dst), d.view(i.src[0]), ScalarView(d, i.operand0), Accumulator(d, i));
}

void quantize_mx(Datapath& d, const StreamInstruction& i) {
  num::quantize_mx(d.view(i.dst), d.view(i.dst2), d.view(i.src[0]));
}

/// `operand` moved on by the index in operand0, kept within its buffer.
num::View moved(const Datapath& d, const StreamInstruction& i, const isa::Operand& operand) {
  const std::int64_t steps = num::first_element(d.view(i.operand0.operand));
  num::View view = d.view(operand);
  view.base += std::clamp<std::int64_t>(steps, 0, i.base) * i.count *
               static_cast<std::int64_t>(num::size_of(operand.dtype));
  return view;
}

void tensor_copy_dynamic_src(Datapath& d, const StreamInstruction& i) {
  num::tensor_copy(d.view(i.dst), moved(d, i, i.src[0]));
}

void tensor_copy_dynamic_dst(Datapath& d, const StreamInstruction& i) {
  num::tensor_copy(moved(d, i, i.dst), d.view(i.src[0]));
}

void tensor_partition_reduce(Datapath& d, const StreamInstruction& i) {
  num::tensor_partition_reduce(d.view(i.dst), d.view(i.src[0]), i.op0);
}

void local_gather(Datapath& d, const StreamInstruction& i) {
  num::local_gather(d.view(i.dst), d.view(i.src[0]), d.view(i.src[1]), i.count, i.base);
}

void nc_n_gather(Datapath& d, const StreamInstruction& i) {
  num::nc_n_gather(d.view(i.dst), d.view(i.src[0]), d.view(i.src[1]));
}

void topk(Datapath& d, const StreamInstruction& i) {
  num::topk(d.view(i.dst), d.view(i.dst2), d.view(i.src[0]), i.count);
}

void sequence_bounds(Datapath& d, const StreamInstruction& i) {
  num::sequence_bounds(d.view(i.dst), d.view(i.src[0]));
}

void nonzero_with_count(Datapath& d, const StreamInstruction& i) {
  num::nonzero_with_count(d.view(i.dst), d.view(i.src[0]), i.base, i.partition_step);
}

void rng(Datapath& d, const StreamInstruction& i) {
  num::rng(d.lanes(i.engine), i.dst.partition, d.view(i.dst));
}

void rand2(Datapath& d, const StreamInstruction& i) {
  num::rand2(d.lanes(i.engine), i.dst.partition, d.view(i.dst), ScalarView(d, i.operand0),
             ScalarView(d, i.operand1));
}

void rand_set_state(Datapath& d, const StreamInstruction& i) {
  num::rand_set_state(d.lanes(i.engine), i.src[0].partition, d.view(i.src[0]));
}

void rand_get_state(Datapath& d, const StreamInstruction& i) {
  num::rand_get_state(d.lanes(i.engine), i.dst.partition, d.view(i.dst));
}

void set_rng_seed(Datapath& d, const StreamInstruction& i) {
  num::set_rng_seed(d.lanes(i.engine), i.src[0].partition, d.view(i.src[0]));
}

void activate2(Datapath& d, const StreamInstruction& i) {
  const ScalarView imm0(d, i.operand0);
  const ScalarView imm1(d, i.operand1);
  num::activate2(d.view(i.dst), d.view(i.src[0]),
                 {i.function, i.op0, imm0, i.reverse0, i.op1, imm1, i.reverse1}, Accumulator(d, i));
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
    {isa::Opcode::TensorCopyPredicated, tensor_copy_predicated},
    {isa::Opcode::TensorScalarReduce, tensor_scalar_reduce},
    {isa::Opcode::TensorScalarCumulative, tensor_scalar_cumulative},
    {isa::Opcode::Max8, max8},
    {isa::Opcode::NcFindIndex8, nc_find_index8},
    {isa::Opcode::NcMatchReplace8, nc_match_replace8},
    {isa::Opcode::NcStreamShuffle, nc_stream_shuffle},
    {isa::Opcode::RangeSelect, range_select},
    {isa::Opcode::SelectReduce, select_reduce},
    {isa::Opcode::Dropout, dropout},
    {isa::Opcode::Exponential, exponential},
    {isa::Opcode::QuantizeMx, quantize_mx},
    {isa::Opcode::TensorCopyDynamicSrc, tensor_copy_dynamic_src},
    {isa::Opcode::TensorCopyDynamicDst, tensor_copy_dynamic_dst},
    {isa::Opcode::TensorPartitionReduce, tensor_partition_reduce},
    {isa::Opcode::LocalGather, local_gather},
    {isa::Opcode::NcNGather, nc_n_gather},
    {isa::Opcode::Topk, topk},
    {isa::Opcode::SequenceBounds, sequence_bounds},
    {isa::Opcode::NonzeroWithCount, nonzero_with_count},
    {isa::Opcode::Rng, rng},
    {isa::Opcode::Rand2, rand2},
    {isa::Opcode::RandSetState, rand_set_state},
    {isa::Opcode::RandGetState, rand_get_state},
    {isa::Opcode::SetRngSeed, set_rng_seed},
    {isa::Opcode::Activate2, activate2},
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
