// SPDX-License-Identifier: Apache-2.0
// Reductions along the free dimensions, and the statistics of batch and layer normalisation.
#include "sim/base/error.h"
#include "sim/numerics/alu.h"
#include "sim/numerics/rows.h"

namespace nsim::num {
namespace {

template <class T>
void reduce_rows(const View& dst, const View& data, AluOp op, std::size_t groups, bool negate) {
  const auto fold = alu_loops<T>(op).fold;
  if (fold == nullptr) {
    throw InternalError(std::string("tensor_reduce: no reduction with ") + name(op));
  }
  const Rows to(dst);
  const Rows from(data);
  const std::size_t length = from.elements() / groups;
  T* row = scratch<T>(0, from.elements());
  T* results = scratch<T>(1, groups);
  for (std::int64_t p = 0; p < to.partitions(); ++p) {
    from.read(p, row);
    for (std::size_t group = 0; group < groups; ++group) {
      const T result = fold(row + group * length, length);
      results[group] = negate ? -result : result;
    }
    if constexpr (std::is_same_v<T, std::int64_t>) {
      wrap(data.dtype, results, groups);
    }
    to.write(p, results);
  }
}

/// {count, mean, variance * count} of a row, which is used up.
void statistics(float* row, std::size_t count, float* triple) {
  const float mean = count == 0 ? 0.0F : sum(row, count) / static_cast<float>(count);
  for (std::size_t i = 0; i < count; ++i) {
    row[i] = (row[i] - mean) * (row[i] - mean);
  }
  triple[0] = static_cast<float>(count);
  triple[1] = mean;
  triple[2] = sum(row, count);
}

}  // namespace

void tensor_reduce(const View& dst, const View& data, AluOp op, int keep, bool negate) {
  std::size_t groups = 1;
  for (int dim = 0; dim < keep; ++dim) {
    groups *= static_cast<std::size_t>(data.count[static_cast<std::size_t>(dim)]);
  }
  if (is_bitwise(op) || data.dtype == Dtype::Int32 || data.dtype == Dtype::Uint32) {
    reduce_rows<std::int64_t>(dst, data, op, groups, negate);
  } else {
    reduce_rows<float>(dst, data, op, groups, negate);
  }
}

void bn_stats(const View& dst, const View& data) {
  const Rows to(dst);
  const Rows from(data);
  const std::size_t parts = to.elements() / 3;  // one, or even and odd places
  const std::size_t count = from.elements();
  float* row = scratch<float>(0, count);
  float* part = scratch<float>(1, count);
  for (std::int64_t p = 0; p < to.partitions(); ++p) {
    from.read(p, row);
    float result[6] = {};
    for (std::size_t first = 0; first < parts; ++first) {
      std::size_t taken = 0;
      for (std::size_t i = first; i < count; i += parts) {
        part[taken++] = row[i];
      }
      statistics(part, taken, result + 3 * first);
    }
    to.write(p, result);
  }
}

void bn_aggr(const View& dst, const View& data) {
  const Rows to(dst);
  const Rows from(data);
  const std::size_t triples = from.elements() / 3;
  float* row = scratch<float>(0, from.elements());
  for (std::int64_t p = 0; p < to.partitions(); ++p) {
    from.read(p, row);
    float count = 0;
    float total = 0;
    for (std::size_t i = 0; i < triples; ++i) {
      count += row[3 * i];
      total += row[3 * i] * row[3 * i + 1];
    }
    const float mean = total / count;
    float squares = 0;
    for (std::size_t i = 0; i < triples; ++i) {
      const float apart = row[3 * i + 1] - mean;
      squares += row[3 * i + 2] + row[3 * i] * apart * apart;
    }
    const float result[2] = {mean, squares / count};
    to.write(p, result);
  }
}

}  // namespace nsim::num
