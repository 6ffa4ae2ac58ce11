// SPDX-License-Identifier: Apache-2.0
#include "sim/numerics/alu.h"

#include <array>
#include <cmath>
#include <type_traits>

#include "sim/numerics/rows.h"

namespace nsim::num {
namespace {

// Integer operators compute modulo 2^64; wrap() then keeps the width of the operand.
template <class T>
using Modular = std::conditional_t<std::is_integral_v<T>, std::uint64_t, float>;

// Functors of one operator each. `kExact`: has an integer form; without it, integers go through
// fp32.
struct Arithmetic {
  static constexpr bool kExact = true;
};
struct FloatOnly {
  static constexpr bool kExact = false;
};

struct Bypass : Arithmetic {
  template <class T>
  static T apply(T a, T) {
    return a;
  }
};
struct Add : Arithmetic {
  template <class T>
  static T apply(T a, T b) {
    return static_cast<T>(Modular<T>(a) + Modular<T>(b));
  }
};
struct Subtract : Arithmetic {
  template <class T>
  static T apply(T a, T b) {
    return static_cast<T>(Modular<T>(a) - Modular<T>(b));
  }
};
struct Multiply : Arithmetic {
  template <class T>
  static T apply(T a, T b) {
    return static_cast<T>(Modular<T>(a) * Modular<T>(b));
  }
};
struct Divide : FloatOnly {
  static float apply(float a, float b) { return a / b; }
};
// Maximum and minimum hand a NaN of either side on, so that it stays visible.
struct Maximum : Arithmetic {
  template <class T>
  static T apply(T a, T b) {
    return a > b || a != a ? a : b;
  }
};
struct Minimum : Arithmetic {
  template <class T>
  static T apply(T a, T b) {
    return a < b || a != a ? a : b;
  }
};
struct Power : FloatOnly {
  static float apply(float a, float b) { return std::pow(a, b); }
};
struct AbsMax : Arithmetic {
  template <class T>
  static T apply(T a, T b) {
    return Maximum::apply(a < 0 ? -a : a, b < 0 ? -b : b);
  }
};
struct Equal : Arithmetic {
  template <class T>
  static T apply(T a, T b) {
    return a == b ? T{1} : T{0};
  }
};
struct NotEqual : Arithmetic {
  template <class T>
  static T apply(T a, T b) {
    return a != b ? T{1} : T{0};
  }
};
struct Less : Arithmetic {
  template <class T>
  static T apply(T a, T b) {
    return a < b ? T{1} : T{0};
  }
};
struct LessEqual : Arithmetic {
  template <class T>
  static T apply(T a, T b) {
    return a <= b ? T{1} : T{0};
  }
};
struct Greater : Arithmetic {
  template <class T>
  static T apply(T a, T b) {
    return a > b ? T{1} : T{0};
  }
};
struct GreaterEqual : Arithmetic {
  template <class T>
  static T apply(T a, T b) {
    return a >= b ? T{1} : T{0};
  }
};
struct LogicalAnd : Arithmetic {
  template <class T>
  static T apply(T a, T b) {
    return a != 0 && b != 0 ? T{1} : T{0};
  }
};
struct LogicalOr : Arithmetic {
  template <class T>
  static T apply(T a, T b) {
    return a != 0 || b != 0 ? T{1} : T{0};
  }
};
struct LogicalXor : Arithmetic {
  template <class T>
  static T apply(T a, T b) {
    return (a != 0) != (b != 0) ? T{1} : T{0};
  }
};
struct AbsMin : Arithmetic {
  template <class T>
  static T apply(T a, T b) {
    return Minimum::apply(a < 0 ? -a : a, b < 0 ? -b : b);
  }
};
struct Average : FloatOnly {
  static float apply(float a, float b) { return (a + b) / 2; }
};
struct BitwiseAnd : Arithmetic {
  static std::int64_t apply(std::int64_t a, std::int64_t b) { return a & b; }
};
struct BitwiseOr : Arithmetic {
  static std::int64_t apply(std::int64_t a, std::int64_t b) { return a | b; }
};
struct BitwiseXor : Arithmetic {
  static std::int64_t apply(std::int64_t a, std::int64_t b) { return a ^ b; }
};
struct LeftShift : Arithmetic {
  static std::int64_t apply(std::int64_t a, std::int64_t b) {
    return b < 0 || b > 63 ? 0 : static_cast<std::int64_t>(static_cast<std::uint64_t>(a) << b);
  }
};
// Logical: the caller passes `a` zero-extended.
struct RightShift : Arithmetic {
  static std::int64_t apply(std::int64_t a, std::int64_t b) {
    return b < 0 || b > 63 ? 0 : static_cast<std::int64_t>(static_cast<std::uint64_t>(a) >> b);
  }
};
struct Abs : Arithmetic {
  static float apply(float a, float) { return std::fabs(a); }
  static std::int64_t apply(std::int64_t a, std::int64_t) { return a < 0 ? -a : a; }
};
struct Square : Arithmetic {
  template <class T>
  static T apply(T a, T) {
    return Multiply::apply(a, a);
  }
};
struct Rsqrt : FloatOnly {
  static float apply(float a, float) { return 1.0F / std::sqrt(a); }
};
struct Reciprocal : FloatOnly {
  static float apply(float a, float) { return 1.0F / a; }
};

template <class Op, class = void>
inline constexpr bool kHasFloat = false;
template <class Op>
inline constexpr bool kHasFloat<Op, std::enable_if_t<Op::kExact>> =
    std::is_same_v<decltype(Op::apply(0.0F, 0.0F)), float>;

/// Op on T, through the other domain where it has no form of its own.
template <class Op, class T>
T apply(T a, T b) {
  if constexpr (std::is_same_v<T, std::int64_t> && !Op::kExact) {
    return to_integer(Op::apply(static_cast<float>(a), static_cast<float>(b)));
  } else if constexpr (std::is_same_v<T, float> && Op::kExact && !kHasFloat<Op>) {
    return static_cast<float>(Op::apply(to_integer(a), to_integer(b)));
  } else {
    return Op::apply(a, b);
  }
}

template <class Op, class T>
void rows(T* __restrict a, const T* __restrict b, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    a[i] = apply<Op>(a[i], b[i]);
  }
}

template <class Op, class T>
void rows_reversed(T* __restrict a, const T* __restrict b, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    a[i] = apply<Op>(b[i], a[i]);
  }
}

template <class Op, class T>
void scalar(T* a, T b, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    a[i] = apply<Op>(a[i], b);
  }
}

template <class Op, class T>
void scalar_reversed(T* a, T b, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    a[i] = apply<Op>(b, a[i]);
  }
}

/// The first element less the others: it depends on the order, which is that of the row.
template <class T>
T fold_differences(const T* a, std::size_t count) {
  T result = a[0];
  for (std::size_t i = 1; i < count; ++i) {
    result = Subtract::apply(result, a[i]);
  }
  return result;
}

/// The operator on the truth of each element: one alone is 0 or 1 too.
template <class Op, class T>
T fold_truth(const T* a, std::size_t count) {
  T result = a[0] != 0 ? T{1} : T{0};
  for (std::size_t i = 1; i < count; ++i) {
    result = Op::apply(result, a[i]);
  }
  return result;
}

/// Sixteen partial results, element i in partial i % 16, then those in ascending order.
template <class Op, class T>
T fold(const T* a, std::size_t count) {
  constexpr std::size_t kLanes = 16;
  if (count < 2 * kLanes) {
    // One element alone goes through the operator too: |x| of abs_max and abs_min. The others do
    // not change it.
    constexpr bool kAbs = std::is_same_v<Op, AbsMax> || std::is_same_v<Op, AbsMin>;
    T result = kAbs ? apply<Op>(a[0], a[0]) : a[0];
    for (std::size_t i = 1; i < count; ++i) {
      result = apply<Op>(result, a[i]);
    }
    return result;
  }
  T lanes[kLanes];
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    lanes[lane] = a[lane];
  }
  std::size_t i = kLanes;
  for (; i + kLanes <= count; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      lanes[lane] = apply<Op>(lanes[lane], a[i + lane]);
    }
  }
  for (std::size_t lane = 0; i < count; ++i, ++lane) {
    lanes[lane] = apply<Op>(lanes[lane], a[i]);
  }
  for (std::size_t lane = 1; lane < kLanes; ++lane) {
    lanes[0] = apply<Op>(lanes[0], lanes[lane]);
  }
  return lanes[0];
}

template <class Op>
inline constexpr bool kFolds =
    std::is_same_v<Op, Add> || std::is_same_v<Op, Multiply> || std::is_same_v<Op, Maximum> ||
    std::is_same_v<Op, Minimum> || std::is_same_v<Op, AbsMax> || std::is_same_v<Op, AbsMin> ||
    std::is_same_v<Op, BitwiseAnd> || std::is_same_v<Op, BitwiseOr> ||
    std::is_same_v<Op, BitwiseXor>;

template <class Op>
inline constexpr bool kLogical = std::is_same_v<Op, LogicalAnd> || std::is_same_v<Op, LogicalOr> ||
                                 std::is_same_v<Op, LogicalXor>;

template <class T, class Op>
constexpr AluLoops<T> loops() {
  AluLoops<T> result{rows<Op, T>,   rows_reversed<Op, T>,
                     scalar<Op, T>, scalar_reversed<Op, T>,
                     apply<Op, T>,  nullptr};
  if constexpr (kFolds<Op>) {
    result.fold = fold<Op, T>;
  } else if constexpr (std::is_same_v<Op, Subtract>) {
    result.fold = fold_differences<T>;
  } else if constexpr (kLogical<Op>) {
    result.fold = fold_truth<Op, T>;
  }
  return result;
}

template <class... Ops>
struct OpList {
  static constexpr std::size_t kSize = sizeof...(Ops);
  static constexpr std::array<bool, kSize> kExact = {Ops::kExact...};
  template <class T>
  static constexpr std::array<AluLoops<T>, kSize> kLoops = {loops<T, Ops>()...};
};

// In the order of AluOp.
using AllOps = OpList<Bypass, Add, Subtract, Multiply, Divide, Maximum, Minimum, Power, AbsMax,
                      Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual, LogicalAnd,
                      LogicalOr, BitwiseAnd, BitwiseOr, BitwiseXor, LeftShift, RightShift, Abs,
                      Square, Rsqrt, Reciprocal, LogicalXor, AbsMin, Average>;
constexpr std::array<const char*, AllOps::kSize> kNames = {
    "bypass",     "add",         "subtract",      "multiply",    "divide",     "maximum",
    "minimum",    "power",       "abs_max",       "equal",       "not_equal",  "less",
    "less_equal", "greater",     "greater_equal", "logical_and", "logical_or", "bitwise_and",
    "bitwise_or", "bitwise_xor", "left_shift",    "right_shift", "abs",        "square",
    "rsqrt",      "reciprocal",  "logical_xor",   "abs_min",     "average"};
static_assert(static_cast<std::size_t>(kLastAluOp) + 1 == AllOps::kSize);

}  // namespace

const char* name(AluOp op) {
  return kNames[static_cast<std::size_t>(op)];
}

std::optional<AluOp> parse_alu_op(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (name == kNames[i]) {
      return static_cast<AluOp>(i);
    }
  }
  return std::nullopt;
}

bool is_bitwise(AluOp op) {
  return op >= AluOp::BitwiseAnd && op <= AluOp::RightShift;
}

bool is_exact_on_integers(AluOp op) {
  return AllOps::kExact[static_cast<std::size_t>(op)];
}

template <class T>
const AluLoops<T>& alu_loops(AluOp op) {
  return AllOps::kLoops<T>[static_cast<std::size_t>(op)];
}
template const AluLoops<float>& alu_loops(AluOp);
template const AluLoops<std::int64_t>& alu_loops(AluOp);

void wrap(Dtype dtype, std::int64_t* row, std::size_t count) {
  if (is_float(dtype)) {
    return;
  }
  const bool is_signed = dtype == Dtype::Int8 || dtype == Dtype::Int16 || dtype == Dtype::Int32;
  const std::size_t unused = 64 - 8 * size_of(dtype);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t kept = static_cast<std::uint64_t>(row[i]) << unused;
    row[i] = is_signed ? static_cast<std::int64_t>(kept) >> unused
                       : static_cast<std::int64_t>(kept >> unused);
  }
}

void zero_extend(Dtype dtype, std::int64_t* row, std::size_t count) {
  const std::int64_t mask = (std::int64_t{1} << (8 * size_of(dtype))) - 1;
  for (std::size_t i = 0; i < count; ++i) {
    row[i] &= mask;
  }
}

float sum(const float* row, std::size_t count) {
  return count == 0 ? 0.0F : fold<Add>(row, count);
}

}  // namespace nsim::num
