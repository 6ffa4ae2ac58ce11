// SPDX-License-Identifier: Apache-2.0
#include "runtime/path_file.h"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "runtime/summary.h"
#include "sim/base/error.h"
#include "sim/isa/opcode.h"

namespace nsim::rt {
namespace {

std::string quoted(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string segment_text(hw::PathKind kind, SimTime from, SimTime to) {
  return fmt::format(R"("kind":"{}","from_ps":{},"to_ps":{})", hw::name(kind), from, to);
}

std::string segment_text(const hw::PathSegment& segment) {
  std::string text = segment_text(segment.kind, segment.from, segment.to);
  if (segment.core >= 0) {
    text += fmt::format(R"(,"core":{})", segment.core);
  }
  if (segment.has_instruction) {
    text += fmt::format(R"(,"engine":"{}","op":"{}","line":{})", isa::name(segment.engine),
                        isa::name(segment.opcode), segment.line);
  }
  if (!segment.label.empty()) {
    text += ",\"label\":" + quoted(segment.label);
  }
  if (!segment.queue.empty()) {
    text += ",\"queue\":" + quoted(segment.queue);
  }
  return "{" + text + "}";
}

}  // namespace

PathFile::PathFile(const std::string& directory) : path_(directory + "/" + kName) {
  std::error_code ignored;
  std::filesystem::create_directories(directory, ignored);
  file_.open(path_, std::ios::binary | std::ios::trunc);
  if (!file_) {
    throw UserError(fmt::format("cannot write {}: is the directory writable?", path_));
  }
}

void PathFile::ended(const hw::RequestPath& path) {
  Pending pending;
  pending.started = path.started;
  pending.begins = path.segments.empty() ? path.ended : path.segments.front().from;
  for (const hw::PathSegment& segment : path.segments) {
    pending.segments += "," + segment_text(segment);
  }
  pending_[unit_name(path.unit)].push_back(std::move(pending));
}

void PathFile::completed(const RequestRecord& request) {
  const std::string unit = unit_name(request.unit);
  std::deque<Pending>& pending = pending_[unit];
  if (pending.empty() || pending.front().started != request.started) {
    return;
  }
  file_ << fmt::format(
      R"({{"unit":"{}","sequence":{},"submitted_ps":{},"started_ps":{},"ended_ps":{},)"
      R"("completed_ps":{},"segments":[{{{}}}{},{{{}}}]}})"
      "\n",
      unit, request.sequence, request.submitted, request.started, request.ended, request.completed,
      segment_text(hw::PathKind::Doorbell, request.submitted, pending.front().begins),
      pending.front().segments,
      segment_text(hw::PathKind::Interrupt, request.ended, request.completed));
  pending.pop_front();
}

void PathFile::close() {
  file_.close();
  if (!file_) {
    throw UserError(fmt::format("cannot write {}: is the disk full?", path_));
  }
}

}  // namespace nsim::rt
