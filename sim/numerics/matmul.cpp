// SPDX-License-Identifier: Apache-2.0
// Matrix multiplication and transposition of tiles.
//
// Both operands are converted to fp32 once per instruction and packed into panels: the stationary
// matrix as [block of rows][k][kRows], the moving one as [block of columns][k][columns]. A kernel
// multiplies one pair of panels with all sums in registers. It exists for three vector widths and
// is chosen at run time; each output element is the same sequence of multiplications and additions
// in all of them (ascending k, no fused multiply-add), so the choice never shows in a result.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "sim/numerics/matmul.h"
#include "sim/numerics/rows.h"

namespace nsim::num {
namespace {

constexpr std::size_t kRows = 4;     // output rows of one kernel call
constexpr std::size_t kVectors = 2;  // vectors of output columns of one kernel call

template <std::size_t kLanes>
struct VectorOf {
  typedef float Type __attribute__((vector_size(kLanes * sizeof(float)), aligned(4), may_alias));
};

/// A pair of panels and where its block of sums goes: rows `stride` floats apart.
struct PanelPair {
  const float* stationary;  // [depth][kRows]
  const float* moving;      // [depth][columns]
  std::size_t depth;
  float* out;
  std::size_t stride;
};

/// out[row][column] = sum over k of stationary[k][row] * moving[k][column].
template <std::size_t kLanes>
inline __attribute__((always_inline)) void multiply_panels(const PanelPair& panels) {
  using Vector = typename VectorOf<kLanes>::Type;
  const float* stationary = panels.stationary;
  const float* moving = panels.moving;
  Vector sums[kRows][kVectors] = {};
  for (std::size_t k = 0; k < panels.depth; ++k) {
    Vector columns[kVectors];
    for (std::size_t v = 0; v < kVectors; ++v) {
      columns[v] = *reinterpret_cast<const Vector*>(moving + v * kLanes);
    }
    for (std::size_t row = 0; row < kRows; ++row) {
      for (std::size_t v = 0; v < kVectors; ++v) {
        sums[row][v] += stationary[row] * columns[v];
      }
    }
    stationary += kRows;
    moving += kVectors * kLanes;
  }
  for (std::size_t row = 0; row < kRows; ++row) {
    float* out = panels.out + row * panels.stride;
    for (std::size_t v = 0; v < kVectors; ++v) {
      *reinterpret_cast<Vector*>(out + v * kLanes) = sums[row][v];
    }
  }
}

void multiply_sse(const PanelPair& panels) {
  multiply_panels<4>(panels);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) void multiply_avx2(const PanelPair& panels) {
  multiply_panels<8>(panels);
}

__attribute__((target("avx512f"))) void multiply_avx512(const PanelPair& panels) {
  multiply_panels<16>(panels);
}
#endif

std::size_t round_up(std::size_t value, std::size_t to) {
  return (value + to - 1) / to * to;
}

/// Packs `matrix` into panels of kPanel columns, the last one padded with zeros. `row` is scratch
/// for the padded width.
template <std::size_t kPanel>
void pack(const Matrix& matrix, float* packed, float* row) {
  const std::size_t depth = matrix.depth();
  const std::size_t width = matrix.width();
  const std::size_t padded = round_up(width, kPanel);
  std::fill(row + width, row + padded, 0.0F);
  for (std::size_t k = 0; k < depth; ++k) {
    matrix.read(k, row);
    for (std::size_t column = 0; column < padded; column += kPanel) {
      std::memcpy(packed + column * depth + k * kPanel, row + column, kPanel * sizeof(float));
    }
  }
}

struct Kernel {
  std::size_t columns;  // of one call
  void (*pack_moving)(const Matrix& matrix, float* packed, float* row);
  void (*multiply)(const PanelPair& panels);
};

template <std::size_t kLanes>
constexpr Kernel make_kernel(void (*multiply)(const PanelPair& panels)) {
  return {kLanes * kVectors, pack<kLanes * kVectors>, multiply};
}

/// By a query of the processor rather than by an ifunc: resolvers run before sanitizers are set up.
const Kernel& kernel() {
  static const Kernel chosen = [] {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f")) {
      return make_kernel<16>(multiply_avx512);
    }
    if (__builtin_cpu_supports("avx2")) {
      return make_kernel<8>(multiply_avx2);
    }
#endif
    return make_kernel<4>(multiply_sse);
  }();
  return chosen;
}

/// The operand of an ordinary matmul.
class RowMatrix : public Matrix {
 public:
  explicit RowMatrix(const View& view) : rows_(view) {
    set_size(static_cast<std::size_t>(rows_.partitions()), rows_.elements());
  }
  void read(std::size_t k, float* to) const override {
    rows_.read(static_cast<std::int64_t>(k), to);
  }

 private:
  Rows rows_;
};

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

/// What multiplying a column of data by each column of an identity leaves of it.
void spread_non_finite(float* column, std::size_t count) {
  const auto is_wild = [](float value) { return !std::isfinite(value); };
  const auto wild = static_cast<std::size_t>(std::count_if(column, column + count, is_wild));
  for (std::size_t i = 0; i < count; ++i) {
    const bool alone = wild == 1 && is_wild(column[i]);
    column[i] = wild == 0 || alone ? column[i] + 0.0F : std::numeric_limits<float>::quiet_NaN();
  }
}

}  // namespace

void multiply(const View& dst, const Matrix& left, const Matrix& right, bool accumulate) {
  const Kernel& best = kernel();
  const Rows to(dst);
  const std::size_t depth = left.depth();
  const std::size_t height = left.width();
  const std::size_t width = right.width();
  const std::size_t padded_height = round_up(height, kRows);
  const std::size_t padded_width = round_up(width, best.columns);

  float* row = scratch<float>(0, std::max(padded_height, padded_width));
  float* left_panels = scratch<float>(1, padded_height * depth);
  float* right_panels = scratch<float>(2, padded_width * depth);
  float* result = scratch<float>(3, padded_height * padded_width);
  pack<kRows>(left, left_panels, row);
  best.pack_moving(right, right_panels, row);

  for (std::size_t n = 0; n < padded_width; n += best.columns) {
    for (std::size_t m = 0; m < padded_height; m += kRows) {
      best.multiply({left_panels + m * depth, right_panels + n * depth, depth,
                     result + m * padded_width + n, padded_width});
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

void matmul(const View& dst, const View& stationary, const View& moving, bool accumulate) {
  multiply(dst, RowMatrix(stationary), RowMatrix(moving), accumulate);
}

void transpose(const View& dst, const View& data) {
  if (dst.dtype == data.dtype) {
    transpose_as<std::uint32_t>(Rows(dst), Rows(data));
  } else {
    transpose_as<float>(Rows(dst), Rows(data));
  }
}

void transpose_by_product(const View& dst, const View& data) {
  transpose(dst, data);
  const Rows rows(dst);
  float* column = scratch<float>(0, rows.elements());
  for (std::int64_t f = 0; f < rows.partitions(); ++f) {
    rows.read(f, column);
    spread_non_finite(column, rows.elements());
    rows.write(f, column);
  }
}

}  // namespace nsim::num
