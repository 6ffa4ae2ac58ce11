// SPDX-License-Identifier: Apache-2.0
// The rules of the sequencers' instructions.
#include <algorithm>

#include "sim/isa/check.h"
#include "sim/isa/opcode.h"
#include "sim/isa/shape_rules.h"
#include "sim/numerics/registers.h"

namespace nsim::isa::rules {
namespace {

using std::to_string;

/// What a sequencer's registers take from or give to memory is one integer.
void register_element(const Shapes& s, const Operand& element, const char* what) {
  if (!element.present()) {
    return;
  }
  expect_shape(s, element, what, 1, 1);
  if (num::is_float(element.dtype) || num::is_packed(element.dtype)) {
    s.fail(std::string(what) + " is " + name(element.dtype) + ", registers hold integers");
  }
}

}  // namespace

void registers(const Shapes& s) {
  const auto check = [&](std::int64_t number) {
    if (number < 0 || number >= kRegisterCount) {
      s.fail("there is no register " + to_string(number) + ", an engine has 0 to " +
             to_string(kRegisterCount - 1));
    }
  };
  const OpcodeInfo& row = info(s.in.opcode);
  if (row.has(Attribute::DstRegister)) {
    check(s.source.count);
  }
  std::for_each(s.source.pattern.begin(), s.source.pattern.end(), check);
  const std::size_t least = row.needs(Attribute::SrcRegisters) ? 1 : 0;
  const std::size_t most =
      s.in.opcode == Opcode::RegisterAlu ? 2 : row.has(Attribute::SrcRegisters);
  if (s.source.pattern.size() < least || s.source.pattern.size() > most) {
    s.fail("reads " + to_string(s.source.pattern.size()) + " registers, " +
           (least == most ? "" : to_string(least) + " to ") + to_string(most) + " are possible");
  }
  if (s.in.opcode == Opcode::RegisterAlu && !num::is_register_op(s.in.op0)) {
    s.fail(
        std::string("registers have no operator ") + name(s.in.op0) +
        ", only add, subtract, multiply, maximum, minimum, comparisons, bitwise ones and shifts");
  }
  register_element(s, s.in.dst, "dst");
  register_element(s, s.in.src[0], "src");
}

}  // namespace nsim::isa::rules
