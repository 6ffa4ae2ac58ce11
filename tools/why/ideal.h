// SPDX-License-Identifier: Apache-2.0
// "What if this resource were infinitely fast": the run again, with it idealised
// (configs/ideal/resources.toml), as a process of its own.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tools/run_record.h"
#include "tools/why/critical_path.h"

namespace nsim::tool {

struct IdealResource {
  std::string name;                      // "dma"
  std::string what;                      // "DMA engines and descriptor generation"
  std::vector<std::string> assignments;  // "dma_engine.rate=10TB/s"
};

/// All that the shipped file defines, with the limits that `resolved`, a run's resolved.toml, has.
std::vector<IdealResource> ideal_resources(const std::string& resolved);

/// The arguments of nsim that repeat a run into `folder`, with `assignments` on top.
std::vector<std::string> repeat_arguments(const RunOutcome& run, const std::string& folder,
                                          const std::vector<std::string>& assignments, bool why);

struct Counterfactual {
  std::string resource;
  std::string what;
  std::vector<std::string> arguments;  // of nsim: the run
  SimTime time = 0;                    // of the same request
  std::string error;                   // "" when it ran
};

/// Repeats the run in `folder` once per resource, `jobs` at a time, below folder/why; what is there
/// already of the same build and arguments is taken.
std::vector<Counterfactual> run_counterfactuals(const std::string& folder, const RunOutcome& run,
                                                const std::vector<IdealResource>& resources,
                                                const CriticalPath& path, int jobs);

/// Repeats the run in `folder` with its critical paths recorded; returns where they are.
std::string record_again(const std::string& folder, const RunOutcome& run);

}  // namespace nsim::tool
