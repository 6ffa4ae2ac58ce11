// SPDX-License-Identifier: Apache-2.0
// Matrix multiplication and transposition of tiles.
//
// Both operands are converted to fp32 once per instruction and packed into panels: the stationary
// matrix as [block of rows][k][kRows], the moving one as [block of columns][k][columns]. A kernel
// multiplies one pair of panels with all sums in registers. It exists for three vector widths and
// is chosen at run time; each output element is the same sequence of multiplications and additions
// in all of them (ascending k, no fused multiply-add), so the choice never shows in a result.
#include <algorithm>
#include <cstring>

#include "sim/numerics/rows.h"

namespace nsim::num {
namespace {

constexpr std::size_t kRows = 4;  // output rows of one kernel call
constexpr int kVectors = 2;       // vectors of output columns of one kernel call

template <int kLanes>
struct VectorOf {
  typedef float Type __attribute__((vector_size(kLanes * sizeof(float)), aligned(4), may_alias));
};

/// out[kRows][columns] = sum over k of stationary[k][row] * moving[k][column].
template <int kLanes>
inline __attribute__((always_inline)) void multiply_panels(const float* stationary,
                                                           const float* moving, std::size_t depth,
                                                           float* out) {
  using Vector = typename VectorOf<kLanes>::Type;
  Vector sums[kRows][kVectors] = {};
  for (std::size_t k = 0; k < depth; ++k) {
    Vector columns[kVectors];
    for (int v = 0; v < kVectors; ++v) {
      columns[v] = *reinterpret_cast<const Vector*>(moving + v * kLanes);
    }
    for (std::size_t row = 0; row < kRows; ++row) {
      for (int v = 0; v < kVectors; ++v) {
        sums[row][v] += stationary[row] * columns[v];
      }
    }
    stationary += kRows;
    moving += kVectors * kLanes;
  }
  for (std::size_t row = 0; row < kRows; ++row) {
    for (int v = 0; v < kVectors; ++v) {
      *reinterpret_cast<Vector*>(out) = sums[row][v];
      out += kLanes;
    }
  }
}

void multiply_sse(const float* stationary, const float* moving, std::size_t depth, float* out) {
  multiply_panels<4>(stationary, moving, depth, out);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) void multiply_avx2(const float* stationary, const float* moving,
                                                   std::size_t depth, float* out) {
  multiply_panels<8>(stationary, moving, depth, out);
}

__attribute__((target("avx512f"))) void multiply_avx512(const float* stationary,
                                                        const float* moving, std::size_t depth,
                                                        float* out) {
  multiply_panels<16>(stationary, moving, depth, out);
}
#endif

struct Kernel {
  std::size_t columns;  // of one call
  void (*multiply)(const float* stationary, const float* moving, std::size_t depth, float* out);
};

/// By a query of the processor rather than by an ifunc: resolvers run before sanitizers are set up.
const Kernel& kernel() {
  static const Kernel chosen = [] {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f")) {
      return Kernel{16 * kVectors, multiply_avx512};
    }
    if (__builtin_cpu_supports("avx2")) {
      return Kernel{8 * kVectors, multiply_avx2};
    }
#endif
    return Kernel{4 * kVectors, multiply_sse};
  }();
  return chosen;
}

std::size_t round_up(std::size_t value, std::size_t to) {
  return (value + to - 1) / to * to;
}

/// Packs `matrix` [K, width] into panels of `panel` columns, the last one padded with zeros.
void pack(const Rows& matrix, std::size_t panel, float* packed, float* row) {
  const auto depth = static_cast<std::size_t>(matrix.partitions());
  const std::size_t width = matrix.elements();
  const std::size_t padded = round_up(width, panel);
  std::fill(row + width, row + padded, 0.0F);
  for (std::size_t k = 0; k < depth; ++k) {
    matrix.read(static_cast<std::int64_t>(k), row);
    for (std::size_t column = 0; column < padded; column += panel) {
      std::memcpy(packed + column * depth + k * panel, row + column, panel * sizeof(float));
    }
  }
}

template <class T>
void transpose_as(const Rows& to, const Rows& from) {
  const auto rows = static_cast<std::size_t>(from.partitions());
  const auto columns = static_cast<std::size_t>(to.partitions());
  T* tile = scratch<T>(0, rows * columns);
  T* column = scratch<T>(1, rows);
  for (std::size_t r = 0; r < rows; ++r) {
    from.read(static_cast<std::int64_t>(r), tile + r * columns);
  }
  for (std::size_t c = 0; c < columns; ++c) {
    for (std::size_t r = 0; r < rows; ++r) {
      column[r] = tile[r * columns + c];
    }
    to.write(static_cast<std::int64_t>(c), column);
  }
}

}  // namespace

void matmul(const View& dst, const View& stationary, const View& moving, bool accumulate) {
  const Kernel& best = kernel();
  const Rows to(dst);
  const Rows left(stationary);
  const Rows right(moving);
  const auto depth = static_cast<std::size_t>(left.partitions());
  const std::size_t height = left.elements();
  const std::size_t width = right.elements();
  const std::size_t padded_height = round_up(height, kRows);
  const std::size_t padded_width = round_up(width, best.columns);

  float* row = scratch<float>(0, std::max(padded_height, padded_width));
  float* left_panels = scratch<float>(1, padded_height * depth);
  float* right_panels = scratch<float>(2, padded_width * depth);
  float* result = scratch<float>(3, padded_height * padded_width + kRows * best.columns);
  float* block = result + padded_height * padded_width;
  pack(left, kRows, left_panels, row);
  pack(right, best.columns, right_panels, row);

  for (std::size_t n = 0; n < padded_width; n += best.columns) {
    for (std::size_t m = 0; m < padded_height; m += kRows) {
      best.multiply(left_panels + m * depth, right_panels + n * depth, depth, block);
      for (std::size_t r = 0; r < kRows; ++r) {
        std::memcpy(result + (m + r) * padded_width + n, block + r * best.columns,
                    best.columns * sizeof(float));
      }
    }
  }
  for (std::size_t m = 0; m < height; ++m) {
    float* sums = result + m * padded_width;
    if (accumulate) {
      to.read(static_cast<std::int64_t>(m), row);
      for (std::size_t n = 0; n < width; ++n) {
        sums[n] += row[n];
      }
    }
    to.write(static_cast<std::int64_t>(m), sums);
  }
}

void transpose(const View& dst, const View& data) {
  if (dst.dtype == data.dtype) {
    transpose_as<std::uint32_t>(Rows(dst), Rows(data));
  } else {
    transpose_as<float>(Rows(dst), Rows(data));
  }
}

}  // namespace nsim::num
