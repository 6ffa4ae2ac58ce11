// SPDX-License-Identifier: Apache-2.0
#include "models/gemm.h"

#include <catch2/catch.hpp>

using namespace nsim;
using namespace nsim::ml;

namespace {

Gemm gemm(std::int64_t m, std::int64_t k, std::int64_t n) {
  Gemm result;
  result.m = m;
  result.k = k;
  result.n = n;
  result.lhs = {{}, 0, m, true, {}};
  result.rhs = {{}, 0, n, true, {}};
  return result;
}

const Operator kOperator{"op", "matmul", {}, "y", {}, {}};
const Call kCall{&kOperator, {}};

}  // namespace

TEST_CASE("a plan fits into what it may use, whatever that is") {
  for (const std::int64_t bytes : {50'000, 100'000, 200'000}) {
    for (const auto& [m, k, n] :
         {std::array<std::int64_t, 3>{4096, 4096, 4096}, {1, 4096, 14336}, {2048, 14336, 4096}}) {
      const Gemm product = gemm(m, k, n);
      const GemmPlan plan = plan_gemm(product, kCall, bytes);
      CHECK(footprint(product, plan) <= bytes);
      CHECK(plan.k_tiles * plan.k_blocks >= ceil_div(k, kPartitions));
    }
  }
}

TEST_CASE("a large square product keeps a wide block resident and moves little") {
  const GemmPlan plan = plan_gemm(gemm(4096, 4096, 4096), kCall, 176 * 1024);
  CHECK(plan.resident >= 1024);
  CHECK(plan.k_blocks == 1);
}

TEST_CASE("a side that is transposed on the way is transposed once") {
  Gemm product = gemm(1024, 768, 768);
  product.lhs = {{}, 0, 768, false, {}};
  const GemmPlan plan = plan_gemm(product, kCall, 176 * 1024);
  // Resident, or streamed past a single block of the other side.
  CHECK((!plan.resident_rhs || plan.resident == product.n));
}

TEST_CASE("a handful of rows is loaded with K on partitions without a transposition") {
  Gemm product = gemm(2, 256, 512);
  product.lhs = {{}, 0, 256, false, {}};
  CHECK(loads_directly(product, false));
  CHECK_FALSE(loads_directly(product, true));
  product.k = 200;  // no whole tiles
  CHECK_FALSE(loads_directly(product, false));
}
