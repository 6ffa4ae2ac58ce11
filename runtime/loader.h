// SPDX-License-Identifier: Apache-2.0
// Models: from a container or a program to memory and code on a logical core, and away again.
// Loading takes no simulated time: the contents appear in device memory.
#pragma once

#include <cstddef>
#include <memory>

#include "runtime/loaded_model.h"
#include "runtime/session.h"
#include "sim/isa/program.h"

namespace nsim::rt {

/// Any core: the first one without a model.
inline constexpr int kAnyCore = -1;

/// A container with a program of ours, or a NEFF that the session's substitution map has an entry
/// for. `collectives`: by nrt_load_collectives. Throws StatusError with the statuses that nrt_load
/// documents.
std::shared_ptr<LoadedModel> load_container(Session& session, const std::byte* data,
                                            std::size_t size, int core, bool collectives = false);

/// The same; throws UserError when the program is not one for this device.
std::shared_ptr<LoadedModel> load(Session& session, const isa::Program& program, int core);

/// Waits for the model's requests, then removes it from the device.
void unload(Session& session, std::shared_ptr<LoadedModel> model);

}  // namespace nsim::rt
