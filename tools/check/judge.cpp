// SPDX-License-Identifier: Apache-2.0
// Whether an expectation holds in a run.
#include <fmt/format.h>

#include <algorithm>

#include "sim/base/error.h"
#include "sim/base/words.h"
#include "tools/check/run_events.h"

namespace nsim::tool {
namespace {

constexpr std::int64_t kWhole = 1000000000;  // parts of a share

std::string time_of(SimTime at) {
  return time_text(static_cast<double>(at) / kNanosecond);
}

/// Their union, in order, without touching neighbours.
std::vector<Span> merged(const std::vector<Span>& spans) {
  std::vector<Span> out;
  for (const Span& span : spans) {
    if (!out.empty() && span.from <= out.back().to) {
      out.back().to = std::max(out.back().to, span.to);
    } else {
      out.push_back(span);
    }
  }
  return out;
}

SimTime length(const std::vector<Span>& spans) {
  SimTime total = 0;
  for (const Span& span : spans) {
    total += span.to - span.from;
  }
  return total;
}

/// Of two unions.
SimTime common(const std::vector<Span>& a, const std::vector<Span>& b) {
  SimTime total = 0;
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    total += std::max<SimTime>(0, std::min(a[i].to, b[j].to) - std::max(a[i].from, b[j].from));
    ++(a[i].to < b[j].to ? i : j);
  }
  return total;
}

bool within(std::int64_t value, const Expectation& expectation) {
  switch (expectation.bound) {
    case Expectation::Bound::AtLeast:
      return value >= expectation.limit;
    case Expectation::Bound::AtMost:
      return value <= expectation.limit;
    case Expectation::Bound::Exactly:
      break;
  }
  return value == expectation.limit;
}

/// "the run has nothing that matches 'Tensr(nc0)'; there are ..."
std::string nothing(const SpanSet& set, const RunEvents& events) {
  return fmt::format(
      "the run has nothing that matches '{}'{}; {}", set.of,
      set.kind == SpanSet::Kind::Slices && set.named != "*" ? " named '" + set.named + "'" : "",
      events.choices(set));
}

std::vector<Span> some(const SpanSet& set, RunEvents& events) {
  std::vector<Span> spans = events.spans(set);
  if (spans.empty()) {
    throw UserError(nothing(set, events));
  }
  return spans;
}

Verdict judge_never(const Expectation& expectation, RunEvents& events) {
  std::vector<std::pair<SimTime, int>> changes;  // ends before starts of the same moment
  for (const Span& span : some(expectation.spans, events)) {
    changes.emplace_back(span.from, 1);
    changes.emplace_back(span.to, -1);
  }
  std::sort(changes.begin(), changes.end());
  std::int64_t now = 0;
  std::int64_t most = 0;
  SimTime when = 0;
  for (const auto& [at, change] : changes) {
    now += change;
    if (now > most) {
      most = now;
      when = at;
    }
  }
  return {most <= expectation.limit, fmt::format("{} from {} on", most, time_of(when))};
}

Verdict judge_overlap(const Expectation& expectation, RunEvents& events) {
  const std::vector<Span> first = merged(some(expectation.spans, events));
  const std::vector<Span> second = merged(some(expectation.other, events));
  const SimTime total = length(first);
  const SimTime both = common(first, second);
  const auto share =
      static_cast<std::int64_t>(total > 0 ? static_cast<Int128>(both) * kWhole / total : Int128{0});
  return {within(share, expectation),
          fmt::format("{:.1f} %, {} of {}", 1e-7 * static_cast<double>(share), time_of(both),
                      time_of(total))};
}

Verdict judge_measure(const Expectation& expectation, RunEvents& events) {
  const std::vector<Span> spans = expectation.kind == Expectation::Kind::Count
                                      ? events.spans(expectation.spans)
                                      : some(expectation.spans, events);
  if (expectation.kind == Expectation::Kind::Count) {
    const auto count = static_cast<std::int64_t>(spans.size());
    const bool holds = within(count, expectation);
    return {holds, count == 0 && !holds ? "0: " + nothing(expectation.spans, events)
                                        : fmt::format("{}", count)};
  }
  const std::vector<Span> whole = merged(spans);
  SimTime value = 0;
  if (expectation.kind == Expectation::Kind::Total) {
    value = length(whole);
  } else if (expectation.kind == Expectation::Kind::Gaps) {
    value = whole.back().to - whole.front().from - length(whole);
  } else {
    const bool longest = expectation.kind == Expectation::Kind::Longest;
    const auto shorter = [](const Span& a, const Span& b) { return a.to - a.from < b.to - b.from; };
    const Span& one = longest ? *std::max_element(spans.begin(), spans.end(), shorter)
                              : *std::min_element(spans.begin(), spans.end(), shorter);
    value = one.to - one.from;
    return {within(value, expectation), fmt::format("{} at {}", time_of(value), time_of(one.from))};
  }
  return {within(value, expectation), time_of(value)};
}

std::vector<const RequestEvents*> requests_of(const std::string& unit, const RunEvents& events) {
  std::vector<const RequestEvents*> out;
  for (const RequestEvents& request : events.requests()) {
    if (matches(unit, request.unit)) {
      out.push_back(&request);
    }
  }
  if (out.empty()) {
    throw UserError(nothing({SpanSet::Kind::Requests, unit, "*"}, events));
  }
  return out;
}

/// What `request`, the `index`-th of its pattern, must follow.
SimTime earliest(const Expectation& expectation, const RequestEvents& request, std::size_t index,
                 const std::vector<const RequestEvents*>& partners, RunEvents& events) {
  switch (expectation.partner) {
    case Expectation::Partner::Own:
      return request.at(expectation.partner_moment);
    case Expectation::Partner::Data: {
      SimTime last = 0;
      for (const Span& transfer : events.transfers(request)) {
        last = std::max(last, transfer.to);
      }
      return last;
    }
    case Expectation::Partner::Other:
      break;
  }
  return index < partners.size() ? partners[index]->at(expectation.partner_moment) : kNever;
}

Verdict judge_follows(const Expectation& expectation, RunEvents& events) {
  const std::vector<const RequestEvents*> requests = requests_of(expectation.unit, events);
  const std::vector<const RequestEvents*> partners =
      expectation.partner == Expectation::Partner::Other
          ? requests_of(expectation.partner_unit, events)
          : std::vector<const RequestEvents*>{};
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const SimTime at = requests[i]->at(expectation.moment);
    const SimTime before = earliest(expectation, *requests[i], i, partners, events);
    if (before == kNever) {
      return {false, fmt::format("{} has {} requests, {} has {}", expectation.unit, requests.size(),
                                 expectation.partner_unit, partners.size())};
    }
    if (at < before) {
      return {false,
              fmt::format("request {} of {}: {}, but what it follows is at {}",
                          requests[i]->sequence, requests[i]->unit, time_of(at), time_of(before))};
    }
  }
  return {true, counted(static_cast<std::int64_t>(requests.size()), "request")};
}

}  // namespace

Verdict judge(const Expectation& expectation, RunEvents& events) {
  switch (expectation.kind) {
    case Expectation::Kind::Follows:
      return judge_follows(expectation, events);
    case Expectation::Kind::Never:
      return judge_never(expectation, events);
    case Expectation::Kind::Overlap:
      return judge_overlap(expectation, events);
    case Expectation::Kind::Total:
    case Expectation::Kind::Longest:
    case Expectation::Kind::Shortest:
    case Expectation::Kind::Gaps:
    case Expectation::Kind::Count:
      break;
  }
  return judge_measure(expectation, events);
}

}  // namespace nsim::tool
