// SPDX-License-Identifier: Apache-2.0
// Copies and fills, as requests to a unit and as blocking calls. With numerics off they take their
// time and move no data, except between two host tensors.
#pragma once

#include <cstdint>
#include <memory>

#include "runtime/request.h"
#include "runtime/session.h"

namespace nsim::rt {

std::unique_ptr<Request> write_request(const char* api, const View& to, const void* from);
std::unique_ptr<Request> read_request(const char* api, void* to, const View& from);
std::unique_ptr<Request> copy_request(const char* api, const View& to, const View& from);

/// Blocking, on the synchronous unit of the device tensor's core.
NRT_STATUS write_tensor(Session& session, const char* api, const View& to, const void* from);
NRT_STATUS read_tensor(Session& session, const char* api, void* to, const View& from);
/// Throws StatusError(NRT_INVALID) for device tensors of two cores.
NRT_STATUS copy_tensor(Session& session, const View& to, const View& from);
NRT_STATUS fill_tensor(Session& session, const View& to, int value);

}  // namespace nsim::rt
