// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/fault_bench.h"

#include <fmt/format.h>

#include <cstdlib>
#include <cstring>

#include "sim/isa/container.h"
#include "sim/isa/text.h"

namespace nsim::test {
namespace {

constexpr int kRows = 128;
constexpr int kColumns = 64;
/// What the contract says of each point; a point without a row here fails the matrix.
struct Documented {
  const char* point;
  NRT_STATUS status;  // of the request that meets it; NRT_TIMEOUT: 1200 for a collective
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
    {"cc_message_lost", NRT_EXEC_HW_ERR_COLLECTIVES, true},
    {"cc_core_hang", NRT_EXEC_HW_ERR_COLLECTIVES, true},
    {"neuron_link_failure", NRT_EXEC_HW_ERR_COLLECTIVES, true},
};

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
  return isa::write_container(isa::parse_text(text, "every_phase.nasm"));
}

}  // namespace

Core::Core(Client& client, int core) {
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

Times times_of(nrta_seq_t sequence) {
  Times times;
  REQUIRE(nsim_hook_times(sequence, &times.started, &times.ended) == NRT_SUCCESS);
  return times;
}

bool step_clock() {
  const char* clock = std::getenv("NSIM_CLOCK");
  return clock != nullptr && std::strcmp(clock, "step") == 0;
}

void run_one(const char* unit, Core& core, int queue, Others& others) {
  const nrta_seq_t sequence = start(unit, core, queue, nullptr);
  Client::wait(sequence);
  const Times times = times_of(sequence);
  others.times.push_back(times.ended - times.started);
}

std::vector<std::string> documented_points() {
  std::vector<std::string> names;
  for (const Documented& row : kDocumented) {
    names.emplace_back(row.point);
  }
  return names;
}

std::vector<nsim_fault_cell_t> fault_cells() {
  Client client;
  std::vector<nsim_fault_cell_t> all;
  nsim_fault_cell_t cell{};
  while (nsim_hook_fault_cell(static_cast<std::uint32_t>(all.size()), &cell) == NRT_SUCCESS) {
    all.push_back(cell);
  }
  return all;
}

nsim_fault_cell_t documented(nsim_fault_cell_t cell) {
  for (const Documented& row : kDocumented) {
    if (is(row.point, cell.point)) {
      const bool stuck = is(cell.unit, "collectives") && row.status == NRT_TIMEOUT;
      const NRT_STATUS status = stuck ? NRT_EXEC_HW_ERR_COLLECTIVES : row.status;
      CHECK(cell.status == status);
      CHECK(cell.fatal == row.fatal);
      cell.status = status;
      cell.fatal = row.fatal;
      return cell;
    }
  }
  FAIL("fault point " << cell.point << " has no row in this test");
  return cell;
}

std::string plan_for(const nsim_fault_cell_t& cell, const std::string& more, int queue) {
  return fmt::format(
      "[[fault]]\npoint = \"{}\"\nphase = \"{}\"\nunit = \"{}\"\ncore = 0\nqueue = {}\n{}\n",
      cell.point, cell.phase, cell.unit, queue, more);
}

std::string operation_for(const nsim_fault_cell_t& cell) {
  const bool of_host = is(cell.point, "host_link_timeout") && !is(cell.phase, "fetch");
  if (!is(cell.unit, "tensor_op") || !of_host) {
    return cell.unit;
  }
  return is(cell.phase, "dma_read") ? "tensor_write" : "tensor_read";
}

bool is(const char* text, const char* other) {
  return std::strcmp(text, other) == 0;
}

}  // namespace nsim::test
