// SPDX-License-Identifier: Apache-2.0
// Arithmetic of the engines on strided views: fp32 inside, free casts at both ends.
// Pure functions without state; operands may alias only when identical. 32-bit integers stay exact
// (and wrap) in copies, bitwise operators and arithmetic whose operands are all 32-bit integers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "sim/numerics/dtype.h"

namespace nsim::num {

/// nki.language operator tokens.
enum class AluOp : std::uint8_t {
  Bypass,
  Add,
  Subtract,
  Multiply,
  Divide,
  Maximum,
  Minimum,
  Power,
  AbsMax,
  Equal,
  NotEqual,
  Less,
  LessEqual,
  Greater,
  GreaterEqual,
  LogicalAnd,
  LogicalOr,
  BitwiseAnd,
  BitwiseOr,
  BitwiseXor,
  LeftShift,
  RightShift,
  Abs,
  Square,
  Rsqrt,
  Reciprocal,  // the numbers are those of the container: new operators are added at the end
  LogicalXor,
  AbsMin,
  Average  // of partitions only
};
inline constexpr AluOp kLastAluOp = AluOp::Average;
const char* name(AluOp op);
std::optional<AluOp> parse_alu_op(std::string_view name);
bool is_bitwise(AluOp op);

/// Functions of the Scalar engine.
enum class Activation : std::uint8_t {
  Copy,
  Square,
  Sigmoid,
  Relu,
  Gelu,
  GeluApprxTanh,
  GeluApprxSigmoid,
  Silu,
  Tanh,
  Softplus,
  Erf,
  Exp,
  Log,
  Sin,
  Sqrt,
  Rsqrt,
  Reciprocal,
  Sign,
  Abs,  // the numbers are those of the container: new functions are added at the end
  Prelu,
  GeluDx,
  GeluApprxSigmoidDx,
  SiluDx,
  Mish,
  ErfDx,
  Arctan
};
inline constexpr Activation kLastActivation = Activation::Arctan;
const char* name(Activation function);
std::optional<Activation> parse_activation(std::string_view name);

/// A view of on-chip memory: `partitions` rows, each with up to four nested free dimensions.
/// Strides in bytes. Element (p, i0, i1, i2, i3) is at base + p*partition_stride + sum(i*stride).
struct View {
  std::byte* base = nullptr;
  Dtype dtype = Dtype::Fp32;
  std::int64_t partitions = 1;
  std::int64_t partition_stride = 0;
  std::array<std::int64_t, 4> stride{};
  std::array<std::int64_t, 4> count{1, 1, 1, 1};  // outermost first; unused ones are last and 1

  std::int64_t row_elements() const { return count[0] * count[1] * count[2] * count[3]; }
};

/// A scalar operand: an immediate, or one element per partition (row_elements() == 1).
struct Scalar {
  float immediate = 0;
  const View* view = nullptr;
};

/// dst[M,N] (+)= stationary[K,M]^T x moving[K,N]: products summed in fp32 in ascending k, then
/// added to dst. Operands are rounded to the precision of their dtype first; fp32 operands are
/// exact. dst is normally fp32 PSUM.
void matmul(const View& dst, const View& stationary, const View& moving, bool accumulate);
/// dst[F,P] = data[P,F]^T; bit exact for equal dtypes.
void transpose(const View& dst, const View& data);
/// The same as a product with an identity: what is infinite or not a number in a column of data
/// makes its row of dst not a number, except for a single infinity itself; -0 becomes 0.
void transpose_by_product(const View& dst, const View& data);

void tensor_copy(const View& dst, const View& src);
void memset(const View& dst, float value);
void tensor_tensor(const View& dst, const View& a, const View& b, AluOp op);
/// (data op0 operand0) op1 operand1; `reverse` swaps the two operands of its op.
void tensor_scalar(const View& dst, const View& data, AluOp op0, const Scalar& operand0,
                   bool reverse0, AluOp op1, const Scalar& operand1, bool reverse1);
/// (data op0 operand0) op1 operand1, operand1 a full tile.
void scalar_tensor_tensor(const View& dst, const View& data, AluOp op0, const Scalar& operand0,
                          bool reverse0, AluOp op1, const View& operand1, bool reverse1);
/// Along each row: result = op1(op0(data0, result before), data1), the first "before" is `initial`.
/// The running result is fp32, whatever dst rounds it to; `reverse` swaps the operands of its op.
void tensor_tensor_scan(const View& dst, const View& data0, const View& data1,
                        const Scalar& initial, AluOp op0, bool reverse0, AluOp op1, bool reverse1);
/// Reduces each row (all free dims beyond the first `keep`) with add, subtract (from the first
/// element), maximum, minimum, multiply, abs_max, abs_min or a logical or bitwise and, or, xor. dst
/// has the product of the kept counts elements per row.
void tensor_reduce(const View& dst, const View& data, AluOp op, int keep, bool negate);
/// dst = f(data * scale + bias). `accumulate`, when not null, receives the row sums of the results
/// (Add only) as one element per partition. `relu_param`: the slope of Prelu left of 0.
void activation(const View& dst, const View& data, Activation function, const Scalar& scale,
                const Scalar& bias, const View* accumulate, float relu_param = 0);
void reciprocal(const View& dst, const View& data);
/// value(p, i...) = base + p*partition_step + sum(i_d * step_d), written as dst's dtype.
void iota(const View& dst, std::int64_t base, std::int64_t partition_step,
          const std::array<std::int64_t, 4>& step);
/// dst = (base + p*partition_step + sum(i_d*step_d)) op 0 ? data : fill; op is a comparison.
void affine_select(const View& dst, const View& data, std::int64_t base,
                   std::int64_t partition_step, const std::array<std::int64_t, 4>& step, float fill,
                   AluOp op = AluOp::GreaterEqual);
/// Mean and variance statistics: dst row = {count, mean, variance*count} of the row's elements; a
/// dst of six elements takes those of the elements at even places, then those at odd ones.
void bn_stats(const View& dst, const View& data);
/// Combines n triples of bn_stats per row into {mean, variance}.
void bn_aggr(const View& dst, const View& data);

/// True when any element is NaN (of a float dtype).
bool has_nan(const View& view);

}  // namespace nsim::num
