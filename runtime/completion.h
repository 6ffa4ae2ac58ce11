// SPDX-License-Identifier: Apache-2.0
// How the end of a request becomes visible to the host: R40, in one function.
#pragma once

#include "runtime/request.h"
#include "runtime/unit_queue.h"

namespace nsim::rt {

/// Simulation thread; the device has written all data. Whoever sees a later step sees the earlier
/// ones: data, status (StatusSink), completed number, events.
void publish(UnitQueue& queue, Request& request);

}  // namespace nsim::rt
