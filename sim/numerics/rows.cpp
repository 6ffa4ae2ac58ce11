// SPDX-License-Identifier: Apache-2.0
#include "sim/numerics/rows.h"

#include <cmath>
#include <type_traits>

#include "sim/numerics/codec.h"

namespace nsim::num {
namespace {

template <class Codec>
inline constexpr bool kIsInteger = false;
template <class Integer>
inline constexpr bool kIsInteger<IntegerCodec<Integer>> = true;

template <class T, class Codec>
T decode_as(typename Codec::Storage storage) {
  if constexpr (std::is_same_v<T, std::uint32_t>) {
    return static_cast<std::uint32_t>(storage);
  } else if constexpr (std::is_same_v<T, std::int64_t> && kIsInteger<Codec>) {
    return static_cast<std::int64_t>(storage);
  } else if constexpr (std::is_same_v<T, std::int64_t>) {
    return to_integer(Codec::decode(storage));
  } else {
    return Codec::decode(storage);
  }
}

template <class T, class Codec>
typename Codec::Storage encode_from(T value) {
  if constexpr (std::is_same_v<T, std::uint32_t>) {
    return static_cast<typename Codec::Storage>(value);
  } else if constexpr (std::is_same_v<T, std::int64_t> && kIsInteger<Codec>) {
    return Codec::clamp(value);
  } else {
    return Codec::encode(static_cast<float>(value));
  }
}

template <class T>
void load_run(Dtype dtype, const std::byte* from, std::int64_t stride, T* to, std::int64_t count) {
  if constexpr (std::is_same_v<T, float>) {
    if (stride == static_cast<std::int64_t>(size_of(dtype))) {
      load_row(dtype, from, to, static_cast<std::size_t>(count));
      return;
    }
  }
  with_codec(dtype, [&](auto codec) {
    using Codec = decltype(codec);
    using Storage = typename Codec::Storage;
    for (std::int64_t i = 0; i < count; ++i) {
      to[i] = decode_as<T, Codec>(read_storage<Storage>(from + i * stride));
    }
  });
}

template <class T>
void store_run(Dtype dtype, std::byte* to, std::int64_t stride, const T* from, std::int64_t count) {
  if constexpr (std::is_same_v<T, float>) {
    if (stride == static_cast<std::int64_t>(size_of(dtype))) {
      store_row(dtype, to, from, static_cast<std::size_t>(count));
      return;
    }
  }
  with_codec(dtype, [&](auto codec) {
    using Codec = decltype(codec);
    for (std::int64_t i = 0; i < count; ++i) {
      write_storage(to + i * stride, encode_from<T, Codec>(from[i]));
    }
  });
}

}  // namespace

std::int64_t to_integer(float x) {
  constexpr float kBeyond = 9223372036854775808.0F;  // 2^63
  if (!(x > -kBeyond)) {
    return x == x ? INT64_MIN : 0;
  }
  return x >= kBeyond ? INT64_MAX : std::llrintf(x);
}

Rows::Rows(const View& view)
    : base_(view.base),
      partition_stride_(view.partition_stride),
      partitions_(view.partitions),
      elements_(static_cast<std::size_t>(view.row_elements())),
      dtype_(view.dtype),
      size_(static_cast<std::int64_t>(size_of(view.dtype))) {
  std::size_t at = 3;
  bool first = true;
  for (std::size_t dim = 4; dim-- > 0;) {
    if (view.count[dim] == 1) {
      continue;
    }
    if (first) {
      first = false;
    } else if (view.stride[dim] == stride_[at] * count_[at]) {
      count_[at] *= view.count[dim];
      continue;
    } else {
      --at;
    }
    stride_[at] = view.stride[dim];
    count_[at] = view.count[dim];
  }
  if (first) {
    stride_[3] = size_;
  }
  runs_ = count_[0] * count_[1] * count_[2];
}

template <class Visit>
void Rows::for_each_run(std::int64_t partition, Visit&& visit) const {
  std::byte* at = row(partition);
  for (std::int64_t i = 0; i < count_[0]; ++i) {
    for (std::int64_t j = 0; j < count_[1]; ++j) {
      for (std::int64_t k = 0; k < count_[2]; ++k) {
        visit(at + i * stride_[0] + j * stride_[1] + k * stride_[2]);
      }
    }
  }
}

template <class T>
void Rows::read(std::int64_t partition, T* to) const {
  for_each_run(partition, [&](const std::byte* from) {
    load_run(dtype_, from, stride_[3], to, count_[3]);
    to += count_[3];
  });
}

template <class T>
void Rows::write(std::int64_t partition, const T* from) const {
  for_each_run(partition, [&](std::byte* to) {
    store_run(dtype_, to, stride_[3], from, count_[3]);
    from += count_[3];
  });
}

template <>
float scalar_value<float>(const Scalar& scalar, std::int64_t partition) {
  if (scalar.view == nullptr) {
    return scalar.immediate;
  }
  return load(scalar.view->dtype, scalar.view->base + partition * scalar.view->partition_stride);
}

template <>
std::int64_t scalar_value<std::int64_t>(const Scalar& scalar, std::int64_t partition) {
  if (scalar.view == nullptr) {
    return to_integer(scalar.immediate);
  }
  std::int64_t value = 0;
  load_run(scalar.view->dtype, scalar.view->base + partition * scalar.view->partition_stride, 0,
           &value, 1);
  return value;
}

template void Rows::read(std::int64_t, float*) const;
template void Rows::read(std::int64_t, std::int64_t*) const;
template void Rows::read(std::int64_t, std::uint32_t*) const;
template void Rows::write(std::int64_t, const float*) const;
template void Rows::write(std::int64_t, const std::int64_t*) const;
template void Rows::write(std::int64_t, const std::uint32_t*) const;

}  // namespace nsim::num
