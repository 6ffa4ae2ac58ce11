// SPDX-License-Identifier: Apache-2.0
#include "models/lowering.h"

#include <catch2/catch.hpp>

using namespace nsim;
using namespace nsim::ml;

namespace {

isa::Limits limits(int cores) {
  isa::Limits result;
  result.target = "trn2";
  result.cores_per_logical = cores;
  return result;
}

const Operator kOperator{"op", "relu", {}, "y", {}, {"file.toml", 3, 1}};
const Call kCall{&kOperator, {}};

/// Value of an expression with variable v (index 1) and the core.
std::int64_t at(const isa::Expr& expression, std::int64_t v, std::int64_t core = 0) {
  return expression.evaluate({core, v, v, v});
}

}  // namespace

TEST_CASE("shares of an extent cover it, with an overlap when it is odd") {
  const Model model;
  Lowering one(model, limits(1));
  CHECK(one.share(7).size == 7);
  Lowering two(model, limits(2));
  const Share odd = two.share(7);
  CHECK(odd.size == 4);
  CHECK(at(odd.start, 0, 0) == 0);
  CHECK(at(odd.start, 0, 1) == 3);
  CHECK(two.share(1).size == 1);
}

TEST_CASE("an index takes turns, and so does the next one") {
  const Index constant(5);
  CHECK(constant.turn(2, 100).constant == 100);
  CHECK(constant.next().turn(2, 100).constant == 0);
  const Index variable(isa::Var{1, 1, 0});
  for (const std::int64_t v : {0, 1, 2, 3}) {
    CHECK(at(variable.times(10), v) == 10 * v);
    CHECK(at(variable.turn(3, 7), v) == v % 3 * 7);
    CHECK(at(variable.next().times(10), v) == 10 * (v + 1));
    CHECK(at(variable.next().turn(2, 7), v) == (v + 1) % 2 * 7);
  }
}

TEST_CASE("prepared tiles prepare each tile once, one ahead of its body") {
  const Model model;
  for (const std::int64_t extent : {5, 10, 15, 17, 30, 33}) {
    Lowering lowering(model, limits(1));
    isa::Builder& b = lowering.builder();
    const isa::BufferRef buffer = b.sbuf("x", num::Dtype::Fp32, 128, 64);
    const auto emit = [&](const Tile& tile, float value) {
      b.memset(isa::Engine::Vector, buffer.at(tile.start, {{1, tile.size}}), value);
    };
    lowering.prepared_tiles(
        "t", extent, 10, [&](const Tile& tile) { emit(tile, 1); },
        [&](const Tile& tile) { emit(tile, 2); });
    isa::Limits on = limits(1);
    const auto streams = isa::expand(b.finish(), on);
    const auto& stream = streams->cores[0].engine[static_cast<std::size_t>(isa::Engine::Vector)];
    const auto tiles = static_cast<std::size_t>(ceil_div(extent, 10));
    REQUIRE(stream.size() == 2 * tiles);
    std::vector<std::int64_t> order[2];
    for (const isa::Issue& issue : stream) {
      const isa::StreamInstruction& each = streams->cores[0].instruction(issue);
      auto& seen = order[each.immediate == 1 ? 0 : 1];
      CHECK(each.dst.offset == static_cast<std::int64_t>(seen.size()) * 40);
      seen.push_back(each.dst.offset);
      // The body of a tile comes after the preparation of the next.
      CHECK((order[0].size() > order[1].size() || order[0].size() == tiles));
    }
  }
}

TEST_CASE("buffers of the next operator come behind those before, as long as there is room") {
  const Model model;
  Lowering lowering(model, limits(1));
  lowering.begin(kCall);
  lowering.sbuf("a", num::Dtype::Fp32, 10'000);
  lowering.free_buffers();
  lowering.sbuf("b", num::Dtype::Fp32, 30'000);
  lowering.free_buffers();
  lowering.sbuf("c", num::Dtype::Fp32, 20'000);
  lowering.free_buffers();
  const auto& buffers = lowering.builder().program().buffers;
  CHECK(*buffers[0].address == 0);
  CHECK(*buffers[1].address == 40'000);
  CHECK(*buffers[2].address == 0);  // 80'000 bytes more would be beyond the end
}

TEST_CASE("a buffer that does not fit is refused with the operator's place and what is missing") {
  const Model model;
  Lowering lowering(model, limits(1));
  lowering.begin(kCall);
  CHECK_THROWS_WITH(
      lowering.sbuf("a", num::Dtype::Fp32, 192 * 1024 / 4 + 16),
      Catch::StartsWith("file.toml:3:1") && Catch::Contains("64 bytes per partition are missing"));
}
