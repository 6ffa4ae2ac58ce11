// SPDX-License-Identifier: Apache-2.0
#include "tools/check/run_events.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fnmatch.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "sim/base/error.h"
#include "sim/base/trace_reader.h"
#include "tools/run_directory.h"

namespace nsim::tool {
namespace {

namespace fs = std::filesystem;

/// Keeps the times of slices whose track and name match.
class SliceCollector : public TraceVisitor {
 public:
  SliceCollector(std::string track, std::string name, std::vector<Span>& out)
      : track_(std::move(track)), name_(std::move(name)), out_(out) {}

  void track(const TraceTrack& track) override {
    wanted_[track.uuid] = !track.is_counter && matches(track_, track.name);
  }
  void slice(TraceSlice& slice) override {
    if (!slice.is_instant && wanted_[slice.track] && matches(name_, slice.name)) {
      out_.push_back({slice.start_ps, slice.start_ps + slice.duration_ps});
    }
  }
  void end(std::uint64_t, std::int64_t) override {}
  void counter(const TraceCounter&) override {}

 private:
  const std::string track_;
  const std::string name_;
  std::vector<Span>& out_;
  std::map<std::uint64_t, bool> wanted_;
};

/// Collects the names of tracks with slices, and of slices on tracks that match.
class NameCollector : public TraceVisitor {
 public:
  explicit NameCollector(std::string track) : track_(std::move(track)) {}

  std::set<std::string> tracks;
  std::set<std::string> slices;

  void track(const TraceTrack& track) override { names_[track.uuid] = track.name; }
  void slice(TraceSlice& slice) override {
    if (!slice.is_instant) {
      const std::string& track = names_[slice.track];
      tracks.insert(track);
      if (matches(track_, track)) {
        slices.insert(slice.name);
      }
    }
  }
  void end(std::uint64_t, std::int64_t) override {}
  void counter(const TraceCounter&) override {}

 private:
  const std::string track_;
  std::map<std::uint64_t, std::string> names_;
};

/// "DMA3(nc0)" as "DMA*(nc*)": a pattern, and one for many.
std::string numbers_as_stars(const std::string& name) {
  std::string out;
  for (const char c : name) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit || out.empty() || out.back() != '*') {
      out += digit ? '*' : c;
    }
  }
  return out;
}

std::vector<std::string> timelines_of(const std::string& folder) {
  std::vector<std::string> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".pftrace") {
      files.push_back(entry.path().string());
    }
  }
  if (files.empty()) {
    throw UserError(fmt::format("{} has no timelines: the run left its traces out", folder));
  }
  std::sort(files.begin(), files.end());
  return files;
}

void sort_by_start(std::vector<Span>& spans) {
  std::stable_sort(spans.begin(), spans.end(),
                   [](const Span& a, const Span& b) { return a.from < b.from; });
}

}  // namespace

bool matches(const std::string& pattern, const std::string& name) {
  return fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
}

SimTime RequestEvents::at(EventMoment moment) const {
  switch (moment) {
    case EventMoment::Submission:
      return submitted;
    case EventMoment::Start:
      return started;
    case EventMoment::End:
      return ended;
    case EventMoment::Completion:
      break;
  }
  return completed;
}

RunEvents::RunEvents(const std::string& folder) : folder_(folder) {
  const nlohmann::json summary = read_summary(folder);
  for (const nlohmann::json& request : summary.at("requests")) {
    requests_.push_back({request.at("unit"), request.at("sequence"), request.at("model_id"),
                         request.at("submitted_ps"), request.at("started_ps"),
                         request.at("ended_ps"), request.at("completed_ps")});
  }
}

std::vector<Span> RunEvents::spans(const SpanSet& set) {
  std::vector<Span> spans;
  if (set.kind == SpanSet::Kind::Slices) {
    SliceCollector collector(set.of, set.named, spans);
    for (const std::string& file : timelines_of(folder_)) {
      scan_trace(file, collector);
    }
  } else {
    for (const RequestEvents& request : requests_) {
      if (matches(set.of, request.unit)) {
        spans.push_back(set.kind == SpanSet::Kind::Requests
                            ? Span{request.submitted, request.completed}
                            : Span{request.started, request.ended});
      }
    }
  }
  sort_by_start(spans);
  return spans;
}

std::string RunEvents::choices(const SpanSet& set) const {
  std::set<std::string> units;
  for (const RequestEvents& request : requests_) {
    units.insert(request.unit);
  }
  NameCollector names(set.of);
  if (set.kind == SpanSet::Kind::Slices) {
    for (const std::string& file : timelines_of(folder_)) {
      scan_trace(file, names);
    }
  }
  const bool other_names = !names.slices.empty();
  const std::set<std::string>& all = set.kind != SpanSet::Kind::Slices ? units
                                     : other_names                     ? names.slices
                                                                       : names.tracks;
  std::set<std::string> shown;
  for (const std::string& name : all) {
    shown.insert(other_names ? name : numbers_as_stars(name));
  }
  return fmt::format("{} {}", other_names ? "slices there are" : "there are",
                     fmt::join(shown, ", "));
}

const std::vector<Span>& RunEvents::transfers_of_model(std::int64_t model) {
  const auto known = transfers_.find(model);
  if (known != transfers_.end()) {
    return known->second;
  }
  const std::string file = fmt::format("{}/device_profile_model_{}.pftrace", folder_, model);
  if (!fs::exists(file)) {
    throw UserError(fmt::format("there is no {}: the run left its traces out", file));
  }
  std::vector<Span>& spans = transfers_[model];
  SliceCollector collector("q*", "transfer", spans);
  scan_trace(file, collector);
  sort_by_start(spans);
  return spans;
}

std::vector<Span> RunEvents::transfers(const RequestEvents& request) {
  std::vector<Span> out;
  if (request.model == 0) {
    return {{request.started, request.ended}};  // a copy is its own data
  }
  for (const Span& span : transfers_of_model(request.model)) {
    if (span.from >= request.started && span.from < request.ended) {
      out.push_back(span);
    }
  }
  return out;
}

}  // namespace nsim::tool
