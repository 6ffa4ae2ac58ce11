// SPDX-License-Identifier: Apache-2.0
// The matrix of the registry of fault points: every point in every phase on every type of unit that
// goes through it, at the first and at a later request. The request that meets it gets its one
// status, those behind it what the contract says, and nobody else notices.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "tests/faults/generation.h"

using namespace nsim::test;

namespace {

constexpr std::size_t kRequests = 4;

nrta_xu_t xu_of(const std::string& unit) {
  return unit == "tensor_read"    ? NRTA_XU_TENSOR_READ
         : unit == "tensor_write" ? NRTA_XU_TENSOR_WRITE
         : unit == "tensor_op"    ? NRTA_XU_TENSOR_OP
                                  : NRTA_XU_COMPUTE;
}

/// The unit that meets the fault, what it does, and whether it meets it.
struct Trial {
  std::string unit;
  std::string operation;
  std::string plan;  // "" for a run without faults
  std::size_t skip = 0;
  bool device = false;  // the fault reaches the whole device
};

struct Outcome {
  std::vector<NRT_STATUS> statuses;
  NRT_STATUS afterwards = NRT_SUCCESS;
  Others others;
};

/// Runs one request after the other on the units that have nothing to do with the fault.
void run_others(const std::string& unit, Core& own, Core& other, Others& others) {
  for (const char* type : {"tensor_write", "tensor_read", "tensor_op"}) {
    run_one(type, own, 1, others);
    run_one(type, other, 0, others);
  }
  run_one("compute", other, 0, others);
  if (unit != "compute") {
    run_one("compute", own, 0, others);
  }
  others.results = Client::read((unit == "compute" ? other : own).job.y);
}

/// Requests before the fault are waited for; the one that meets it and those behind it are at the
/// unit together, while another core works.
Outcome run(const Trial& trial) {
  Client client({{"NSIM_SET", std::string("runtime.exec_timeout=100us;") + kSeldomPolls},
                 {"NEURON_FAIL_ON_NAN", "1"}});
  Core own(client, 0);
  Core other(client, 1);
  nrta_error_tracker_t* tracker = client.tracker();
  std::vector<nrta_seq_t> sequences;
  for (std::size_t i = 0; i < trial.skip; ++i) {
    sequences.push_back(start(trial.operation, own, 0, tracker));
    Client::wait(sequences.back());
  }
  if (!trial.plan.empty()) {
    REQUIRE(nsim_hook_inject_plan(trial.plan.c_str()) == NRT_SUCCESS);
  }
  Client::pause(xu_of(trial.unit), true);
  while (sequences.size() < kRequests) {
    sequences.push_back(start(trial.operation, own, 0, tracker));
  }
  Outcome outcome;
  const nrta_seq_t beside = trial.device ? 0 : start("compute", other, 0, nullptr);
  Client::pause(xu_of(trial.unit), false);
  for (const nrta_seq_t sequence : sequences) {
    Client::wait(sequence);
  }
  outcome.statuses.assign(kRequests, NRT_SUCCESS);
  std::vector<int> entries(kRequests, 0);
  for (const nrta_error_t& error : Client::errors(tracker)) {
    const std::size_t index = error.seq_id - sequences.front();
    REQUIRE(index < kRequests);
    outcome.statuses[index] = static_cast<NRT_STATUS>(error.error_code);
    CHECK(++entries[index] == 1);
  }
  nrta_seq_t sequence = 0;
  outcome.afterwards = schedule(trial.operation, own, 0, tracker, &sequence);
  if (outcome.afterwards == NRT_SUCCESS) {
    Client::wait(sequence);
  }
  if (!trial.device) {
    Client::wait(beside);
    outcome.others.times.push_back(times_of(beside).started);
    outcome.others.times.push_back(times_of(beside).ended);
    run_others(trial.unit, own, other, outcome.others);
  }
  return outcome;
}

void check_cell(const nsim_fault_cell_t& cell, std::size_t skip, const Outcome& without) {
  Trial trial;
  trial.unit = cell.unit;
  trial.operation = operation_for(cell);
  trial.skip = skip;
  trial.device = is(cell.point, "device_gone");
  // A doorbell announces all requests that are there.
  trial.plan = plan_for(
      cell, fmt::format("request = {}", is(cell.phase, "doorbell") ? kRequests : skip + 1));
  const Outcome outcome = run(trial);
  for (std::size_t i = 0; i < kRequests; ++i) {
    INFO("request " << i);
    const bool behind = i > skip && cell.fatal;
    CHECK(outcome.statuses[i] == (i == skip ? cell.status
                                  : behind  ? NRT_EXEC_UNIT_UNRECOVERABLE
                                            : NRT_SUCCESS));
  }
  CHECK(outcome.afterwards == (cell.fatal ? NRT_EXEC_UNIT_UNRECOVERABLE : NRT_SUCCESS));
  if (!trial.device) {
    CHECK(outcome.others.results == without.others.results);
    CHECK((!step_clock() || outcome.others.times == without.others.times));
  }
}

/// A synchronous call that makes the driver's own unit go through the phase.
NRT_STATUS call(const nsim_fault_cell_t& cell, Core& core) {
  const bool link = is(cell.point, "host_link_timeout");
  const bool writes = is(cell.phase, link ? "dma_read" : "dma_write");
  return writes ? nrt_tensor_write(core.job.x, core.buffer.data(), 0, core.buffer.size())
                : nrt_tensor_read(core.job.y, core.buffer.data(), 0, core.buffer.size());
}

void check_synchronous(const nsim_fault_cell_t& cell, std::size_t skip) {
  Client client({{"NSIM_SET", std::string("runtime.exec_timeout=100us;") + kSeldomPolls}});
  Core own(client, 0);
  Core other(client, 1);
  for (std::size_t i = 0; i < skip; ++i) {
    CHECK(call(cell, own) == NRT_SUCCESS);
  }
  REQUIRE(nsim_hook_inject_plan(plan_for(cell, "").c_str()) == NRT_SUCCESS);
  CHECK(call(cell, own) == cell.status);
  // The driver resets its unit, unless there is nothing left to reset.
  const bool gone = is(cell.point, "device_gone");
  CHECK(call(cell, own) == (gone ? NRT_EXEC_UNIT_UNRECOVERABLE : NRT_SUCCESS));
  nrta_seq_t sequence = 0;
  CHECK(Client::schedule(own.job, &sequence) == (gone ? NRT_EXEC_UNIT_UNRECOVERABLE : NRT_SUCCESS));
  if (!gone) {
    Client::wait(sequence);
    CHECK(Client::read(own.job.y).front() == kResult);
  }
}

/// The unit does not learn what was read: its ring fills, two entries each request, but for the two
/// that are kept back to tell of it.
void check_drain(const nsim_fault_cell_t& cell, std::size_t skip) {
  constexpr std::size_t kDepth = 4;
  constexpr std::size_t kFits = (4 * kDepth - 2) / 2;
  Client client({{"NSIM_SET", fmt::format("runtime.queue_depth={}", kDepth)}});
  Core own(client, 0);
  nrta_error_tracker_t* tracker = client.tracker();
  const bool synchronous = is(cell.unit, "sync");
  const auto one = [&] {
    if (synchronous) {
      return call(cell, own);
    }
    const std::size_t before = Client::errors(tracker).size();
    Client::wait(start(cell.unit, own, 0, tracker));
    const std::vector<nrta_error_t> errors = Client::errors(tracker);
    return errors.size() == before ? NRT_SUCCESS
                                   : static_cast<NRT_STATUS>(errors.back().error_code);
  };
  for (std::size_t i = 0; i < skip; ++i) {
    CHECK(one() == NRT_SUCCESS);
  }
  REQUIRE(nsim_hook_inject_plan(plan_for(cell, "repeat = 0").c_str()) == NRT_SUCCESS);
  for (std::size_t i = 0; i < kFits; ++i) {
    INFO("request " << i);
    CHECK(one() == NRT_SUCCESS);
  }
  CHECK(one() == cell.status);
}

}  // namespace

TEST_CASE("every cell of the registry of fault points ends as it says") {
  const std::vector<nsim_fault_cell_t> all = fault_cells();
  for (const std::string& point : documented_points()) {
    INFO(point << " has no cell");
    CHECK(std::any_of(all.begin(), all.end(),
                      [&](const nsim_fault_cell_t& cell) { return cell.point == point; }));
  }
  std::size_t count = 0;
  for (const std::size_t skip : {0, 2}) {
    std::map<std::string, Outcome> without;
    for (const nsim_fault_cell_t& each : all) {
      if (is(each.unit, "collectives") || !occurs(each)) {
        continue;  // collectives_matrix_test.cpp, the other generation
      }
      ++count;
      const nsim_fault_cell_t cell = documented(each);
      INFO(cell.point << ", " << cell.phase << ", " << cell.unit << ", after " << skip);
      if (is(cell.phase, "drain")) {
        check_drain(cell, skip);
      } else if (is(cell.unit, "sync")) {
        check_synchronous(cell, skip);
      } else {
        const std::string operation = operation_for(cell);
        auto found = without.find(operation);
        if (found == without.end()) {
          found = without.emplace(operation, run({cell.unit, operation, "", skip})).first;
        }
        check_cell(cell, skip, found->second);
      }
    }
  }
  std::printf("fault matrix: all %zu cells, at the first and at the third request\n", count / 2);
}

TEST_CASE("without faults the program computes what it should, and no request fails") {
  for (const char* unit : {"tensor_read", "tensor_write", "tensor_op", "compute"}) {
    const Outcome outcome = run({unit, unit, "", 1});
    CHECK(outcome.statuses == std::vector<NRT_STATUS>(kRequests, NRT_SUCCESS));
    for (const float value : outcome.others.results) {
      REQUIRE(value == kResult);
    }
  }
}
