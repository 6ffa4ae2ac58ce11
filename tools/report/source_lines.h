// SPDX-License-Identifier: Apache-2.0
// What every source line of a kernel took: instructions and transfers carry the line that made them
// as their label ("softmax.py:27"), in the traces and on the critical path.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/isa/program.h"
#include "tools/report/run_timeline.h"
#include "tools/why/critical_path.h"

namespace nsim::tool {

struct EngineUse {
  SimTime busy = 0;  // loads of weights and function tables for its instructions included
  std::int64_t instructions = 0;
};

struct TransferUse {
  std::int64_t transfers = 0;
  std::int64_t bytes = 0;  // written
  std::int64_t descriptors = 0;
  SimTime moving = 0;  // in which DMA engines moved any of them
};

/// All cores and executions together.
struct SourceLine {
  std::uint32_t model = 0;
  std::string name;  // "softmax.py:27"; "" for instructions of no line
  std::array<EngineUse, isa::kEngineCount> engines;  // by isa::Engine
  TransferUse dma;
  SimTime under_way = 0;  // in which any instruction or transfer of it was
  SimTime critical = 0;   // on the critical path
};

/// "softmax.py:27" is one; "layer0.attention" is an operator of a model.
bool names_a_line(const std::string& label);

/// In the order of files and lines; empty when no label names one.
std::vector<SourceLine> source_lines(const RunTimeline& timeline, const CriticalPath& path);

}  // namespace nsim::tool
