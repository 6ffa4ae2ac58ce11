// SPDX-License-Identifier: Apache-2.0
// Element types of the hardware and their conversion. Rounding is to nearest even; float to integer
// rounds to nearest even and saturates (NaN becomes 0). fp8 e4m3 is the legacy variant of
// NeuronCore-v2/v3 with maximum 240 (infinities and NaN exist); e5m2 is IEEE-like; e4m3fn (v4) has
// no infinity, maximum 448 and becomes NaN beyond. The numbers are those of the container.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace nsim::num {

enum class Dtype : std::uint8_t {
  Fp32,
  Tf32,
  Bf16,
  Fp16,
  Fp8E4,
  Fp8E5,
  Int8,
  Uint8,
  Int16,
  Uint16,
  Int32,
  Uint32,
  Fp8E4Fn,
  Fp8E5X4,    // four elements each, as MX groups are stored: only moved, never computed with
  Fp8E4FnX4,  // as a whole
  Fp4X4
};
inline constexpr Dtype kLastDtype = Dtype::Fp4X4;

/// Bytes of one element (tf32 is stored in 4).
std::size_t size_of(Dtype dtype);
/// nki.language's name: "float32", "tfloat32", "bfloat16", "float16", "float8_e4m3", "float8_e5m2",
/// "int8", ..., "float8_e4m3fn", "float8_e5m2_x4", "float8_e4m3fn_x4", "float4_e2m1fn_x4"
const char* name(Dtype dtype);
std::optional<Dtype> parse_dtype(std::string_view name);
bool is_float(Dtype dtype);
/// The floats of one byte.
bool is_fp8(Dtype dtype);
/// Four elements in one: neither float nor integer.
bool is_packed(Dtype dtype);

/// One element from and to memory. 32-bit integers beyond 24 bits lose bits, as on the hardware.
float load(Dtype dtype, const std::byte* from);
void store(Dtype dtype, std::byte* to, float value);

/// `count` contiguous elements; the fast path of everything.
void load_row(Dtype dtype, const std::byte* from, float* to, std::size_t count);
void store_row(Dtype dtype, std::byte* to, const float* from, std::size_t count);

/// The value `x` has after rounding to `dtype`.
float round_to(Dtype dtype, float x);

}  // namespace nsim::num
