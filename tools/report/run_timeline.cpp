// SPDX-License-Identifier: Apache-2.0
#include "tools/report/run_timeline.h"

#include <fmt/format.h>
#include <nrt/nrt_async_types.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <numeric>
#include <set>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "sim/base/trace_reader.h"

namespace nsim::tool {
namespace {

/// Numbers texts in the order in which they come.
template <class Entry>
class Numbering {
 public:
  explicit Numbering(std::vector<Entry>& entries) : entries_(entries) {}
  template <class Make>
  std::uint32_t operator()(const std::string& key, Make make) {
    const auto [found, is_new] = numbers_.emplace(key, static_cast<std::uint32_t>(entries_.size()));
    if (is_new) {
      entries_.push_back(make());
    }
    return found->second;
  }

 private:
  std::vector<Entry>& entries_;
  std::unordered_map<std::string, std::uint32_t> numbers_;
};

bool starts_with(const std::string& text, const char* prefix) {
  return text.rfind(prefix, 0) == 0;
}

bool ends_with(const std::string& text, const std::string& suffix) {
  return text.size() >= suffix.size() &&
         text.compare(text.size() - suffix.size(), suffix.size(), suffix) == 0;
}

RowKind kind_of_device_track(const std::string& name) {
  if (ends_with(name, " wait")) {
    return RowKind::Wait;
  }
  if (starts_with(name, "q")) {
    return RowKind::DmaQueue;
  }
  return name.find("DMA") != std::string::npos ? RowKind::DmaEngine : RowKind::Engine;
}

/// Appends one trace after the other. Rows of the same name, of models that take turns on a core,
/// are one row.
class RowBuilder : public TraceVisitor {
 public:
  explicit RowBuilder(RunTimeline& out) : out_(out), texts_(out.texts), labels_(out.labels) {}

  void next_system() {
    tracks_.clear();
    is_system_ = true;
  }
  void next_model(std::uint32_t model, std::string prefix) {
    tracks_.clear();
    is_system_ = false;
    model_ = model;
    prefix_ = std::move(prefix);
  }

  void track(const TraceTrack& track) override {
    Track& known = tracks_[track.uuid];
    known.name = track.name;
    known.parent = track.parent;
    known.rank = track.rank;
    known.is_process = track.pid != 0;
  }

  void slice(TraceSlice& slice) override {
    if (slice.is_instant) {
      update(slice);
      return;
    }
    TimelineRow& row = row_of(slice.track);
    const SimTime end = slice.start_ps + slice.duration_ps;
    row.start.push_back(slice.start_ps);
    row.end.push_back(end);
    row.text.push_back(texts_(slice.name, [&] { return slice.name; }));
    if (row.kind == RowKind::Engine || row.kind == RowKind::DmaQueue) {
      const char* key = row.kind == RowKind::Engine ? "done_ps" : "submitted_ps";
      const auto other = slice.numbers.find(key);
      row.other.push_back(other == slice.numbers.end() ? end : other->second);
      const std::string& label = slice.texts["label"];
      row.label.push_back(labels_(fmt::format("{} {}", model_, label), [&] {
        return OperatorLabel{model_, label};
      }));
    }
    row.detail.push_back(detail(row.kind, slice));
    if (row.kind == RowKind::DmaQueue) {
      row.descriptors.push_back(slice.numbers["descriptors"]);
      row.begun.push_back(slice.numbers["begun_ps"]);
      row.moved.push_back(slice.numbers["moved_ps"]);
    }
    if (row.kind == RowKind::Wait) {
      row.awaited.push_back(awaited(tracks_[slice.track].name, slice));
    }
    if (row.kind == RowKind::Engine && !slice.flows.empty()) {
      const std::uint64_t sequence = NRTA_SEQ_GET_SEQ_NUM(slice.flows.front());
      out_.first_instructions.push_back(
          {row.name, slice.start_ps, model_, static_cast<std::int64_t>(sequence)});
    }
  }
  void end(std::uint64_t, std::int64_t) override {}

  void counter(const TraceCounter& counter) override {
    const Track& track = tracks_[counter.track];
    if (ends_with(track.name, " rate")) {
      out_.rates.push_back({prefix_ + track.name.substr(0, track.name.size() - 5),
                            counter.at_ns * kNanosecond, counter.value});
    }
  }

 private:
  struct Track {
    std::string name;
    std::uint64_t parent = 0;
    int rank = 0;
    bool is_process = false;
    std::int64_t row = -1;
  };

  std::uint32_t text(const std::string& text) {
    return texts_(text, [&] { return text; });
  }

  /// "NC1 (nc2)" of "Tensor(nc2) wait" and "semaphores(nc2)".
  std::uint32_t core_of(const std::string& track) {
    const std::size_t open = track.find('(');
    return text(prefix_ + track.substr(open, track.find(')') - open + 1));
  }

  void update(const TraceSlice& instant) {
    const std::string& track = tracks_[instant.track].name;
    if (is_system_ || !starts_with(track, "semaphores(")) {
      return;
    }
    const std::string by = prefix_ + instant.name + track.substr(track.find('('));
    out_.updates.push_back({instant.start_ps, core_of(track), text(by),
                            static_cast<int>(instant.numbers.at("semaphore")),
                            instant.numbers.at("value")});
  }

  Awaited awaited(const std::string& track, const TraceSlice& slice) {
    const auto semaphore = slice.numbers.find("semaphore");
    if (semaphore == slice.numbers.end()) {
      return {};
    }
    return {static_cast<int>(semaphore->second), slice.numbers.at("value"), core_of(track)};
  }

  static std::int64_t detail(RowKind kind, const TraceSlice& slice) {
    const char* key = kind == RowKind::Engine ? "line"
                      : kind == RowKind::Host ? "sequence"
                                              : "bytes";
    const auto found = slice.numbers.find(key);
    return found == slice.numbers.end() ? 0 : found->second;
  }

  TimelineRow& row_of(std::uint64_t uuid) {
    Track& track = tracks_[uuid];
    if (track.row < 0) {
      const Track& parent = tracks_[track.parent];
      const std::string name = is_system_ ? track.name : prefix_ + track.name;
      const auto [found, is_new] = rows_.emplace(std::pair(is_system_, name), out_.rows.size());
      track.row = static_cast<std::int64_t>(found->second);
      if (is_new) {
        TimelineRow row;
        row.name = name;
        if (is_system_) {
          row.kind = starts_with(track.name, "host") ? RowKind::Host : RowKind::Unit;
          row.rank = track.rank;
        } else {
          row.kind = kind_of_device_track(track.name);
          row.rank = row.kind == RowKind::Wait ? parent.rank : track.rank;
        }
        out_.rows.push_back(std::move(row));
      }
    }
    return out_.rows[static_cast<std::size_t>(track.row)];
  }

  RunTimeline& out_;
  Numbering<std::string> texts_;
  Numbering<OperatorLabel> labels_;
  std::unordered_map<std::uint64_t, Track> tracks_;  // of the file being read
  std::map<std::pair<bool, std::string>, std::size_t> rows_;
  bool is_system_ = false;
  std::uint32_t model_ = 0;
  std::string prefix_;
};

template <class Column>
void permute(std::vector<Column>& column, const std::vector<std::size_t>& order) {
  if (column.empty()) {
    return;
  }
  std::vector<Column> sorted;
  sorted.reserve(column.size());
  for (const std::size_t from : order) {
    sorted.push_back(column[from]);
  }
  column = std::move(sorted);
}

void sort_by_start(TimelineRow& row) {
  if (std::is_sorted(row.start.begin(), row.start.end())) {
    return;
  }
  std::vector<std::size_t> order(row.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return row.start[a] < row.start[b]; });
  permute(row.start, order);
  permute(row.end, order);
  permute(row.text, order);
  permute(row.other, order);
  permute(row.label, order);
  permute(row.detail, order);
  permute(row.descriptors, order);
  permute(row.begun, order);
  permute(row.moved, order);
  permute(row.awaited, order);
}

/// A name without its core, split before the number at its end, then the core: DMA2 comes before
/// DMA10, and qSyncIO before qSyncIO1.
std::tuple<std::string, std::string, long> natural(const std::string& name) {
  const std::size_t core = std::min(name.find('('), name.size());
  std::size_t digit = core;
  while (digit > 0 && std::isdigit(static_cast<unsigned char>(name[digit - 1])) != 0) {
    --digit;
  }
  const long number = digit == core ? -1 : std::atol(name.c_str() + digit);
  return {name.substr(core), name.substr(0, digit), number};
}

void finish(RunTimeline& timeline) {
  for (TimelineRow& row : timeline.rows) {
    sort_by_start(row);
  }
  std::stable_sort(timeline.updates.begin(), timeline.updates.end(),
                   [](const SemaphoreUpdate& a, const SemaphoreUpdate& b) { return a.at < b.at; });
  const auto key = [](const TimelineRow& row) {
    const bool device = row.kind != RowKind::Host && row.kind != RowKind::Unit;
    return std::tuple(device, device ? RowKind::Host : row.kind, row.rank);
  };
  std::stable_sort(timeline.rows.begin(), timeline.rows.end(),
                   [&](const TimelineRow& a, const TimelineRow& b) {
                     if (key(a) != key(b)) {
                       return key(a) < key(b);
                     }
                     const bool same = a.kind == b.kind && a.kind != RowKind::Wait;
                     return same ? natural(a.name) < natural(b.name) : a.name < b.name;
                   });
  timeline.begin = kNever;
  for (const TimelineRow& row : timeline.rows) {
    timeline.begin = std::min(timeline.begin, row.start.front());
    timeline.end = std::max(timeline.end, *std::max_element(row.end.begin(), row.end.end()));
  }
  timeline.begin = timeline.rows.empty() ? 0 : timeline.begin;
}

bool is_file(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(path, ignored);
}

}  // namespace

const char* name_of(RowKind kind) {
  switch (kind) {
    case RowKind::Host:
      return "host";
    case RowKind::Unit:
      return "unit";
    case RowKind::DmaQueue:
      return "queue";
    case RowKind::DmaEngine:
      return "dma";
    case RowKind::Engine:
      return "engine";
    case RowKind::Wait:
      return "wait";
  }
  return "";
}

std::size_t RunTimeline::slices() const {
  std::size_t sum = 0;
  for (const TimelineRow& row : rows) {
    sum += row.size();
  }
  return sum;
}

RunTimeline read_timeline(const std::string& folder, const std::vector<ModelPlace>& models) {
  RunTimeline timeline;
  RowBuilder builder(timeline);
  const std::string system = folder + "/system_profile.pftrace";
  if (is_file(system)) {
    builder.next_system();
    scan_trace(system, builder);
  }
  std::set<int> cores;
  for (const ModelPlace& place : models) {
    cores.insert(place.logical_core);
  }
  for (const ModelPlace& place : models) {
    const std::string path = fmt::format("{}/device_profile_model_{}.pftrace", folder, place.model);
    if (is_file(path)) {
      builder.next_model(place.model,
                         cores.size() > 1 ? fmt::format("NC{} ", place.logical_core) : "");
      scan_trace(path, builder);
    }
  }
  finish(timeline);
  return timeline;
}

const TimelineRow* waits_of(const RunTimeline& timeline, const TimelineRow& engine) {
  for (const TimelineRow& row : timeline.rows) {
    if (row.kind == RowKind::Wait && row.name == engine.name + " wait") {
      return &row;
    }
  }
  return nullptr;
}

std::vector<SimTime> operator_times(const RunTimeline& timeline) {
  std::vector<TimeSpans> spans(timeline.labels.size());
  for (const TimelineRow& row : timeline.rows) {
    for (std::size_t i = 0; i < row.label.size(); ++i) {
      spans[row.label[i]].emplace_back(std::min(row.start[i], row.other[i]),
                                       std::max(row.end[i], row.other[i]));
    }
  }
  std::vector<SimTime> times;
  for (TimeSpans& of_label : spans) {
    times.push_back(covered_time(of_label));
  }
  return times;
}

SimTime covered_time(TimeSpans& spans) {
  std::sort(spans.begin(), spans.end());
  SimTime sum = 0;
  SimTime reached = 0;
  for (const auto& [start, end] : spans) {
    sum += std::max<SimTime>(0, end - std::max(start, reached));
    reached = std::max(reached, end);
  }
  return sum;
}

}  // namespace nsim::tool
