// SPDX-License-Identifier: Apache-2.0
// Runs the workloads of a table of published figures. Rows with the same workload share one run;
// every run is a process of its own, `jobs` at a time.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tools/validation_report.h"
#include "tools/validation_table.h"

namespace nsim::tool {

/// Results in the order of `rows`. `progress(done, total)` counts runs.
std::vector<ValidationResult> run_validation(const std::vector<ValidationRow>& rows, int jobs,
                                             const std::function<void(int, int)>& progress);

}  // namespace nsim::tool
