// SPDX-License-Identifier: Apache-2.0
// Peak rates of the Tensor engine from streams of matmuls, and tiles of the array side by side.
#include <catch2/catch.hpp>

#include "sim/isa/matmul_shape.h"
#include "tests/support/core_bench.h"

using namespace nsim;
using isa::Engine;
using isa::PerfMode;
using num::Dtype;
using test::CoreBench;
using test::in_sbuf;
using test::StreamMaker;

namespace {

constexpr const char* kTrn1 = NSIM_SOURCE_DIR "/configs/trn1.toml";
constexpr const char* kTrn3 = NSIM_SOURCE_DIR "/configs/trn3.toml";
constexpr const char* kTrn2 = NSIM_SOURCE_DIR "/configs/trn2.toml";

isa::StreamInstruction matmul(Dtype dtype, PerfMode mode = PerfMode::None) {
  const auto stationary = static_cast<std::int32_t>(128 * isa::stationary_slices(mode));
  const auto moving = static_cast<std::int32_t>(512 * isa::moving_slices(mode));
  isa::StreamInstruction made =
      test::instruction(Engine::Tensor, isa::Opcode::NcMatmul, test::in_psum(0, 512),
                        in_sbuf(0, stationary, dtype), in_sbuf(4096, moving, dtype));
  made.perf_mode = mode;
  return made;
}

/// TFLOP/s of a core over the time its Tensor engine is busy.
double peak(const char* device, const isa::StreamInstruction& instruction) {
  CoreBench bench({}, false, 1, device);
  StreamMaker maker;
  constexpr int kCount = 2000;
  for (int i = 0; i < kCount; ++i) {
    maker.add(instruction);
  }
  bench.start(maker.streams());
  bench.kernel.run();
  const double work = static_cast<double>(kCount * cost::flops(instruction));
  return work / bench.stat("tensor.busy") * 1e-3;
}

isa::StreamInstruction tile(int rows, int columns, int row, int column) {
  isa::StreamInstruction made = matmul(Dtype::Bf16);
  for (isa::Operand& source : made.src) {
    source.partition = static_cast<std::uint8_t>(row);
    source.partitions = static_cast<std::uint16_t>(rows);
  }
  made.src[0].dim[0].count = columns;
  made.dst.partition = static_cast<std::uint8_t>(column);
  made.dst.partitions = static_cast<std::uint16_t>(columns);
  made.pattern = {rows, columns};
  return made;
}

/// From the first issue until the instruction behind `stream` issues.
SimTime time_of(CoreBench& bench, const std::vector<isa::StreamInstruction>& stream) {
  StreamMaker maker;
  for (const isa::StreamInstruction& instruction : stream) {
    maker.add(instruction);
  }
  maker.add(test::dma(Engine::Tensor));
  bench.start(maker.streams());
  bench.kernel.run();
  return bench.dma.submitted.at(0).at - bench.first_issue();
}

}  // namespace

// AWS Neuron hardware pages, per device: trn1 190 TFLOP/s bf16 and 47.5 fp32 (2 cores); trn2 667
// and 181, 1299 in fp8 and 2563 sparse (8 cores); trn3 671 in bf16
// and 2517 in MX types (8 cores).
TEST_CASE("streams of matmuls reach the peak rates of the device") {
  CHECK(2 * peak(kTrn1, matmul(Dtype::Bf16)) == Approx(190).epsilon(0.1));
  CHECK(2 * peak(kTrn1, matmul(Dtype::Fp32)) == Approx(47.5).epsilon(0.1));
  CHECK(2 * peak(kTrn1, matmul(Dtype::Fp8E4)) == Approx(190).epsilon(0.1));
  CHECK(8 * peak(kTrn2, matmul(Dtype::Bf16)) == Approx(667).epsilon(0.1));
  CHECK(8 * peak(kTrn2, matmul(Dtype::Fp32)) == Approx(181).epsilon(0.15));
  CHECK(8 * peak(kTrn2, matmul(Dtype::Fp8E4, PerfMode::DoubleRow)) == Approx(1299).epsilon(0.1));
  CHECK(8 * peak(kTrn2, matmul(Dtype::Bf16, PerfMode::Sparse4_16)) == Approx(2563).epsilon(0.1));
  CHECK(8 * peak(kTrn3, matmul(Dtype::Bf16)) == Approx(671).epsilon(0.1));
  isa::StreamInstruction mx = matmul(Dtype::Fp8E4FnX4);
  mx.opcode = isa::Opcode::NcMatmulMx;
  CHECK(8 * peak(kTrn3, mx) == Approx(2517).epsilon(0.1));
  CHECK(peak(kTrn2, matmul(Dtype::Bf16, PerfMode::Sparse4_12)) ==
        Approx(3 * peak(kTrn2, matmul(Dtype::Bf16))));
}

TEST_CASE("an fp32 operand of zeros and ones halves the time of an fp32 matmul") {
  CoreBench bench;
  isa::StreamInstruction hinted = matmul(Dtype::Fp32);
  hinted.reverse1 = true;
  CHECK(2 * bench.interval(hinted) == Approx(bench.interval(matmul(Dtype::Fp32))));
}

TEST_CASE("tiles that share nothing run side by side, a minimum interval apart") {
  CoreBench bench;
  const SimTime pass = bench.interval(tile(32, 128, 0, 0));
  const SimTime load = bench.load(tile(32, 128, 0, 0));
  const SimTime apart = bench.cycles(Engine::Tensor, bench.params.engines.min_interval);
  REQUIRE(load < apart);
  CHECK(time_of(bench, {tile(32, 128, 0, 0), tile(32, 128, 32, 0), tile(32, 128, 64, 0),
                        tile(32, 128, 96, 0)}) == load + 3 * apart + pass);
}

TEST_CASE("tiles that share groups, and matmuls without tiles, follow each other") {
  const isa::StreamInstruction first = tile(64, 64, 0, 0);
  CoreBench bench;
  const SimTime pass = bench.interval(first);
  const SimTime load = bench.load(first);
  CHECK(time_of(bench, {first, tile(128, 32, 0, 32)}) == load + 2 * pass);
  CoreBench whole;
  isa::StreamInstruction narrow = first;
  narrow.pattern = {};
  CHECK(time_of(whole, {first, narrow, first}) == load + 3 * pass);
}

TEST_CASE("the next matmul of a tile follows its own tile, not the others") {
  CoreBench bench;
  const SimTime pass = bench.interval(tile(32, 32, 0, 0));
  const SimTime load = bench.load(tile(32, 32, 0, 0));
  const SimTime apart = bench.cycles(Engine::Tensor, bench.params.engines.min_interval);
  const SimTime end =
      time_of(bench, {tile(32, 32, 0, 0), tile(32, 32, 32, 32), tile(32, 32, 0, 0)});
  REQUIRE(apart < pass);
  CHECK(end == load + 2 * pass);
}
