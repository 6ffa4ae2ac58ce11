// SPDX-License-Identifier: Apache-2.0
// Copies and the ALU instructions. All work row by row: read into scratch, loop, write back.
// Integer operands stay exact where the operator allows it, everything else is computed in fp32.
#include <algorithm>
#include <cstring>

#include "sim/numerics/alu.h"
#include "sim/numerics/rows.h"

namespace nsim::num {
namespace {

bool is_word(Dtype dtype) {
  return dtype == Dtype::Int32 || dtype == Dtype::Uint32;
}

/// Whether a scalar operand can be used by exact 32-bit integer arithmetic.
bool is_word(const Scalar& scalar) {
  if (scalar.view != nullptr) {
    return is_word(scalar.view->dtype);
  }
  return scalar.immediate == static_cast<float>(to_integer(scalar.immediate));
}

/// One operator with the scalar of one partition, in place.
template <class T>
void apply_scalar(T* row, std::size_t count, Dtype dtype, AluOp op, const Scalar& operand,
                  bool reverse, std::int64_t partition) {
  if (op == AluOp::Bypass && !reverse) {
    return;
  }
  T value = scalar_value<T>(operand, partition);
  if constexpr (std::is_same_v<T, std::int64_t>) {
    if (op == AluOp::RightShift) {
      zero_extend(dtype, row, count);
      zero_extend(dtype, &value, 1);
    }
  }
  const AluLoops<T>& loops = alu_loops<T>(op);
  (reverse ? loops.scalar_reversed : loops.scalar)(row, value, count);
  if constexpr (std::is_same_v<T, std::int64_t>) {
    wrap(dtype, row, count);
  }
}

/// One operator with a second row, in place.
template <class T>
void apply_row(T* row, const T* other, std::size_t count, Dtype dtype, AluOp op, bool reverse) {
  const AluLoops<T>& loops = alu_loops<T>(op);
  (reverse ? loops.rows_reversed : loops.rows)(row, other, count);
  if constexpr (std::is_same_v<T, std::int64_t>) {
    wrap(dtype, row, count);
  }
}

/// (data op0 operand0) op1 (operand1 or `tile`); `tile` wins when it is not null.
struct TwoOps {
  AluOp op0;
  const Scalar& operand0;
  bool reverse0;
  AluOp op1;
  const Scalar& operand1;
  const View* tile;
  bool reverse1;
};

template <class T>
void run(const View& dst, const View& data, const TwoOps& ops) {
  const Rows to(dst);
  const Rows from(data);
  T* row = scratch<T>(0, from.elements());
  for (std::int64_t p = 0; p < to.partitions(); ++p) {
    from.read(p, row);
    apply_scalar(row, from.elements(), data.dtype, ops.op0, ops.operand0, ops.reverse0, p);
    if (ops.tile != nullptr) {
      T* other = scratch<T>(1, from.elements());
      Rows(*ops.tile).read(p, other);
      apply_row(row, other, from.elements(), data.dtype, ops.op1, ops.reverse1);
    } else {
      apply_scalar(row, from.elements(), data.dtype, ops.op1, ops.operand1, ops.reverse1, p);
    }
    to.write(p, row);
  }
}

/// Bitwise operators keep bits; the others are exact when everything they read is a 32-bit integer.
bool runs_on_integers(const View& data, const TwoOps& ops) {
  if (is_bitwise(ops.op0) || is_bitwise(ops.op1)) {
    return true;
  }
  const bool exact1 = ops.op1 == AluOp::Bypass ||
                      (ops.tile != nullptr ? is_word(ops.tile->dtype) : is_word(ops.operand1));
  return is_word(data.dtype) && is_exact_on_integers(ops.op0) && is_exact_on_integers(ops.op1) &&
         (ops.op0 == AluOp::Bypass || is_word(ops.operand0)) && exact1;
}

void run(const View& dst, const View& data, const TwoOps& ops) {
  if (runs_on_integers(data, ops)) {
    run<std::int64_t>(dst, data, ops);
  } else {
    run<float>(dst, data, ops);
  }
}

template <class T>
void copy_rows(const Rows& to, const Rows& from) {
  T* row = scratch<T>(0, from.elements());
  for (std::int64_t p = 0; p < to.partitions(); ++p) {
    from.read(p, row);
    to.write(p, row);
  }
}

const Scalar kNoScalar;

}  // namespace

void tensor_copy(const View& dst, const View& src) {
  const Rows to(dst);
  const Rows from(src);
  if (dst.dtype == src.dtype) {
    if (to.contiguous() && from.contiguous()) {
      for (std::int64_t p = 0; p < to.partitions(); ++p) {
        std::memmove(to.row(p), from.row(p), from.elements() * size_of(src.dtype));
      }
    } else {
      copy_rows<std::uint32_t>(to, from);
    }
  } else if (!is_float(dst.dtype) && !is_float(src.dtype)) {
    copy_rows<std::int64_t>(to, from);
  } else {
    copy_rows<float>(to, from);
  }
}

void memset(const View& dst, float value) {
  const Rows to(dst);
  float* row = scratch<float>(0, to.elements());
  std::fill_n(row, to.elements(), value);
  for (std::int64_t p = 0; p < to.partitions(); ++p) {
    to.write(p, row);
  }
}

void tensor_tensor(const View& dst, const View& a, const View& b, AluOp op) {
  run(dst, a, {AluOp::Bypass, kNoScalar, false, op, kNoScalar, &b, false});
}

void tensor_scalar(const View& dst, const View& data, AluOp op0, const Scalar& operand0,
                   bool reverse0, AluOp op1, const Scalar& operand1, bool reverse1) {
  run(dst, data, {op0, operand0, reverse0, op1, operand1, nullptr, reverse1});
}

void scalar_tensor_tensor(const View& dst, const View& data, AluOp op0, const Scalar& operand0,
                          bool reverse0, AluOp op1, const View& operand1, bool reverse1) {
  run(dst, data, {op0, operand0, reverse0, op1, kNoScalar, &operand1, reverse1});
}

void reciprocal(const View& dst, const View& data) {
  run(dst, data, {AluOp::Reciprocal, kNoScalar, false, AluOp::Bypass, kNoScalar, nullptr, false});
}

bool has_nan(const View& view) {
  if (!is_float(view.dtype)) {
    return false;
  }
  const Rows rows(view);
  float* row = scratch<float>(0, rows.elements());
  for (std::int64_t p = 0; p < rows.partitions(); ++p) {
    rows.read(p, row);
    bool nan = false;
    for (std::size_t i = 0; i < rows.elements(); ++i) {
      nan |= row[i] != row[i];
    }
    if (nan) {
      return true;
    }
  }
  return false;
}

}  // namespace nsim::num
