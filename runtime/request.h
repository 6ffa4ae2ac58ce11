// SPDX-License-Identifier: Apache-2.0
// One accepted request on its way through the runtime. It owns everything the device needs until
// the request is complete.
#pragma once

#include <nrt/nrt_async_types.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "runtime/loaded_model.h"
#include "runtime/status_sink.h"
#include "runtime/tensor.h"
#include "sim/base/units.h"
#include "sim/hw/request.h"

namespace nsim::rt {

/// Where a blocking call waits for the end of its request.
struct SyncResult {
  std::atomic<bool> done{false};
  NRT_STATUS status = NRT_SUCCESS;  // written before `done`
};

/// The queues on which a rank takes part in collectives: three of the host's choice, and the one on
/// which hosts meet.
inline constexpr int kCollectiveQueues = 4;
inline constexpr int kHostQueue = 3;

/// Counts the collectives of one rank on one queue as they are accepted. Guarded by the mutex of
/// the unit queue.
struct CollectiveOrder {
  std::uint64_t accepted = 0;
};

struct Request {
  explicit Request(const char* api_name) : api(api_name) {}

  const char* api;  // the call that made it, for traces and logs
  hw::RequestDescriptor descriptor;
  nrta_seq_t sequence = 0;  // given by the unit queue
  StatusSink sink;
  std::shared_ptr<SyncResult> sync;        // blocking calls only
  std::shared_ptr<LoadedModel> model;      // Execute only
  std::vector<std::uint64_t> bindings;     // Execute: device address of every tensor of the program
  std::shared_ptr<CollectiveOrder> order;  // Collective only
  std::vector<std::shared_ptr<Storage>> storages;  // kept alive
  std::vector<std::shared_ptr<Tensor>> outputs;    // Execute: tensors it writes

  int thread = 0;         // of the caller, in the system trace
  SimTime called = 0;     // the call began (host clock)
  SimTime submitted = 0;  // the driver wrote the descriptor
  SimTime started = 0;
  SimTime ended = 0;
  NRT_STATUS status = NRT_SUCCESS;
  bool begun = false;      // its Trace notification was seen
  bool cancelled = false;  // by nrt_close

  std::uint64_t number() const { return NRTA_SEQ_GET_SEQ_NUM(sequence); }
};

}  // namespace nsim::rt
