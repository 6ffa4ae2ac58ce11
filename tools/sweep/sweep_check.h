// SPDX-License-Identifier: Apache-2.0
// What can be known to be wrong before anything runs.
#pragma once

#include "tools/sweep/sweep_file.h"

namespace nsim::tool {

/// Opens every device with every value of every axis, reads every program, and resolves the names
/// of all expressions. Throws one UserError with all that is wrong. Values are checked one at a
/// time: a combination that does not fit together is a failed point.
void check_sweep(const SweepFile& file);

/// Throws UserError at the first name of `expression` that nothing has: neither axes, columns,
/// parameters nor results. `run` is false for what must be known before a point has run.
void check_names(const SweepFile& file, const Expression& expression, bool run);

}  // namespace nsim::tool
