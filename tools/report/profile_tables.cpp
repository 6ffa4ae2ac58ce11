// SPDX-License-Identifier: Apache-2.0
#include "tools/report/profile_tables.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>

#include "sim/isa/program.h"
#include "tools/numbers.h"
#include "tools/report/dependency_tables.h"

namespace nsim::tool {
namespace {

using Json = nlohmann::ordered_json;

Cell cell_of(const Json& value) {
  if (value.is_string()) {
    return std::string_view(value.get_ref<const std::string&>());
  }
  if (value.is_boolean()) {
    return value.get<bool>();
  }
  return value.is_number_integer() ? Cell(value.get<std::int64_t>()) : Cell(value.get<double>());
}

/// Fields of `summary` that the public profiler has under the same names.
constexpr std::array kSummary{"total_time",
                              "tensor_engine_active_time_percent",
                              "vector_engine_active_time_percent",
                              "scalar_engine_active_time_percent",
                              "gpsimd_engine_active_time_percent",
                              "sync_engine_active_time_percent",
                              "dma_active_time_percent",
                              "dma_transfer_total_bytes",
                              "dma_transfer_average_bytes",
                              "hbm_read_bytes",
                              "hbm_write_bytes",
                              "mbu_estimated_percent",
                              "hfu_estimated_percent",
                              "model_flops",
                              "spill_save_bytes"};

void metadata(TableWriter& writer, const Json& report) {
  writer.begin("Metadata", {"is_simulation"});
  writer.row({report.at("metadata").at("is_simulation").get<bool>()});
  writer.end();
}

void summary(TableWriter& writer, const Json& report) {
  std::vector<std::string> columns(kSummary.begin(), kSummary.end());
  std::vector<Cell> cells;
  for (const std::string& column : columns) {
    cells.push_back(cell_of(report.at("summary").at(column)));
  }
  writer.begin("Summary", columns);
  writer.row(cells);
  writer.end();
}

/// Walks the waits of an engine beside its instructions: what lies between the start of one and
/// that of the next belongs to the next.
class Waits {
 public:
  Waits(const RunTimeline& timeline, const TimelineRow* row) : timeline_(timeline), row_(row) {}
  /// {for semaphores of engines, for DMA} until `start`, since the last call.
  std::pair<SimTime, SimTime> until(SimTime start) {
    std::pair<SimTime, SimTime> waited{0, 0};
    for (; row_ != nullptr && at_ < row_->size() && row_->start[at_] < start; ++at_) {
      const std::string& cause = timeline_.texts[row_->text[at_]];
      const SimTime time = row_->end[at_] - row_->start[at_];
      if (cause == "waiting for dma") {
        waited.second += time;
      } else if (cause.rfind("waiting for ", 0) == 0 && cause != "waiting for port") {
        waited.first += time;
      }
    }
    return waited;
  }

 private:
  const RunTimeline& timeline_;
  const TimelineRow* row_;
  std::size_t at_ = 0;
};

void instructions(TableWriter& writer, const RunTimeline& timeline) {
  writer.begin("Instruction", {"id", "start_ts", "end_ts", "duration_ns", "engine", "opcode",
                               "evt_wait_time_ns", "dma_wait_time_ns"});
  std::int64_t id = 0;
  for (const TimelineRow& row : timeline.rows) {
    if (row.kind != RowKind::Engine) {
      continue;
    }
    Waits waits(timeline, waits_of(timeline, row));
    for (std::size_t i = 0; i < row.size(); ++i) {
      const SimTime end = std::max(row.end[i], row.other[i]);
      const auto [event, dma] = waits.until(row.start[i]);
      writer.row({id++, nanoseconds(row.start[i]), nanoseconds(end),
                  nanoseconds(end - row.start[i]), std::string_view(row.name),
                  std::string_view(timeline.texts[row.text[i]]), nanoseconds(event),
                  nanoseconds(dma)});
    }
  }
  writer.end();
}

void packets(TableWriter& writer, const RunTimeline& timeline) {
  writer.begin("DmaPacketAggregated", {"start_ts", "end_ts", "duration_ns", "engine_idx",
                                       "queue_name", "transfer_bytes", "throughput"});
  for (const TimelineRow& row : timeline.rows) {
    if (row.kind != RowKind::DmaEngine) {
      continue;
    }
    const std::size_t digit = row.name.find_first_of("0123456789", row.name.find("DMA"));
    const bool numbered = digit == row.name.find("DMA") + 3;  // GpSimd's own engine is not
    const Cell engine = numbered ? Cell(std::int64_t{std::atol(row.name.c_str() + digit)})
                                 : Cell(std::string_view());
    for (std::size_t i = 0; i < row.size(); ++i) {
      const double time = nanoseconds(row.end[i] - row.start[i]);
      const double bytes = static_cast<double>(row.detail[i]);
      writer.row({nanoseconds(row.start[i]), nanoseconds(row.end[i]), time, engine,
                  std::string_view(timeline.texts[row.text[i]]), row.detail[i],
                  ratio(bytes, time * 1e-9)});
    }
  }
  writer.end();
}

void collectives(TableWriter& writer, const RunTimeline& timeline) {
  writer.begin("CcOp", {"start_ts", "end_ts", "duration_ns"});
  for (const TimelineRow& row : timeline.rows) {
    for (std::size_t i = 0; row.kind == RowKind::Unit && i < row.size(); ++i) {
      if (timeline.texts[row.text[i]] == "cc_running") {
        writer.row({nanoseconds(row.start[i]), nanoseconds(row.end[i]),
                    nanoseconds(row.end[i] - row.start[i])});
      }
    }
  }
  writer.end();
}

/// Times of reduced rate, until the next change or the end.
void throttle(TableWriter& writer, const RunTimeline& timeline) {
  writer.begin("Throttle", {"start_ts", "end_ts", "duration_ns", "engine"});
  std::map<std::string, const RateChange*> slow;
  const auto close = [&](const RateChange& from, SimTime at) {
    if (at > from.at) {
      writer.row({nanoseconds(from.at), nanoseconds(at), nanoseconds(at - from.at),
                  std::string_view(from.engine)});
    }
  };
  for (const RateChange& change : timeline.rates) {
    const RateChange*& open = slow[change.engine];
    if (open != nullptr) {
      close(*open, change.at);
    }
    open = change.percent < 100 ? &change : nullptr;
  }
  for (const auto& [engine, open] : slow) {
    if (open != nullptr) {
      close(*open, timeline.end);
    }
  }
  writer.end();
}

void opcodes(TableWriter& writer, const Json& report) {
  writer.begin("OpcodeSummary", {"engine", "opcode", "duration_ns"});
  for (const auto& [engine, values] : report.at("engines").items()) {
    for (const auto& [opcode, one] : values.at("ops").items()) {
      // Of a function table only the time is known that it occupies the engine.
      const double time =
          std::max(one.at("latency_ns").get<double>(), one.at("busy_ns").get<double>());
      writer.row({std::string_view(engine), std::string_view(opcode), time});
    }
  }
  writer.end();
}

/// Rows of a list of objects; columns that a row lacks are empty.
void objects(TableWriter& writer, const std::string& name, const std::vector<std::string>& columns,
             const Json& rows) {
  writer.begin(name, columns);
  for (const Json& row : rows) {
    std::vector<Cell> cells;
    for (const std::string& column : columns) {
      cells.push_back(row.contains(column) ? cell_of(row.at(column)) : Cell(std::string_view()));
    }
    writer.row(cells);
  }
  writer.end();
}

void requests(TableWriter& writer, const Json& report) {
  Json rows = report.at("requests");
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i]["id"] = i;
  }
  objects(writer, "requests",
          {"id", "unit", "sequence", "model_id", "bytes", "submitted_ps", "started_ps", "ended_ps",
           "completed_ps", "status"},
          rows);
}

void hbm_usage(TableWriter& writer, const Json& report) {
  writer.begin("HbmUsage", {"timestamp", "device", "hbm", "category", "bytes"});
  for (const Json& level : report.at("hbm_levels")) {
    writer.row({nanoseconds(level.at("at_ps").get<SimTime>()), cell_of(level.at("device")),
                cell_of(level.at("hbm")), cell_of(level.at("category")),
                cell_of(level.at("bytes"))});
  }
  writer.end();
}

void errors(TableWriter& writer, const Json& report) {
  writer.begin("Error", {"timestamp", "error", "unit", "sequence"});
  for (const Json& request : report.at("requests")) {
    if (request.contains("error")) {
      writer.row({nanoseconds(request.at("ended_ps").get<SimTime>()), cell_of(request.at("error")),
                  cell_of(request.at("unit")), cell_of(request.at("sequence"))});
    }
  }
  writer.end();
}

void idle(TableWriter& writer, const Json& report) {
  writer.begin("idle", {"engine", "cause", "percent"});
  for (const auto& [engine, values] : report.at("engines").items()) {
    for (const auto& [cause, percent] : values.at("idle_percent").items()) {
      writer.row({std::string_view(engine), std::string_view(cause), cell_of(percent)});
    }
  }
  writer.end();
}

/// Source lines of kernels; what a line does not use is 0.
void lines(TableWriter& writer, const Json& kernel) {
  static const std::vector<std::string> kOwn{"model", "line", "critical_path_ns", "under_way_ns"};
  static const std::vector<std::string> kDma{"transfers", "bytes", "descriptors", "moving_ns",
                                             "bytes_per_second"};
  std::vector<std::string> columns = kOwn;
  std::vector<std::string> engines;
  for (int i = 0; i < isa::kEngineCount; ++i) {
    engines.emplace_back(isa::name(static_cast<isa::Engine>(i)));
    columns.push_back(engines.back() + "_busy_ns");
    columns.push_back(engines.back() + "_instructions");
  }
  columns.insert(columns.end(), kDma.begin(), kDma.end());
  writer.begin("lines", columns);
  const Json none = Json::array();
  for (const Json& line : kernel.is_null() ? none : kernel.at("lines")) {
    std::vector<Cell> cells;
    for (const std::string& column : kOwn) {
      cells.push_back(cell_of(line.at(column)));
    }
    const auto add = [&](const Json::json_pointer& field) {
      cells.push_back(line.contains(field) ? cell_of(line.at(field)) : Cell(std::int64_t{0}));
    };
    for (const std::string& engine : engines) {
      add(Json::json_pointer("/engines/" + engine + "/busy_ns"));
      add(Json::json_pointer("/engines/" + engine + "/instructions"));
    }
    for (const std::string& column : kDma) {
      add(Json::json_pointer("/dma/" + column));
    }
    writer.row(cells);
  }
  writer.end();
}

}  // namespace

void write_tables(const Json& report, const RunTimeline& timeline, TableWriter& writer) {
  metadata(writer, report);
  summary(writer, report);
  instructions(writer, timeline);
  packets(writer, timeline);
  collectives(writer, timeline);
  throttle(writer, timeline);
  opcodes(writer, report);
  write_dependencies(timeline, report.at("requests"), writer);
  hbm_usage(writer, report);
  errors(writer, report);
  requests(writer, report);
  objects(writer, "operators",
          {"model", "name", "executions", "matmul_flops", "elementwise_ops", "hbm_read_bytes",
           "hbm_write_bytes", "instructions", "dma_transfers", "time_ns", "arithmetic_intensity",
           "flops_per_second"},
          report.at("roofline").at("operators"));
  lines(writer, report.at("kernel"));
  idle(writer, report);
}

}  // namespace nsim::tool
