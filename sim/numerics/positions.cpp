// SPDX-License-Identifier: Apache-2.0
#include "sim/numerics/positions.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <vector>

#include "sim/numerics/alu.h"
#include "sim/numerics/rows.h"

namespace nsim::num {
namespace {

constexpr std::size_t kEight = 8;
constexpr std::int64_t kMissing = -1;

/// `value` kept to the width of dst's integers: -1 is all ones.
void write_wrapped(const Rows& to, std::int64_t partition, std::int64_t* row) {
  wrap(to.dtype(), row, to.elements());
  to.write(partition, row);
}

/// Both sides of a copy agree on what a scratch element is: raw bits, exact integers or fp32.
template <class Copy>
void with_common_type(Dtype a, Dtype b, Copy&& copy) {
  if (a == b) {
    copy(std::uint32_t{});
  } else if (!is_float(a) && !is_float(b)) {
    copy(std::int64_t{});
  } else {
    copy(float{});
  }
}

/// The list that the rows of a group hold, column by column.
template <class T>
std::vector<T> column_by_column(const Rows& rows, std::int64_t first, std::int64_t count) {
  std::vector<T> list(static_cast<std::size_t>(count) * rows.elements());
  T* row = scratch<T>(2, rows.elements());
  for (std::int64_t r = 0; r < count; ++r) {
    rows.read(first + r, row);
    for (std::size_t c = 0; c < rows.elements(); ++c) {
      list[c * static_cast<std::size_t>(count) + static_cast<std::size_t>(r)] = row[c];
    }
  }
  return list;
}

/// Position of `value` in the row at or behind `from`; kMissing when it is not there.
std::int64_t find(const float* row, std::size_t count, std::size_t from, float value) {
  const float* at = std::find(row + from, row + count, value);
  return at == row + count ? kMissing : at - row;
}

}  // namespace

std::int64_t first_element(const View& view) {
  std::int64_t element = 0;
  Rows(view).read(0, &element);
  return element;
}

void tensor_copy_predicated(const View& dst, const View& src, const View& predicate, bool reverse) {
  const Rows to(dst);
  const Rows from(src);
  const Rows chooses(predicate);
  std::int64_t* choice = scratch<std::int64_t>(2, to.elements());
  with_common_type(dst.dtype, src.dtype, [&](auto zero) {
    using T = decltype(zero);
    T* old = scratch<T>(0, to.elements());
    T* row = scratch<T>(1, to.elements());
    for (std::int64_t p = 0; p < to.partitions(); ++p) {
      to.read(p, old);
      from.read(p, row);
      chooses.read(p, choice);
      for (std::size_t i = 0; i < to.elements(); ++i) {
        old[i] = (choice[i] != 0) != reverse ? row[i] : old[i];
      }
      to.write(p, old);
    }
  });
}

void nc_stream_shuffle(const View& dst, const View& src,
                       const std::array<std::uint8_t, kQuadrantPartitions>& mask) {
  const Rows to(dst);
  const Rows from(src);
  const bool shared = src.partitions < kQuadrantPartitions;
  with_common_type(dst.dtype, src.dtype, [&](auto zero) {
    using T = decltype(zero);
    std::vector<T> all(static_cast<std::size_t>(src.partitions) * from.elements());
    for (std::int64_t p = 0; p < src.partitions; ++p) {
      from.read(p, all.data() + static_cast<std::size_t>(p) * from.elements());
    }
    for (std::int64_t p = 0; p < to.partitions(); ++p) {
      const std::uint8_t from_row = mask[static_cast<std::size_t>(p % kQuadrantPartitions)];
      const std::int64_t row = (shared ? 0 : p - p % kQuadrantPartitions) + from_row;
      if (from_row != kKeepPartition && row < src.partitions) {
        to.write(p, all.data() + static_cast<std::size_t>(row) * from.elements());
      }
    }
  });
}

void max8(const View& dst, const View& src) {
  const Rows to(dst);
  const Rows from(src);
  float* row = scratch<float>(0, from.elements());
  for (std::int64_t p = 0; p < to.partitions(); ++p) {
    from.read(p, row);
    std::partial_sort(row, row + kEight, row + from.elements(), std::greater<>());
    to.write(p, row);
  }
}

void nc_find_index8(const View& dst, const View& data, const View& vals) {
  const Rows to(dst);
  const Rows from(data);
  const Rows wanted(vals);
  float* row = scratch<float>(0, from.elements());
  float values[kEight];
  std::int64_t found[kEight];
  for (std::int64_t p = 0; p < to.partitions(); ++p) {
    from.read(p, row);
    wanted.read(p, values);
    for (std::size_t i = 0; i < kEight; ++i) {
      std::size_t start = 0;
      for (std::size_t before = 0; before < i; ++before) {
        if (values[before] == values[i] && found[before] != kMissing) {
          start = static_cast<std::size_t>(found[before]) + 1;
        }
      }
      found[i] = find(row, from.elements(), start, values[i]);
    }
    write_wrapped(to, p, found);
  }
}

void nc_match_replace8(const View& dst, const View& data, const View& vals, float imm,
                       const View* indices) {
  const Rows to(dst);
  const Rows from(data);
  const Rows wanted(vals);
  float* row = scratch<float>(0, from.elements());
  std::vector<bool> replaced(from.elements());
  float values[kEight];
  std::int64_t found[kEight];
  for (std::int64_t p = 0; p < to.partitions(); ++p) {
    from.read(p, row);
    wanted.read(p, values);
    replaced.assign(from.elements(), false);
    for (std::size_t i = kEight; i-- > 0;) {
      found[i] = find(row, from.elements(), 0, values[i]);
      while (found[i] != kMissing && replaced[static_cast<std::size_t>(found[i])]) {
        found[i] = find(row, from.elements(), static_cast<std::size_t>(found[i]) + 1, values[i]);
      }
      if (found[i] != kMissing) {
        row[found[i]] = imm;
        replaced[static_cast<std::size_t>(found[i])] = true;
      }
    }
    to.write(p, row);
    if (indices != nullptr) {
      write_wrapped(Rows(*indices), p, found);
    }
  }
}

void tensor_partition_reduce(const View& dst, const View& data, AluOp op) {
  const auto reduce = [&](AluOp by, auto zero, auto last) {
    using T = decltype(zero);
    const Rows from(data);
    const AluLoops<T>& loops = alu_loops<T>(by);
    T* result = scratch<T>(0, from.elements());
    T* row = scratch<T>(1, from.elements());
    from.read(0, result);
    for (std::int64_t p = 1; p < from.partitions(); ++p) {
      from.read(p, row);
      loops.rows(result, row, from.elements());
    }
    last(result, from.elements());
    Rows(dst).write(0, result);
  };
  if (op == AluOp::Average) {
    reduce(AluOp::Add, float{}, [&](float* row, std::size_t count) {
      std::transform(row, row + count, row,
                     [&](float sum) { return sum / static_cast<float>(data.partitions); });
    });
  } else if (is_float(data.dtype) && !is_bitwise(op)) {
    reduce(op, float{}, [](float*, std::size_t) {});
  } else {
    reduce(op, std::int64_t{},
           [&](std::int64_t* row, std::size_t count) { wrap(data.dtype, row, count); });
  }
}

void local_gather(const View& dst, const View& src, const View& index, std::int64_t n,
                  std::int64_t valid) {
  const Rows to(dst);
  const Rows from(src);
  const Rows indices(index);
  with_common_type(dst.dtype, src.dtype, [&](auto zero) {
    using T = decltype(zero);
    T* row = scratch<T>(0, from.elements());
    T* result = scratch<T>(1, to.elements());
    for (std::int64_t first = 0; first < to.partitions(); first += kGpSimdPartitions) {
      const std::int64_t count = std::min(kGpSimdPartitions, to.partitions() - first);
      const std::vector<std::int64_t> list = column_by_column<std::int64_t>(indices, first, count);
      const std::size_t used =
          std::min(list.size(), static_cast<std::size_t>(valid == 0 ? INT64_MAX : valid));
      for (std::int64_t p = first; p < first + count; ++p) {
        from.read(p, row);
        to.read(p, result);
        for (std::size_t i = 0; i < used; ++i) {
          for (std::int64_t k = 0; k < n; ++k) {
            const std::size_t at = i * static_cast<std::size_t>(n) + static_cast<std::size_t>(k);
            const std::int64_t element = list[i] + k;
            if (at < to.elements() && element >= 0 &&
                element < static_cast<std::int64_t>(from.elements())) {
              result[at] = row[element];
            }
          }
        }
        to.write(p, result);
      }
    }
  });
}

void nc_n_gather(const View& dst, const View& data, const View& indices) {
  const Rows to(dst);
  const Rows from(data);
  const Rows wanted(indices);
  std::int64_t* index = scratch<std::int64_t>(2, to.elements());
  with_common_type(dst.dtype, data.dtype, [&](auto zero) {
    using T = decltype(zero);
    T* row = scratch<T>(0, from.elements());
    T* result = scratch<T>(1, to.elements());
    for (std::int64_t p = 0; p < to.partitions(); ++p) {
      from.read(p, row);
      wanted.read(p, index);
      to.read(p, result);
      for (std::size_t i = 0; i < to.elements(); ++i) {
        if (index[i] >= 0 && index[i] < static_cast<std::int64_t>(from.elements())) {
          result[i] = row[index[i]];
        }
      }
      to.write(p, result);
    }
  });
}

void topk(const View& values, const View& indices, const View& src, std::int64_t n) {
  const Rows to(values);
  const Rows to_indices(indices);
  const Rows from(src);
  for (std::int64_t first = 0; first < from.partitions(); first += kGpSimdPartitions) {
    const std::int64_t count = std::min(kGpSimdPartitions, from.partitions() - first);
    std::vector<float> list = column_by_column<float>(from, first, count);
    list.resize(std::min(list.size(), static_cast<std::size_t>(n)));
    std::vector<std::int64_t> order(list.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
      return list[static_cast<std::size_t>(a)] < list[static_cast<std::size_t>(b)];
    });
    std::vector<float> largest;
    const std::vector<std::int64_t> places(order.end() - static_cast<std::ptrdiff_t>(to.elements()),
                                           order.end());
    for (const std::int64_t place : places) {
      largest.push_back(list[static_cast<std::size_t>(place)]);
    }
    to.write(first, largest.data());
    to_indices.write(first, places.data());
  }
}

void sequence_bounds(const View& dst, const View& segment_ids) {
  const Rows to(dst);
  const Rows from(segment_ids);
  const std::size_t n = from.elements();
  float* ids = scratch<float>(0, n);
  std::int64_t* bounds = scratch<std::int64_t>(0, 2 * n);
  from.read(0, ids);
  for (std::size_t begin = 0; begin < n;) {
    std::size_t end = begin + 1;
    while (end < n && ids[end] == ids[begin]) {
      ++end;
    }
    const bool padding = ids[begin] == 0;
    for (std::size_t i = begin; i < end; ++i) {
      bounds[i] = static_cast<std::int64_t>(padding ? n : begin);
      bounds[n + i] = padding ? -1 : static_cast<std::int64_t>(end);
    }
    begin = end;
  }
  to.write(0, bounds);
}

void nonzero_with_count(const View& dst, const View& src, std::int64_t offset,
                        std::int64_t padding) {
  const Rows to(dst);
  const Rows from(src);
  float* row = scratch<float>(0, from.elements());
  std::int64_t* result = scratch<std::int64_t>(0, to.elements());
  for (std::int64_t p = 0; p < from.partitions(); p += kGpSimdPartitions) {
    from.read(p, row);
    std::size_t found = 0;
    for (std::size_t i = 0; i < from.elements(); ++i) {
      if (row[i] != 0) {
        result[found++] = offset + static_cast<std::int64_t>(i);
      }
    }
    std::fill(result + found, result + from.elements(), padding);
    result[from.elements()] = static_cast<std::int64_t>(found);
    to.write(p, result);
  }
}

}  // namespace nsim::num
