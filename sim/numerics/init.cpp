// SPDX-License-Identifier: Apache-2.0
#include "sim/numerics/init.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "sim/base/error.h"
#include "sim/base/random.h"

namespace nsim::num {
namespace {

/// Writes `count` elements block by block; `next()` gives the next value.
template <class Next>
void generate(Dtype dtype, std::byte* to, std::size_t count, Next&& next) {
  std::array<float, 1024> block;
  while (count > 0) {
    const std::size_t now = std::min(count, block.size());
    for (std::size_t i = 0; i < now; ++i) {
      block[i] = static_cast<float>(next());
    }
    store_row(dtype, to, block.data(), now);
    to += now * size_of(dtype);
    count -= now;
  }
}

/// Standard normal as the sum of twelve 16-bit uniforms (Irwin-Hall): mean 0, variance 1, tails
/// to 6. Integer arithmetic only, so that no machine's libm can change a weight, and several times
/// faster than Box-Muller.
double draw_normal(RandomStream& stream) {
  constexpr std::uint64_t kEvenFields = 0x0000ffff0000ffff;
  std::uint64_t sums = 0;  // two sums of six fields each, 32 bits apart
  for (int draw = 0; draw < 3; ++draw) {
    const std::uint64_t bits = stream.next();
    sums += (bits & kEvenFields) + ((bits >> 16) & kEvenFields);
  }
  const auto sum = static_cast<std::int64_t>((sums & 0xffffffff) + (sums >> 32));
  // Each uniform is (k + 0.5) / 65536.
  return (static_cast<double>(sum) + 6.0) / 65536.0 - 6.0;
}

void fill_index(std::int64_t modulus, Dtype dtype, std::byte* to, std::size_t count) {
  std::int64_t value = 0;
  generate(dtype, to, count, [&] {
    const std::int64_t now = value++;
    if (modulus > 0 && value == modulus) {
      value = 0;
    }
    return now;
  });
}

}  // namespace

void fill(const Init& init, const std::string& name, Dtype dtype, std::byte* to,
          std::size_t count) {
  switch (init.kind) {
    case Init::Kind::None:
      return;
    case Init::Kind::Zero:
      std::memset(to, 0, count * size_of(dtype));
      return;
    case Init::Kind::Constant:
      generate(dtype, to, count, [&] { return init.low; });
      return;
    case Init::Kind::Uniform: {
      RandomStream stream(init.seed, name);
      const double width = init.high - init.low;
      generate(dtype, to, count, [&] { return init.low + width * stream.uniform(); });
      return;
    }
    case Init::Kind::Normal: {
      RandomStream stream(init.seed, name);
      generate(dtype, to, count, [&] { return init.low + init.high * draw_normal(stream); });
      return;
    }
    case Init::Kind::Index:
      fill_index(std::llround(init.low), dtype, to, count);
      return;
    case Init::Kind::Bytes:
      if (init.bytes.size() != count * size_of(dtype)) {
        throw InternalError("fill: " + name + " has " + std::to_string(init.bytes.size()) +
                            " bytes of contents for " + std::to_string(count * size_of(dtype)));
      }
      std::memcpy(to, init.bytes.data(), init.bytes.size());
      return;
  }
}

}  // namespace nsim::num
