// SPDX-License-Identifier: Apache-2.0
// What happened in a run, for expectations: its requests out of summary.json, and slices of its
// timelines.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/base/units.h"
#include "tools/check/expectation.h"

namespace nsim::tool {

struct Span {
  SimTime from = 0;
  SimTime to = 0;
};

struct RequestEvents {
  std::string unit;
  std::int64_t sequence = 0;
  std::int64_t model = 0;
  SimTime submitted = 0;
  SimTime started = 0;
  SimTime ended = 0;
  SimTime completed = 0;
  SimTime at(EventMoment moment) const;
};

class RunEvents {
 public:
  /// Of the run in `folder`. Throws UserError when it has no summary.
  explicit RunEvents(const std::string& folder);

  const std::vector<RequestEvents>& requests() const { return requests_; }
  /// By their starts. Slices are read from the timelines when they are first asked for; throws
  /// UserError when there are none.
  std::vector<Span> spans(const SpanSet& set);
  /// What spans could be about instead, as far as it goes: patterns of units or tracks, or, when
  /// the track is right, names of slices.
  std::string choices(const SpanSet& set) const;
  /// The DMA transfers of the program that `request` executed, begun while it ran.
  std::vector<Span> transfers(const RequestEvents& request);

 private:
  const std::vector<Span>& transfers_of_model(std::int64_t model);

  const std::string folder_;
  std::vector<RequestEvents> requests_;
  std::map<std::int64_t, std::vector<Span>> transfers_;
};

/// A shell pattern.
bool matches(const std::string& pattern, const std::string& name);

struct Verdict {
  bool holds = false;
  std::string found;  // "4 at once from 12.000 us on, 3 allowed"
};
/// Throws UserError when the run has nothing that the expectation could be about.
Verdict judge(const Expectation& expectation, RunEvents& events);

}  // namespace nsim::tool
