// SPDX-License-Identifier: Apache-2.0
#include "tools/validation_trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sim/base/error.h"

namespace nsim::tool {
namespace {

double ns(SimTime time) {
  return static_cast<double>(time) / kNanosecond;
}

SimTime number(const TraceSlice& slice, const char* key) {
  const auto found = slice.numbers.find(key);
  if (found == slice.numbers.end()) {
    throw InternalError(fmt::format("slice {} has no {}", slice.name, key));
  }
  return found->second;
}

SimTime done(const TraceSlice& slice) {
  return number(slice, "done_ps");
}

/// It has the label of an instruction: the one behind a load of weights or tables, the one that
/// moves a packet.
bool is_part(const TraceSlice& slice) {
  return slice.name == "load_stationary" || slice.name == "act_table_load" ||
         slice.numbers.count("first_data_ps") != 0;
}

bool starts_with(const std::string& text, const std::string& head) {
  return text.compare(0, head.size(), head) == 0;
}

}  // namespace

std::vector<const TraceSlice*> TraceView::labelled(const std::string& label) const {
  std::vector<const TraceSlice*> result;
  for (const TraceSlice& slice : file_.slices) {
    const auto found = slice.texts.find("label");
    if (found != slice.texts.end() && found->second == label && !is_part(slice)) {
      result.push_back(&slice);
    }
  }
  if (result.empty()) {
    throw UserError(fmt::format("no instruction has the label '{}'", label));
  }
  return result;
}

std::vector<const TraceSlice*> TraceView::of_engine(const std::string& engine) const {
  std::vector<const TraceSlice*> result;
  for (const TraceTrack& track : file_.tracks) {
    if (!starts_with(track.name, engine + "(") || track.name.find(' ') != std::string::npos) {
      continue;
    }
    for (const TraceSlice& slice : file_.slices) {
      if (slice.track == track.uuid && slice.numbers.count("done_ps") != 0) {
        result.push_back(&slice);
      }
    }
  }
  if (result.empty()) {
    throw UserError(fmt::format("no instruction ran on '{}'", engine));
  }
  return result;
}

std::vector<const TraceSlice*> TraceView::packets() const {
  std::vector<const TraceSlice*> result;
  for (const TraceSlice& slice : file_.slices) {
    const auto bytes = slice.numbers.find("bytes");  // none: it only updates a semaphore
    if (slice.numbers.count("first_data_ps") != 0 && bytes->second > 0) {
      result.push_back(&slice);
    }
  }
  if (result.empty()) {
    throw UserError("no DMA engine moved anything");
  }
  return result;
}

double TraceView::mean_duration(const std::string& label) const {
  double sum = 0;
  const auto slices = labelled(label);
  for (const TraceSlice* slice : slices) {
    sum += ns(done(*slice) - slice->start_ps);
  }
  return sum / static_cast<double>(slices.size());
}

double TraceView::mean_interval(const std::string& label) const {
  const auto slices = labelled(label);
  if (slices.size() < 2) {
    throw UserError(fmt::format("one instruction with label '{}' has no interval", label));
  }
  return ns(slices.back()->start_ps - slices.front()->start_ps) /
         static_cast<double>(slices.size() - 1);
}

double TraceView::gap(const std::string& before, const std::string& after) const {
  return ns(labelled(after).front()->start_ps - done(*labelled(before).front()));
}

double TraceView::window(const std::string& engine) const {
  const auto slices = of_engine(engine);
  SimTime last = 0;
  for (const TraceSlice* slice : slices) {
    last = std::max(last, done(*slice));
  }
  return ns(last - slices.front()->start_ps);
}

double TraceView::sum_of_durations(const std::string& engine) const {
  double sum = 0;
  for (const TraceSlice* slice : of_engine(engine)) {
    sum += ns(done(*slice) - slice->start_ps);
  }
  return sum;
}

double TraceView::first_start(const std::string& engine) const {
  return ns(of_engine(engine).front()->start_ps);
}

double TraceView::first_packet(SimTime from, const char* key) const {
  SimTime first = kNever;
  for (const TraceSlice* packet : packets()) {
    if (packet->start_ps >= from) {
      first = std::min(first, key == nullptr ? packet->start_ps : number(*packet, key));
    }
  }
  if (first == kNever) {
    throw UserError("no DMA engine moved anything afterwards");
  }
  return ns(first - from);
}

double TraceView::trigger_to_data(const std::string& label) const {
  return first_packet(labelled(label).front()->start_ps, "first_data_ps");
}

double TraceView::trigger_to_packet(const std::string& label) const {
  return first_packet(labelled(label).front()->start_ps, nullptr);
}

double TraceView::result_to_data(const std::string& label) const {
  return first_packet(done(*labelled(label).front()), "first_data_ps");
}

double TraceView::weight_load(const std::string& label) const {
  const TraceSlice& pass = *labelled(label).front();
  for (const TraceSlice& slice : file_.slices) {
    if (slice.name == "load_stationary" && slice.track == pass.track &&
        slice.start_ps + slice.duration_ps == pass.start_ps) {
      return ns(done(slice) - slice.start_ps);
    }
  }
  throw UserError(fmt::format("the array did not wait for the weights of '{}'", label));
}

double TraceView::table_load(const std::string& label) const {
  const TraceSlice& first = *labelled(label).front();
  const TraceSlice* load = nullptr;
  for (const TraceSlice& slice : file_.slices) {
    if (slice.name == "act_table_load" && slice.track == first.track &&
        slice.start_ps < first.start_ps) {
      load = &slice;
    }
  }
  if (load == nullptr) {
    throw UserError(fmt::format("no table was loaded before '{}'", label));
  }
  return ns(load->duration_ps);
}

double TraceView::slow_start(const std::string& label) const {
  const auto slices = labelled(label);
  for (std::size_t i = 1; i < slices.size(); ++i) {
    const SimTime interval = slices[i]->start_ps - slices[i - 1]->start_ps;
    if (4 * interval < 3 * (slices[1]->start_ps - slices[0]->start_ps)) {
      return ns(slices[i - 1]->start_ps - slices[0]->start_ps);
    }
  }
  return 0;
}

double TraceView::data_to_start(const std::string& label) const {
  const SimTime start = labelled(label).front()->start_ps;
  SimTime last = 0;
  for (const TraceSlice* packet : packets()) {
    const SimTime arrived = number(*packet, "last_data_ps");
    if (arrived <= start) {
      last = std::max(last, arrived);
    }
  }
  return ns(start - last);
}

double TraceView::longest_packet() const {
  SimTime longest = 0;
  for (const TraceSlice* packet : packets()) {
    longest = std::max(longest, packet->duration_ps);
  }
  return ns(longest);
}

}  // namespace nsim::tool
