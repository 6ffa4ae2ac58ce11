// SPDX-License-Identifier: Apache-2.0
// Instructions of GpSimd that compute with element positions.
#include "sim/numerics/rows.h"

namespace nsim::num {
namespace {

/// sum(i_d * step_d) for every element of a row of `view`, in row order.
void positions(const View& view, const std::array<std::int64_t, 4>& step, std::int64_t* to) {
  for (std::int64_t i = 0; i < view.count[0]; ++i) {
    for (std::int64_t j = 0; j < view.count[1]; ++j) {
      for (std::int64_t k = 0; k < view.count[2]; ++k) {
        const std::int64_t outer = i * step[0] + j * step[1] + k * step[2];
        for (std::int64_t l = 0; l < view.count[3]; ++l) {
          *to++ = outer + l * step[3];
        }
      }
    }
  }
}

template <class Holds>
void select(const View& dst, const View& data, const std::int64_t* pattern, std::int64_t base,
            std::int64_t partition_step, float fill, Holds holds) {
  const Rows to(dst);
  const Rows from(data);
  float* row = scratch<float>(0, to.elements());
  for (std::int64_t p = 0; p < to.partitions(); ++p) {
    from.read(p, row);
    for (std::size_t i = 0; i < to.elements(); ++i) {
      row[i] = holds(base + p * partition_step + pattern[i]) ? row[i] : fill;
    }
    to.write(p, row);
  }
}

}  // namespace

void iota(const View& dst, std::int64_t base, std::int64_t partition_step,
          const std::array<std::int64_t, 4>& step) {
  const Rows to(dst);
  std::int64_t* pattern = scratch<std::int64_t>(0, to.elements());
  std::int64_t* row = scratch<std::int64_t>(1, to.elements());
  positions(dst, step, pattern);
  for (std::int64_t p = 0; p < to.partitions(); ++p) {
    for (std::size_t i = 0; i < to.elements(); ++i) {
      row[i] = base + p * partition_step + pattern[i];
    }
    to.write(p, row);
  }
}

void affine_select(const View& dst, const View& data, std::int64_t base,
                   std::int64_t partition_step, const std::array<std::int64_t, 4>& step, float fill,
                   AluOp op) {
  std::int64_t* pattern = scratch<std::int64_t>(0, Rows(dst).elements());
  positions(dst, step, pattern);
  const auto where = [&](auto holds) {
    select(dst, data, pattern, base, partition_step, fill, holds);
  };
  switch (op) {
    case AluOp::Equal:
      return where([](std::int64_t v) { return v == 0; });
    case AluOp::NotEqual:
      return where([](std::int64_t v) { return v != 0; });
    case AluOp::Less:
      return where([](std::int64_t v) { return v < 0; });
    case AluOp::LessEqual:
      return where([](std::int64_t v) { return v <= 0; });
    case AluOp::Greater:
      return where([](std::int64_t v) { return v > 0; });
    default:
      return where([](std::int64_t v) { return v >= 0; });
  }
}

}  // namespace nsim::num
