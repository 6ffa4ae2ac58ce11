// SPDX-License-Identifier: Apache-2.0
// What a trace must show, in sentences:
//
//   every MOMENT of UNIT follows its MOMENT | its data | MOMENT of UNIT
//   never more than N SPANS in flight | at once
//   overlap of SPANS and SPANS at least | at most | exactly P%
//   total | longest | shortest | gaps of SPANS at least | at most | exactly DURATION
//   count of SPANS at least | at most | exactly N
//
//   MOMENT  submission | start | end | completion
//   SPANS   requests of UNIT | executions of UNIT | slices of TRACK [named NAME]
//
// Units, tracks and names are shell patterns; those with spaces stand in quotes. docs/checks.md
// tells what each means.
#pragma once

#include <cstdint>
#include <string>

#include "sim/base/error.h"
#include "sim/base/units.h"

namespace nsim::tool {

enum class EventMoment : std::uint8_t { Submission, Start, End, Completion };

struct SpanSet {
  enum class Kind : std::uint8_t { Requests, Executions, Slices };
  Kind kind = Kind::Requests;
  std::string of;     // pattern of units or tracks
  std::string named;  // Slices: pattern of names, "*": any
};

struct Expectation {
  enum class Kind : std::uint8_t { Follows, Never, Overlap, Total, Longest, Shortest, Gaps, Count };
  enum class Bound : std::uint8_t { AtLeast, AtMost, Exactly };
  /// What a moment follows.
  enum class Partner : std::uint8_t { Own, Data, Other };

  std::string text;
  Kind kind = Kind::Follows;
  // Follows.
  EventMoment moment = EventMoment::Completion;
  std::string unit;
  Partner partner = Partner::Own;
  EventMoment partner_moment = EventMoment::End;
  std::string partner_unit;
  // All others.
  SpanSet spans;
  SpanSet other;  // Overlap
  Bound bound = Bound::AtMost;
  /// Counts as they are, durations in picoseconds, shares in parts per billion.
  std::int64_t limit = 0;
};

/// `where` is the place of the text's first character. Throws UserError with the place of what is
/// wrong and what would be right.
Expectation parse_expectation(const std::string& text, const SourcePos& where);

}  // namespace nsim::tool
