// SPDX-License-Identifier: Apache-2.0
// The cells of the registry at units of collectives. Rank 0 meets the fault; the others wait for it
// and get R68's status when they wait in vain. Two ranks, and four on two devices; in generation C
// the cells take turns at its queues.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <map>
#include <tuple>

#include "tests/conformance/ranks.h"
#include "tests/faults/rank_bench.h"

using namespace nsim::test;

namespace {

constexpr NRT_STATUS kStuck = NRT_EXEC_HW_ERR_COLLECTIVES;
constexpr NRT_STATUS kGone = NRT_EXEC_UNIT_UNRECOVERABLE;
// Nobody sleeps on the descriptors.
constexpr const char* kTimes =
    "runtime.collectives_timeout=200us;clock.patience=50ms;clock.grace=1000s;";

/// Where the ranks are.
struct Place {
  std::uint32_t ranks = 2;
  bool devices = false;  // half of them are on a second device
  int queue = 0;

  bool operator<(const Place& other) const {
    return std::tie(ranks, devices, queue) < std::tie(other.ranks, other.devices, other.queue);
  }
  /// Half of the ranks, the first ones.
  bool beside_rank_0(std::uint32_t rank) const { return !devices || rank < ranks / 2; }
  std::string settings() const {
    return std::string(kTimes) + (devices ? "instance.devices=2;neuron_link.topology=line;" : "") +
           kSeldomPolls;
  }
  /// Logical cores by rank, in a session with these settings.
  std::vector<std::uint32_t> cores() const {
    std::vector<std::uint32_t> cores;
    for (std::uint32_t rank = 0; rank < ranks; ++rank) {
      cores.push_back(beside_rank_0(rank) ? rank : core_count() / 2 + rank - ranks / 2);
    }
    return cores;
  }
};

struct Outcome {
  std::vector<Statuses> of_rank;  // of the request that meets the fault, and the one behind it
  NRT_STATUS afterwards = NRT_SUCCESS;
  std::map<std::uint32_t, Others> others;  // by rank; those that the fault leaves alone
};

/// The collective after the two: of all ranks, when rank 0's unit takes one.
NRT_STATUS run_afterwards(Ranks& ranks) {
  nrta_seq_t sequence = 0;
  const NRT_STATUS status = ranks.schedule(0, &sequence);
  if (status != NRT_SUCCESS) {
    return status;
  }
  Sequences sequences = {sequence};
  for (std::size_t rank = 1; rank < ranks.count(); ++rank) {
    sequences.push_back(ranks.start(rank));
  }
  for (std::size_t rank = 1; rank < ranks.count(); ++rank) {
    CHECK(ranks.end_of(rank, sequences[rank]) == NRT_SUCCESS);
  }
  return ranks.end_of(0, sequence);
}

/// The other units, of those ranks whose device is there; and collectives on another queue, of
/// these ranks.
void run_others(Client& client, const Place& place, std::vector<Core>& cores, bool gone,
                Outcome& outcome) {
  const std::vector<std::uint32_t> at = place.cores();
  std::vector<std::uint32_t> there;
  for (std::uint32_t rank = 0; rank < place.ranks; ++rank) {
    if (gone && place.beside_rank_0(rank)) {
      continue;
    }
    there.push_back(rank);
    Others& others = outcome.others[rank];
    for (const char* type : {"tensor_write", "tensor_read", "tensor_op"}) {
      run_one(type, cores[rank], 0, others);
    }
    if (place.beside_rank_0(rank) == place.beside_rank_0(rank ^ 1U)) {
      run_across(at[rank ^ 1U], cores[rank], others);
    }
    run_one("compute", cores[rank], 0, others);
    others.results = Client::read(cores[rank].job.y);
  }
  const int queues = collectives_queues();
  if (queues > 1 && !there.empty()) {
    Ranks elsewhere(client, at, (place.queue + 1) % queues, there);
    CHECK(elsewhere.run() == Statuses(there.size(), NRT_SUCCESS));
    elsewhere.check();
  }
}

Outcome run(const std::string& plan, std::size_t skip, const Place& place, bool gone) {
  Client client({{"NSIM_SET", place.settings()}});
  std::vector<Core> cores;
  for (const std::uint32_t core : place.cores()) {
    cores.emplace_back(client, static_cast<int>(core));
  }
  Ranks ranks(client, place.cores(), place.queue);
  for (std::size_t i = 0; i < skip; ++i) {
    CHECK(ranks.run() == Statuses(place.ranks, NRT_SUCCESS));
  }
  if (!plan.empty()) {
    REQUIRE(nsim_hook_inject_plan(plan.c_str()) == NRT_SUCCESS);
  }
  Outcome outcome;
  outcome.of_rank = ranks.run_together(2);
  outcome.afterwards = run_afterwards(ranks);
  run_others(client, place, cores, gone, outcome);
  ranks.check();
  nrt_close();
  nrta_seq_t sequence = 0;
  CHECK(nrta_get_sequence(0, NRTA_XU_COLLECTIVES, 0, &sequence) == NRT_CLOSED);
  return outcome;
}

/// Whether the other ranks need something from rank 0 that the fault keeps back.
bool leaves_peers_waiting(const nsim_fault_cell_t& cell) {
  return cell.status != NRT_SUCCESS && !is(cell.phase, "rank_done") &&
         !is(cell.phase, "completion") && !is(cell.phase, "interrupt");
}

void check_peer(const nsim_fault_cell_t& cell, const Statuses& peer, bool beside_rank_0) {
  const bool gone = is(cell.point, "device_gone");
  if (gone && beside_rank_0) {
    // It was on the same device: its first request that had not been reported goes with it.
    const bool first = peer[0] != NRT_SUCCESS;
    CHECK((first || is(cell.phase, "completion")));
    CHECK(peer == (first ? Statuses{NRT_HW_ERROR, kGone} : Statuses{NRT_SUCCESS, NRT_HW_ERROR}));
    return;
  }
  // A device that answers the host no more does what it has begun, and its peers' next one with it:
  // that has been fetched.
  CHECK(peer == (leaves_peers_waiting(cell) ? Statuses{kStuck, kGone}
                 : cell.fatal && !gone      ? Statuses{NRT_SUCCESS, kStuck}
                                            : Statuses{NRT_SUCCESS, NRT_SUCCESS}));
}

void check(const nsim_fault_cell_t& cell, const Place& place, const Outcome& outcome,
           const Outcome& without) {
  const bool waits = leaves_peers_waiting(cell);
  CHECK(outcome.of_rank[0] == Statuses{cell.status, cell.fatal ? kGone
                                                    : waits    ? kStuck
                                                               : NRT_SUCCESS});
  CHECK(outcome.afterwards == (cell.fatal || waits ? kGone : NRT_SUCCESS));
  for (std::uint32_t rank = 1; rank < place.ranks; ++rank) {
    INFO("rank " << rank);
    check_peer(cell, outcome.of_rank[rank], place.beside_rank_0(rank));
  }
  for (const auto& [rank, others] : outcome.others) {
    INFO("other units of rank " << rank);
    CHECK(others.results == without.others.at(rank).results);
    CHECK((!step_clock() || others.times == without.others.at(rank).times));
  }
}

/// As in the matrix of the other units: the ring of rank 0's unit fills. The request that finds no
/// room does not begin.
void check_drain(const nsim_fault_cell_t& cell, std::size_t skip, const Place& place) {
  constexpr std::size_t kDepth = 4;
  constexpr std::size_t kFits = (4 * kDepth - 2) / 2;
  Client client({{"NSIM_SET", fmt::format("{};runtime.queue_depth={}", place.settings(), kDepth)}});
  Ranks ranks(client, place.cores(), place.queue);
  for (std::size_t i = 0; i < skip; ++i) {
    CHECK(ranks.run() == Statuses(place.ranks, NRT_SUCCESS));
  }
  const std::string plan = plan_for(cell, "repeat = 0", place.queue);
  REQUIRE(nsim_hook_inject_plan(plan.c_str()) == NRT_SUCCESS);
  for (std::size_t i = 0; i < kFits; ++i) {
    INFO("request " << i);
    CHECK(ranks.run() == Statuses(place.ranks, NRT_SUCCESS));
  }
  Statuses expected(place.ranks, kStuck);
  expected[0] = cell.status;
  CHECK(ranks.run() == expected);
  ranks.check();
}

void check_cells(std::uint32_t ranks, bool always_devices) {
  std::size_t count = 0;
  for (const std::size_t skip : {0, 2}) {
    std::map<Place, Outcome> without;
    for (const nsim_fault_cell_t& each : fault_cells()) {
      if (!is(each.unit, "collectives")) {
        continue;
      }
      const nsim_fault_cell_t cell = documented(each);
      Place place{ranks, always_devices || is(cell.point, "neuron_link_failure"), 0};
      place.queue = static_cast<int>(count++) % collectives_queues();
      INFO(cell.point << ", " << cell.phase << ", after " << skip << ", queue " << place.queue);
      if (is(cell.phase, "drain")) {
        check_drain(cell, skip, place);
        continue;
      }
      if (without.count(place) == 0) {
        without[place] = run("", skip, place, false);
      }
      // A doorbell announces both requests that are there.
      const std::size_t request = is(cell.phase, "doorbell") ? skip + 2 : skip + 1;
      const std::string plan = plan_for(cell, fmt::format("request = {}", request), place.queue);
      check(cell, place, run(plan, skip, place, is(cell.point, "device_gone")), without[place]);
    }
  }
  std::printf(
      "fault matrix: all %zu cells of collectives, %u ranks, at the first and at the third "
      "request\n",
      count / 2, ranks);
}

}  // namespace

TEST_CASE("R68 every cell at a unit of collectives ends as it says, and no rank waits for ever") {
  check_cells(2, false);
}

TEST_CASE("R68 every cell of collectives with four ranks on two devices") {
  check_cells(4, true);
}
