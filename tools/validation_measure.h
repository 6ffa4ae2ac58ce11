// SPDX-License-Identifier: Apache-2.0
// What `nsim validate` reads off a run: a measure is written "name" or "name(argument, ..)" and
// gives a number in a base unit (ns, B, B/s, FLOP/s, FLOP/B or 1). docs/validation.md explains
// each.
#pragma once

#include <optional>
#include <string>

#include "runtime/report.h"
#include "sim/base/trace_reader.h"

namespace nsim::tool {

/// A finished run of one request.
struct Observation {
  rt::SessionRecord record;
  std::optional<TraceFile> trace;  // of the device; only when a measure needs it
};

/// Throws UserError when there is no such measure, or its base unit is not that of `unit`
/// (quotients of two runs have none).
void check_measure(const std::string& expression, const std::string& unit, bool quotient);

/// Whether `expression` is read off the trace.
bool needs_trace(const std::string& expression);

/// In base units. Throws UserError when the run has nothing to measure (a label that does not
/// occur).
double measure(const std::string& expression, const Observation& observation);

/// Base units per `unit` ("ms" is 1e6 ns).
double unit_factor(const std::string& unit);

}  // namespace nsim::tool
