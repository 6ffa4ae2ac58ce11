// SPDX-License-Identifier: Apache-2.0
// Equality of programs: everything they mean, but not where they were written. Floats are equal
// when they are the same value with the same sign of zero, or both NaN.
#pragma once

#include "sim/isa/program.h"

namespace nsim::isa {

bool same(float a, float b);
bool same(double a, double b);
bool same(const Expr& a, const Expr& b);
bool same(const std::vector<Dim>& a, const std::vector<Dim>& b);
bool same(const Access& a, const Access& b);
bool same(const ScalarOperand& a, const ScalarOperand& b);
/// Compares the fields that the opcode has.
bool same(const Instruction& a, const Instruction& b);
bool same(const Program& a, const Program& b);

}  // namespace nsim::isa
