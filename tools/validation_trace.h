// SPDX-License-Identifier: Apache-2.0
// What `nsim validate` reads off a device trace. Instructions are named by their label in the
// program text, engines as in the trace without the core ("Vector"). Times in ns.
#pragma once

#include <string>
#include <vector>

#include "sim/base/trace_reader.h"

namespace nsim::tool {

class TraceView {
 public:
  explicit TraceView(const TraceFile& file) : file_(file) {}

  /// From start until the result is visible.
  double mean_duration(const std::string& label) const;
  /// From one start to the next.
  double mean_interval(const std::string& label) const;
  /// From the result of the first `before` to the start of the first `after`.
  double gap(const std::string& before, const std::string& after) const;

  /// From the first start to the last result of an engine's instructions.
  double window(const std::string& engine) const;
  double sum_of_durations(const std::string& engine) const;
  /// Absolute, of an engine's first instruction.
  double first_start(const std::string& engine) const;

  /// Of the weights of the first instruction with this label, while the array waited for them.
  double weight_load(const std::string& label) const;
  /// Of the last function table loaded before the first instruction with this label.
  double table_load(const std::string& label) const;
  /// From the first instruction until one follows the one before in less than three quarters of
  /// the first interval.
  double slow_start(const std::string& label) const;

  /// From the start of a DMA instruction until the first data came back from memory.
  double trigger_to_data(const std::string& label) const;
  /// From the start of a DMA instruction to the first packet.
  double trigger_to_packet(const std::string& label) const;
  /// From the result of an instruction to the first data that a DMA engine moves afterwards.
  double result_to_data(const std::string& label) const;
  /// From the last data having arrived to the start of the instruction that waited for it.
  double data_to_start(const std::string& label) const;
  /// The longest packet of any DMA engine.
  double longest_packet() const;

 private:
  std::vector<const TraceSlice*> labelled(const std::string& label) const;
  std::vector<const TraceSlice*> of_engine(const std::string& engine) const;
  std::vector<const TraceSlice*> packets() const;
  /// The least `key` of packets that start at `from` or later.
  double first_packet(SimTime from, const char* key) const;

  const TraceFile& file_;
};

}  // namespace nsim::tool
