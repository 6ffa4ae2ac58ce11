// SPDX-License-Identifier: Apache-2.0
// SBUF and PSUM ports: who excludes whom on which generation.
#include <catch2/catch.hpp>

#include "tests/support/core_bench.h"

using namespace nsim;
using isa::Engine;
using test::CoreBench;
using test::in_psum;
using test::in_sbuf;
using test::StreamMaker;

namespace {

constexpr const char* kSharedSbuf = "sbuf.shared_port=true";
constexpr const char* kParallelSbuf = "sbuf.shared_port=false";
constexpr const char* kSharedPsum = "psum.shared_port=true";
constexpr const char* kBankedPsum = "psum.shared_port=false";

/// When two engines issue the instruction behind `first` and `second`, counted from the first
/// issue. `second` comes a nop later.
struct Meeting {
  SimTime first_next = 0;
  SimTime second_next = 0;
  SimTime waited = 0;
  double sbuf_waits = 0;
  double psum_collisions = 0;
};

/// The nop's share of what `second` takes.
SimTime later(const isa::StreamInstruction& second) {
  return CoreBench().interval(test::nop(second.engine));
}

Meeting meet(const char* setting, const isa::StreamInstruction& first,
             const isa::StreamInstruction& second) {
  CoreBench bench({setting});
  StreamMaker maker;
  maker.add(first).add(test::dma(first.engine));
  maker.add(test::nop(second.engine)).add(second).add(test::dma(second.engine));
  bench.start(maker.streams());
  bench.kernel.run();
  Meeting met;
  for (const auto& submitted : bench.dma.submitted) {
    (submitted.instruction->engine == first.engine ? met.first_next : met.second_next) =
        submitted.at - bench.first_issue();
  }
  met.waited = bench.time(std::string(isa::name(second.engine)) + ".idle_port");
  met.sbuf_waits = bench.stat("sbuf.port_waits");
  met.psum_collisions = bench.stat("psum.bank_collisions");
  return met;
}

}  // namespace

TEST_CASE("wide modes of Vector share a bus with GpSimd, its other instructions do not") {
  constexpr const char* kTrn2 = NSIM_SOURCE_DIR "/configs/trn2.toml";
  const auto wait_of_gpsimd = [&](num::Dtype dtype, isa::Space to) {
    CoreBench bench({}, false, 1, kTrn2);
    const auto vector = test::copy(Engine::Vector, test::on_chip(to, dtype, 128, 0, 500),
                                   in_sbuf(4096, 500, dtype));
    const auto gpsimd = test::copy(Engine::GpSimd, in_sbuf(16384, 300), in_sbuf(32768, 300));
    StreamMaker maker;
    maker.add(vector).add(test::nop(Engine::GpSimd)).add(gpsimd);
    bench.start(maker.streams());
    bench.kernel.run();
    const SimTime expected = bench.interval(vector) - bench.interval(test::nop(Engine::GpSimd));
    return std::pair(bench.time("gpsimd.idle_port"), expected);
  };
  const auto [waited, expected] = wait_of_gpsimd(num::Dtype::Bf16, isa::Space::Sbuf);
  CHECK(waited == expected);
  CHECK(wait_of_gpsimd(num::Dtype::Fp32, isa::Space::Psum).first == 0);
}

TEST_CASE("with a shared SBUF port GpSimd starts when Vector is done with it, and not earlier") {
  const auto vector = test::copy(Engine::Vector, in_sbuf(0, 500), in_sbuf(4096, 500));
  const auto gpsimd = test::copy(Engine::GpSimd, in_sbuf(16384, 300), in_sbuf(32768, 300));
  const CoreBench bench;
  const Meeting shared = meet(kSharedSbuf, vector, gpsimd);
  CHECK(shared.first_next == bench.interval(vector));
  CHECK(shared.second_next == bench.interval(vector) + bench.interval(gpsimd));
  CHECK(shared.waited == bench.interval(vector) - later(gpsimd));
  CHECK(shared.sbuf_waits == 1);
  const Meeting parallel = meet(kParallelSbuf, vector, gpsimd);
  CHECK(parallel.second_next == later(gpsimd) + bench.interval(gpsimd));
  CHECK(parallel.waited == 0);
  CHECK(parallel.sbuf_waits == 0);
}

TEST_CASE("Scalar and Vector use SBUF side by side in every generation") {
  const auto vector = test::copy(Engine::Vector, in_sbuf(0, 500), in_sbuf(4096, 500));
  const auto scalar = test::copy(Engine::Scalar, in_sbuf(16384, 300), in_sbuf(32768, 300));
  const CoreBench bench;
  CHECK(meet(kSharedSbuf, vector, scalar).second_next == later(scalar) + bench.interval(scalar));
}

TEST_CASE("with a shared PSUM port Scalar waits for Vector in whichever bank") {
  const auto vector = test::copy(Engine::Vector, in_sbuf(0, 500), in_psum(0, 500));
  const auto scalar = test::copy(Engine::Scalar, in_sbuf(4096, 300), in_psum(4096, 300));
  const CoreBench bench;
  const Meeting met = meet(kSharedPsum, vector, scalar);
  CHECK(met.second_next == bench.interval(vector) + bench.interval(scalar));
  CHECK(met.waited == bench.interval(vector) - later(scalar));
  CHECK(met.psum_collisions == 1);
}

TEST_CASE("with PSUM banks Scalar waits for Vector in the same bank only") {
  const auto vector = test::copy(Engine::Vector, in_sbuf(0, 500), in_psum(0, 500));
  const auto elsewhere = test::copy(Engine::Scalar, in_sbuf(4096, 300), in_psum(4096, 300));
  const auto same = test::copy(Engine::Scalar, in_sbuf(4096, 300), in_psum(1024, 300));
  const CoreBench bench;
  CHECK(meet(kBankedPsum, vector, elsewhere).second_next ==
        later(elsewhere) + bench.interval(elsewhere));
  CHECK(meet(kBankedPsum, vector, elsewhere).psum_collisions == 0);
  const Meeting met = meet(kBankedPsum, vector, same);
  CHECK(met.second_next == bench.interval(vector) + bench.interval(same));
  CHECK(met.psum_collisions == 1);
}

// NKI trainium_inferentia2_arch and trainium2_arch: on v2 Vector shares SBUF with GpSimd and PSUM
// with Scalar; on v3 neither, as long as PSUM banks differ; all other pairs run in parallel on
// both.
TEST_CASE("each shipped device lets the pairs of engines run in parallel that its pages name") {
  const auto matmul =
      test::instruction(Engine::Tensor, isa::Opcode::NcMatmul, in_psum(0, 512),
                        in_sbuf(0, 128, num::Dtype::Bf16), in_sbuf(1024, 512, num::Dtype::Bf16));
  const auto sbuf = [](Engine engine) {
    return test::copy(engine, in_sbuf(32768, 700), in_sbuf(65536, 700));
  };
  const auto sum = test::instruction(Engine::Vector, isa::Opcode::TensorTensor, in_sbuf(32768, 700),
                                     in_sbuf(65536, 700), in_sbuf(65536, 700));
  const auto psum = [](Engine engine, std::int64_t bank) {
    return test::copy(engine, in_sbuf(32768, 400), in_psum(bank * 2048, 400));
  };
  struct Case {
    isa::StreamInstruction first;
    isa::StreamInstruction second;
    bool parallel_v2;
    bool parallel_v3;
  };
  const std::vector<Case> cases{
      {sum, sbuf(Engine::GpSimd), false, true},
      {sbuf(Engine::Vector), sbuf(Engine::GpSimd), false, false},  // a wide mode on v3
      {sbuf(Engine::Vector), sbuf(Engine::Scalar), true, true},
      {sbuf(Engine::Scalar), sbuf(Engine::GpSimd), true, true},
      {matmul, sbuf(Engine::Vector), true, true},
      {matmul, sbuf(Engine::GpSimd), true, true},
      {psum(Engine::Vector, 1), psum(Engine::Scalar, 2), false, true},
      {psum(Engine::Vector, 1), psum(Engine::Scalar, 1), false, false},
      {matmul, psum(Engine::Vector, 0), true, true},
      {matmul, psum(Engine::Scalar, 0), true, true},
      {psum(Engine::Vector, 1), sbuf(Engine::Scalar), true, true},
  };
  for (const auto& [device, v3] : {std::pair(NSIM_SOURCE_DIR "/configs/trn1.toml", false),
                                   std::pair(NSIM_SOURCE_DIR "/configs/trn2.toml", true)}) {
    for (std::size_t i = 0; i < cases.size(); ++i) {
      CoreBench bench({}, false, 1, device);
      StreamMaker maker;
      maker.add(cases[i].first).add(test::nop(cases[i].second.engine)).add(cases[i].second);
      bench.start(maker.streams());
      bench.kernel.run();
      INFO(device << " case " << i);
      const std::string second = isa::name(cases[i].second.engine);
      CHECK((bench.time(second + ".idle_port") == 0) ==
            (v3 ? cases[i].parallel_v3 : cases[i].parallel_v2));
    }
  }
}

TEST_CASE("ports reserved by an aborted execution do not delay the next one") {
  CoreBench bench({kSharedSbuf});
  const auto vector = test::copy(Engine::Vector, in_sbuf(0, 8000), in_sbuf(32768, 8000));
  const auto gpsimd = test::copy(Engine::GpSimd, in_sbuf(0, 300), in_sbuf(32768, 300));
  StreamMaker first;
  first.add(vector).add(gpsimd);
  StreamMaker second;
  second.add(gpsimd);
  bench.start(first.streams());
  const SimTime abort = bench.first_issue() + 1;
  bench.kernel.at(abort, [&] { bench.core().abort(hw::DeviceError::Hang); });
  bench.start(second.streams(), abort + 1);
  bench.kernel.run();
  REQUIRE(bench.ended.size() == 2);
  CHECK(bench.ended[1].at == abort + 1 + bench.first_issue() + bench.latency(gpsimd));
}
