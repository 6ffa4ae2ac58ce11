// SPDX-License-Identifier: Apache-2.0
#include "runtime/path_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "runtime/json_text.h"
#include "runtime/status.h"
#include "sim/base/error.h"
#include "sim/isa/opcode.h"

namespace nsim::rt {
namespace {

std::string quoted(std::string_view text) {
  return json_text(nlohmann::json(text));
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
  pending.number = NRTA_SEQ_GET_SEQ_NUM(path.flow);
  pending.begins = path.segments.empty() ? path.ended : path.segments.front().from;
  pending.ended = path.ended;
  for (const hw::PathSegment& segment : path.segments) {
    pending.segments += "," + segment_text(segment);
  }
  pending_[unit_name(path.unit)].push_back(std::move(pending));
}

/// What the unit told of the request; nothing but a time when it never began it.
PathFile::Pending PathFile::take(const RequestRecord& request) {
  std::deque<Pending>& pending = pending_[unit_name(request.unit)];
  while (!pending.empty() && pending.front().number != 0 &&
         pending.front().number < request.sequence) {
    pending.pop_front();
  }
  Pending taken;
  taken.begins = taken.ended = request.submitted;
  if (!pending.empty() && pending.front().number <= request.sequence) {
    taken = std::move(pending.front());
    pending.pop_front();
  }
  return taken;
}

void PathFile::completed(const RequestRecord& request) {
  const Pending of_unit = take(request);
  const bool failed = request.status != NRT_SUCCESS;
  std::string segments;
  const auto add = [&](hw::PathKind kind, SimTime from, SimTime to) {
    if (to > from || !failed) {
      segments +=
          fmt::format("{}{{{}}}", segments.empty() ? "" : ",", segment_text(kind, from, to));
    }
  };
  add(hw::PathKind::Doorbell, request.submitted, of_unit.begins);
  segments +=
      segments.empty() && !of_unit.segments.empty() ? of_unit.segments.substr(1) : of_unit.segments;
  const SimTime noticed = std::max(of_unit.ended, request.ended);
  if (noticed > of_unit.ended) {
    add(hw::PathKind::Failure, of_unit.ended, noticed);
  }
  add(hw::PathKind::Interrupt, noticed, request.completed);
  file_ << fmt::format(
      R"({{"unit":"{}","sequence":{},"submitted_ps":{},"started_ps":{},"ended_ps":{},)"
      R"("completed_ps":{},{}"segments":[{}]}})"
      "\n",
      unit_name(request.unit), request.sequence, request.submitted, request.started, request.ended,
      request.completed,
      failed ? fmt::format(R"("error":"{}",)", status_name(static_cast<NRT_STATUS>(request.status)))
             : "",
      segments);
}

void PathFile::close() {
  file_.close();
  if (!file_) {
    throw UserError(fmt::format("cannot write {}: is the disk full?", path_));
  }
}

}  // namespace nsim::rt
