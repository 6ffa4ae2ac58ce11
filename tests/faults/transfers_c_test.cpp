// SPDX-License-Identifier: Apache-2.0
// R53 and faults: the unit of the core that a transfer names meets them, whatever core the tensor
// is of; the units of the tensor's own core do not notice (generation C).
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cstdio>

#include "tests/conformance/generation_c/event.h"
#include "tests/faults/fault_bench.h"

using namespace nsim::test;

namespace {

constexpr NRT_STATUS kUntouched = NRT_QUEUE_EMPTY;  // no request ends with that
constexpr int kQueue = 1;

struct Transfer {
  NRT_STATUS status = kUntouched;
  nrta_seq_t sequence = 0;
};

NRT_STATUS schedule(const std::string& operation, Core& core, int by, Transfer& transfer) {
  NRT_STATUS* status = &transfer.status;
  nrta_seq_t* sequence = &transfer.sequence;
  const std::size_t bytes = core.buffer.size();
  if (operation == "tensor_write") {
    return call_c_tensor_write(core.job.x, core.buffer.data(), 0, bytes, by, kQueue, status,
                               sequence);
  }
  if (operation == "tensor_read") {
    return call_c_tensor_read(core.buffer.data(), core.job.y, 0, bytes, by, kQueue, status,
                              sequence);
  }
  return call_c_tensor_copy(core.job.x, 0, core.job.y, 0, bytes, by, kQueue, status, sequence);
}

/// A transfer of core 1's tensors by core 0's unit meets the fault, another one is behind it.
void check_cell(const nsim_fault_cell_t& cell) {
  Client client(
      {{"NSIM_SET", std::string("runtime.exec_timeout=100us;clock.grace=1000s;") + kSeldomPolls}});
  Core core(client, 1);
  const Event event;
  REQUIRE(call_c_event_register_xu_completion(0, CALL_C_TENSOR_OP, kQueue, event.fd) ==
          NRT_SUCCESS);
  const std::string operation = operation_for(cell);
  const int request = is(cell.phase, "doorbell") ? 2 : 1;
  const std::string plan = plan_for(cell, fmt::format("request = {}", request), kQueue);
  REQUIRE(nsim_hook_inject_plan(plan.c_str()) == NRT_SUCCESS);
  std::vector<Transfer> transfers(3);
  Client::pause(NRTA_XU_TENSOR_OP, true, kQueue);
  REQUIRE(schedule(operation, core, 0, transfers[0]) == NRT_SUCCESS);
  REQUIRE(schedule(operation, core, 0, transfers[1]) == NRT_SUCCESS);
  Client::pause(NRTA_XU_TENSOR_OP, false, kQueue);
  Client::wait(transfers[1].sequence);
  CHECK(event.take(2) == 2);
  CHECK(transfers[0].status == cell.status);
  CHECK(transfers[1].status == (cell.fatal ? NRT_EXEC_UNIT_UNRECOVERABLE : NRT_SUCCESS));
  const bool gone = is(cell.point, "device_gone");
  const NRT_STATUS here = schedule(operation, core, 0, transfers[2]);
  CHECK(here == (cell.fatal ? NRT_EXEC_UNIT_UNRECOVERABLE : NRT_SUCCESS));
  Transfer own;
  CHECK(schedule(operation, core, 1, own) == (gone ? NRT_EXEC_UNIT_UNRECOVERABLE : NRT_SUCCESS));
  if (!gone) {
    Client::wait(own.sequence);
    CHECK(own.status == NRT_SUCCESS);
  }
  nrt_close();  // the third one may still be under way
  CHECK((transfers[2].status == kUntouched) == (here != NRT_SUCCESS));
}

}  // namespace

TEST_CASE(
    "R53 the unit that moves a tensor's data meets the fault, not that of the tensor's core") {
  std::size_t count = 0;
  for (const nsim_fault_cell_t& each : fault_cells()) {
    if (is(each.unit, "tensor_op") && !is(each.phase, "drain")) {
      ++count;
      const nsim_fault_cell_t cell = documented(each);
      INFO(cell.point << ", " << cell.phase);
      check_cell(cell);
    }
  }
  std::printf("fault matrix: %zu cells of tensor-op units that another core's tensors use\n",
              count);
}
