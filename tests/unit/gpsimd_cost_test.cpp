// SPDX-License-Identifier: Apache-2.0
#include "sim/cost/gpsimd_cost.h"

#include <catch2/catch.hpp>

#include "sim/cost/cost.h"

using namespace nsim;
using namespace nsim::cost;
using isa::Opcode;
using isa::Operand;
using isa::StreamInstruction;
using num::Dtype;

namespace {

EngineParams params() {
  Config config = Config::parse("", "gpsimd_cost_test");
  return EngineParams(ParamScope(config, ""));
}

Operand tile(Dtype dtype, std::int32_t elements) {
  Operand operand;
  operand.dtype = dtype;
  operand.partitions = 128;
  operand.dims = 1;
  operand.dim[0] = {1, elements};
  return operand;
}

StreamInstruction make(Opcode opcode, const Operand& dst, const Operand& src0 = {},
                       const Operand& src1 = {}) {
  StreamInstruction made;
  made.opcode = opcode;
  made.engine = isa::Engine::GpSimd;
  made.dst = dst;
  made.src = {src0, src1};
  return made;
}

}  // namespace

TEST_CASE(
    "a routine takes the start-up and its rate, and that is the interval of its instruction") {
  const EngineParams engines = params();
  const GpSimdParams& gpsimd = engines.gpsimd;
  const auto check = [&](const StreamInstruction& instruction, double expected) {
    INFO(static_cast<int>(instruction.opcode));
    const auto routine = routine_cycles(instruction, gpsimd);
    REQUIRE(routine);
    CHECK(static_cast<double>(*routine) == static_cast<double>(gpsimd.startup) + expected);
    CHECK(instruction_cost(instruction, engines).interval == *routine);
    CHECK(instruction_cost(instruction, engines).latency ==
          gpsimd.access_setup + *routine + gpsimd.latency);
  };
  const Operand fp32 = tile(Dtype::Fp32, 512);
  check(make(Opcode::Iota, fp32), 512 * gpsimd.rate);
  check(make(Opcode::AffineSelect, fp32, fp32), 512 * gpsimd.rate);
  check(make(Opcode::TensorPartitionReduce, fp32, fp32), 512 * gpsimd.partition_reduce_rate);
  check(make(Opcode::SequenceBounds, tile(Dtype::Int32, 1024), fp32),
        512 * gpsimd.sequence_bounds_rate);
  check(make(Opcode::NonzeroWithCount, tile(Dtype::Int32, 513), fp32), 512 * gpsimd.nonzero_rate);
  StreamInstruction largest = make(Opcode::Topk, tile(Dtype::Bf16, 8), tile(Dtype::Bf16, 64));
  largest.count = 1000;
  check(largest, 1000 * gpsimd.topk_rate + 8 * gpsimd.topk_result_rate);
}

TEST_CASE("a local gather pays for each index and for the words its elements fill") {
  const GpSimdParams gpsimd = params().gpsimd;
  const auto cycles = [&](Dtype dtype, std::int64_t n, std::int64_t valid) {
    StreamInstruction gather =
        make(Opcode::LocalGather, tile(dtype, 4096), tile(dtype, 4096), tile(Dtype::Uint16, 4));
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
    const Operand all = tile(Dtype::Fp32, elements);
    return routine_cycles(make(Opcode::NcNGather, all, all, tile(Dtype::Uint32, elements)), gpsimd)
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
  const Operand fp32 = tile(Dtype::Fp32, 512);
  for (const Opcode opcode : {Opcode::TensorCopy, Opcode::Memset, Opcode::Rng, Opcode::Rand2}) {
    CHECK_FALSE(routine_cycles(make(opcode, fp32, fp32), gpsimd));
  }
}
