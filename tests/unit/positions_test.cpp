// SPDX-License-Identifier: Apache-2.0
#include "sim/numerics/positions.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>

#include "tests/support/tile.h"

using namespace nsim::num;
using nsim::num::test::Tile;
using Row = std::vector<float>;

namespace {

constexpr float kNowhere16 = 65535;

std::vector<float> sorted_descending(std::vector<float> values) {
  std::sort(values.begin(), values.end(), std::greater<>());
  return values;
}

}  // namespace

TEST_CASE("a predicated copy leaves what the predicate does not name") {
  Tile src(Dtype::Bf16, 2, 2), predicate(Dtype::Uint16, 2, 2), dst(Dtype::Bf16, 2, 2);
  src.set({1, 2, 3, 4});
  predicate.set({0, 7, 1, 0});
  tensor_copy_predicated(dst.set({-1, -2, -3, -4}).view(), src.view(), predicate.view(), false);
  CHECK(dst.values() == Row{-1, 2, 3, -4});
  tensor_copy_predicated(dst.set({-1, -2, -3, -4}).view(), src.view(), predicate.view(), true);
  CHECK(dst.values() == Row{1, -2, -3, 4});
}

TEST_CASE("a shuffle permutes the partitions of every quadrant alike") {
  Tile src(Dtype::Fp32, 64, 1), dst(Dtype::Fp32, 64, 1);
  std::array<std::uint8_t, 32> mask{};
  Row numbers;
  for (int p = 0; p < 64; ++p) {
    numbers.push_back(static_cast<float>(p));
    mask[static_cast<std::size_t>(p % 32)] = static_cast<std::uint8_t>(31 - p % 32);
  }
  mask[5] = kKeepPartition;
  nc_stream_shuffle(dst.set({-1}).view(), src.set(numbers).view(), mask);
  for (std::int64_t p = 0; p < 64; ++p) {
    CHECK(dst.get(p, 0) == static_cast<float>(p % 32 == 5 ? -1 : p / 32 * 32 + 31 - p % 32));
  }
}

TEST_CASE("a shuffle of one partition spreads it over all") {
  Tile src(Dtype::Bf16, 1, 2), dst(Dtype::Bf16, 96, 2);
  nc_stream_shuffle(dst.view(), src.set({3, 4}).view(), {});
  for (std::int64_t p = 0; p < 96; ++p) {
    CHECK(dst.get(p, 0) == 3);
    CHECK(dst.get(p, 1) == 4);
  }
}

TEST_CASE("max8 gives the eight largest in descending order") {
  Tile data(Dtype::Fp32, 3, 100), out(Dtype::Fp32, 3, 8);
  max8(out.view(), data.randomise(7).view());
  const Row all = data.values();
  for (std::int64_t p = 0; p < 3; ++p) {
    const Row sorted = sorted_descending({all.begin() + 100 * p, all.begin() + 100 * (p + 1)});
    for (std::int64_t i = 0; i < 8; ++i) {
      CHECK(out.get(p, i) == sorted[static_cast<std::size_t>(i)]);
    }
  }
}

TEST_CASE("an index is that of the next occurrence for a repeated value, all ones for none") {
  Tile data(Dtype::Fp32, 1, 9), vals(Dtype::Fp32, 1, 8);
  Tile narrow(Dtype::Uint16, 1, 8), wide(Dtype::Uint32, 1, 8);
  data.set({5, 1, 5, 2, 5, 3, 1, 4, 9});
  vals.set({5, 5, 1, 7, 5, 5, 1, 9});
  nc_find_index8(narrow.view(), data.view(), vals.view());
  CHECK(narrow.values() == Row{0, 2, 1, kNowhere16, 4, kNowhere16, 6, 8});
  nc_find_index8(wide.view(), data.view(), vals.view());
  CHECK(wide.raw<std::uint32_t>(0, 3) == UINT32_MAX);
  CHECK(wide.raw<std::uint32_t>(0, 7) == 8);
}

TEST_CASE("replacing eight values goes from the last to the first, each its own occurrence") {
  Tile data(Dtype::Fp32, 1, 8), vals(Dtype::Fp32, 1, 8), out(Dtype::Fp32, 1, 8);
  Tile where(Dtype::Uint16, 1, 8);
  data.set({5, 1, 5, 2, 0, 3, 1, 4});
  vals.set({5, 5, 1, 7, 5, 0, 0, 4});
  const View indices = where.view();
  nc_match_replace8(out.view(), data.view(), vals.view(), 0, &indices);
  // vals[4] = 5 takes position 0, vals[1] = 5 position 2, vals[0] finds none; what was replaced by
  // 0 is not found by a 0.
  CHECK(where.values() == Row{kNowhere16, 2, 1, kNowhere16, 0, kNowhere16, 4, 7});
  CHECK(out.values() == Row{0, 0, 0, 2, 0, 3, 1, 0});
  nc_match_replace8(data.view(), data.view(), vals.view(), -1, nullptr);
  CHECK(data.values() == Row{-1, -1, -1, 2, -1, 3, 1, -1});
}

TEST_CASE("partitions reduce into one, integers bit by bit") {
  Tile data(Dtype::Bf16, 3, 2), out(Dtype::Fp32, 1, 2);
  data.set({1, -2, 3, -4, 5, -6});
  tensor_partition_reduce(out.view(), data.view(), AluOp::Add);
  CHECK(out.values() == Row{9, -12});
  tensor_partition_reduce(out.view(), data.view(), AluOp::Average);
  CHECK(out.values() == Row{3, -4});
  tensor_partition_reduce(out.view(), data.view(), AluOp::Maximum);
  CHECK(out.values() == Row{5, -2});
  Tile bits(Dtype::Uint8, 3, 1), all(Dtype::Uint8, 1, 1);
  tensor_partition_reduce(all.view(), bits.set({6, 12, 14}).view(), AluOp::BitwiseAnd);
  CHECK(all.get(0, 0) == 4);
  tensor_partition_reduce(all.view(), bits.view(), AluOp::BitwiseOr);
  CHECK(all.get(0, 0) == 14);
}

TEST_CASE("a local gather takes its indices from the 16 partitions of a core, column by column") {
  Tile src(Dtype::Fp32, 32, 64), index(Dtype::Uint16, 32, 2), dst(Dtype::Fp32, 32, 64);
  src.randomise(3);
  Row indices;
  for (int i = 0; i < 64; ++i) {
    indices.push_back(static_cast<float>(2 * (31 - i % 32)));
  }
  index.set(indices);
  local_gather(dst.set({-9}).view(), src.view(), index.view(), 2, 20);
  for (std::int64_t p = 0; p < 32; ++p) {
    const std::int64_t first = p / 16 * 16;
    for (std::int64_t i = 0; i < 32; ++i) {
      const auto from = static_cast<std::int64_t>(index.get(first + i % 16, i / 16));
      for (std::int64_t k = 0; k < 2; ++k) {
        const float expected = i < 20 ? src.get(p, from + k) : -9;
        REQUIRE(dst.get(p, 2 * i + k) == expected);
      }
    }
  }
}

TEST_CASE("a gather within partitions takes each element from its own index") {
  Tile data(Dtype::Bf16, 2, 4), indices(Dtype::Uint32, 2, 3), dst(Dtype::Bf16, 2, 3);
  data.set({10, 11, 12, 13, 20, 21, 22, 23});
  indices.set({3, 0, 0, 1, 2, 99});
  nc_n_gather(dst.set({-1}).view(), data.view(), indices.view());
  CHECK(dst.values() == Row{13, 10, 10, 21, 22, -1});
}

TEST_CASE("topk lists the largest of 16 partitions in ascending order with their places") {
  Tile src(Dtype::Bf16, 32, 4), values(Dtype::Bf16, 32, 5), places(Dtype::Uint32, 32, 5);
  src.randomise(11);
  const std::int64_t n = 50;  // of the 64 of a group
  topk(values.view(), places.view(), src.view(), n);
  for (std::int64_t first = 0; first < 32; first += 16) {
    Row list;
    for (std::int64_t i = 0; i < n; ++i) {
      list.push_back(src.get(first + i % 16, i / 16));
    }
    const Row sorted = sorted_descending(list);
    for (std::int64_t i = 0; i < 5; ++i) {
      CHECK(values.get(first, i) == sorted[static_cast<std::size_t>(4 - i)]);
      CHECK(list[places.raw<std::uint32_t>(first, i)] == values.get(first, i));
    }
  }
}

TEST_CASE("runs of equal ids have bounds, padding has none") {
  Tile ids(Dtype::Int32, 1, 7), out(Dtype::Int32, 1, 14);
  sequence_bounds(out.view(), ids.set({1, 1, 1, 2, 3, 3, 0}).view());
  CHECK(out.values() == Row{0, 0, 0, 3, 4, 4, 7, 3, 3, 3, 4, 6, 6, -1});
}

TEST_CASE("positions of what is not zero come with padding and their number") {
  Tile src(Dtype::Fp32, 32, 4), out(Dtype::Int32, 32, 5);
  src.set({0, 3, 0, -1});
  nonzero_with_count(out.set({77}).view(), src.view(), 10, -1);
  for (std::int64_t p = 0; p < 32; ++p) {
    const Row expected = p % 16 == 0 ? Row{11, 13, -1, -1, 2} : Row{77, 77, 77, 77, 77};
    for (std::int64_t i = 0; i < 5; ++i) {
      CHECK(out.get(p, i) == expected[static_cast<std::size_t>(i)]);
    }
  }
}
