// SPDX-License-Identifier: Apache-2.0
#include "sim/numerics/matmul.h"

#include <catch2/catch.hpp>
#include <vector>

#include "sim/base/random.h"
#include "sim/numerics/mx.h"

using namespace nsim::num;

namespace {

/// A contiguous tile [partitions, elements].
struct Tile {
  Tile(Dtype dtype, std::int64_t partitions, std::int64_t elements) {
    const auto size = static_cast<std::int64_t>(size_of(dtype));
    view.dtype = dtype;
    view.partitions = partitions;
    view.partition_stride = elements * size;
    view.count = {elements, 1, 1, 1};
    view.stride = {size, 0, 0, 0};
    storage.resize(static_cast<std::size_t>(partitions * elements * size));
    view.base = storage.data();
  }
  Tile(const Tile&) = delete;

  std::byte* at(std::int64_t p, std::int64_t i) {
    return view.base + p * view.partition_stride + i * view.stride[0];
  }
  float get(std::int64_t p, std::int64_t i) { return load(view.dtype, at(p, i)); }
  void set(std::int64_t p, std::int64_t i, float value) { store(view.dtype, at(p, i), value); }
  void randomise(std::uint64_t seed) {
    nsim::RandomStream stream(seed, "matmul_test");
    for (std::int64_t p = 0; p < view.partitions; ++p) {
      for (std::int64_t i = 0; i < view.count[0]; ++i) {
        set(p, i, static_cast<float>(stream.normal()));
      }
    }
  }

  std::vector<std::byte> storage;
  View view;
};

}  // namespace

TEST_CASE("double row sums over both rows of every partition, in fp32 and in order") {
  constexpr std::int64_t kK = 8, kM = 5, kN = 33;
  Tile stationary(Dtype::Fp8E4, kK, 2 * kM), moving(Dtype::Fp8E5, kK, 2 * kN);
  Tile out(Dtype::Fp32, kM, kN);
  stationary.randomise(1);
  moving.randomise(2);
  out.set(4, 32, 10);
  for (const bool accumulate : {true, false}) {
    matmul_double_row(out.view, stationary.view, moving.view, accumulate);
    float sum = 0;
    for (std::int64_t k = 0; k < 2 * kK; ++k) {
      sum += stationary.get(k / 2, k % 2 * kM + 4) * moving.get(k / 2, k % 2 * kN + 32);
    }
    CHECK(out.get(4, 32) == (accumulate ? 10 + sum : sum));
  }
}

TEST_CASE("a sparse matmul is the dense one with the zeros put back") {
  constexpr std::int64_t kK = 8, kM = 6, kN = 20;
  for (const Sparsity sparsity : {Sparsity{4, 16}, Sparsity{4, 12}, Sparsity{4, 8}, Sparsity{2, 8},
                                  Sparsity{2, 4}, Sparsity{1, 4}, Sparsity{1, 2}}) {
    INFO(sparsity.kept << ":" << sparsity.group);
    const std::int64_t ratio = sparsity.ratio();
    Tile kept(Dtype::Bf16, kK, kM), tags(Dtype::Uint8, kK, kM);
    Tile moving(Dtype::Bf16, kK, ratio * kN), out(Dtype::Fp32, kM, kN);
    Tile dense(Dtype::Bf16, kK * ratio, kM), rows(Dtype::Bf16, kK * ratio, kN);
    Tile expected(Dtype::Fp32, kM, kN);
    kept.randomise(3);
    moving.randomise(4);
    for (std::int64_t k = 0; k < kK; ++k) {
      for (std::int64_t m = 0; m < kM; ++m) {
        // Different in every column and within a group.
        const std::int64_t tag = (k % sparsity.kept * ratio + m) % sparsity.group;
        tags.set(k, m, static_cast<float>(tag));
        dense.set(k / sparsity.kept * sparsity.group + tag, m, kept.get(k, m));
      }
      for (std::int64_t slice = 0; slice < ratio; ++slice) {
        for (std::int64_t n = 0; n < kN; ++n) {
          rows.set(k * ratio + slice, n, moving.get(k, slice * kN + n));
        }
      }
    }
    matmul_sparse(out.view, kept.view, tags.view, moving.view, sparsity, false);
    matmul(expected.view, dense.view, rows.view, false);
    CHECK(out.storage == expected.storage);
  }
}

TEST_CASE("an MX matmul multiplies what quantize_mx stored, with its scales") {
  constexpr std::int64_t kK = 64, kM = 6, kN = 20;
  Tile a(Dtype::Bf16, kK, 4 * kM), b(Dtype::Bf16, kK, 4 * kN), out(Dtype::Fp32, kM, kN);
  a.randomise(5);
  b.randomise(6);
  b.set(40, 3, 100);  // a group with a scale of its own
  for (const Dtype dtype : {Dtype::Fp8E4FnX4, Dtype::Fp8E5X4}) {
    Tile qa(dtype, kK, kM), qb(dtype, kK, kN);
    Tile sa(Dtype::Uint8, mx_scale_rows(kK), kM), sb(Dtype::Uint8, mx_scale_rows(kK), kN);
    quantize_mx(qa.view, sa.view, a.view);
    quantize_mx(qb.view, sb.view, b.view);
    matmul_mx(out.view, {qa.view, sa.view}, {qb.view, sb.view}, false);
    const auto value = [](Tile& data, Tile& scale, std::int64_t k, std::int64_t i) {
      const std::int64_t p = k / 4;
      return unpack(data.view.dtype, data.at(p, i))[static_cast<std::size_t>(k % 4)] *
             mx_scale(static_cast<std::uint8_t>(*scale.at(mx_scale_row(p), i)));
    };
    float sum = 0;
    float exact = 0;
    for (std::int64_t k = 0; k < 4 * kK; ++k) {
      sum += value(qa, sa, k, 5) * value(qb, sb, k, 19);
      exact += a.get(k / 4, 5 * 4 + k % 4) * b.get(k / 4, 19 * 4 + k % 4);
    }
    CHECK(out.get(5, 19) == sum);
    CHECK(sum == Approx(exact).margin(2));
  }
}
