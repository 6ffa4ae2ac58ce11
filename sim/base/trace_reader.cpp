// SPDX-License-Identifier: Apache-2.0
#include "sim/base/trace_reader.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <protozero/pbf_reader.hpp>
#include <utility>

#include "sim/base/error.h"
#include "sim/base/trace_fields.h"

namespace nsim {
namespace {

using protozero::pbf_reader;
namespace field = trace_fields;

[[noreturn]] void fail(const std::string& problem) {
  throw UserError("trace: " + problem);
}

struct Event {
  std::int64_t type = 0;
  std::uint64_t track = 0;
  std::uint64_t name = 0;
  double value = 0;
  TraceSlice slice;  // flows and arguments
};

class Reader {
 public:
  explicit Reader(TraceVisitor& visitor) : visitor_(visitor) {}

  void read(const std::string& bytes) {
    pbf_reader trace(bytes);
    while (trace.next(field::trace::kPacket)) {
      packet(trace.get_message());
    }
    for (const auto& [uuid, track] : tracks_) {
      if (track.open != 0) {
        fail("a slice on \"" + track.name + "\" never ends");
      }
    }
  }

 private:
  using Names = std::map<std::uint64_t, std::string>;

  void packet(pbf_reader packet) {
    std::int64_t at = 0;
    bool has_sequence = false;
    while (packet.next()) {
      switch (packet.tag()) {
        case field::packet::kTimestamp:
          at = static_cast<std::int64_t>(packet.get_uint64());
          break;
        case field::packet::kSequenceId:
          has_sequence = packet.get_uint32() != 0;
          break;
        case field::packet::kTrackDescriptor:
          track(packet.get_message());
          break;
        case field::packet::kInternedData:
          interned(packet.get_message());
          break;
        case field::packet::kTrackEvent:
          event(at, read_event(packet.get_message()));
          break;
        default:
          packet.skip();
      }
    }
    if (!has_sequence) {
      fail("a packet without sequence");
    }
  }

  void track(pbf_reader descriptor) {
    TraceTrack track;
    while (descriptor.next()) {
      switch (descriptor.tag()) {
        case field::track::kUuid:
          track.uuid = descriptor.get_uint64();
          break;
        case field::track::kName:
          track.name = descriptor.get_string();
          break;
        case field::track::kParentUuid:
          track.parent = descriptor.get_uint64();
          break;
        case field::track::kSiblingOrderRank:
          track.rank = descriptor.get_int32();
          break;
        case field::track::kProcess: {
          pbf_reader process = descriptor.get_message();
          track.pid = process.next(field::track::kProcessPid) ? process.get_int32() : 0;
          break;
        }
        case field::track::kCounter: {
          pbf_reader counter = descriptor.get_message();
          track.unit =
              counter.next(field::track::kCounterUnitName) ? counter.get_string() : std::string();
          track.is_counter = true;
          break;
        }
        default:
          descriptor.skip();
      }
    }
    if (track.uuid != 0) {  // 0 only says how the root orders its children
      tracks_[track.uuid].name = track.name;
      visitor_.track(track);
    }
  }

  void interned(pbf_reader data) {
    while (data.next()) {
      Names& names = data.tag() == field::interned::kEventNames ? event_names_ : key_names_;
      pbf_reader entry = data.get_message();
      std::uint64_t id = 0;
      std::string text;
      while (entry.next()) {
        if (entry.tag() == field::interned::kId) {
          id = entry.get_uint64();
        } else {
          text = entry.get_string();
        }
      }
      names[id] = text;
    }
  }

  static const std::string& lookup(const Names& names, std::uint64_t id) {
    const auto found = names.find(id);
    if (found == names.end()) {
      fail("the name with number " + std::to_string(id) + " was never written");
    }
    return found->second;
  }

  void annotation(pbf_reader message, TraceSlice& slice) const {
    std::string key;
    while (message.next()) {
      switch (message.tag()) {
        case field::annotation::kNameId:
          key = lookup(key_names_, message.get_uint64());
          break;
        case field::annotation::kIntValue:
          slice.numbers[key] = message.get_int64();
          break;
        case field::annotation::kStringValue:
          slice.texts[key] = message.get_string();
          break;
        default:
          message.skip();
      }
    }
  }

  Event read_event(pbf_reader message) const {
    Event event;
    while (message.next()) {
      switch (message.tag()) {
        case field::event::kType:
          event.type = message.get_enum();
          break;
        case field::event::kTrackUuid:
          event.track = message.get_uint64();
          break;
        case field::event::kNameId:
          event.name = message.get_uint64();
          break;
        case field::event::kFlowId:
          event.slice.flows.push_back(message.get_fixed64());
          break;
        case field::event::kDoubleCounterValue:
          event.value = message.get_double();
          break;
        case field::event::kDebugAnnotation:
          annotation(message.get_message(), event.slice);
          break;
        default:
          message.skip();
      }
    }
    return event;
  }

  void event(std::int64_t at, Event event) {
    const auto track = tracks_.find(event.track);
    if (track == tracks_.end()) {
      fail("an event on a track that was never described");
    }
    switch (static_cast<field::EventType>(event.type)) {
      case field::EventType::Counter:
        visitor_.counter({event.track, at, event.value});
        return;
      case field::EventType::SliceEnd:
        if (track->second.open == 0) {
          fail("a slice ends that never began");
        }
        --track->second.open;
        visitor_.end(event.track, at);
        return;
      case field::EventType::SliceBegin:
        ++track->second.open;
        begin(at, event);
        return;
      case field::EventType::Instant:
        begin(at, event);
        return;
    }
    fail("an event of an unknown type");
  }

  void begin(std::int64_t at, Event& event) {
    TraceSlice& slice = event.slice;
    slice.track = event.track;
    slice.name = lookup(event_names_, event.name);
    slice.start_ps = take(slice.numbers, "start_ps");
    slice.duration_ps = take(slice.numbers, "duration_ps");
    slice.is_instant = event.type == static_cast<std::int64_t>(field::EventType::Instant);
    slice.begin_ns = at;
    slice.end_ns = at;
    visitor_.slice(slice);
  }

  static SimTime take(std::map<std::string, std::int64_t>& numbers, const char* key) {
    const auto found = numbers.find(key);
    const SimTime value = found == numbers.end() ? 0 : found->second;
    if (found != numbers.end()) {
      numbers.erase(found);
    }
    return value;
  }

  struct Track {
    std::string name;
    std::size_t open = 0;  // slices that have not ended
  };

  TraceVisitor& visitor_;
  Names event_names_;
  Names key_names_;
  std::map<std::uint64_t, Track> tracks_;
};

/// Keeps everything.
class Collector : public TraceVisitor {
 public:
  TraceFile file;

  void track(const TraceTrack& track) override { file.tracks.push_back(track); }
  void slice(TraceSlice& slice) override {
    if (!slice.is_instant) {
      open_[slice.track].push_back(file.slices.size());
    }
    file.slices.push_back(std::move(slice));
  }
  void end(std::uint64_t track, std::int64_t at_ns) override {
    std::vector<std::size_t>& open = open_[track];
    file.slices[open.back()].end_ns = at_ns;
    open.pop_back();
  }
  void counter(const TraceCounter& counter) override { file.counters.push_back(counter); }

 private:
  std::map<std::uint64_t, std::vector<std::size_t>> open_;  // by track, outermost first
};

// Slices of one track are apart or nested.
void check_nesting(const TraceFile& file) {
  std::map<std::uint64_t, std::vector<const TraceSlice*>> by_track;
  for (const TraceSlice& slice : file.slices) {
    if (!slice.is_instant) {
      by_track[slice.track].push_back(&slice);
    }
  }
  const auto end = [](const TraceSlice* slice) { return slice->start_ps + slice->duration_ps; };
  for (auto& [track, slices] : by_track) {
    std::sort(slices.begin(), slices.end(), [](const TraceSlice* a, const TraceSlice* b) {
      return a->start_ps != b->start_ps ? a->start_ps < b->start_ps
                                        : a->duration_ps > b->duration_ps;
    });
    std::vector<const TraceSlice*> around;
    for (const TraceSlice* slice : slices) {
      while (!around.empty() && end(around.back()) <= slice->start_ps) {
        around.pop_back();
      }
      if (!around.empty() && end(slice) > end(around.back())) {
        fail("slices overlap on \"" + file.path(track) + "\" at " +
             std::to_string(slice->start_ps) + " ps");
      }
      around.push_back(slice);
    }
  }
}

}  // namespace

std::string TraceFile::path(std::uint64_t uuid) const {
  std::string result;
  while (uuid != 0) {
    const auto found = std::find_if(tracks.begin(), tracks.end(),
                                    [uuid](const TraceTrack& each) { return each.uuid == uuid; });
    if (found == tracks.end()) {
      fail("a parent that was never described");
    }
    result = result.empty() ? found->name : found->name + "/" + result;
    uuid = found->parent;
  }
  return result;
}

const TraceTrack& TraceFile::track(const std::string& wanted) const {
  std::string all;
  for (const TraceTrack& each : tracks) {
    const std::string name = path(each.uuid);
    if (name == wanted) {
      return each;
    }
    all += "\n  " + name;
  }
  fail("no track \"" + wanted + "\"; there are:" + all);
}

std::vector<TraceSlice> TraceFile::slices_of(const std::string& track_path) const {
  const std::uint64_t uuid = track(track_path).uuid;
  std::vector<TraceSlice> result;
  std::copy_if(slices.begin(), slices.end(), std::back_inserter(result),
               [uuid](const TraceSlice& slice) { return slice.track == uuid; });
  return result;
}

SimTime TraceFile::busy(const std::string& track_path) const {
  SimTime sum = 0;
  for (const TraceSlice& slice : slices_of(track_path)) {
    sum += slice.duration_ps;
  }
  return sum;
}

void scan_trace(const std::string& path, TraceVisitor& visitor) {
  std::error_code missing;
  const std::uintmax_t size = std::filesystem::file_size(path, missing);
  std::string bytes(missing ? 0 : static_cast<std::size_t>(size), '\0');
  std::ifstream input(path, std::ios::binary);
  input.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (missing || !input) {
    fail("cannot read \"" + path + "\"");
  }
  try {
    Reader(visitor).read(bytes);
  } catch (const protozero::exception& error) {
    fail("\"" + path + "\" is no protobuf: " + error.what());
  }
}

TraceFile read_trace(const std::string& path) {
  Collector collector;
  scan_trace(path, collector);
  check_nesting(collector.file);
  return std::move(collector.file);
}

}  // namespace nsim
