// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/activity.h"

#include <catch2/catch.hpp>

#include "tests/support/core_bench.h"

using namespace nsim;

namespace {

struct Bench {
  explicit Bench(isa::Engine engine = isa::Engine::Vector) : activity(engine, 0) {}
  double stat(const std::string& name, SimTime at) {
    Stats stats;
    activity.report(StatsScope(stats), at);
    return stats.value(name);
  }

  test::FreshKernel kernel;
  hw::Activity activity;
  hw::ExecutionContext context;
  isa::StreamInstruction nop = test::nop(isa::Engine::Vector);
};

}  // namespace

TEST_CASE("every moment of an execution belongs to one cause") {
  Bench bench;
  bench.activity.begin(bench.context, 0);
  bench.activity.idle(hw::Idle::Dma, 1000);
  bench.activity.busy(bench.nop, 3000, 9000, 0, 0);
  bench.activity.idle(hw::Idle::Port, 7000);
  bench.activity.busy(bench.nop, 8000, 9000, 0, 0);
  bench.activity.idle(hw::Idle::Drained, 9000);
  bench.activity.end(12000);
  CHECK(bench.stat("idle_fetch", 12000) == 1);
  CHECK(bench.stat("idle_dma", 12000) == 2);
  CHECK(bench.stat("busy", 12000) == 5);
  CHECK(bench.stat("idle_port", 12000) == 1);
  CHECK(bench.stat("idle_drained", 12000) == 3);
}

TEST_CASE("what was announced beyond the end of the execution does not count") {
  Bench bench(isa::Engine::Tensor);
  bench.activity.begin(bench.context, 0);
  bench.activity.load_weights(bench.nop, 1000, 1800);
  bench.activity.busy(bench.nop, 2000, 9000, 0, 0);
  bench.activity.busy(bench.nop, 6000, 12000, 0, 0);
  bench.activity.end(5000);
  CHECK(bench.stat("busy", 5000) == 4);
  CHECK(bench.stat("exposed_weight_load", 5000) == 1);
}

TEST_CASE("the time of an engine is told by kind of instruction, loads among them") {
  Bench bench(isa::Engine::Scalar);
  bench.activity.begin(bench.context, 0);
  bench.activity.load_table(bench.nop, 1000);
  bench.activity.busy(bench.nop, 4000, 9000, 0, 0);
  bench.activity.busy(bench.nop, 6000, 8000, 0, 0);
  bench.activity.idle(hw::Idle::Drained, 7000);
  bench.activity.end(9000);
  CHECK(bench.stat("ops.act_table_load.count", 9000) == 1);
  CHECK(bench.stat("ops.act_table_load.busy", 9000) == 3);
  CHECK(bench.stat("ops.nop.count", 9000) == 2);
  CHECK(bench.stat("ops.nop.busy", 9000) == 3);
  CHECK(bench.stat("ops.nop.latency", 9000) == 5 + 2);
  CHECK(bench.stat("busy", 9000) == 6);
}

TEST_CASE("a report in the middle of an execution counts up to that moment") {
  Bench bench;
  bench.activity.begin(bench.context, 0);
  bench.activity.busy(bench.nop, 1000, 5000, 0, 0);
  bench.activity.idle(hw::Idle::Drained, 5000);
  CHECK(bench.stat("busy", 2500) == 1.5);
  CHECK(bench.stat("idle_drained", 2500) == 0);
  CHECK(bench.stat("idle_fetch", 2500) == 1);
}

TEST_CASE("semaphores are put down to who increments them") {
  CHECK(hw::idle_for(isa::SemaphoreOwner::Dma) == hw::Idle::Dma);
  CHECK(hw::idle_for(isa::SemaphoreOwner::GpSimd) == hw::Idle::GpSimd);
  CHECK(hw::idle_for(isa::SemaphoreOwner::Mixed) == hw::Idle::Other);
  CHECK(hw::idle_for(isa::SemaphoreOwner::None) == hw::Idle::Other);
}

TEST_CASE("active time lasts from start to result, and overlaps count once") {
  Bench bench;
  bench.activity.begin(bench.context, 0);
  bench.activity.busy(bench.nop, 1000, 6000, 0, 0);
  bench.activity.busy(bench.nop, 3000, 7000, 0, 0);
  bench.activity.idle(hw::Idle::Dma, 4000);
  bench.activity.busy(bench.nop, 20000, 30000, 0, 0);
  CHECK(bench.stat("active", 500) == 0);
  CHECK(bench.stat("active", 5000) == 4);
  CHECK(bench.stat("active", 15000) == 6);
  CHECK(bench.stat("active", 21000) == 7);
  bench.activity.end(22000);
  CHECK(bench.stat("active", 50000) == 8);
}

TEST_CASE("what the throttle adds is part of busy, as far as it came to pass") {
  Bench bench(isa::Engine::Tensor);
  bench.activity.begin(bench.context, 0);
  bench.activity.busy(bench.nop, 1000, 6000, 2000, 0);
  bench.activity.busy(bench.nop, 5000, 9000, 2000, 0);
  CHECK(bench.stat("slow_throttle", 4000) == 2);
  bench.activity.end(6000);
  CHECK(bench.stat("slow_throttle", 6000) == 3);
  CHECK(bench.stat("throttled", 6000) == 5);
  CHECK(bench.stat("busy", 6000) == 5);
}
