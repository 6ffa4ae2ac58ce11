// SPDX-License-Identifier: Apache-2.0
// Tiles and scalars for tests of sim/numerics.
#pragma once

#include <cstring>
#include <utility>
#include <vector>

#include "sim/base/random.h"
#include "sim/numerics/ops.h"

namespace nsim::num::test {

/// A tile that owns its memory: [partitions, elements], rows `gap` bytes apart.
class Tile {
 public:
  Tile(Dtype dtype, std::int64_t partitions, std::int64_t elements, std::int64_t gap = 0)
      : size_(static_cast<std::int64_t>(size_of(dtype))) {
    view_.dtype = dtype;
    view_.partitions = partitions;
    view_.partition_stride = elements * size_ + gap;
    view_.count = {elements, 1, 1, 1};
    view_.stride = {size_, 0, 0, 0};
    storage_.assign(static_cast<std::size_t>(partitions * view_.partition_stride), std::byte{0x11});
  }

  Tile& set(const std::vector<float>& values) {
    std::size_t next = 0;
    for (std::int64_t p = 0; p < view_.partitions; ++p) {
      for (std::int64_t i = 0; i < view_.count[0]; ++i) {
        store(view_.dtype, at(p, i), values[next++ % values.size()]);
      }
    }
    return *this;
  }

  Tile& randomise(std::uint64_t seed) {
    nsim::RandomStream stream(seed, "tile");
    std::vector<float> values(static_cast<std::size_t>(view_.partitions * view_.count[0]));
    for (float& value : values) {
      value = static_cast<float>(stream.normal());
    }
    return set(values);
  }

  float get(std::int64_t p, std::int64_t i) { return load(view_.dtype, at(p, i)); }

  std::vector<float> values() {
    std::vector<float> result;
    for (std::int64_t p = 0; p < view_.partitions; ++p) {
      for (std::int64_t i = 0; i < view_.count[0]; ++i) {
        result.push_back(get(p, i));
      }
    }
    return result;
  }

  template <class Integer>
  Integer raw(std::int64_t p, std::int64_t i) {
    Integer value;
    std::memcpy(&value, at(p, i), sizeof value);
    return value;
  }
  template <class Integer>
  Tile& set_raw(const std::vector<Integer>& values) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      std::memcpy(at(0, static_cast<std::int64_t>(i)), &values[i], sizeof values[i]);
    }
    return *this;
  }

  View view() {
    view_.base = storage_.data();
    return view_;
  }
  /// The same memory through other dimensions: pairs of (step in elements, count), outermost first.
  View view(const std::vector<std::pair<std::int64_t, std::int64_t>>& dims,
            std::int64_t offset = 0) {
    View result = view();
    result.base += offset * size_;
    result.count = {1, 1, 1, 1};
    for (std::size_t i = 0; i < dims.size(); ++i) {
      result.stride[i] = dims[i].first * size_;
      result.count[i] = dims[i].second;
    }
    return result;
  }

 private:
  std::byte* at(std::int64_t p, std::int64_t i) {
    return storage_.data() + p * view_.partition_stride + i * size_;
  }

  std::int64_t size_;
  View view_;
  std::vector<std::byte> storage_;
};

inline Scalar immediate(float value) {
  Scalar scalar;
  scalar.immediate = value;
  return scalar;
}

}  // namespace nsim::num::test
