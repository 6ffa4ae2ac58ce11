// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/dma_queues.h"

#include <catch2/catch.hpp>

using namespace nsim;
using namespace nsim::hw;

namespace {

isa::StreamInstruction transfer(isa::Engine engine, std::uint8_t queue, isa::DgeMode dge) {
  isa::StreamInstruction made;
  made.opcode = isa::Opcode::DmaCopy;
  made.engine = engine;
  made.queue = queue;
  made.dge = dge;
  return made;
}

}  // namespace

TEST_CASE("a queue is called after its engine, how descriptors are made, and its number") {
  using isa::DgeMode;
  using isa::Engine;
  CHECK(queue_name(transfer(Engine::Sync, 0, DgeMode::None)) == "qSyncIO0");
  CHECK(queue_name(transfer(Engine::Tensor, 3, DgeMode::None)) == "qTensorIO3");
  CHECK(queue_name(transfer(Engine::Scalar, 0, DgeMode::Hwdge)) == "qScalarDynamicHW");
  CHECK(queue_name(transfer(Engine::GpSimd, 2, DgeMode::Swdge)) == "qGpSimdDynamic2");
  CHECK(queue_name(transfer(Engine::GpSimd, 0, DgeMode::GpSimd)) == "qGpSimdOwn");
}

TEST_CASE("transfers of one ring are of several queues when their descriptors are made otherwise") {
  DmaQueues queues;
  const auto sync = transfer(isa::Engine::Sync, 1, isa::DgeMode::None);
  DmaQueue& first = queues.of(sync);
  CHECK(&queues.of(sync) == &first);
  CHECK(&queues.of(transfer(isa::Engine::Sync, 1, isa::DgeMode::Hwdge)) != &first);
  CHECK(&queues.of(transfer(isa::Engine::Sync, 2, isa::DgeMode::None)) != &first);
  CHECK(&queues.of(transfer(isa::Engine::Scalar, 1, isa::DgeMode::None)) != &first);
}

TEST_CASE("queues that were used are reported, the others are not there") {
  DmaQueues queues;
  DmaQueue& queue = queues.of(transfer(isa::Engine::Sync, 0, isa::DgeMode::None));
  queue.transfers = 3;
  queue.bytes = 4096;
  queue.latency = 5 * kNanosecond;
  Stats stats;
  queues.report(StatsScope(stats));
  CHECK(stats.all().size() == 3);
  CHECK(stats.value("queue.qSyncIO0.transfers") == 3);
  CHECK(stats.value("queue.qSyncIO0.bytes") == 4096);
  CHECK(stats.value("queue.qSyncIO0.latency") == 5);
}
