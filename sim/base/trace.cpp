// SPDX-License-Identifier: Apache-2.0
#include "sim/base/trace.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <protozero/pbf_writer.hpp>
#include <protozero/varint.hpp>
#include <utility>
#include <vector>

#include "sim/base/error.h"
#include "sim/base/log.h"
#include "sim/base/trace_fields.h"

namespace nsim {
namespace {

using protozero::pbf_writer;
namespace field = trace_fields;

constexpr std::size_t kBufferSize = 1u << 20;
constexpr std::uint32_t kSequence = 1;  // all packets of a file form one sequence

struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

// An annotation with a number, encoded apart: nearly all of a trace consists of these, and a
// message whose length is known need not be moved when it is complete.
class NumberAnnotation {
 public:
  NumberAnnotation(std::uint64_t key, std::int64_t number) {
    add(field::annotation::kNameId, key);
    add(field::annotation::kIntValue, static_cast<std::uint64_t>(number));
  }
  const char* data() const { return bytes_; }
  std::size_t size() const { return static_cast<std::size_t>(end_ - bytes_); }

 private:
  void add(std::uint32_t field, std::uint64_t value) {
    *end_++ = static_cast<char>(field << 3);  // wire type 0, fields below 16
    end_ += protozero::write_varint(end_, value);
  }
  char bytes_[2 * (1 + protozero::max_varint_length)] = {};
  char* end_ = bytes_;
};

// Strings that are written once and referred to by number, from 1.
class Interner {
 public:
  // The number of `text`, and whether it is new.
  std::pair<std::uint64_t, bool> find(std::string_view text) {
    const auto found = ids_.find(text);
    if (found != ids_.end()) {
      return {found->second, false};
    }
    const std::uint64_t id = ids_.size() + 1;
    ids_.emplace(text, id);
    return {id, true};
  }

 private:
  std::map<std::string, std::uint64_t, std::less<>> ids_;
};

}  // namespace

class Trace::Writer {
 public:
  explicit Writer(const std::string& path) : path_(path), file_(std::fopen(path.c_str(), "wb")) {
    if (file_ == nullptr) {
      throw UserError("cannot create \"" + path + "\": " + std::strerror(errno));
    }
    buffer_.reserve(kBufferSize + 4096);
    start_sequence();
    start_key_ = key("start_ps");
    duration_key_ = key("duration_ps");
  }

  struct TrackOptions {
    std::string name;
    TrackId parent = 0;
    int rank = 0;
    int pid = 0;                        // 0: no process
    const std::string* unit = nullptr;  // of a counter
  };
  TrackId track(const TrackOptions& options);
  NameId name(std::string_view text);
  void slice(TrackId track, NameId name, SimTime start, SimTime end, std::uint64_t flow,
             std::initializer_list<TraceArg> args);
  void instant(TrackId track, NameId name, SimTime at, std::uint64_t flow,
               std::initializer_list<TraceArg> args);
  void counter(TrackId track, SimTime at, double value);
  void close();

 private:
  template <class Body>
  void packet(Body&& body);
  template <class Body>
  void event(SimTime at, field::EventType type, TrackId track, Body&& body);
  void start_sequence();
  std::uint64_t key(const char* text);
  void intern(std::uint32_t table, std::uint64_t id, std::string_view text);
  void annotate(pbf_writer& event, std::uint64_t key, std::int64_t number);
  void resolve_keys(std::initializer_list<TraceArg> args);
  void annotate_all(pbf_writer& event, std::initializer_list<TraceArg> args);
  void flush();

  std::string path_;
  std::unique_ptr<std::FILE, FileCloser> file_;
  std::string buffer_;
  bool failed_ = false;
  std::map<std::pair<TrackId, std::string>, TrackId> tracks_;
  Interner names_;
  Interner keys_;
  std::vector<std::pair<const char*, std::uint64_t>> known_keys_;  // by address
  std::vector<std::uint64_t> arg_keys_;                            // of the event being written
  std::uint64_t start_key_ = 0;
  std::uint64_t duration_key_ = 0;
};

template <class Body>
void Trace::Writer::packet(Body&& body) {
  pbf_writer file(buffer_);
  {
    pbf_writer packet(file, field::trace::kPacket);
    packet.add_uint32(field::packet::kSequenceId, kSequence);
    body(packet);
  }
  if (buffer_.size() >= kBufferSize) {
    flush();
  }
}

template <class Body>
void Trace::Writer::event(SimTime at, field::EventType type, TrackId track, Body&& body) {
  packet([&](pbf_writer& packet) {
    packet.add_uint64(field::packet::kTimestamp, static_cast<std::uint64_t>(at / kNanosecond));
    packet.add_uint32(field::packet::kSequenceFlags, field::packet::kNeedsIncrementalState);
    pbf_writer event(packet, field::packet::kTrackEvent);
    event.add_enum(field::event::kType, static_cast<std::int32_t>(type));
    event.add_uint64(field::event::kTrackUuid, track);
    body(event);
  });
}

// The first packet starts the numbering of names, and lets the ranks order the top-level tracks.
void Trace::Writer::start_sequence() {
  packet([](pbf_writer& packet) {
    packet.add_uint32(field::packet::kSequenceFlags, field::packet::kIncrementalStateCleared);
    pbf_writer root(packet, field::packet::kTrackDescriptor);
    root.add_uint64(field::track::kUuid, 0);
    root.add_enum(field::track::kChildOrdering, field::track::kExplicitOrder);
  });
}

TrackId Trace::Writer::track(const TrackOptions& options) {
  const auto next = static_cast<TrackId>(tracks_.size() + 1);
  const auto [found, is_new] = tracks_.emplace(std::pair(options.parent, options.name), next);
  if (!is_new) {
    return found->second;
  }
  packet([&](pbf_writer& packet) {
    pbf_writer track(packet, field::packet::kTrackDescriptor);
    track.add_uint64(field::track::kUuid, next);
    if (options.pid != 0) {
      pbf_writer process(track, field::track::kProcess);
      process.add_int32(field::track::kProcessPid, options.pid);
      process.add_string(field::track::kProcessName, options.name);
    }
    track.add_string(field::track::kName, options.name);
    if (options.parent != 0) {
      track.add_uint64(field::track::kParentUuid, options.parent);
    }
    if (options.unit != nullptr) {
      pbf_writer counter(track, field::track::kCounter);
      counter.add_string(field::track::kCounterUnitName, *options.unit);
    }
    track.add_enum(field::track::kChildOrdering, field::track::kExplicitOrder);
    track.add_int32(field::track::kSiblingOrderRank, options.rank);
  });
  return next;
}

void Trace::Writer::intern(std::uint32_t table, std::uint64_t id, std::string_view text) {
  packet([&](pbf_writer& packet) {
    packet.add_uint32(field::packet::kSequenceFlags, field::packet::kNeedsIncrementalState);
    pbf_writer data(packet, field::packet::kInternedData);
    pbf_writer entry(data, table);
    entry.add_uint64(field::interned::kId, id);
    entry.add_string(field::interned::kText, text.data(), text.size());
  });
}

NameId Trace::Writer::name(std::string_view text) {
  const auto [id, is_new] = names_.find(text);
  if (is_new) {
    intern(field::interned::kEventNames, id, text);
  }
  return static_cast<NameId>(id);
}

std::uint64_t Trace::Writer::key(const char* text) {
  for (const auto& [known, id] : known_keys_) {
    if (known == text) {
      return id;
    }
  }
  const auto [id, is_new] = keys_.find(text);
  if (is_new) {
    intern(field::interned::kAnnotationNames, id, text);
  }
  known_keys_.emplace_back(text, id);
  return id;
}

void Trace::Writer::annotate(pbf_writer& event, std::uint64_t key, std::int64_t number) {
  const NumberAnnotation annotation(key, number);
  event.add_message(field::event::kDebugAnnotation, annotation.data(), annotation.size());
}

// Before the event's packet is begun: a new key is a packet of its own.
void Trace::Writer::resolve_keys(std::initializer_list<TraceArg> args) {
  arg_keys_.clear();
  for (const TraceArg& arg : args) {
    arg_keys_.push_back(key(arg.key));
  }
}

void Trace::Writer::annotate_all(pbf_writer& event, std::initializer_list<TraceArg> args) {
  std::size_t at = 0;
  for (const TraceArg& arg : args) {
    const std::uint64_t key = arg_keys_[at++];
    if (arg.text.empty()) {
      annotate(event, key, arg.number);
      continue;
    }
    pbf_writer annotation(event, field::event::kDebugAnnotation);
    annotation.add_uint64(field::annotation::kNameId, key);
    annotation.add_string(field::annotation::kStringValue, arg.text.data(), arg.text.size());
  }
}

void Trace::Writer::slice(TrackId track, NameId name, SimTime start, SimTime end,
                          std::uint64_t flow, std::initializer_list<TraceArg> args) {
  if (end < start) {
    throw InternalError("a trace slice ends before it starts");
  }
  resolve_keys(args);
  event(start, field::EventType::SliceBegin, track, [&](pbf_writer& event) {
    event.add_uint64(field::event::kNameId, name);
    if (flow != 0) {
      event.add_fixed64(field::event::kFlowId, flow);
    }
    annotate(event, start_key_, start);
    annotate(event, duration_key_, end - start);
    annotate_all(event, args);
  });
  // Rounded down like the start: the slice that follows begins in the same nanosecond, not before
  // it.
  event(end, field::EventType::SliceEnd, track, [](pbf_writer&) {});
}

void Trace::Writer::instant(TrackId track, NameId name, SimTime at, std::uint64_t flow,
                            std::initializer_list<TraceArg> args) {
  resolve_keys(args);
  event(at, field::EventType::Instant, track, [&](pbf_writer& event) {
    event.add_uint64(field::event::kNameId, name);
    if (flow != 0) {
      event.add_fixed64(field::event::kFlowId, flow);
    }
    annotate(event, start_key_, at);
    annotate_all(event, args);
  });
}

void Trace::Writer::counter(TrackId track, SimTime at, double value) {
  event(at, field::EventType::Counter, track,
        [value](pbf_writer& event) { event.add_double(field::event::kDoubleCounterValue, value); });
}

void Trace::Writer::flush() {
  failed_ |= std::fwrite(buffer_.data(), 1, buffer_.size(), file_.get()) != buffer_.size();
  buffer_.clear();
}

void Trace::Writer::close() {
  flush();
  failed_ |= std::fclose(file_.release()) != 0;
  if (failed_) {
    throw UserError("cannot write all of \"" + path_ + "\"; is the disk full?");
  }
}

Trace::Trace() = default;

Trace::Trace(const std::string& path) : writer_(std::make_unique<Writer>(path)) {}

Trace::~Trace() {
  try {
    close();
  } catch (const std::exception& error) {
    NSIM_LOG(Nrt, Error, "{}", error.what());
  }
}

TrackId Trace::track(const std::string& name, TrackId parent, int rank) {
  return writer_ ? writer_->track({name, parent, rank, 0, nullptr}) : 0;
}

TrackId Trace::process(const std::string& name, int pid, int rank) {
  return writer_ ? writer_->track({name, 0, rank, pid, nullptr}) : 0;
}

TrackId Trace::counter_track(const std::string& name, const std::string& unit, TrackId parent,
                             int rank) {
  return writer_ ? writer_->track({name, parent, rank, 0, &unit}) : 0;
}

NameId Trace::name(std::string_view text) {
  return writer_ ? writer_->name(text) : 0;
}

void Trace::slice(TrackId track, NameId name, SimTime start, SimTime end, std::uint64_t flow,
                  std::initializer_list<TraceArg> args) {
  if (writer_) {
    writer_->slice(track, name, start, end, flow, args);
  }
}

void Trace::instant(TrackId track, NameId name, SimTime at, std::uint64_t flow,
                    std::initializer_list<TraceArg> args) {
  if (writer_) {
    writer_->instant(track, name, at, flow, args);
  }
}

void Trace::counter(TrackId track, SimTime at, double value) {
  if (writer_) {
    writer_->counter(track, at, value);
  }
}

void Trace::close() {
  if (const std::unique_ptr<Writer> writer = std::move(writer_)) {
    writer->close();
  }
}

}  // namespace nsim
