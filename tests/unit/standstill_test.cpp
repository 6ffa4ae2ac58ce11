// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/standstill.h"

#include <catch2/catch.hpp>

#include "tests/support/core_bench.h"

using namespace nsim;
using isa::Engine;
using test::CoreBench;
using test::StreamMaker;
using Lines = std::vector<std::string>;

TEST_CASE("a core whose engines wait says for what: semaphores, who adds to them, transfers") {
  CoreBench bench;
  StreamMaker maker;
  maker.owner(1, isa::SemaphoreOwner::Dma);
  isa::StreamInstruction copy =
      test::copy(Engine::Vector, test::in_sbuf(0, 64), test::in_sbuf(1024, 64));
  copy.line = 12;
  copy.label = 1;
  maker.add(test::dma(Engine::Sync), {}, {{1, 16}});
  maker.add(copy, {{1, 16}, {2, 3}});
  maker.add(test::nop(Engine::Scalar), {{1, 17}});
  bench.start(maker.streams());

  bench.kernel.run_until(bench.first_issue() + CoreBench::kDmaLatency / 2);
  CHECK(bench.core().standstill() ==
        Lines{"vector at tensor_copy, line 12 (operator \"layer\"): waits for semaphore 1 >= 16, "
              "which is 0 and transfers add to",
              "scalar at nop: waits for semaphore 1 >= 17, which is 0 and transfers add to",
              "dma: transfers under way: 1"});
  bench.kernel.run();
  CHECK(bench.core().standstill() ==
        Lines{"vector at tensor_copy, line 12 (operator \"layer\"): waits for semaphore 2 >= 3, "
              "which is 0 and nothing adds to",
              "scalar at nop: waits for semaphore 1 >= 17, which is 16 and transfers add to"});
  bench.core().abort(hw::DeviceError::Hang);
  CHECK(bench.core().standstill().empty());
}

TEST_CASE("a core that waits for another one, or hangs, says so") {
  CoreBench bench({}, false, 2);
  StreamMaker maker(2);
  maker.add(test::instruction(Engine::Sync, isa::Opcode::CoreBarrier), {}, {}, 0);
  maker.add(test::nop(Engine::Scalar), {}, {}, 1);
  bench.core(1).hang();
  bench.start(maker.streams());
  bench.kernel.run();
  CHECK(bench.core(0).standstill() ==
        Lines{"sync at core_barrier: waits for the other cores at a barrier"});
  CHECK(bench.core(1).standstill() ==
        Lines{"scalar at nop: hangs: the instruction does not retire"});
}

TEST_CASE("a semaphore is called by its name where it has one") {
  isa::Streams streams;
  streams.semaphores = {"loaded"};
  const isa::StreamInstruction waiting = test::nop(Engine::Tensor);
  hw::Standstill standstill;
  standstill.instruction = &waiting;
  standstill.cause = hw::Standstill::Cause::Semaphore;
  standstill.wait = {0, 2};
  standstill.value = 1;
  standstill.owner = isa::SemaphoreOwner::Vector;
  CHECK(hw::text(standstill, streams) ==
        "tensor at nop: waits for semaphore loaded >= 2, which is 1 and vector adds to");
}
