// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/datapath.h"

#include <array>

#include "sim/hw/psum.h"
#include "sim/hw/sbuf.h"
#include "sim/isa/opcode.h"

namespace nsim::hw {
namespace {

using isa::StreamInstruction;

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

using Function = void (*)(const Datapath& d, const StreamInstruction& i);

void nc_matmul(const Datapath& d, const StreamInstruction& i) {
  num::matmul(d.view(i.dst), d.view(i.src[0]), d.view(i.src[1]), i.accumulate);
}

void nc_transpose(const Datapath& d, const StreamInstruction& i) {
  num::transpose(d.view(i.dst), d.view(i.src[0]));
}

void tensor_copy(const Datapath& d, const StreamInstruction& i) {
  num::tensor_copy(d.view(i.dst), d.view(i.src[0]));
}

void memset(const Datapath& d, const StreamInstruction& i) {
  num::memset(d.view(i.dst), i.immediate);
}

void tensor_tensor(const Datapath& d, const StreamInstruction& i) {
  num::tensor_tensor(d.view(i.dst), d.view(i.src[0]), d.view(i.src[1]), i.op0);
}

void tensor_scalar(const Datapath& d, const StreamInstruction& i) {
  num::tensor_scalar(d.view(i.dst), d.view(i.src[0]), i.op0, ScalarView(d, i.operand0), i.reverse0,
                     i.op1, ScalarView(d, i.operand1), i.reverse1);
}

void scalar_tensor_tensor(const Datapath& d, const StreamInstruction& i) {
  num::scalar_tensor_tensor(d.view(i.dst), d.view(i.src[0]), i.op0, ScalarView(d, i.operand0),
                            i.reverse0, i.op1, d.view(i.src[1]), i.reverse1);
}

void tensor_tensor_scan(const Datapath& d, const StreamInstruction& i) {
  num::tensor_tensor_scan(d.view(i.dst), d.view(i.src[0]), d.view(i.src[1]),
                          ScalarView(d, i.operand0), i.op0, i.reverse0, i.op1, i.reverse1);
}

void tensor_reduce(const Datapath& d, const StreamInstruction& i) {
  num::tensor_reduce(d.view(i.dst), d.view(i.src[0]), i.op0, i.keep, i.negate);
}

void activation(const Datapath& d, const StreamInstruction& i) {
  num::activation(d.view(i.dst), d.view(i.src[0]), i.function, ScalarView(d, i.operand0),
                  ScalarView(d, i.operand1), nullptr);
}

void activation_reduce(const Datapath& d, const StreamInstruction& i) {
  const num::View sums = d.view(i.dst2);
  num::activation(d.view(i.dst), d.view(i.src[0]), i.function, ScalarView(d, i.operand0),
                  ScalarView(d, i.operand1), &sums);
}

void reciprocal(const Datapath& d, const StreamInstruction& i) {
  num::reciprocal(d.view(i.dst), d.view(i.src[0]));
}

void bn_stats(const Datapath& d, const StreamInstruction& i) {
  num::bn_stats(d.view(i.dst), d.view(i.src[0]));
}

void bn_aggr(const Datapath& d, const StreamInstruction& i) {
  num::bn_aggr(d.view(i.dst), d.view(i.src[0]));
}

void iota(const Datapath& d, const StreamInstruction& i) {
  num::iota(d.view(i.dst), i.base, i.partition_step, steps(i));
}

void affine_select(const Datapath& d, const StreamInstruction& i) {
  num::affine_select(d.view(i.dst), d.view(i.src[0]), i.base, i.partition_step, steps(i),
                     i.immediate);
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

void Datapath::execute(const StreamInstruction& instruction) const {
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
