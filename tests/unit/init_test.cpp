// SPDX-License-Identifier: Apache-2.0
#include "sim/numerics/init.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "sim/base/error.h"

using namespace nsim::num;

namespace {

std::vector<float> filled(const Init& init, Dtype dtype, std::size_t count,
                          const std::string& name = "w") {
  std::vector<std::byte> storage(count * size_of(dtype), std::byte{0x7f});
  fill(init, name, dtype, storage.data(), count);
  std::vector<float> values(count);
  load_row(dtype, storage.data(), values.data(), count);
  return values;
}

Init make(Init::Kind kind, double low = 0, double high = 0) {
  Init init;
  init.kind = kind;
  init.low = low;
  init.high = high;
  return init;
}

}  // namespace

TEST_CASE("an initialisation with nothing leaves the memory alone") {
  std::vector<std::byte> storage(4, std::byte{0x5a});
  fill(Init{}, "w", Dtype::Fp32, storage.data(), 1);
  CHECK(storage == std::vector<std::byte>(4, std::byte{0x5a}));
}

TEST_CASE("zero and constant give every element the same value") {
  CHECK(filled(make(Init::Kind::Zero), Dtype::Bf16, 3) == std::vector<float>(3, 0.0F));
  CHECK(filled(make(Init::Kind::Constant, 1.5), Dtype::Fp16, 2000) ==
        std::vector<float>(2000, 1.5F));
}

TEST_CASE("index counts up and wraps at its modulus") {
  CHECK(filled(make(Init::Kind::Index, 3), Dtype::Int32, 7) ==
        std::vector<float>{0, 1, 2, 0, 1, 2, 0});
  const std::vector<float> plain = filled(make(Init::Kind::Index), Dtype::Fp32, 3000);
  CHECK(plain[2999] == 2999.0F);
}

TEST_CASE("uniform values lie in their range and have its mean") {
  const std::vector<float> values = filled(make(Init::Kind::Uniform, -1, 3), Dtype::Fp32, 20000);
  double sum = 0;
  for (const float value : values) {
    REQUIRE(value >= -1.0F);
    REQUIRE(value <= 3.0F);
    sum += value;
  }
  CHECK(sum / 20000 == Approx(1.0).margin(0.03));
}

TEST_CASE("normal values have the mean, the deviation and the tails of their distribution") {
  const std::vector<float> values = filled(make(Init::Kind::Normal, 2, 0.5), Dtype::Fp32, 20000);
  double sum = 0;
  double squares = 0;
  int beyond_two = 0;
  for (const float value : values) {
    const double z = (value - 2) / 0.5;
    sum += z;
    squares += z * z;
    beyond_two += std::fabs(z) > 2 ? 1 : 0;
  }
  CHECK(sum / 20000 == Approx(0.0).margin(0.03));
  CHECK(squares / 20000 == Approx(1.0).margin(0.03));
  CHECK(beyond_two / 20000.0 == Approx(0.0455).margin(0.006));
}

TEST_CASE("contents depend on seed and name only, not on dtype or count") {
  Init init = make(Init::Kind::Normal, 0, 1);
  init.seed = 5;
  const std::vector<float> values = filled(init, Dtype::Fp32, 3000);
  const std::vector<float> fewer = filled(init, Dtype::Fp32, 10);
  CHECK(std::equal(fewer.begin(), fewer.end(), values.begin()));
  CHECK(filled(init, Dtype::Bf16, 1)[0] == round_to(Dtype::Bf16, values[0]));
  CHECK(filled(init, Dtype::Fp32, 1, "other")[0] != values[0]);
  init.seed = 6;
  CHECK(filled(init, Dtype::Fp32, 1)[0] != values[0]);
}

TEST_CASE("bytes are taken as they are, and only in the tensor's size") {
  Init init = make(Init::Kind::Bytes);
  init.bytes = {std::byte{0}, std::byte{0}, std::byte{0x80}, std::byte{0x3f}};
  CHECK(filled(init, Dtype::Fp32, 1) == std::vector<float>{1.0F});
  std::byte storage[8];
  CHECK_THROWS_AS(fill(init, "w", Dtype::Fp32, storage, 2), nsim::InternalError);
}
