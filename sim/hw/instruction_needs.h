// SPDX-License-Identifier: Apache-2.0
// What the instructions of a core take of it: time, ports, banks. A stream issues the same
// instruction many times (sim/isa/stream.h), so this is found out at its first issue in an
// execution and looked up afterwards.
#pragma once

#include <vector>

#include "sim/base/units.h"
#include "sim/cost/cost.h"
#include "sim/cost/function_tables.h"
#include "sim/hw/instruction_fetch.h"
#include "sim/hw/psum.h"
#include "sim/hw/sbuf.h"
#include "sim/isa/matmul_shape.h"
#include "sim/isa/stream.h"

namespace nsim::hw {

struct InstructionNeeds {
  /// cost::Cost in time.
  struct Times {
    SimTime interval = 0;
    SimTime latency = 0;
    SimTime load = 0;       // of weights, until the last one is on its way
    SimTime load_rest = 0;  // from then until they are in place
  };

  bool known = false;
  bool dma = false;         // its operands do not pass through the engine
  bool array = false;       // streams through the Tensor engine's array
  bool port = false;        // SBUF's
  bool reads_sbuf = false;  // through the engine
  bool reads_psum = false;
  CodeStep step;  // where its engine goes on in its code
  Psum::Banks banks = 0;
  cost::FunctionSet table = cost::FunctionSet::Any;
  isa::ArrayGroups groups = isa::kWholeArray;
  Times times;
  Times throttled;           // while the Tensor engine is limited
  SimTime throttled_by = 0;  // how much longer the interval is then
};

class NeedsTable {
 public:
  /// All three must outlive the table.
  NeedsTable(const cost::EngineParams& costs, const Sbuf& sbuf, const Psum& psum)
      : costs_(costs), sbuf_(sbuf), psum_(psum) {}

  /// Of the execution that begins; `streams` stay until the next one does.
  void start(const isa::CoreStreams& streams);

  /// Valid until the next start().
  const InstructionNeeds& of(const isa::Issue& issue) {
    InstructionNeeds& needs = table_[issue.instruction];
    if (!needs.known) {
      find(streams_->instruction(issue), needs);
    }
    return needs;
  }

 private:
  void find(const isa::StreamInstruction& instruction, InstructionNeeds& needs) const;

  const cost::EngineParams& costs_;
  const Sbuf& sbuf_;
  const Psum& psum_;
  const isa::CoreStreams* streams_ = nullptr;
  std::vector<InstructionNeeds> table_;
};

}  // namespace nsim::hw
