// SPDX-License-Identifier: Apache-2.0
// The programs that are loaded on an instance, by the id that stands in a RequestDescriptor.
#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "sim/base/trace.h"
#include "sim/isa/stream.h"

namespace nsim::hw {

struct LoadedProgram {
  int core = 0;  // logical
  std::shared_ptr<const isa::Streams> streams;
  Trace* trace = nullptr;  // device trace of the model
  std::uint64_t code = 0;  // where its instructions lie; their fetch is a latency, no transfer
};

class ProgramStore {
 public:
  std::uint64_t add(LoadedProgram program) {
    programs_.emplace(++last_, std::move(program));
    return last_;
  }
  void remove(std::uint64_t id) { programs_.erase(id); }
  /// nullptr: no such program.
  const LoadedProgram* find(std::uint64_t id) const {
    const auto found = programs_.find(id);
    return found == programs_.end() ? nullptr : &found->second;
  }

 private:
  std::map<std::uint64_t, LoadedProgram> programs_;
  std::uint64_t last_ = 0;
};

}  // namespace nsim::hw
