// SPDX-License-Identifier: Apache-2.0
// Any bytes as program text: what can be parsed either has a UserError in it or expands to streams
// that run to their end.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "sim/base/error.h"
#include "sim/isa/expand.h"
#include "sim/isa/text.h"

using namespace nsim;
using namespace nsim::isa;

namespace {

/// Each engine in turn goes as far as its semaphores let it; everything completes at once.
bool runs_to_its_end(const CoreStreams& core) {
  std::array<std::size_t, kEngineCount> position{};
  std::array<std::int64_t, kSemaphoreCount> semaphores{};
  const auto ready = [&](const Issue& in) {
    const auto first = core.waits.begin() + in.first_wait;
    return std::all_of(first, first + in.waits, [&](const StreamWait& wait) {
      return semaphores.at(wait.semaphore) >= wait.value;
    });
  };
  for (bool progress = true; progress;) {
    progress = false;
    for (std::size_t e = 0; e < kEngineCount; ++e) {
      const auto& stream = core.engine[e];
      for (; position[e] < stream.size() && ready(stream[position[e]]); ++position[e]) {
        const Issue& in = stream[position[e]];
        for (std::size_t i = 0; i < in.updates; ++i) {
          const StreamUpdate& update = core.updates.at(in.first_update + i);
          semaphores.at(update.semaphore) += update.add;
        }
        progress = true;
      }
    }
  }
  for (std::size_t e = 0; e < kEngineCount; ++e) {
    if (position[e] != core.engine[e].size()) {
      return false;
    }
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const Program program = parse_text(std::string(data, data + size), "fuzz.nasm");
    Limits limits;
    limits.target = program.target;
    limits.cores_per_logical = std::clamp(program.cores, 1, 2);
    limits.has_hwdge = program.target != "trn1";
    limits.scalar_tensor_scalar = limits.has_hwdge;
    limits.max_instructions = 1000;
    const auto streams = expand(program, limits);
    print_streams(*streams);
    for (const CoreStreams& core : streams->cores) {
      if (program.auto_sync && !runs_to_its_end(core)) {
        throw InternalError("an instruction waits for ever");
      }
    }
  } catch (const UserError&) {
  }
  return 0;
}
