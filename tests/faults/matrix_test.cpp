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

#include "sim/isa/container.h"
#include "sim/isa/text.h"
#include "tests/conformance/client.h"

using nsim::test::Client;

namespace {

/// What the contract says of each point; a point without a row here fails the matrix.
struct Documented {
  const char* point;
  NRT_STATUS status;  // of the request that meets it
  bool fatal;         // R60
};
constexpr Documented kDocumented[] = {
    {"hbm_uncorrectable", NRT_EXEC_HW_ERR_HBM_UE, true},
    {"hbm_repairable", NRT_EXEC_HW_ERR_REPAIRABLE_HBM_UE, true},
    {"sbuf_parity", NRT_EXEC_HW_ERR_NC_UE, true},
    {"psum_parity", NRT_EXEC_HW_ERR_NC_UE, true},
    {"dma_abort", NRT_EXEC_HW_ERR_DMA_ABORT, true},
    {"dma_hang", NRT_TIMEOUT, true},
    {"engine_hang", NRT_TIMEOUT, true},
    {"semaphore_misuse", NRT_EXEC_COMPLETED_WITH_ERR, false},
    {"index_out_of_bounds", NRT_EXEC_OOB, false},
    {"nan", NRT_EXEC_COMPLETED_WITH_NUM_ERR, false},
    {"bad_descriptor", NRT_EXEC_BAD_INPUT, false},
    {"host_link_timeout", NRT_HW_ERROR, true},
    {"notification_overflow", NRT_EXEC_SW_NQ_OVERFLOW, true},
    {"notification_lost", NRT_TIMEOUT, true},
    {"notification_duplicated", NRT_SUCCESS, false},
    {"notification_corrupted", NRT_HW_ERROR, true},
    {"interrupt_lost", NRT_SUCCESS, false},
    {"device_gone", NRT_HW_ERROR, true},
};

constexpr std::size_t kRequests = 4;
constexpr int kRows = 128;
constexpr int kColumns = 64;
constexpr float kResult = 3;

/// Goes through every phase: loads described by the host, a gather, SBUF, PSUM, semaphores.
std::vector<std::byte> container() {
  const std::string text = fmt::format(
      R"(program every_phase
target {target}
cores {cores}
tensor x input float32 [{rows}, {columns}]
tensor y output float32 [{rows}, {columns}]
tensor table weight float32 [16, {columns}] = constant({result})
sbuf tile float32 [128, {columns}]
sbuf zeros float32 [128, 128]
sbuf index int32 [128, 1]
sbuf gathered float32 [128, {columns}]
psum product float32 [128, {columns}]
sync.dma_copy tile, x[core * 128 +: 128, :] dge none
vector.memset zeros value 0
vector.memset index value 0
gpsimd.dma_gather gathered, table[0, :], index
tensor.nc_matmul product, zeros, tile
vector.tensor_tensor tile, product, gathered op add
sync.dma_copy y[core * 128 +: 128, :], tile dge none
)",
      fmt::arg("target", Client::target()), fmt::arg("cores", Client::cores_per_logical()),
      fmt::arg("rows", kRows * Client::cores_per_logical()), fmt::arg("columns", kColumns),
      fmt::arg("result", kResult));
  return nsim::isa::write_container(nsim::isa::parse_text(text, "every_phase.nasm"));
}

/// The tensors and the model of one logical core.
struct Core {
  Core(Client& client, int core) {
    const std::vector<std::byte> neff = container();
    REQUIRE(nrt_load(neff.data(), neff.size(), core, -1, &job.model) == NRT_SUCCESS);
    const std::size_t bytes =
        sizeof(float) * kRows * kColumns * static_cast<std::size_t>(Client::cores_per_logical());
    job.x = client.tensor(bytes, core);
    job.y = client.tensor(bytes, core);
    Client::fill(job.x, 1);
    Client::fill(job.y, 0);
    job.inputs = client.set("x", job.x);
    job.outputs = client.set("y", job.y);
  }

  Client::Job job;
  std::vector<char> buffer = std::vector<char>(256, 7);
};

/// A request of the unit type, by the name the registry has for it.
NRT_STATUS schedule(const std::string& unit, Core& core, int queue, nrta_error_tracker_t* tracker,
                    nrta_seq_t* sequence) {
  if (unit == "tensor_read") {
    return nrta_tensor_read(core.buffer.data(), core.job.y, 0, core.buffer.size(), queue, tracker,
                            sequence);
  }
  if (unit == "tensor_write") {
    return nrta_tensor_write(core.job.x, core.buffer.data(), 0, core.buffer.size(), queue, tracker,
                             sequence);
  }
  if (unit == "tensor_op") {
    return nrta_tensor_copy(core.job.x, 0, core.job.y, 0, core.buffer.size(), queue, tracker,
                            sequence);
  }
  REQUIRE(unit == "compute");
  return Client::schedule(core.job, sequence, tracker);
}

nrta_seq_t start(const std::string& unit, Core& core, int queue, nrta_error_tracker_t* tracker) {
  nrta_seq_t sequence = 0;
  REQUIRE(schedule(unit, core, queue, tracker, &sequence) == NRT_SUCCESS);
  return sequence;
}

nrta_xu_t xu_of(const std::string& unit) {
  return unit == "tensor_read"    ? NRTA_XU_TENSOR_READ
         : unit == "tensor_write" ? NRTA_XU_TENSOR_WRITE
         : unit == "tensor_op"    ? NRTA_XU_TENSOR_OP
                                  : NRTA_XU_COMPUTE;
}

struct Times {
  std::uint64_t started = 0;
  std::uint64_t ended = 0;
};

Times times_of(nrta_seq_t sequence) {
  Times times;
  REQUIRE(nsim_hook_times(sequence, &times.started, &times.ended) == NRT_SUCCESS);
  return times;
}

bool step_clock() {
  const char* clock = std::getenv("NSIM_CLOCK");
  return clock != nullptr && std::strcmp(clock, "step") == 0;
}

/// The unit that meets the fault, and whether it does.
struct Trial {
  std::string unit;
  std::string plan;  // "" for a run without faults
  std::size_t skip = 0;
  bool device = false;  // the fault reaches the whole device
};

struct Outcome {
  std::vector<NRT_STATUS> statuses;
  NRT_STATUS afterwards = NRT_SUCCESS;
  std::vector<std::uint64_t> times;  // of the other units
  std::vector<float> results;        // theirs
};

/// Runs one request after the other on the units that have nothing to do with the fault.
void run_others(const std::string& unit, Core& own, Core& other, Outcome& outcome) {
  const auto run = [&](const char* type, Core& core, int queue) {
    const nrta_seq_t sequence = start(type, core, queue, nullptr);
    Client::wait(sequence);
    const Times times = times_of(sequence);
    outcome.times.push_back(times.ended - times.started);
  };
  for (const char* type : {"tensor_write", "tensor_read", "tensor_op"}) {
    run(type, own, 1);
    run(type, other, 0);
  }
  run("compute", other, 0);
  if (unit != "compute") {
    run("compute", own, 0);
  }
  Core& last = unit == "compute" ? other : own;
  for (const float value : Client::read(last.job.y)) {
    outcome.results.push_back(value);
  }
}

/// Requests before the fault are waited for; the one that meets it and those behind it are at the
/// unit together, while another core works.
Outcome run(const Trial& trial) {
  Client client({{"NSIM_SET", "runtime.exec_timeout=100us"}, {"NEURON_FAIL_ON_NAN", "1"}});
  Core own(client, 0);
  Core other(client, 1);
  nrta_error_tracker_t* tracker = client.tracker();
  std::vector<nrta_seq_t> sequences;
  for (std::size_t i = 0; i < trial.skip; ++i) {
    sequences.push_back(start(trial.unit, own, 0, tracker));
    Client::wait(sequences.back());
  }
  if (!trial.plan.empty()) {
    REQUIRE(nsim_hook_inject_plan(trial.plan.c_str()) == NRT_SUCCESS);
  }
  Client::pause(xu_of(trial.unit), true);
  while (sequences.size() < kRequests) {
    sequences.push_back(start(trial.unit, own, 0, tracker));
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
  outcome.afterwards = schedule(trial.unit, own, 0, tracker, &sequence);
  if (outcome.afterwards == NRT_SUCCESS) {
    Client::wait(sequence);
  }
  if (!trial.device) {
    Client::wait(beside);
    outcome.times.push_back(times_of(beside).started);
    outcome.times.push_back(times_of(beside).ended);
    run_others(trial.unit, own, other, outcome);
  }
  return outcome;
}

std::vector<nsim_fault_cell_t> cells() {
  Client client;
  std::vector<nsim_fault_cell_t> all;
  nsim_fault_cell_t cell{};
  while (nsim_hook_fault_cell(static_cast<std::uint32_t>(all.size()), &cell) == NRT_SUCCESS) {
    all.push_back(cell);
  }
  return all;
}

/// The cell with what the contract says of it, not what the registry does.
nsim_fault_cell_t documented(nsim_fault_cell_t cell) {
  for (const Documented& row : kDocumented) {
    if (std::strcmp(row.point, cell.point) == 0) {
      CHECK(cell.status == row.status);
      CHECK(cell.fatal == row.fatal);
      cell.status = row.status;
      cell.fatal = row.fatal;
      return cell;
    }
  }
  FAIL("fault point " << cell.point << " has no row in this test");
  return cell;
}

std::string plan_for(const nsim_fault_cell_t& cell, const std::string& more) {
  return fmt::format(
      "[[fault]]\npoint = \"{}\"\nphase = \"{}\"\nunit = \"{}\"\ncore = 0\nqueue = 0\n{}\n",
      cell.point, cell.phase, cell.unit, more);
}

bool is(const char* text, const char* other) {
  return std::strcmp(text, other) == 0;
}

void check_cell(const nsim_fault_cell_t& cell, std::size_t skip, const Outcome& without) {
  Trial trial;
  trial.unit = cell.unit;
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
    CHECK(outcome.results == without.results);
    CHECK((!step_clock() || outcome.times == without.times));
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
  Client client({{"NSIM_SET", "runtime.exec_timeout=100us"}});
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
  const std::vector<nsim_fault_cell_t> all = cells();
  for (const Documented& row : kDocumented) {
    INFO(row.point << " has no cell");
    CHECK(std::any_of(all.begin(), all.end(),
                      [&](const nsim_fault_cell_t& cell) { return is(cell.point, row.point); }));
  }
  for (const std::size_t skip : {0, 2}) {
    std::map<std::string, Outcome> without;
    for (const nsim_fault_cell_t& each : all) {
      const nsim_fault_cell_t cell = documented(each);
      INFO(cell.point << ", " << cell.phase << ", " << cell.unit << ", after " << skip);
      if (is(cell.phase, "drain")) {
        check_drain(cell, skip);
      } else if (is(cell.unit, "sync")) {
        check_synchronous(cell, skip);
      } else {
        auto found = without.find(cell.unit);
        if (found == without.end()) {
          found = without.emplace(cell.unit, run({cell.unit, "", skip})).first;
        }
        check_cell(cell, skip, found->second);
      }
    }
  }
  std::printf("fault matrix: all %zu cells, at the first and at the third request\n", all.size());
}

TEST_CASE("without faults the program computes what it should, and no request fails") {
  for (const char* unit : {"tensor_read", "tensor_write", "tensor_op", "compute"}) {
    const Outcome outcome = run({unit, "", 1});
    CHECK(outcome.statuses == std::vector<NRT_STATUS>(kRequests, NRT_SUCCESS));
    for (const float value : outcome.results) {
      REQUIRE(value == kResult);
    }
  }
}
