// SPDX-License-Identifier: Apache-2.0
// What is left behind when a request fails in the device: a block in the log, a directory with the
// state of its cores and the tail of the log, the run of a dump program, and on request the inputs
// of the execution. A session leaves a limited number; nothing of it fails a request.
//
// <directory>/<instance>-nd<D>-nc<C>-pid-<P>-tid-<T>-lid-<L>   one per physical core, JSON:
//   error       status, name, api, at_ps
//   request     number, unit, called_ps, submitted_ps, started_ps, ended_ps
//   model       id, name, inputs and outputs with address and bytes (executions only)
//   unit        completed, at_device
//   statistics  of the core: instructions, semaphores, DMA engines, ...
// <directory>/<instance>-nrt-pid-<P>.log                       the last lines of the log
#pragma once

#include <map>
#include <string>

#include "runtime/core_range.h"
#include "runtime/env.h"
#include "runtime/request.h"
#include "runtime/unit_queue.h"
#include "sim/hw/hardware.h"

namespace nsim::rt {

/// `pattern` with %<letter> replaced by its value; %% is a percent sign, unknown letters stay.
std::string expand_pattern(const std::string& pattern, const std::map<char, std::string>& values);

/// True for failures of the device, false for what follows from them or from nrt_close.
bool is_device_failure(NRT_STATUS status);

/// Simulation thread.
class CoreDump {
 public:
  CoreDump(const Environment& environment, hw::Topology topology, CoreRange cores);

  /// Before the failure is visible: whoever sees it finds the files.
  void failed(const UnitQueue& queue, const Request& request, hw::Hardware& hardware);

 private:
  void dump_state(const UnitQueue& queue, const Request& request,
                  const hw::Hardware& hardware) const noexcept;
  void log_block(const Request& request) const;
  std::string directory() const;
  void write_cores(const std::string& directory, const UnitQueue& queue, const Request& request,
                   const hw::Hardware& hardware) const;
  void run_program(const std::string& directory, const Request& request) const;

  const Environment environment_;
  const hw::Topology topology_;
  const CoreRange cores_;
  int left_ = 8;  // a client that provokes failures by the million does not fill the disk
};

}  // namespace nsim::rt
