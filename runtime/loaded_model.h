// SPDX-License-Identifier: Apache-2.0
// A program loaded onto a logical core: its memory in the device, and what an execution of it
// needs.
#pragma once

#include <nrt/nrt.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "runtime/memory.h"
#include "sim/isa/stream.h"

namespace nsim::rt {

struct LoadedModel {
  /// A tensor that the caller of an execution supplies.
  struct Port {
    std::size_t index = 0;  // into Streams::tensors
    std::string name;
    std::uint64_t bytes = 0;
    nrt_dtype_t dtype = NRT_DTYPE_UNKNOWN;
    std::vector<std::int64_t> shape;
  };

  std::uint32_t id = 0;  // counts from 1 in a session; names the device trace
  std::string name;
  int core = 0;  // visible index of its logical core
  std::shared_ptr<const isa::Streams> streams;
  std::uint64_t program = 0;            // Hardware::load_program
  std::vector<std::uint64_t> bindings;  // device address per tensor; 0 for ports
  std::vector<Port> inputs;
  std::vector<Port> outputs;
  std::vector<std::shared_ptr<Allocation>> memory;
  std::atomic<std::int64_t> in_flight{0};  // requests accepted and not complete
};

nrt_dtype_t dtype_of(num::Dtype dtype);

}  // namespace nsim::rt
