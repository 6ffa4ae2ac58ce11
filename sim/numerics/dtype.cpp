// SPDX-License-Identifier: Apache-2.0
#include "sim/numerics/dtype.h"

#include "sim/numerics/codec.h"

namespace nsim::num {
namespace {

struct DtypeInfo {
  const char* name;
  std::size_t size;
  bool is_float;
};

constexpr std::array<DtypeInfo, 16> kDtypes = {{
    {"float32", 4, true},
    {"tfloat32", 4, true},
    {"bfloat16", 2, true},
    {"float16", 2, true},
    {"float8_e4m3", 1, true},
    {"float8_e5m2", 1, true},
    {"int8", 1, false},
    {"uint8", 1, false},
    {"int16", 2, false},
    {"uint16", 2, false},
    {"int32", 4, false},
    {"uint32", 4, false},
    {"float8_e4m3fn", 1, true},
    {"float8_e5m2_x4", 4, false},
    {"float8_e4m3fn_x4", 4, false},
    {"float4_e2m1fn_x4", 2, false},
}};
static_assert(static_cast<std::size_t>(kLastDtype) + 1 == kDtypes.size());

const DtypeInfo& info(Dtype dtype) {
  return kDtypes[static_cast<std::size_t>(dtype)];
}

/// All 256 values of an 8-bit format.
template <class Codec>
const std::array<float, 256>& decode_table() {
  static const std::array<float, 256> table = [] {
    std::array<float, 256> values{};
    for (std::size_t bits = 0; bits < values.size(); ++bits) {
      values[bits] = Codec::decode(static_cast<std::uint8_t>(bits));
    }
    return values;
  }();
  return table;
}

template <class Codec>
void decode_row(const std::byte* __restrict from, float* __restrict to, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    using Storage = typename Codec::Storage;
    to[i] = Codec::decode(read_storage<Storage>(from + i * sizeof(Storage)));
  }
}

template <class Codec>
void look_up_row(const std::byte* __restrict from, float* __restrict to, std::size_t count) {
  const std::array<float, 256>& table = decode_table<Codec>();
  for (std::size_t i = 0; i < count; ++i) {
    to[i] = table[static_cast<std::uint8_t>(from[i])];
  }
}

template <class Codec>
void encode_row(std::byte* __restrict to, const float* __restrict from, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    using Storage = typename Codec::Storage;
    write_storage(to + i * sizeof(Storage), Codec::encode(from[i]));
  }
}

}  // namespace

std::size_t size_of(Dtype dtype) {
  return info(dtype).size;
}

const char* name(Dtype dtype) {
  return info(dtype).name;
}

std::optional<Dtype> parse_dtype(std::string_view name) {
  for (std::size_t i = 0; i < kDtypes.size(); ++i) {
    if (name == kDtypes[i].name) {
      return static_cast<Dtype>(i);
    }
  }
  return std::nullopt;
}

bool is_float(Dtype dtype) {
  return info(dtype).is_float;
}

bool is_fp8(Dtype dtype) {
  return is_float(dtype) && size_of(dtype) == 1;
}

bool is_packed(Dtype dtype) {
  return dtype == Dtype::Fp8E5X4 || dtype == Dtype::Fp8E4FnX4 || dtype == Dtype::Fp4X4;
}

float load(Dtype dtype, const std::byte* from) {
  float value = 0;
  load_row(dtype, from, &value, 1);
  return value;
}

void store(Dtype dtype, std::byte* to, float value) {
  store_row(dtype, to, &value, 1);
}

void load_row(Dtype dtype, const std::byte* from, float* to, std::size_t count) {
  switch (dtype) {
    case Dtype::Fp32:
      std::memcpy(to, from, count * sizeof(float));
      return;
    case Dtype::Fp8E4:
      look_up_row<Fp8E4Codec>(from, to, count);
      return;
    case Dtype::Fp8E5:
      look_up_row<Fp8E5Codec>(from, to, count);
      return;
    case Dtype::Fp8E4Fn:
      look_up_row<Fp8E4FnCodec>(from, to, count);
      return;
    default:
      with_codec(dtype, [&](auto codec) { decode_row<decltype(codec)>(from, to, count); });
  }
}

void store_row(Dtype dtype, std::byte* to, const float* from, std::size_t count) {
  if (dtype == Dtype::Fp32) {
    std::memcpy(to, from, count * sizeof(float));
    return;
  }
  with_codec(dtype, [&](auto codec) { encode_row<decltype(codec)>(to, from, count); });
}

float round_to(Dtype dtype, float x) {
  return with_codec(dtype, [x](auto codec) { return codec.decode(codec.encode(x)); });
}

}  // namespace nsim::num
