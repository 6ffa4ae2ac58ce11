// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/cc_stream.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <numeric>
#include <string>
#include <vector>

#include "tests/support/collectives.h"

using namespace nsim;
using namespace nsim::hw;
using namespace nsim::test;

namespace {

const std::string kTrn1 = NSIM_SOURCE_DIR "/configs/trn1.toml";
const std::string kTrn1x16 = NSIM_SOURCE_DIR "/configs/trn1_32xl.toml";
const std::string kTrn2 = NSIM_SOURCE_DIR "/configs/trn2.toml";
const std::string kTrn2Lnc1 = NSIM_SOURCE_DIR "/configs/trn2_lnc1.toml";

std::int32_t* words(InstanceBench& bench, std::uint64_t address, std::size_t count) {
  return reinterpret_cast<std::int32_t*>(bench.hardware().pointer(address, count * 4));
}

void fill(InstanceBench& bench, const Collectives& collectives, std::size_t ranks,
          std::size_t count) {
  for (std::size_t rank = 0; rank < ranks; ++rank) {
    std::iota(words(bench, collectives.input(rank), count),
              words(bench, collectives.input(rank), count) + count,
              static_cast<std::int32_t>(1000 * rank));
  }
}

}  // namespace

TEST_CASE("ranks of one device and of several get their results, and the traffic is counted") {
  struct Row {
    std::string config;
    std::vector<int> cores;
  };
  for (const Row& row :
       {Row{kTrn1, {0, 1}}, Row{kTrn2, {3, 0, 2}}, Row{kTrn2Lnc1, {0, 1, 2, 3, 4, 5, 6, 7}},
        Row{kTrn1x16, {0, 1, 2, 9, 20, 31}}}) {
    CAPTURE(row.config);
    InstanceBench bench(row.config);
    const std::size_t ranks = row.cores.size();
    const std::size_t count = 40 * ranks;
    Collectives collectives(bench, row.cores, count * 4);
    fill(bench, collectives, ranks, count);
    std::uint64_t order = 0;
    const auto sum = [&](std::size_t i) {
      return static_cast<std::int32_t>(1000 * ranks * (ranks - 1) / 2 + ranks * i);
    };
    for (const CollectiveOp op :
         {CollectiveOp::AllReduce, CollectiveOp::ReduceScatter, CollectiveOp::AllGather}) {
      collectives.submit_all(op, ++order);
      bench.run();
      for (std::size_t rank = 0; rank < ranks; ++rank) {
        REQUIRE(bench.results(collectives.unit(rank)).back() == DeviceError::None);
        const bool gather = op == CollectiveOp::AllGather;
        const std::size_t results = op == CollectiveOp::AllReduce ? count
                                    : gather                      ? count * ranks
                                                                  : count / ranks;
        const std::int32_t* result = words(bench, collectives.output(rank), results);
        bool right = true;
        for (std::size_t i = 0; i < results; ++i) {
          const std::size_t first = op == CollectiveOp::ReduceScatter ? rank * results : 0;
          right = right &&
                  result[i] == (gather ? static_cast<std::int32_t>(1000 * (i / count) + i % count)
                                       : sum(first + i));
        }
        CHECK(right);
      }
    }
    const std::string unit = "nd0.lnc" + std::to_string(row.cores[0]) + ".collectives0.";
    // Own share of the reduction, to all; own share again; the input to all.
    const double bytes = static_cast<double>(count) * 4;
    CHECK(bench.stat(unit + "moved_bytes") == bytes + bytes / ranks + bytes * ranks);
    CHECK(bench.stat(unit + "combined_bytes") == 2 * bytes / ranks);
    CHECK(bench.stat(unit + "collectives") == 3);
    CHECK(bench.stat(unit + "waited") > 0);
  }
}

TEST_CASE("a collective takes as long with numerics off, and touches nothing") {
  SimTime ended[2] = {0, 0};
  for (int off = 0; off < 2; ++off) {
    InstanceBench bench(kTrn1, {off == 1 ? "instance.numerics=off" : "instance.numerics=on"});
    Collectives collectives(bench, {0, 1}, 64000);
    fill(bench, collectives, 2, 16000);
    collectives.submit_all(CollectiveOp::AllReduce);
    bench.run();
    ended[off] = now();
    CHECK((words(bench, collectives.output(1), 1)[0] == 0) == (off == 1));
  }
  CHECK(ended[0] == ended[1]);
}

TEST_CASE("collectives of several queues are in flight at once, in any order between ranks") {
  InstanceBench bench(kTrn1);
  std::vector<std::unique_ptr<Collectives>> sets;
  for (std::uint64_t queue = 0; queue < 3; ++queue) {
    sets.push_back(std::make_unique<Collectives>(bench, std::vector<int>{0, 1}, 4000, queue << 20));
    fill(bench, *sets.back(), 2, 1000);
  }
  for (int queue = 0; queue < 3; ++queue) {
    Collectives& first = *sets[static_cast<std::size_t>(queue)];
    Collectives& second = *sets[static_cast<std::size_t>(2 - queue)];
    first.submit(0, first.make(CollectiveOp::AllReduce, 0), queue);
    second.submit(1, second.make(CollectiveOp::AllReduce, 1), 2 - queue);
  }
  bench.run();
  for (int queue = 0; queue < 3; ++queue) {
    Collectives& set = *sets[static_cast<std::size_t>(queue)];
    CHECK(bench.results(set.unit(0, queue)) == std::vector<DeviceError>{DeviceError::None});
    CHECK(words(bench, set.output(1), 1000)[999] == 1000 + 2 * 999);
  }
}

TEST_CASE("messages of operations that are still to come are kept") {
  InstanceBench bench(kTrn1);
  Collectives collectives(bench, {0, 1}, 400);
  fill(bench, collectives, 2, 100);
  for (std::uint64_t order = 1; order <= 3; ++order) {
    collectives.submit(0, collectives.make(CollectiveOp::AllReduce, 0, order));
  }
  bench.run();  // rank 0 waits
  CHECK(bench.results(collectives.unit(0)).empty());
  for (std::uint64_t order = 1; order <= 3; ++order) {
    collectives.submit(1, collectives.make(CollectiveOp::AllReduce, 1, order));
  }
  bench.run();
  CHECK(bench.results(collectives.unit(0)) == std::vector<DeviceError>(3, DeviceError::None));
  CHECK(bench.results(collectives.unit(1)) == std::vector<DeviceError>(3, DeviceError::None));
}

TEST_CASE("ranks find each other when only the later one knows both cores") {
  InstanceBench bench(kTrn1);
  Collectives collectives(bench, {0, 1}, 400);
  Collective first = collectives.make(CollectiveOp::AllReduce, 0);
  first.cores[1] = kUnknownCore;
  collectives.submit(0, first);
  bench.run();
  collectives.submit(1, collectives.make(CollectiveOp::AllReduce, 1));
  bench.run();
  CHECK(bench.results(collectives.unit(0)) == std::vector<DeviceError>{DeviceError::None});
  CHECK(bench.results(collectives.unit(1)) == std::vector<DeviceError>{DeviceError::None});
}

TEST_CASE("ranks that disagree all fail and go on") {
  InstanceBench bench(kTrn1);
  Collectives collectives(bench, {0, 1}, 400);
  collectives.submit(0, collectives.make(CollectiveOp::AllReduce, 0));
  collectives.submit(1, collectives.make(CollectiveOp::AllReduce, 1, 1, num::ElementType::Fp32));
  collectives.submit_all(CollectiveOp::AllReduce, 2);
  bench.run();
  const std::vector<DeviceError> expected{DeviceError::BadDescriptor, DeviceError::None};
  CHECK(bench.results(collectives.unit(0)) == expected);
  CHECK(bench.results(collectives.unit(1)) == expected);
}

TEST_CASE("a rank that never comes: the wait ends at its deadline, but not by itself") {
  InstanceBench bench(kTrn1);
  Collectives collectives(bench, {0, 1}, 400);
  bench.write_register(collectives.unit(0), kTimeout, static_cast<std::uint64_t>(kMillisecond));
  collectives.submit(0, collectives.make(CollectiveOp::AllReduce, 0));
  bench.run();
  CHECK(bench.results(collectives.unit(0)).empty());
  CHECK(now() < kMillisecond);
  const SimTime deadline = bench.hardware().host_deadline();
  CHECK(deadline > kMillisecond);
  bench.hardware().expire_host_deadlines();
  CHECK(bench.hardware().host_deadline() == kNever);
  bench.run();
  CHECK(bench.results(collectives.unit(0)) ==
        std::vector<DeviceError>{DeviceError::CollectiveStuck});
  CHECK(bench.entries(collectives.unit(0)).back().notification.timestamp ==
        static_cast<std::uint64_t>(deadline));
}

TEST_CASE("a transfer that fails is its rank's error, the other rank's wait ends by itself") {
  InstanceBench bench(kTrn1);
  Collectives collectives(bench, {0, 1}, 64000);
  for (std::size_t rank = 0; rank < 2; ++rank) {
    bench.write_register(collectives.unit(rank), kTimeout,
                         static_cast<std::uint64_t>(kMillisecond));
  }
  bench.hardware().inject(collectives.unit(1), DeviceError::DmaAbort, 0);
  collectives.submit_all(CollectiveOp::AllReduce);
  bench.run();
  CHECK(bench.results(collectives.unit(0)) ==
        std::vector<DeviceError>{DeviceError::CollectiveStuck});
  CHECK(bench.results(collectives.unit(1)) == std::vector<DeviceError>{DeviceError::DmaAbort});
}

TEST_CASE("buffers outside of device memory are refused, and units that do no collectives") {
  InstanceBench bench(kTrn1);
  Collectives collectives(bench, {0}, 400);
  Collective wrong = collectives.make(CollectiveOp::AllReduce, 0);
  wrong.buffers[0].output = 1ULL << 47;
  collectives.submit(0, wrong);
  bench.run();
  CHECK(bench.results(collectives.unit(0)) == std::vector<DeviceError>{DeviceError::BadDescriptor});
  RequestDescriptor descriptor;
  descriptor.opcode = RequestOpcode::Collective;
  bench.submit(unit(UnitType::TensorOp), descriptor);
  bench.run();
  CHECK(bench.results(unit(UnitType::TensorOp)) ==
        std::vector<DeviceError>{DeviceError::BadDescriptor});
}
