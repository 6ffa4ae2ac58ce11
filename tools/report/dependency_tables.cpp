// SPDX-License-Identifier: Apache-2.0
#include "tools/report/dependency_tables.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <unordered_map>
#include <utility>

#include "tools/numbers.h"

namespace nsim::tool {
namespace {

using Json = nlohmann::ordered_json;

/// An engine: its instructions, their ids in the table Instruction, and what it waited for.
struct EngineRows {
  const TimelineRow* instructions = nullptr;
  const TimelineRow* waits = nullptr;
  std::int64_t first_id = 0;
};

class Flows {
 public:
  Flows(const RunTimeline& timeline, TableWriter& writer) : timeline_(timeline), writer_(writer) {
    std::int64_t id = 0;
    for (const TimelineRow& row : timeline.rows) {
      if (row.kind == RowKind::Engine) {
        engines_[row.name] = {&row, waits_of(timeline, row), id};
        id += static_cast<std::int64_t>(row.size());
      }
    }
    for (std::size_t i = 0; i < timeline.updates.size(); ++i) {
      updates_[{timeline.updates[i].core, timeline.updates[i].semaphore}].push_back(i);
    }
  }

  void requests(const Json& requests) {
    std::map<std::pair<std::uint32_t, std::int64_t>, std::int64_t> ids;  // by model and sequence
    for (std::size_t i = 0; i < requests.size(); ++i) {
      ids[{requests[i].at("model_id"), requests[i].at("sequence")}] = static_cast<std::int64_t>(i);
    }
    for (const FirstInstruction& first : timeline_.first_instructions) {
      const auto id = ids.find({first.model, first.sequence});
      if (id != ids.end()) {
        write(id->second, "requests", instruction_from(engines_.at(first.row), first.start),
              "Instruction", "request");
      }
    }
  }

  void made() {
    std::unordered_map<std::string, std::unordered_map<SimTime, std::size_t>> results;
    for (const auto& [name, engine] : engines_) {
      for (std::size_t i = 0; i < engine.instructions->size(); ++i) {
        results[name][engine.instructions->other[i]] = i;
      }
    }
    for (std::size_t u = 0; u < timeline_.updates.size(); ++u) {
      const std::string& by = timeline_.texts[timeline_.updates[u].by];
      const auto engine = engines_.find(by);
      if (engine == engines_.end()) {
        continue;  // a DMA queue
      }
      const auto found = results[by].find(timeline_.updates[u].at);
      if (found != results[by].end()) {
        write(engine->second.first_id + static_cast<std::int64_t>(found->second), "Instruction",
              static_cast<std::int64_t>(u), "SemaphoreUpdate", "semaphore");
      }
    }
  }

  void awaited() {
    for (const auto& [name, engine] : engines_) {
      for (std::size_t i = 0; engine.waits != nullptr && i < engine.waits->size(); ++i) {
        const Awaited& wanted = engine.waits->awaited[i];
        const SimTime until = engine.waits->end[i];
        const std::int64_t update = wanted.semaphore >= 0 ? reached(wanted, until) : -1;
        const std::int64_t instruction = instruction_from(engine, until);
        if (update >= 0 && instruction >= 0) {
          write(update, "SemaphoreUpdate", instruction, "Instruction", "semaphore");
        }
      }
    }
  }

 private:
  void write(std::int64_t from, std::string_view in, std::int64_t to, std::string_view out,
             std::string_view type) {
    writer_.row({from, to, in, out, type});
  }

  /// The id of the first instruction that starts at or after `at`; -1 when there is none.
  std::int64_t instruction_from(const EngineRows& engine, SimTime at) const {
    const std::vector<SimTime>& starts = engine.instructions->start;
    const auto found = std::lower_bound(starts.begin(), starts.end(), at);
    return found == starts.end() ? -1 : engine.first_id + (found - starts.begin());
  }

  /// The update until `at` that took the semaphore to the value, since it was last below it; -1
  /// when none did: the execution was aborted.
  std::int64_t reached(const Awaited& wanted, SimTime at) const {
    const auto known = updates_.find({wanted.core, wanted.semaphore});
    if (known == updates_.end()) {
      return -1;
    }
    const std::vector<std::size_t>& of = known->second;
    const auto value = [&](std::size_t i) { return timeline_.updates[of[i]].value; };
    std::size_t i =
        static_cast<std::size_t>(std::upper_bound(of.begin(), of.end(), at,
                                                  [&](SimTime time, std::size_t update) {
                                                    return time < timeline_.updates[update].at;
                                                  }) -
                                 of.begin());
    if (i == 0 || value(i - 1) < wanted.value) {
      return -1;
    }
    for (--i; i > 0 && value(i - 1) >= wanted.value && value(i - 1) <= value(i);) {
      --i;
    }
    return static_cast<std::int64_t>(of[i]);
  }

  const RunTimeline& timeline_;
  TableWriter& writer_;
  std::map<std::string, EngineRows> engines_;
  // By core and semaphore: indices into the updates, in the order of time.
  std::map<std::pair<std::uint32_t, int>, std::vector<std::size_t>> updates_;
};

}  // namespace

void write_dependencies(const RunTimeline& timeline, const Json& requests, TableWriter& writer) {
  writer.begin("SemaphoreUpdate", {"id", "timestamp", "semaphore_id", "value", "engine"});
  for (std::size_t i = 0; i < timeline.updates.size(); ++i) {
    const SemaphoreUpdate& update = timeline.updates[i];
    writer.row({static_cast<std::int64_t>(i), nanoseconds(update.at),
                std::int64_t{update.semaphore}, update.value,
                std::string_view(timeline.texts[update.by])});
  }
  writer.end();
  writer.begin("Flow", {"in_id", "out_id", "in_table", "out_table", "dependency_type"});
  Flows flows(timeline, writer);
  flows.requests(requests);
  flows.made();
  flows.awaited();
  writer.end();
}

}  // namespace nsim::tool
