// SPDX-License-Identifier: Apache-2.0
// The cells of the registry at units of collectives. Rank 0 meets the fault; rank 1 waits for it
// and gets R68's status when it waits in vain.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <map>

#include "tests/conformance/ranks.h"
#include "tests/faults/fault_bench.h"

using namespace nsim::test;

namespace {

constexpr std::size_t kBytes = 16384;
using Statuses = std::vector<NRT_STATUS>;

/// Two ranks, each with a tensor that all-reduces go to in place.
class Ranks {
 public:
  Ranks(Client& client, std::uint32_t peer) : cores_{0, peer} {
    for (std::uint32_t rank = 0; rank < 2; ++rank) {
      REQUIRE(nrt_cc_global_comm_init(cores_[rank], rank, 2) == NRT_SUCCESS);
      tensors_.push_back(client.tensor(kBytes, static_cast<int>(cores_[rank])));
      trackers_.push_back(client.tracker(static_cast<int>(cores_[rank])));
    }
  }

  NRT_STATUS schedule(std::uint32_t rank, nrta_seq_t* sequence) {
    nrt_cc_comm_t comm{};
    comm.rank = rank;
    comm.rank_n = 2;
    comm.ctx_device_id = rank;
    comm.ctx_device_count = 2;
    comm.vnc = cores_[rank];
    nrt_tensor_list_t list{&tensors_[rank], 1};
    nrt_cc_context_t* context = nullptr;
    REQUIRE(nrta_cc_prepare(&comm, &list, &list, NRT_DTYPE_INT32, NRT_OP_ADD, NRT_CC_ALLREDUCE,
                            &context) == NRT_SUCCESS);
    return nrta_cc_schedule(&context, 0, trackers_[rank], sequence);
  }
  nrta_seq_t start(std::uint32_t rank) {
    nrta_seq_t sequence = 0;
    REQUIRE(schedule(rank, &sequence) == NRT_SUCCESS);
    return sequence;
  }
  NRT_STATUS status(std::uint32_t rank, nrta_seq_t sequence) const {
    return error_of(trackers_[rank], sequence);
  }
  /// One collective of both ranks; what rank 0 ended with.
  NRT_STATUS run() {
    const nrta_seq_t sequences[] = {start(0), start(1)};
    Client::wait(sequences[0]);
    Client::wait(sequences[1]);
    return status(0, sequences[0]);
  }
  void pause() const {
    for (const std::uint32_t core : cores_) {
      REQUIRE(nsim_hook_pause(core, NRTA_XU_COLLECTIVES, 0, true) == NRT_SUCCESS);
    }
  }
  /// Rank 1 first: what it takes part in is at its unit before rank 0 meets the fault, however long
  /// the host takes in between.
  void go_on() const {
    for (const std::uint32_t core : {cores_[1], cores_[0]}) {
      REQUIRE(nsim_hook_pause(core, NRTA_XU_COLLECTIVES, 0, false) == NRT_SUCCESS);
    }
  }

 private:
  const std::uint32_t cores_[2];
  std::vector<nrt_tensor_t*> tensors_;
  std::vector<nrta_error_tracker_t*> trackers_;
};

struct Outcome {
  Statuses own;   // of rank 0: the request that meets the fault, and the one behind it
  Statuses peer;  // of rank 1, which takes part in both
  NRT_STATUS afterwards = NRT_SUCCESS;
  Others others;
};

/// Links are between devices.
bool needs_devices(const nsim_fault_cell_t& cell) {
  return is(cell.point, "neuron_link_failure");
}

Outcome run(const std::string& plan, std::size_t skip, bool devices, bool gone) {
  Client client({{"NSIM_SET", std::string("runtime.collectives_timeout=200us;clock.patience=25ms") +
                                  (devices ? ";instance.devices=2;neuron_link.topology=line" : "")},
                 {"NSIM_CONFIG", "trn1"}});
  const std::uint32_t peer = devices ? 2 : 1;  // two cores per device
  Core own_core(client, 0);
  Core peer_core(client, static_cast<int>(peer));
  Ranks ranks(client, peer);
  for (std::size_t i = 0; i < skip; ++i) {
    CHECK(ranks.run() == NRT_SUCCESS);
  }
  if (!plan.empty()) {
    REQUIRE(nsim_hook_inject_plan(plan.c_str()) == NRT_SUCCESS);
  }
  ranks.pause();
  std::vector<std::vector<nrta_seq_t>> sequences(2);
  for (std::uint32_t rank = 0; rank < 2; ++rank) {
    sequences[rank] = {ranks.start(rank), ranks.start(rank)};
  }
  ranks.go_on();
  Outcome outcome;
  for (std::uint32_t rank = 0; rank < 2; ++rank) {
    for (const nrta_seq_t sequence : sequences[rank]) {
      Client::wait(sequence);
      (rank == 0 ? outcome.own : outcome.peer).push_back(ranks.status(rank, sequence));
    }
  }
  nrta_seq_t sequence = 0;
  outcome.afterwards = ranks.schedule(0, &sequence);
  if (outcome.afterwards == NRT_SUCCESS) {
    Client::wait(ranks.start(1));
    Client::wait(sequence);
    outcome.afterwards = ranks.status(0, sequence);
  }
  if (!gone) {
    for (const char* type : {"tensor_write", "tensor_read", "tensor_op", "compute"}) {
      run_one(type, own_core, 0, outcome.others);
      run_one(type, peer_core, 0, outcome.others);
    }
    outcome.others.results = Client::read(own_core.job.y);
  }
  nrt_close();
  CHECK(nrta_get_sequence(0, NRTA_XU_COLLECTIVES, 0, &sequence) == NRT_CLOSED);
  return outcome;
}

/// Whether rank 1 needs something from rank 0 that the fault keeps back.
bool leaves_peer_waiting(const nsim_fault_cell_t& cell) {
  return cell.status != NRT_SUCCESS && !is(cell.phase, "rank_done") &&
         !is(cell.phase, "completion") && !is(cell.phase, "interrupt");
}

void check(const nsim_fault_cell_t& cell, const Outcome& outcome, const Outcome& without) {
  constexpr NRT_STATUS kStuck = NRT_EXEC_HW_ERR_COLLECTIVES;
  constexpr NRT_STATUS kGone = NRT_EXEC_UNIT_UNRECOVERABLE;
  const bool waits = leaves_peer_waiting(cell);
  CHECK(outcome.own == Statuses{cell.status, cell.fatal ? kGone : waits ? kStuck : NRT_SUCCESS});
  CHECK(outcome.afterwards == (cell.fatal || waits ? kGone : NRT_SUCCESS));
  if (is(cell.point, "device_gone")) {
    // Rank 1 is on the same device: its first request that had not been reported goes with it.
    const bool first = outcome.peer[0] != NRT_SUCCESS;
    CHECK((first || is(cell.phase, "completion")));
    CHECK(outcome.peer ==
          (first ? Statuses{NRT_HW_ERROR, kGone} : Statuses{NRT_SUCCESS, NRT_HW_ERROR}));
    return;
  }
  CHECK(outcome.peer == (waits        ? Statuses{kStuck, kGone}
                         : cell.fatal ? Statuses{NRT_SUCCESS, kStuck}
                                      : Statuses{NRT_SUCCESS, NRT_SUCCESS}));
  CHECK(outcome.others.results == without.others.results);
  CHECK((!step_clock() || outcome.others.times == without.others.times));
}

/// As in the matrix of the other units: the ring of rank 0's unit fills.
void check_drain(const nsim_fault_cell_t& cell, std::size_t skip) {
  constexpr std::size_t kDepth = 4;
  constexpr std::size_t kFits = (4 * kDepth - 2) / 2;
  Client client({{"NSIM_SET", fmt::format("runtime.queue_depth={};clock.patience=25ms;"
                                          "runtime.collectives_timeout=200us",
                                          kDepth)}});
  Ranks ranks(client, 1);
  for (std::size_t i = 0; i < skip; ++i) {
    CHECK(ranks.run() == NRT_SUCCESS);
  }
  REQUIRE(nsim_hook_inject_plan(plan_for(cell, "repeat = 0").c_str()) == NRT_SUCCESS);
  for (std::size_t i = 0; i < kFits; ++i) {
    INFO("request " << i);
    CHECK(ranks.run() == NRT_SUCCESS);
  }
  CHECK(ranks.run() == cell.status);
}

}  // namespace

TEST_CASE("R68 every cell at a unit of collectives ends as it says, and no rank waits for ever") {
  std::size_t count = 0;
  for (const std::size_t skip : {0, 2}) {
    std::map<bool, Outcome> without;
    for (const nsim_fault_cell_t& each : fault_cells()) {
      if (!is(each.unit, "collectives")) {
        continue;
      }
      ++count;
      const nsim_fault_cell_t cell = documented(each);
      INFO(cell.point << ", " << cell.phase << ", after " << skip);
      if (is(cell.phase, "drain")) {
        check_drain(cell, skip);
        continue;
      }
      const bool devices = needs_devices(cell);
      if (without.count(devices) == 0) {
        without[devices] = run("", skip, devices, false);
      }
      // A doorbell announces both requests that are there.
      const std::size_t request = is(cell.phase, "doorbell") ? skip + 2 : skip + 1;
      const Outcome outcome = run(plan_for(cell, fmt::format("request = {}", request)), skip,
                                  devices, is(cell.point, "device_gone"));
      check(cell, outcome, without[devices]);
    }
  }
  std::printf("fault matrix: all %zu cells of collectives, at the first and at the third request\n",
              count / 2);
}
