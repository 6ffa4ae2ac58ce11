// SPDX-License-Identifier: Apache-2.0
// What the schedule calls and completion queries of nrta_* do, whatever the generation: the
// functions of the C interface only translate their parameters to these. All of them run on host
// threads and throw StatusError for bad arguments; a call that is not accepted has changed nothing
// (R18).
#pragma once

#include <nrt/nrt_async_types.h>

#include <cstdint>
#include <memory>
#include <optional>

#include "runtime/request.h"
#include "runtime/session.h"
#include "runtime/status_sink.h"

namespace nsim::rt {

/// The unit a caller asks for. Without a core it is the one of the tensor; tensors in host memory
/// use core 0 (R55). A core of the caller's choice need not be the tensor's, but must reach it
/// (R53).
struct UnitChoice {
  hw::UnitType type = hw::UnitType::Compute;
  std::int64_t queue = 0;
  std::optional<std::int64_t> core = std::nullopt;
};

/// Part of a tensor, as a caller names it.
struct TensorRange {
  const nrt_tensor_t* tensor = nullptr;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

/// Throws StatusError(NRT_INVALID) when there is none.
UnitQueue& require_unit(Session& session, std::int64_t core, hw::UnitType type, std::int64_t queue);

/// The last step of every schedule call: the unit of `core`, the sink, admission.
NRT_STATUS schedule_request(Session& session, std::int64_t core, const UnitChoice& unit,
                            std::unique_ptr<Request> request, const StatusSink& sink,
                            nrta_seq_t* sequence);

NRT_STATUS schedule_write(Session& session, const TensorRange& to, const void* from,
                          const UnitChoice& unit, const StatusSink& sink, nrta_seq_t* sequence);
NRT_STATUS schedule_read(Session& session, void* to, const TensorRange& from,
                         const UnitChoice& unit, const StatusSink& sink, nrta_seq_t* sequence);
/// `from` and `to` have one size.
NRT_STATUS schedule_copy(Session& session, const TensorRange& to, const TensorRange& from,
                         const UnitChoice& unit, const StatusSink& sink, nrta_seq_t* sequence);
NRT_STATUS schedule_execution(Session& session, const nrt_model_t* model,
                              const nrt_tensor_set_t* inputs, const nrt_tensor_set_t* outputs,
                              std::int64_t queue, const StatusSink& sink, nrta_seq_t* sequence);

/// The unit of an id that was given out; throws StatusError(NRT_INVALID) for any other (R35).
UnitQueue& issued_unit(Session& session, nrta_seq_t sequence);
bool is_complete(Session& session, nrta_seq_t sequence);
/// The id of the last completed request (R16).
nrta_seq_t last_completed(Session& session, std::int64_t core, hw::UnitType type,
                          std::int64_t queue);

/// A new descriptor that becomes readable when the request is complete (R37).
int completion_handle(Session& session, nrta_seq_t sequence);
/// Generation C's events on eventfds of the caller; -1 withdraws (R38, R39).
void register_event(Session& session, nrta_seq_t sequence, int fd);
void register_unit_event(Session& session, std::int64_t core, hw::UnitType type, std::int64_t queue,
                         int fd);

}  // namespace nsim::rt
