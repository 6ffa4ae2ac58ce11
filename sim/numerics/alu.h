// SPDX-License-Identifier: Apache-2.0
// The operators of AluOp as loops over scratch rows, in fp32 and in exact integers. Internal to
// sim/numerics.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sim/numerics/ops.h"

namespace nsim::num {

/// In-place loops of one operator: `a` is the row that receives the result.
template <class T>
struct AluLoops {
  void (*rows)(T* a, const T* b, std::size_t count);           // a = a op b
  void (*rows_reversed)(T* a, const T* b, std::size_t count);  // a = b op a
  void (*scalar)(T* a, T b, std::size_t count);
  void (*scalar_reversed)(T* a, T b, std::size_t count);
  T (*one)(T a, T b);                        // a op b
  T (*fold)(const T* a, std::size_t count);  // a[0] op a[1] op ...; nullptr when it is no reduction
};

/// T is float or std::int64_t. The float loops of bitwise operators work on the values as integers.
template <class T>
const AluLoops<T>& alu_loops(AluOp op);

/// The operator has an integer meaning of its own (no detour through fp32).
bool is_exact_on_integers(AluOp op);

/// Keeps what fits into an integer of `dtype`'s width, as two's complement or unsigned.
/// Rows of a float type are left alone.
void wrap(Dtype dtype, std::int64_t* row, std::size_t count);

/// Reinterprets the integers of `dtype`'s width as unsigned, which is what a logical shift works
/// on.
void zero_extend(Dtype dtype, std::int64_t* row, std::size_t count);

/// In place: f(row * scale + bias).
void activate_row(Activation function, float* row, float scale, float bias, std::size_t count,
                  float relu_param = 0);

/// Sum with sixteen running partial sums, element i in partial sum i % 16: the same on every
/// machine.
float sum(const float* row, std::size_t count);

}  // namespace nsim::num
