// SPDX-License-Identifier: Apache-2.0
// Scheduling of a core's part of a sum over all cores, in either generation.
#pragma once

#include <nrt/nrt_async_types.h>
#include <nrt/nrt_experimental.h>

#include <thread>

#include "tests/stress/ledger/calls.h"
#include "tests/stress/stress_checks.h"

namespace nsim::test {

/// `schedule(&context)` is the generation's call; it is made until there is room. Include after
/// nrt_async.h.
template <class Schedule>
NRT_STATUS schedule_sum(const Job& job, int cores, Schedule schedule) {
  nrt_cc_comm_t comm{};
  comm.rank = static_cast<std::uint32_t>(job.core);
  comm.rank_n = static_cast<std::uint32_t>(cores);
  comm.ctx_device_id = comm.rank;
  comm.ctx_device_count = comm.rank_n;
  comm.vnc = comm.rank;
  nrt_tensor_t* input = job.a;
  nrt_tensor_t* output = job.b;
  nrt_tensor_list_t inputs{&input, 1};
  nrt_tensor_list_t outputs{&output, 1};
  nrt_cc_context_t* context = nullptr;
  require(nrta_cc_prepare(&comm, &inputs, &outputs, NRT_DTYPE_FLOAT32, NRT_OP_ADD, NRT_CC_ALLREDUCE,
                          &context),
          "nrta_cc_prepare");
  NRT_STATUS status = NRT_QUEUE_FULL;
  while ((status = schedule(&context)) == NRT_QUEUE_FULL) {
    std::this_thread::yield();
  }
  return status;
}

}  // namespace nsim::test
