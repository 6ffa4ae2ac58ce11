// SPDX-License-Identifier: Apache-2.0
// Ranks of collectives: rank r is logical core r, driven by a thread of its own.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

#include "tests/conformance/client.h"

namespace nsim::test {

inline std::uint32_t core_count() {
  std::uint32_t cores = 0;
  REQUIRE(nrt_get_visible_vnc_count(&cores) == NRT_SUCCESS);
  return cores;
}

inline void join_all(std::uint32_t ranks) {
  for (std::uint32_t rank = 0; rank < ranks; ++rank) {
    REQUIRE(nrt_cc_global_comm_init(rank, rank, ranks) == NRT_SUCCESS);
  }
}

/// What one rank does: rank r is logical core r.
struct Operation {
  nrt_cc_op_type_t kind = NRT_CC_ALLREDUCE;
  nrt_dtype_t dtype = NRT_DTYPE_INT32;
  nrt_op_type_t op = NRT_OP_ADD;
  std::vector<std::uint32_t> group = {};  // empty: the whole world

  NRT_STATUS prepare(std::uint32_t core, std::uint32_t world, nrt_tensor_t* input,
                     nrt_tensor_t* output, nrt_cc_context_t** context) {
    const auto place = std::find(group.begin(), group.end(), core);
    nrt_cc_comm_t comm{};
    comm.replica_group = group.empty() ? nullptr : group.data();
    comm.rank = group.empty() ? core : static_cast<std::uint32_t>(place - group.begin());
    comm.rank_n = group.empty() ? world : static_cast<std::uint32_t>(group.size());
    comm.ctx_device_id = core;
    comm.ctx_device_count = world;
    comm.vnc = core;
    nrt_tensor_list_t inputs{&input, 1};
    nrt_tensor_list_t outputs{&output, 1};
    return nrta_cc_prepare(&comm, &inputs, &outputs, dtype, op, kind, context);
  }
};

/// Waits without the test framework, which only the main thread may use.
inline bool finishes(nrta_seq_t sequence) {
  for (int i = 0; i < 1000000; ++i) {
    bool done = false;
    if (nrta_is_completed(sequence, &done) != NRT_SUCCESS) {
      return false;
    }
    if (done) {
      return true;
    }
    usleep(10);
  }
  return false;
}

inline NRT_STATUS error_of(nrta_error_tracker_t* tracker, nrta_seq_t sequence) {
  for (const nrta_error_t& error : Client::errors(tracker)) {
    if (error.seq_id == sequence) {
      return static_cast<NRT_STATUS>(error.error_code);
    }
  }
  return NRT_SUCCESS;
}

/// One thread per rank: prepares, schedules, waits. What each rank ended with.
inline std::vector<NRT_STATUS> run_ranks(
    Operation operation, const std::vector<nrt_tensor_t*>& inputs,
    const std::vector<nrt_tensor_t*>& outputs,
    const std::function<void(Operation&, std::size_t)>& change = {}) {
  const auto world = static_cast<std::uint32_t>(inputs.size());
  std::vector<NRT_STATUS> calls(world, NRT_SUCCESS);
  std::vector<nrta_seq_t> sequences(world, 0);
  std::vector<nrta_error_tracker_t*> trackers;
  for (std::uint32_t rank = 0; rank < world; ++rank) {
    trackers.push_back(nullptr);
    REQUIRE(nrta_error_tracker_create(rank, &trackers.back()) == NRT_SUCCESS);
  }
  std::vector<std::thread> threads;
  for (std::uint32_t rank = 0; rank < world; ++rank) {
    threads.emplace_back([&, rank] {
      Operation own = operation;
      if (change) {
        change(own, rank);
      }
      nrt_cc_context_t* context = nullptr;
      calls[rank] = own.prepare(rank, world, inputs[rank], outputs[rank], &context);
      if (calls[rank] == NRT_SUCCESS) {
        calls[rank] = nrta_cc_schedule(&context, 0, trackers[rank], &sequences[rank]);
      }
      if (calls[rank] == NRT_SUCCESS && !finishes(sequences[rank])) {
        calls[rank] = NRT_TIMEOUT;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  for (std::uint32_t rank = 0; rank < world; ++rank) {
    if (calls[rank] == NRT_SUCCESS) {
      calls[rank] = error_of(trackers[rank], sequences[rank]);
    }
  }
  return calls;
}

}  // namespace nsim::test
