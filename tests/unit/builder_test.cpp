// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/builder.h"

#include <catch2/catch.hpp>

#include "sim/isa/compare.h"
#include "sim/isa/text.h"

using namespace nsim;
using namespace nsim::isa;

TEST_CASE("the builder and the text form make the same program") {
  Builder b("gemm", "trn2", 2);
  const TensorRef a = b.tensor("a", TensorKind::Input, num::Dtype::Bf16, {4096, 512});
  const BufferRef tile = b.sbuf("tile", num::Dtype::Bf16, 128, 1024);
  const BufferRef acc = b.psum("acc", num::Dtype::Fp32, 128, 512, 2048);
  b.label("load");
  b.loop("m", 0, 32, 2, [&](Var m) {
    b.dma_copy(Engine::Sync, tile.at(m % 2 * 512, {{1, 512}}),
               a.at(m * (128 * 512) + b.core(), {{512, 128}, {1, 512}}), DgeMode::Hwdge);
    b.loop("k", 0, 4, 1, [&](Var k) {
      b.label("multiply");
      b.nc_matmul(acc.at(0, {{1, 512}}), tile.at(0, 32, k * 128, {{1, 128}}),
                  tile.at(0, 32, 512, {{1, 512}}), k);
    });
    b.activation(tile.at(0, {{1, 512}}), acc.at(0, {{1, 512}}), num::Activation::Gelu, {0.5F, {}});
  });
  const Program text = parse_text(R"(
program gemm
target trn2
cores 2
tensor a input bfloat16 [4096, 512]
sbuf tile bfloat16 [128, 1024]
psum acc float32 [128, 512] address 2048
label load
loop m 0..32 step 2 {
  sync.dma_copy tile[:, m % 2 * 512 +: 512], a[m * 65536 + core +: 128 by 512 +: 512] dge hwdge
  loop k 0..4 {
    label multiply
    tensor.nc_matmul acc, tile[0 +: 32, k * 128 +: 128], tile[0 +: 32, 512 +: 512] accumulate k
  }
  scalar.activation tile[:, 0 +: 512], acc function gelu scale 0.5
}
)",
                                  "gemm.nasm");
  const Program built = b.finish();
  INFO(print_text(built));
  CHECK(same(built, text));
}

TEST_CASE("division and modulo of a variable combine") {
  const Var v{3, 1, 0};
  CHECK(same(v / 2 / 3, v / 6));
  CHECK(same(v % 8 / 4, v / 4 % 2));
  CHECK(same(v % 8 % 4, v % 4));
  CHECK_THROWS_AS(v % 5 / 2, InternalError);
  CHECK_THROWS_AS(v / 0, InternalError);
  CHECK((v / 2 % 4 * 10 + 1).evaluate({0, 0, 0, 13}) == 13 / 2 % 4 * 10 + 1);
}

TEST_CASE("a variable's name is made unique among the loops around it") {
  Builder b("p", "trn1", 1);
  b.loop("core", 0, 1, 1, [&](Var) { b.loop("core", 0, 1, 1, [&](Var) { b.core_barrier(); }); });
  CHECK(b.program().variables == std::vector<std::string>{"core", "core_2", "core_3"});
}

TEST_CASE("a buffer's name is made unique, a tensor's must be") {
  Builder b("p", "trn1", 1);
  b.tensor("x", TensorKind::Input, num::Dtype::Fp32, {1});
  b.sbuf("x", num::Dtype::Fp32, 1, 1);
  b.psum("x", num::Dtype::Fp32, 1, 1);
  CHECK(b.program().buffers.at(0).name == "x_2");
  CHECK(b.program().buffers.at(1).name == "x_3");
  CHECK_THROWS_AS(b.tensor("x", TensorKind::Input, num::Dtype::Fp32, {1}), UserError);
}

TEST_CASE("a label enters the program with its first instruction") {
  Builder b("p", "trn1", 1);
  b.label("unused");
  b.label("used");
  CHECK(b.core_barrier().label == 1);
  b.label("");
  CHECK(b.core_barrier().label == 0);
  CHECK(b.program().labels == std::vector<std::string>{"", "used"});
}

TEST_CASE("an access without dimensions is one element") {
  const BufferRef buffer{0, Space::Sbuf, 64};
  CHECK(same(buffer.at(5, {}).dims, {{1, 1}}));
  CHECK(buffer.at(5, {}).partitions == 64);
}
