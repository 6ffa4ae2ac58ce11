// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/check.h"

#include <catch2/catch.hpp>
#include <functional>

#include "sim/isa/builder.h"
#include "tests/support/isa_limits.h"

using namespace nsim;
using namespace nsim::isa;
using num::Activation;
using num::AluOp;
using num::Dtype;

namespace {

/// A program with one of everything, to make mistakes with.
struct Bench {
  Builder b{"bench", "trn2", 1};
  TensorRef x = b.tensor("x", TensorKind::Input, Dtype::Bf16, {128, 512});
  TensorRef y = b.tensor("y", TensorKind::Output, Dtype::Bf16, {128, 512});
  BufferRef s = b.sbuf("s", Dtype::Bf16, 128, 1024);
  BufferRef f = b.sbuf("f", Dtype::Fp32, 128, 1024);
  BufferRef i = b.sbuf("i", Dtype::Int32, 128, 16);
  BufferRef bytes = b.sbuf("bytes", Dtype::Int8, 128, 1024);
  BufferRef p = b.psum("p", Dtype::Fp32, 128, 1024);
  BufferRef p2 = b.psum("p2", Dtype::Bf16, 128, 512);
  Limits limits = test::trn2_limits();

  static std::vector<Dim> row(std::int64_t elements) { return {{1, elements}}; }
};

std::string outcome(const std::function<void(Bench&)>& write) {
  Bench bench;
  write(bench);
  try {
    expand(bench.b.finish(), bench.limits);
  } catch (const UserError& error) {
    return error.what();
  }
  return "accepted";
}

struct Case {
  const char* expected;
  std::function<void(Bench&)> write;
};

void check_all(const std::vector<Case>& cases) {
  for (const Case& each : cases) {
    CHECK_THAT(outcome(each.write), Catch::Contains(each.expected));
  }
}

constexpr auto row = Bench::row;

}  // namespace

TEST_CASE(
    "start partitions: more than 64 at 0, more than 32 at 0 or 64, others at multiples of 32") {
  for (std::int64_t count = 1; count <= 128; ++count) {
    for (std::int64_t start = 0; start + count <= 128; ++start) {
      const bool expected = count > 64   ? start == 0
                            : count > 32 ? start == 0 || start == 64
                                         : start % 32 == 0;
      REQUIRE(legal_start(start, count) == expected);
    }
  }
}

TEST_CASE("a message names the place in the text, or the operator") {
  CHECK(outcome([](Bench& t) {
          t.b.label("layer 3");
          t.b.memset(Engine::Vector, t.s.at(1, 32, 0, row(4)), 0);
        }) ==
        "operator layer 3: instruction memset: 32 partitions cannot start at 1: more than 64 start "
        "at 0, "
        "more than 32 at 0 or 64, others at 0, 32, 64 or 96");
  CHECK_THAT(outcome([](Bench& t) {
               t.b.memset(Engine::Scalar, t.s.at(0, row(4)), 0).where = {"kernel.nasm", 7, 3};
             }),
             Catch::StartsWith("kernel.nasm:7:3: memset: cannot run on engine scalar"));
}

TEST_CASE("engines and spaces") {
  check_all({
      {"cannot run on engine vector, only on scalar",
       [](Bench& t) {
         t.b.activation(t.s.at(0, row(4)), t.s.at(0, row(4)), Activation::Exp).engine =
             Engine::Vector;
       }},
      {"src is in PSUM, which GpSimd cannot access",
       [](Bench& t) { t.b.tensor_copy(Engine::GpSimd, t.s.at(0, row(4)), t.p.at(0, row(4))); }},
      {"both sources are in PSUM",
       [](Bench& t) {
         t.b.tensor_tensor(Engine::Vector, t.s.at(0, row(4)), t.p.at(0, row(4)), t.p.at(4, row(4)),
                           AluOp::Add);
       }},
      {"src cannot be in PSUM: DMA does not reach PSUM",
       [](Bench& t) { t.b.dma_copy(Engine::Sync, t.s.at(0, row(4)), t.p.at(0, row(4))); }},
      {"src cannot be in HBM",
       [](Bench& t) { t.b.tensor_copy(Engine::Vector, t.s.at(0, row(4)), t.x.at(0, row(4))); }},
      {"operand src is missing",
       [](Bench& t) {
         t.b.tensor_copy(Engine::Vector, t.s.at(0, row(4)), t.s.at(0, row(4))).src.clear();
       }},
      {"takes 1 operands, has more",
       [](Bench& t) {
         t.b.memset(Engine::Vector, t.s.at(0, row(4)), 0).src = {t.s.at(0, row(4))};
       }},
  });
}

TEST_CASE("accesses within what exists, in every iteration of a loop") {
  check_all({
      {"elements 1023 to 1026 are not within the 1024 of buffer s",
       [](Bench& t) { t.b.memset(Engine::Vector, t.s.at(1023, row(4)), 0); }},
      {"elements 1024 to 1027 are not within the 1024 of buffer s",
       [](Bench& t) {
         t.b.loop("k", 0, 3, 1,
                  [&](Var k) { t.b.memset(Engine::Vector, t.s.at(k * 512, row(4)), 0); });
       }},
      {"elements -3 to 0 are not within",
       [](Bench& t) {
         t.b.memset(Engine::Vector, t.s.at(0, {{-1, 4}}), 0);
       }},
      {"elements 65536 to 65536 are not within the 65536 of tensor x",
       [](Bench& t) {
         t.b.dma_copy(Engine::Sync, t.s.at(0, 1, 0, row(1)), t.x.at(65536, row(1)));
       }},
      {"partitions 96 to 159 are not within the 128 of buffer s",
       [](Bench& t) { t.b.memset(Engine::Vector, t.s.at(96, 64, 0, row(4)), 0); }},
      {"has 129 partitions",
       [](Bench& t) { t.b.memset(Engine::Vector, t.s.at(0, 129, 0, row(4)), 0); }},
  });
}

TEST_CASE("sizes and strides of access patterns") {
  check_all({
      {"5 free dimensions, at most 4",
       [](Bench& t) {
         t.b.memset(Engine::Vector, t.s.at(0, {{1, 1}, {1, 1}, {1, 1}, {1, 1}, {1, 1}}), 0);
       }},
      {"a dimension of 0 elements",
       [](Bench& t) { t.b.memset(Engine::Vector, t.s.at(0, row(0)), 0); }},
      {"a dimension of 65536 elements, 1 to 65535 are possible",
       [](Bench& t) {
         t.b.memset(Engine::Vector, t.s.at(0, {{0, 65536}}), 0);
       }},
      {"a step of 32768 elements, which does not fit in 16 bits",
       [](Bench& t) {
         t.b.memset(Engine::Vector, t.s.at(0, {{32768, 1}}), 0);
       }},
      {"more than 65536 elements per partition",
       [](Bench& t) {
         t.b.memset(Engine::Vector, t.s.at(0, {{0, 65535}, {0, 65535}}), 0);
       }},
  });
}

TEST_CASE("nc_matmul and nc_transpose") {
  const auto matmul = [](std::int64_t k, std::int64_t m, std::int64_t n) {
    return [=](Bench& t) {
      t.b.nc_matmul(t.p.at(0, m, 0, row(n)), t.s.at(0, k, 0, row(m)), t.s.at(0, 128, 0, row(n)), 0);
    };
  };
  check_all({
      {"accepted", matmul(128, 128, 512)},
      {"the contraction must be equal", matmul(64, 128, 512)},
      {"moving has 513 columns, at most 512", matmul(128, 128, 513)},
      {"dst is [64, 512], must be [128, 512]",
       [](Bench& t) {
         t.b.nc_matmul(t.p.at(0, 64, 0, row(512)), t.s.at(0, row(128)), t.s.at(0, row(512)), 0);
       }},
      {"cross a bank boundary",
       [](Bench& t) {
         t.b.nc_matmul(t.p.at(256, row(512)), t.s.at(0, row(128)), t.s.at(0, row(512)), 0);
       }},
      {"dst is bfloat16, PSUM accumulates float32",
       [](Bench& t) {
         t.b.nc_matmul(t.p2.at(0, row(512)), t.s.at(0, row(128)), t.s.at(0, row(512)), 0);
       }},
      {"cannot multiply bfloat16 by float32",
       [](Bench& t) {
         t.b.nc_matmul(t.p.at(0, row(512)), t.s.at(0, row(128)), t.f.at(0, row(512)), 0);
       }},
      {"cannot multiply int8 by bfloat16",
       [](Bench& t) {
         t.b.nc_matmul(t.p.at(0, row(512)), t.bytes.at(0, row(128)), t.s.at(0, row(512)), 0);
       }},
      {"a transpose does not convert",
       [](Bench& t) { t.b.nc_transpose(t.p.at(0, row(128)), t.s.at(0, row(128))); }},
      {"at most [32, 32] can be transposed on vector",
       [](Bench& t) {
         t.b.nc_transpose(t.s.at(0, 64, 64, row(64)), t.s.at(0, 64, 0, row(64)), Engine::Vector);
       }},
      {"from SBUF to PSUM",
       [](Bench& t) { t.b.nc_transpose(t.s.at(512, row(128)), t.s.at(0, row(128))); }},
  });
}

TEST_CASE("modes of nc_matmul") {
  struct Mode {
    PerfMode mode = PerfMode::None;
    std::vector<std::int64_t> tile;
    bool tags = false;
    bool v2 = false;
    std::int64_t partition = 0;
  };
  const auto matmul = [](const Mode& mode) {
    return [=](Bench& t) {
      const BufferRef w = t.b.sbuf("w", Dtype::Fp8E4, 128, 512);
      const BufferRef u = t.b.sbuf("u", Dtype::Uint8, 128, 512);
      const bool tiled = !mode.tile.empty();
      const std::int64_t k = tiled ? 32 : 128;
      const std::int64_t m = 32;
      const std::int64_t two = mode.mode == PerfMode::DoubleRow ? 2 : 1;
      const std::int64_t slices = mode.mode == PerfMode::Sparse4_8 ? 2 : two;
      Instruction& made =
          t.b.nc_matmul(t.p.at(mode.partition, m, 0, row(100)), w.at(0, k, 0, {{m, two}, {1, m}}),
                        w.at(0, k, 0, {{100, slices}, {1, 100}}), 0);
      made.perf_mode = mode.mode;
      made.pattern = mode.tile;
      if (mode.tags) {
        made.operand0.access = u.at(0, k, 0, row(m));
      }
      t.limits.matmul_double_row = t.limits.matmul_sparse = t.limits.matmul_small_tiles = !mode.v2;
    };
  };
  check_all({
      {"accepted", matmul({PerfMode::DoubleRow, {}})},
      {"has no perf_mode double_row", matmul({PerfMode::DoubleRow, {}, false, true})},
      {"accepted", matmul({PerfMode::Sparse4_8, {}, true})},
      {"has no perf_mode sparse_4_8", matmul({PerfMode::Sparse4_8, {}, true, true})},
      {"tags are for the sparse modes, which need them", matmul({PerfMode::Sparse4_8, {}})},
      {"tags are for the sparse modes, which need them", matmul({PerfMode::None, {}, true})},
      {"sparse_4_12 needs 3 rows of the contraction", matmul({PerfMode::Sparse4_12, {}, true})},
      {"accepted", matmul({PerfMode::None, {32, 32}})},
      {"accepted", matmul({PerfMode::None, {32, 64}, false, true})},
      {"has no tiles of 32 by 32", matmul({PerfMode::None, {32, 32}, false, true})},
      {"each 32, 64 or 128", matmul({PerfMode::None, {32}})},
      {"each 32, 64 or 128", matmul({PerfMode::None, {32, 96}})},
      {"accepted", matmul({PerfMode::None, {64, 32}, false, false, 96})},
      {"double_row cannot be combined", matmul({PerfMode::DoubleRow, {32, 64}})},
      {"double_row multiplies float8_e4m3 and float8_e5m2 only",
       [](Bench& t) {
         t.limits.matmul_double_row = true;
         t.b.nc_matmul(t.p.at(0, 32, 0, row(64)), t.s.at(0, 128, 0, {{32, 2}, {1, 32}}),
                       t.s.at(0, 128, 0, {{64, 2}, {1, 64}}), 0)
             .perf_mode = PerfMode::DoubleRow;
       }},
      {"stationary is [64, 32], the tile only [32, 32]",
       [](Bench& t) {
         t.limits.matmul_small_tiles = true;
         t.b.nc_matmul(t.p.at(0, 32, 0, row(64)), t.s.at(0, 64, 0, row(32)),
                       t.s.at(0, 64, 0, row(64)), 0)
             .pattern = {32, 32};
       }},
      {"both must lie in the same tile of 32",
       [](Bench& t) {
         t.b.nc_matmul(t.p.at(0, 32, 0, row(64)), t.s.at(0, 32, 0, row(32)),
                       t.s.at(32, 32, 0, row(64)), 0)
             .pattern = {32, 64};
       }},
  });
}

TEST_CASE("results of nc_matmul on NeuronCore-v4") {
  const auto matmul = [](bool bf16, std::int64_t columns) {
    return [=](Bench& t) {
      t.limits.matmul_bf16_result = true;
      t.limits.matmul_result_bytes = 16 * 1024;
      const BufferRef wide = t.b.psum("wide", bf16 ? Dtype::Bf16 : Dtype::Fp32, 128, 1024);
      const BufferRef x = t.b.sbuf("wide_x", Dtype::Bf16, 128, 16384);
      t.b.nc_matmul(wide.at(0, row(columns)), t.s.at(0, row(128)), x.at(0, row(columns)), 0);
    };
  };
  check_all({
      {"accepted", matmul(true, 1024)},
      {"accepted", matmul(false, 1024)},
  });
}

TEST_CASE("elementwise instructions have equal partitions and elements") {
  check_all({
      {"dst is [128, 4] and a source [128, 8]",
       [](Bench& t) { t.b.tensor_copy(Engine::Vector, t.s.at(0, row(4)), t.s.at(0, row(8))); }},
      {"accepted",  // 2 x 4 elements match 8
       [](Bench& t) {
         t.b.tensor_copy(Engine::Vector, t.s.at(0, {{4, 2}, {1, 4}}), t.f.at(0, row(8)));
       }},
      {"operand0 is [128, 4], must be [128, 1]",
       [](Bench& t) {
         t.b.tensor_scalar(Engine::Vector, t.s.at(0, row(4)), t.s.at(0, row(4)), AluOp::Add,
                           {0, t.f.at(0, row(4))});
       }},
      {"initial is [128, 4], must be [128, 1]",
       [](Bench& t) {
         t.b.tensor_tensor_scan(t.s.at(0, row(4)), t.s.at(0, row(4)), t.s.at(0, row(4)),
                                {0, t.f.at(0, row(4))}, AluOp::Multiply, AluOp::Add);
       }},
      {"at most one may be",
       [](Bench& t) {
         t.b.tensor_tensor_scan(t.s.at(0, row(4)), t.p.at(0, row(4)), t.p.at(8, row(4)), {},
                                AluOp::Multiply, AluOp::Add);
       }},
      {"reduce_res is [128, 2], must be [128, 1]",
       [](Bench& t) {
         t.b.activation_reduce(t.s.at(0, row(4)), t.f.at(0, row(2)), t.s.at(0, row(4)),
                               Activation::Exp);
       }},
      {"dst is [128, 4], must be [128, 2]",
       [](Bench& t) {
         t.b.tensor_reduce(t.s.at(0, row(4)), t.s.at(0, {{4, 2}, {1, 4}}), AluOp::Add, 1);
       }},
      {"pattern has 1 steps, dst has 2 free dimensions",
       [](Bench& t) {
         t.b.iota(t.i.at(0, {{4, 2}, {1, 4}}), 0, 1, {1});
       }},
      {"data has 513 elements per partition, at most 512",
       [](Bench& t) { t.b.bn_stats(t.f.at(0, row(3)), t.s.at(0, row(513))); }},
      {"triples of bn_stats", [](Bench& t) { t.b.bn_aggr(t.f.at(0, row(2)), t.f.at(0, row(4))); }},
  });
}

TEST_CASE("operators an engine does not have") {
  check_all({
      {"needs integers, has bfloat16",
       [](Bench& t) {
         t.b.tensor_tensor(Engine::Vector, t.s.at(0, row(4)), t.s.at(0, row(4)), t.s.at(0, row(4)),
                           AluOp::BitwiseAnd);
       }},
      {"takes one operand",
       [](Bench& t) {
         t.b.tensor_tensor(Engine::Vector, t.s.at(0, row(4)), t.s.at(0, row(4)), t.s.at(0, row(4)),
                           AluOp::Rsqrt);
       }},
      {"cannot reduce by power",
       [](Bench& t) { t.b.tensor_reduce(t.s.at(0, row(1)), t.s.at(0, row(4)), AluOp::Power); }},
      {"cannot scan by bitwise_xor, only by arithmetic of two operands",
       [](Bench& t) {
         t.b.tensor_tensor_scan(t.s.at(0, row(4)), t.s.at(0, row(4)), t.s.at(0, row(4)), {},
                                AluOp::Multiply, AluOp::BitwiseXor);
       }},
      {"cannot scan by abs",
       [](Bench& t) {
         t.b.tensor_tensor_scan(t.s.at(0, row(4)), t.s.at(0, row(4)), t.s.at(0, row(4)), {},
                                AluOp::Abs, AluOp::Add);
       }},
      {"has no tensor_scalar",
       [](Bench& t) {
         t.b.tensor_scalar(Engine::Scalar, t.s.at(0, row(4)), t.s.at(0, row(4)), AluOp::Add,
                           {1, {}});
       }},
      {"the Scalar engine has multiply, add",
       [](Bench& t) {
         t.limits.scalar_tensor_scalar = true;
         t.b.tensor_scalar(Engine::Scalar, t.s.at(0, row(4)), t.s.at(0, row(4)), AluOp::Maximum,
                           {1, {}});
       }},
  });
}

TEST_CASE("transfers") {
  check_all({
      {"dst has 512 elements and src 4",
       [](Bench& t) { t.b.dma_copy(Engine::Sync, t.s.at(0, row(4)), t.x.at(0, row(4))); }},
      {"swdge is done by gpsimd, not by sync",
       [](Bench& t) {
         t.b.dma_copy(Engine::Sync, t.y.at(0, row(4)), t.x.at(0, row(4)), DgeMode::Swdge);
       }},
      {"hwdge is commanded by sync or scalar, not by vector",
       [](Bench& t) {
         t.b.dma_copy(Engine::Vector, t.y.at(0, row(4)), t.x.at(0, row(4)), DgeMode::Hwdge);
       }},
      {"target trn2 has no hwdge",
       [](Bench& t) {
         t.limits.has_hwdge = false;
         t.b.dma_copy(Engine::Sync, t.y.at(0, row(4)), t.x.at(0, row(4)), DgeMode::Hwdge);
       }},
      {"hwdge does not convert bfloat16 to float32",
       [](Bench& t) {
         t.b.dma_copy(Engine::Sync, t.f.at(0, row(4)), t.x.at(0, row(512)), DgeMode::Hwdge);
       }},
      {"queue 4 does not exist",
       [](Bench& t) {
         t.b.dma_copy(Engine::Sync, t.y.at(0, row(4)), t.x.at(0, row(4))).queue = 4;
       }},
      {"index is float32, must be int32",
       [](Bench& t) {
         t.b.dma_gather(t.s.at(0, row(512)), t.x.at(0, row(512)), t.f.at(0, row(1)));
       }},
      {"elements 1 to 512 are not within the 512 of tensor x",
       [](Bench& t) {
         t.b.dma_gather(t.s.at(0, row(512)), t.x.at(1, row(512)), t.i.at(0, row(1)));
       }},
  });
}
