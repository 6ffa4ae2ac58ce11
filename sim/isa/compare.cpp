// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/compare.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "sim/isa/attribute.h"

namespace nsim::isa {
namespace {

template <class Real>
bool same_real(Real a, Real b) {
  return (std::isnan(a) && std::isnan(b)) || (a == b && std::signbit(a) == std::signbit(b));
}

template <class T>
bool same_value(const T& a, const T& b) {
  return a == b;
}
bool same_value(float a, float b) {
  return same(a, b);
}
bool same_value(const Expr& a, const Expr& b) {
  return same(a, b);
}
bool same_value(const ScalarOperand& a, const ScalarOperand& b) {
  return same(a, b);
}

bool same_value(const std::optional<Access>& a, const std::optional<Access>& b) {
  return a.has_value() == b.has_value() && (!a || same(*a, *b));
}

bool same_attribute(Attribute attribute, const Instruction& a, const Instruction& b) {
  bool result = false;
  visit(attribute, a, [&](const auto& left) {
    visit(attribute, b, [&](const auto& right) {
      using Left = std::decay_t<decltype(left)>;
      if constexpr (std::is_same_v<Left, std::decay_t<decltype(right)>>) {
        result = same_value(left, right);
      }
    });
  });
  return result;
}

bool same_operand(const Access* a, const Access* b) {
  return (a == nullptr) == (b == nullptr) && (a == nullptr || same(*a, *b));
}

template <class List, class Same>
bool same_list(const List& a, const List& b, Same same_entry) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), same_entry);
}

bool same_init(const num::Init& a, const num::Init& b) {
  return a.kind == b.kind && same(a.low, b.low) && same(a.high, b.high) && a.seed == b.seed &&
         a.bytes == b.bytes;
}

bool same_view(const View& a, const View& b) {
  return a.base == b.base && a.offset == b.offset;
}

bool same_tensor(const Tensor& a, const Tensor& b) {
  return a.name == b.name && a.kind == b.kind && a.dtype == b.dtype && a.shape == b.shape &&
         same_init(a.init, b.init) && same_view(a.view, b.view);
}

bool same_buffer(const Buffer& a, const Buffer& b) {
  return a.name == b.name && a.space == b.space && a.dtype == b.dtype &&
         a.partition == b.partition && a.partitions == b.partitions && a.elements == b.elements &&
         a.address == b.address && a.transient == b.transient && a.copies == b.copies &&
         a.view.has_value() == b.view.has_value() && (!a.view || same_view(*a.view, *b.view));
}

bool same_items(const std::vector<Item>& a, const std::vector<Item>& b);

bool same_item(const Item& a, const Item& b) {
  if (a.index() != b.index()) {
    return false;
  }
  if (const auto* instruction = std::get_if<Instruction>(&a)) {
    return same(*instruction, std::get<Instruction>(b));
  }
  if (const auto* core = std::get_if<CoreBody>(&a)) {
    const CoreBody& other = std::get<CoreBody>(b);
    return core->core == other.core && same_items(core->body, other.body);
  }
  const Loop& left = std::get<Loop>(a);
  const Loop& right = std::get<Loop>(b);
  return left.variable == right.variable && left.begin == right.begin && left.end == right.end &&
         left.step == right.step && left.dynamic == right.dynamic &&
         same_items(left.body, right.body);
}

bool same_items(const std::vector<Item>& a, const std::vector<Item>& b) {
  return same_list(a, b, same_item);
}

}  // namespace

Instruction with_defaults(Opcode opcode) {
  const OpcodeInfo& row = info(opcode);
  Instruction instruction;
  instruction.opcode = opcode;
  if (row.has(Attribute::Scale)) {
    instruction.operand0.immediate = 1.0F;
  }
  if ((row.has(Attribute::Step) && !row.dma) || row.has(Attribute::NumElemPerIdx)) {
    instruction.count = 1;
  }
  if (row.has(Attribute::PaddingVal)) {
    instruction.partition_step = -1;
  }
  if (opcode == Opcode::AffineSelect) {
    instruction.op0 = num::AluOp::GreaterEqual;
  }
  if (opcode == Opcode::RangeSelect) {
    instruction.immediate = std::numeric_limits<float>::lowest();
  }
  // nki.isa: these reduce unless told otherwise, the others only when asked to.
  if (opcode == Opcode::TensorScalarReduce || opcode == Opcode::TensorScalarCumulative ||
      opcode == Opcode::RangeSelect) {
    instruction.reduce_cmd = num::ReduceCmd::ResetReduce;
  }
  return instruction;
}

bool has_default(Attribute attribute, const Instruction& instruction) {
  return same_attribute(attribute, instruction, with_defaults(instruction.opcode));
}

bool same(float a, float b) {
  return same_real(a, b);
}
bool same(double a, double b) {
  return same_real(a, b);
}

bool same(const Expr& a, const Expr& b) {
  return a.constant == b.constant &&
         same_list(a.terms, b.terms, [](const Term& left, const Term& right) {
           return left.variable == right.variable && left.coefficient == right.coefficient &&
                  left.divide == right.divide && left.modulo == right.modulo;
         });
}

bool same(const std::vector<Dim>& a, const std::vector<Dim>& b) {
  return same_list(a, b, [](const Dim& left, const Dim& right) {
    return left.step == right.step && left.count == right.count;
  });
}

bool same(const Access& a, const Access& b) {
  return a.space == b.space && a.index == b.index && same(a.partition, b.partition) &&
         a.partitions == b.partitions && same(a.offset, b.offset) && same(a.dims, b.dims) &&
         same(a.copy, b.copy);
}

bool same(const ScalarOperand& a, const ScalarOperand& b) {
  if (a.access.has_value() != b.access.has_value()) {
    return false;
  }
  return a.access ? same(*a.access, *b.access) : same(a.immediate, b.immediate);
}

bool same(const Instruction& a, const Instruction& b) {
  if (a.opcode != b.opcode || a.engine != b.engine || a.label != b.label || a.event != b.event ||
      a.after != b.after) {
    return false;
  }
  const OpcodeInfo& opcode = info(a.opcode);
  bool equal = true;
  for (const OperandInfo& each : opcode.operands) {
    equal = equal && same_operand(operand(a, each.role), operand(b, each.role));
  }
  for_each(opcode.required | opcode.optional,
           [&](Attribute attribute) { equal = equal && same_attribute(attribute, a, b); });
  return equal &&
         same_list(a.waits, b.waits,
                   [](const SemaphoreWait& left, const SemaphoreWait& right) {
                     return left.semaphore == right.semaphore && same(left.value, right.value);
                   }) &&
         same_list(a.updates, b.updates,
                   [](const SemaphoreUpdate& left, const SemaphoreUpdate& right) {
                     return left.semaphore == right.semaphore && left.add == right.add;
                   });
}

bool same(const Program& a, const Program& b) {
  return a.name == b.name && a.target == b.target && a.cores == b.cores &&
         a.auto_sync == b.auto_sync && same_list(a.tensors, b.tensors, same_tensor) &&
         same_list(a.buffers, b.buffers, same_buffer) && a.semaphores == b.semaphores &&
         a.variables == b.variables && a.labels == b.labels && a.events == b.events &&
         a.spilled_bytes == b.spilled_bytes && same_items(a.body, b.body);
}

}  // namespace nsim::isa
