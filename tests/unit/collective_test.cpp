// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/collective.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <map>
#include <set>
#include <vector>

using namespace nsim;
using namespace nsim::hw;

namespace {

constexpr std::uint64_t kInput = 1 << 20;
constexpr std::uint64_t kOutput = 2 << 20;
constexpr std::uint64_t kPerRank = 16 << 20;

/// Int32 buffers of every rank, at places of their own.
Collective collective(CollectiveOp op, std::uint32_t rank, std::uint32_t ranks, std::uint64_t bytes,
                      bool in_place = false) {
  Collective result;
  result.header.op = op;
  result.header.type = static_cast<std::uint8_t>(num::ElementType::Int32);
  result.header.rank = rank;
  result.header.ranks = ranks;
  result.cores.resize(ranks, kUnknownCore);
  const std::uint64_t base = rank * kPerRank;
  result.buffers = {{base + (in_place ? kOutput : kInput), base + kOutput, bytes}};
  return result;
}

/// Executes the phases of all ranks in turn on a memory of int32, rank by rank, as unfavourably as
/// phases allow.
std::map<std::uint64_t, std::int32_t> execute(CollectiveOp op, std::uint32_t ranks,
                                              std::uint64_t elements, std::size_t sources,
                                              bool in_place = false) {
  std::map<std::uint64_t, std::int32_t> memory;
  std::vector<Collective> all;
  std::vector<std::vector<CollectiveBuffer>> buffers;
  for (std::uint32_t r = 0; r < ranks; ++r) {
    all.push_back(collective(op, r, ranks, elements * 4, in_place));
    buffers.push_back(all.back().buffers);
    for (std::uint64_t i = 0; i < elements; ++i) {
      memory[all[r].buffers[0].input + 4 * i] = static_cast<std::int32_t>(1000 * (r + 1) + i);
    }
  }
  for (std::uint32_t k = ranks; k-- > 0;) {  // the last rank is through before the first begins
    for (const CollectivePhase& phase : mesh_phases(all[k], buffers, sources)) {
      for (const CollectiveMove& move : phase) {
        for (std::uint64_t at = 0; at < move.bytes; at += 4) {
          std::int32_t sum = 0;
          for (const std::uint64_t source : move.sources) {
            sum += memory.at(source + at);
          }
          memory[move.destination + at] = sum;
        }
      }
    }
  }
  return memory;
}

}  // namespace

TEST_CASE("every rank gets what the collective promises, however far ahead the others are") {
  for (const std::uint32_t ranks : {1U, 2U, 3U, 8U, 33U}) {
    for (const std::size_t sources : {std::size_t{2}, std::size_t{16}}) {
      for (const std::uint64_t each : {1U, 5U}) {
        CAPTURE(ranks, sources, each);
        const auto sum = [&](std::uint64_t i) {
          return static_cast<std::int32_t>(1000 * ranks * (ranks + 1) / 2 + ranks * i);
        };
        const auto gathered = execute(CollectiveOp::AllGather, ranks, each, sources);
        const auto scattered = execute(CollectiveOp::ReduceScatter, ranks, each * ranks, sources);
        const auto reduced = execute(CollectiveOp::AllReduce, ranks, each, sources);
        const auto in_place = execute(CollectiveOp::AllReduce, ranks, each, sources, true);
        bool right = true;
        for (std::uint32_t r = 0; r < ranks; ++r) {
          const std::uint64_t output = r * kPerRank + kOutput;
          for (std::uint64_t i = 0; i < each; ++i) {
            for (std::uint32_t from = 0; from < ranks; ++from) {
              right = right && gathered.at(output + 4 * (from * each + i)) ==
                                   static_cast<std::int32_t>(1000 * (from + 1) + i);
            }
            right = right && scattered.at(output + 4 * i) == sum(r * each + i);
            right = right && reduced.at(output + 4 * i) == sum(i);
            right = right && in_place.at(output + 4 * i) == sum(i);
          }
        }
        CHECK(right);
      }
    }
  }
}

TEST_CASE("a rank writes to the others in the order of their distance") {
  std::vector<std::vector<CollectiveBuffer>> buffers;
  for (std::uint32_t r = 0; r < 4; ++r) {
    buffers.push_back(collective(CollectiveOp::AllGather, r, 4, 64).buffers);
  }
  const auto phases = mesh_phases(collective(CollectiveOp::AllGather, 2, 4, 64), buffers, 16);
  REQUIRE(phases.size() == 1);
  std::vector<std::uint64_t> targets;
  for (const CollectiveMove& move : phases[0]) {
    targets.push_back(move.destination / kPerRank);
  }
  CHECK(targets == std::vector<std::uint64_t>{2, 3, 0, 1});
}

TEST_CASE("a collective survives its table; tables that contradict themselves are refused") {
  Collective sent = collective(CollectiveOp::ReduceScatter, 1, 3, 36);
  sent.header.communicator = 7;
  sent.header.order = 1ULL << 40;
  sent.cores = {4, kUnknownCore, 6};
  const std::vector<std::uint64_t> table = sent.table();
  const auto received = Collective::parse(table);
  REQUIRE(received);
  CHECK(received->table() == table);
  CHECK(received->output_bytes(received->buffers[0]) == 12);
  CHECK(received->matches(sent.header, sent.buffers));
  sent.header.combine = 1;
  CHECK_FALSE(received->matches(sent.header, sent.buffers));

  CHECK_FALSE(Collective::parse({}));
  std::vector<std::uint64_t> shorter = table;
  shorter.pop_back();
  CHECK_FALSE(Collective::parse(shorter));
  sent.header.combine = 9;
  CHECK_FALSE(Collective::parse(sent.table()));
  sent.header.combine = 0;
  sent.header.rank = 3;
  CHECK_FALSE(Collective::parse(sent.table()));
  sent.header.rank = 0;
  sent.buffers[0].bytes = 40;  // ten elements over three ranks
  CHECK_FALSE(Collective::parse(sent.table()));
}
