// SPDX-License-Identifier: Apache-2.0
// Instructions that reduce their rows on the way into the accumulator of their engine: one fp32
// register per partition that outlives the instruction.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "sim/numerics/ops.h"

namespace nsim::num {

/// nki.isa.reduce_cmd: what an instruction does with the accumulator before its own elements.
enum class ReduceCmd : std::uint8_t {
  Idle,         // leaves it alone
  Reset,        // sets it to the identity of the operator; the elements do not count
  Reduce,       // goes on from what it holds
  ResetReduce,  // starts from the identity
  LoadReduce    // starts from a value of the instruction
};
const char* name(ReduceCmd command);
std::optional<ReduceCmd> parse_reduce_cmd(std::string_view name);

/// add, multiply, maximum, minimum, abs_max, abs_min: what accumulators reduce with.
bool is_reduction(AluOp op);
/// Those, subtract, and logical and bitwise and, or, xor: what tensor_reduce reduces with.
bool folds(AluOp op);
/// What an accumulator starts from; 0 for subtract.
float identity(AluOp op);

struct Reduction {
  AluOp op = AluOp::Add;
  ReduceCmd command = ReduceCmd::ResetReduce;
  Scalar initial;                // LoadReduce
  float* accumulator = nullptr;  // of the first partition, the others follow
  const View* result = nullptr;  // one element per partition; nullptr: not read out
  bool negate = false;           // what is read out
};

/// As tensor_scalar with one operator; the results are reduced.
void tensor_scalar_reduce(const View& dst, const View& data, AluOp op0, const Scalar& operand0,
                          bool reverse0, const Reduction& reduction);

/// f(data * scale + bias), reduced.
void activation(const View& dst, const View& data, Activation function, const Scalar& scale,
                const Scalar& bias, const Reduction& reduction, float relu_param = 0);

/// f((data op0 imm0) op1 imm1), reduced.
struct Activate2 {
  Activation function;
  AluOp op0;
  const Scalar& imm0;
  bool reverse0;
  AluOp op1;
  const Scalar& imm1;
  bool reverse1;
  float relu_param = 0;
};
void activate2(const View& dst, const View& data, const Activate2& ops, const Reduction& reduction);

/// exp(src - max_value), reduced by addition.
void exponential(const View& dst, const View& src, const Scalar& max_value,
                 const Reduction& reduction);

/// With i = start + position in the row: (i op0 bound0) and (i op1 bound1) ? data : on_false.
struct Range {
  AluOp op0;
  const Scalar& bound0;
  AluOp op1;
  const Scalar& bound1;
  std::int64_t start;
  float on_false;
};
void range_select(const View& dst, const View& data, const Range& range,
                  const Reduction& reduction);

/// predicate (not zero, or zero when `reverse`) ? on_true : on_false.
void select_reduce(const View& dst, const View& predicate, const View& on_true,
                   const Scalar& on_false, bool reverse, const Reduction& reduction);

/// Running reduction along each row: result = op1(op0(src, imm0), result before), written for every
/// element. `reduction` has the operator op1 and says what the first "before" is; the last result
/// stays in the accumulator.
void tensor_scalar_cumulative(const View& dst, const View& src, AluOp op0, const Scalar& imm0,
                              const Reduction& reduction);

}  // namespace nsim::num
