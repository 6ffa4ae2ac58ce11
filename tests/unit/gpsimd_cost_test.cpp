// SPDX-License-Identifier: Apache-2.0
#include "sim/cost/gpsimd_cost.h"

#include <catch2/catch.hpp>

#include "tests/support/cost_bench.h"

using namespace nsim;
using namespace nsim::cost;
using namespace nsim::cost::test;

namespace {

StreamInstruction routine(Opcode opcode, const Operand& dst, const Operand& src0 = {},
                          const Operand& src1 = {}) {
  return make(opcode, Engine::GpSimd, dst, {src0, src1});
}

}  // namespace

TEST_CASE(
    "a routine takes the start-up and its rate, and that is the interval of its instruction") {
  const EngineParams engines = params();
  const GpSimdParams& gpsimd = engines.gpsimd;
  const auto check = [&](const StreamInstruction& instruction, double expected) {
    INFO(static_cast<int>(instruction.opcode));
    const auto cycles = routine_cycles(instruction, gpsimd);
    REQUIRE(cycles);
    CHECK(static_cast<double>(*cycles) == static_cast<double>(gpsimd.startup) + expected);
    CHECK(instruction_cost(instruction, engines).interval == *cycles);
    CHECK(instruction_cost(instruction, engines).latency ==
          gpsimd.access_setup + *cycles + gpsimd.latency);
  };
  const Operand fp32 = on_chip(Dtype::Fp32, 512);
  check(routine(Opcode::Iota, fp32), 512 * gpsimd.rate);
  check(routine(Opcode::AffineSelect, fp32, fp32), 512 * gpsimd.rate);
  check(routine(Opcode::TensorPartitionReduce, fp32, fp32), 512 * gpsimd.partition_reduce_rate);
  check(routine(Opcode::SequenceBounds, on_chip(Dtype::Int32, 1024), fp32),
        512 * gpsimd.sequence_bounds_rate);
  check(routine(Opcode::NonzeroWithCount, on_chip(Dtype::Int32, 513), fp32),
        512 * gpsimd.nonzero_rate);
  StreamInstruction largest =
      routine(Opcode::Topk, on_chip(Dtype::Bf16, 8), on_chip(Dtype::Bf16, 64));
  largest.count = 1000;
  check(largest, 1000 * gpsimd.topk_rate + 8 * gpsimd.topk_result_rate);
}

TEST_CASE("a local gather pays for each index and for the words its elements fill") {
  const GpSimdParams gpsimd = params().gpsimd;
  const auto cycles = [&](Dtype dtype, std::int64_t n, std::int64_t valid) {
    StreamInstruction gather = routine(Opcode::LocalGather, on_chip(dtype, 4096),
                                       on_chip(dtype, 4096), on_chip(Dtype::Uint16, 4));
    gather.count = n;
    gather.base = valid;
    return routine_cycles(gather, gpsimd).value() - gpsimd.startup;
  };
  const std::int64_t overhead = gpsimd.gather_index;
  CHECK(cycles(Dtype::Fp32, 1, 0) == 64 * (overhead + 4) / 4);  // 16 partitions x 4 indices
  CHECK(cycles(Dtype::Fp32, 1, 10) == 10 * (overhead + 4) / 4);
  CHECK(cycles(Dtype::Fp32, 8, 10) == 10 * (overhead + 32) / 4);
  CHECK(cycles(Dtype::Bf16, 8, 10) == 10 * (overhead + 32) / 8);
  CHECK(cycles(Dtype::Bf16, 1, 10) == 10 * (overhead + 4) / 4);
}

TEST_CASE("a long gather within partitions starts once per group of its elements") {
  const GpSimdParams gpsimd = params().gpsimd;
  const auto cycles = [&](std::int32_t elements) {
    const Operand all = on_chip(Dtype::Fp32, elements);
    return routine_cycles(routine(Opcode::NcNGather, all, all, on_chip(Dtype::Uint32, elements)),
                          gpsimd)
        .value();
  };
  const auto group = static_cast<std::int32_t>(gpsimd.n_gather_group);
  CHECK(static_cast<double>(cycles(group)) ==
        static_cast<double>(gpsimd.startup) + group * gpsimd.n_gather_rate);
  CHECK(static_cast<double>(cycles(group + 1)) ==
        2 * static_cast<double>(gpsimd.startup) + (group + 1) * gpsimd.n_gather_rate);
}

TEST_CASE("what streams through GpSimd is no routine") {
  const GpSimdParams gpsimd = params().gpsimd;
  const Operand fp32 = on_chip(Dtype::Fp32, 512);
  for (const Opcode opcode : {Opcode::TensorCopy, Opcode::Memset, Opcode::Rng, Opcode::Rand2}) {
    CHECK_FALSE(routine_cycles(routine(opcode, fp32, fp32), gpsimd));
  }
}

TEST_CASE("GpSimd has a start-up for position instructions and slow rates for the rest") {
  const EngineParams v2 = params();
  const auto on_gpsimd = [](StreamInstruction instruction) {
    instruction.engine = Engine::GpSimd;
    return instruction;
  };
  const StreamInstruction iota = make(Opcode::Iota, Engine::GpSimd, on_chip(Dtype::Int32, 512));
  CHECK(interval(iota, v2) == v2.gpsimd.startup + 512);
  CHECK(interval(on_gpsimd(tensor_tensor(Dtype::Fp32, 512)), v2) == 1024);
  CHECK(interval(on_gpsimd(copy(Dtype::Fp32, Dtype::Fp32, 512)), v2) == 512);
  StreamInstruction rsqrt = on_gpsimd(copy(Dtype::Fp32, Dtype::Fp32, 512));
  rsqrt.opcode = Opcode::TensorScalar;
  rsqrt.op0 = AluOp::Rsqrt;
  CHECK(interval(rsqrt, v2) == 2048);
}
