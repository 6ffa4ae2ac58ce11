// SPDX-License-Identifier: Apache-2.0
#include "tools/validation_measure.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <vector>

#include "sim/base/error.h"
#include "tools/validation_trace.h"

namespace nsim::tool {
namespace {

using Names = std::vector<std::string>;

/// "name(a, b)" taken apart.
struct Expression {
  std::string name;
  Names arguments;
};

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(' ');
  return first == std::string::npos ? ""
                                    : text.substr(first, text.find_last_not_of(' ') + 1 - first);
}

Expression parse(const std::string& text) {
  Expression result;
  const std::size_t open = text.find('(');
  result.name = trimmed(text.substr(0, open));
  if (open == std::string::npos) {
    return result;
  }
  if (text.back() != ')') {
    throw UserError(fmt::format("measure '{}' does not end with ')'", text));
  }
  std::string rest = text.substr(open + 1, text.size() - open - 2);
  for (std::size_t comma = rest.find(','); comma != std::string::npos; comma = rest.find(',')) {
    result.arguments.push_back(trimmed(rest.substr(0, comma)));
    rest.erase(0, comma + 1);
  }
  result.arguments.push_back(trimmed(rest));
  return result;
}

/// Statistics of the cores that executed something.
class Cores {
 public:
  explicit Cores(const rt::SessionRecord& record) : stats_(record.stats) {
    for (const Stat& stat : stats_.all()) {
      const std::string end = ".active";
      const bool core = std::count(stat.name.begin(), stat.name.end(), '.') == 2;
      if (core && stat.value > 0 && stat.name.size() > end.size() &&
          stat.name.compare(stat.name.size() - end.size(), end.size(), end) == 0) {
        prefixes_.push_back(stat.name.substr(0, stat.name.size() - end.size() + 1));
      }
    }
    if (prefixes_.empty()) {
      throw UserError("no core executed anything");
    }
  }

  double sum(const std::string& name) const {
    double total = 0;
    for (const std::string& prefix : prefixes_) {
      total += stats_.value(prefix + name);
    }
    return total;
  }
  double largest(const std::string& name) const {
    double most = 0;
    for (const std::string& prefix : prefixes_) {
      most = std::max(most, stats_.value(prefix + name));
    }
    return most;
  }
  /// Sum of what every DMA engine of the cores counted.
  double dma(const std::string& name) const { return over_dma_engines(name, false); }
  double busiest_dma(const std::string& name) const { return over_dma_engines(name, true); }

 private:
  double over_dma_engines(const std::string& name, bool largest) const {
    double result = 0;
    for (const std::string& prefix : prefixes_) {
      for (int engine = 0;; ++engine) {
        const std::string full = fmt::format("{}dma.engine{}.{}", prefix, engine, name);
        if (!stats_.has(full)) {
          break;
        }
        const double value = stats_.value(full);
        result = largest ? std::max(result, value) : result + value;
      }
    }
    return result;
  }

  const Stats& stats_;
  Names prefixes_;
};

/// What the program itself asks for, without the host's transfers.
isa::Work work(const rt::SessionRecord& record) {
  isa::Work total;
  for (const rt::ModelRecord& model : record.models) {
    total += model.work;
  }
  return total;
}

double flops(const rt::SessionRecord& record) {
  return static_cast<double>(work(record).matmul_flops);
}

double hbm_bytes(const rt::SessionRecord& record) {
  const isa::Work all = work(record);
  return static_cast<double>(all.hbm_read_bytes + all.hbm_write_bytes);
}

const rt::RequestRecord& execution(const rt::SessionRecord& record) {
  for (const rt::RequestRecord& request : record.requests) {
    if (request.unit.type == hw::UnitType::Compute) {
      return request;
    }
  }
  throw UserError("no request was executed");
}

double execution_start_ns(const rt::SessionRecord& record) {
  return static_cast<double>(execution(record).started) / kNanosecond;
}

double execution_ns(const rt::SessionRecord& record) {
  return static_cast<double>(execution(record).ended) / kNanosecond - execution_start_ns(record);
}

/// One measure: its base unit, how many arguments it takes, where it is read.
struct Measure {
  const char* unit;
  std::size_t arguments;
  bool trace;
  std::function<double(const Observation&, const Names&)> read;
};

double from_statistics(const Observation& o, const std::function<double(const Cores&)>& read) {
  return read(Cores(o.record));
}

Measure statistic(const char* unit, std::function<double(const Cores&)> read) {
  return {unit, 0, false,
          [read](const Observation& o, const Names&) { return from_statistics(o, read); }};
}

Measure engine_statistic(const char* unit, const char* name) {
  return {unit, 1, false, [name](const Observation& o, const Names& arguments) {
            return Cores(o.record).largest(arguments[0] + "." + name);
          }};
}

Measure traced(const char* unit, std::size_t arguments,
               std::function<double(const TraceView&, const Names&)> read) {
  return {unit, arguments, true, [read](const Observation& o, const Names& names) {
            return read(TraceView(*o.trace), names);
          }};
}

const std::map<std::string, Measure>& measures() {
  static const std::map<std::string, Measure> table{
      {"time",
       {"ns", 0, false, [](const Observation& o, const Names&) { return execution_ns(o.record); }}},
      {"active", engine_statistic("ns", "active")},
      {"busy", engine_statistic("ns", "busy")},
      {"instructions", engine_statistic("1", "instructions")},
      {"matmuls", statistic("1", [](const Cores& c) { return c.sum("tensor.matmuls"); })},
      {"dma_span", statistic("ns", [](const Cores& c) { return c.largest("dma.span"); })},
      {"dma_active", statistic("ns", [](const Cores& c) { return c.largest("dma.active"); })},
      {"dma_busy", statistic("ns", [](const Cores& c) { return c.busiest_dma("busy"); })},
      {"dma_rate",
       statistic("B/s",
                 [](const Cores& c) { return c.dma("bytes") / c.largest("dma.active") * 1e9; })},
      {"dma_active_share",
       statistic("1",
                 [](const Cores& c) { return c.largest("dma.active") / c.largest("dma.span"); })},
      {"descriptor_bytes",
       statistic("B", [](const Cores& c) { return c.dma("bytes") / c.dma("descriptors"); })},
      {"active_share",
       {"1", 1, false,
        [](const Observation& o, const Names& arguments) {
          const Cores c(o.record);
          return c.largest(arguments[0] + ".active") / c.largest("dma.span");
        }}},
      {"read_bytes",
       {"B", 0, false,
        [](const Observation& o, const Names&) {
          return static_cast<double>(work(o.record).hbm_read_bytes);
        }}},
      {"written_bytes",
       {"B", 0, false,
        [](const Observation& o, const Names&) {
          return static_cast<double>(work(o.record).hbm_write_bytes);
        }}},
      {"hbm_rate",
       {"B/s", 0, false,
        [](const Observation& o, const Names&) {
          const double bytes = hbm_bytes(o.record);
          return bytes / Cores(o.record).largest("dma.active") * 1e9;
        }}},
      {"flops",
       {"FLOP/s", 1, false,
        [](const Observation& o, const Names& arguments) {
          return flops(o.record) / Cores(o.record).largest(arguments[0] + ".active") * 1e9;
        }}},
      {"hfu",
       {"1", 0, false,
        [](const Observation& o, const Names&) {
          const Cores c(o.record);
          return flops(o.record) / c.largest("dma.span") * 1e9 / c.sum("tensor.peak_flops");
        }}},
      {"intensity",
       {"FLOP/B", 0, false,
        [](const Observation& o, const Names&) { return flops(o.record) / hbm_bytes(o.record); }}},
      {"duration",
       traced("ns", 1, [](const TraceView& t, const Names& a) { return t.mean_duration(a[0]); })},
      {"interval",
       traced("ns", 1, [](const TraceView& t, const Names& a) { return t.mean_interval(a[0]); })},
      {"gap",
       traced("ns", 2, [](const TraceView& t, const Names& a) { return t.gap(a[0], a[1]); })},
      {"window",
       traced("ns", 1, [](const TraceView& t, const Names& a) { return t.window(a[0]); })},
      {"sum_of_durations",
       traced("ns", 1,
              [](const TraceView& t, const Names& a) { return t.sum_of_durations(a[0]); })},
      {"first_start",
       {"ns", 1, true,
        [](const Observation& o, const Names& a) {
          return TraceView(*o.trace).first_start(a[0]) - execution_start_ns(o.record);
        }}},
      {"trigger_to_data",
       traced("ns", 1, [](const TraceView& t, const Names& a) { return t.trigger_to_data(a[0]); })},
      {"data_to_start",
       traced("ns", 1, [](const TraceView& t, const Names& a) { return t.data_to_start(a[0]); })},
      {"trigger_to_packet",
       traced("ns", 1,
              [](const TraceView& t, const Names& a) { return t.trigger_to_packet(a[0]); })},
      {"result_to_data",
       traced("ns", 1, [](const TraceView& t, const Names& a) { return t.result_to_data(a[0]); })},
      {"weight_load",
       traced("ns", 1, [](const TraceView& t, const Names& a) { return t.weight_load(a[0]); })},
      {"table_load",
       traced("ns", 1, [](const TraceView& t, const Names& a) { return t.table_load(a[0]); })},
      {"slow_start",
       traced("ns", 1, [](const TraceView& t, const Names& a) { return t.slow_start(a[0]); })},
      {"throughput",
       statistic("B/s",
                 [](const Cores& c) { return c.dma("bytes") / c.largest("dma.span") * 1e9; })},
      {"dma_bytes", statistic("B", [](const Cores& c) { return c.dma("bytes"); })},
      {"packet",
       traced("ns", 0, [](const TraceView& t, const Names&) { return t.longest_packet(); })}};
  return table;
}

struct Unit {
  const char* name;
  const char* base;
  double factor;
};
constexpr Unit kUnits[] = {{"ns", "ns", 1},
                           {"us", "ns", 1e3},
                           {"ms", "ns", 1e6},
                           {"B", "B", 1},
                           {"KiB", "B", 1024},
                           {"MiB", "B", 1048576},
                           {"MB", "B", 1e6},
                           {"GB", "B", 1e9},
                           {"GB/s", "B/s", 1e9},
                           {"TB/s", "B/s", 1e12},
                           {"TFLOP/s", "FLOP/s", 1e12},
                           {"FLOP/B", "FLOP/B", 1},
                           {"1", "1", 1},
                           {"%", "1", 0.01}};

const Unit& find_unit(const std::string& name) {
  Names names;
  for (const Unit& unit : kUnits) {
    if (unit.name == name) {
      return unit;
    }
    names.emplace_back(unit.name);
  }
  throw UserError(fmt::format("unknown unit '{}'; one of {}", name, fmt::join(names, ", ")));
}

const Measure& find_measure(const Expression& expression) {
  const auto found = measures().find(expression.name);
  if (found == measures().end()) {
    Names names;
    for (const auto& [name, measure] : measures()) {
      names.push_back(name);
    }
    throw UserError(
        fmt::format("unknown measure '{}'; one of {}", expression.name, fmt::join(names, ", ")));
  }
  if (found->second.arguments != expression.arguments.size()) {
    throw UserError(fmt::format("measure '{}' takes {} argument(s), not {}", expression.name,
                                found->second.arguments, expression.arguments.size()));
  }
  return found->second;
}

}  // namespace

void check_measure(const std::string& expression, const std::string& unit, bool quotient) {
  const Measure& found = find_measure(parse(expression));
  const std::string base = quotient ? "1" : found.unit;
  if (find_unit(unit).base != base) {
    throw UserError(fmt::format("measure '{}' is in {}, the row in {}", expression, base, unit));
  }
}

bool needs_trace(const std::string& expression) {
  return find_measure(parse(expression)).trace;
}

double measure(const std::string& expression, const Observation& observation) {
  const Expression parsed = parse(expression);
  return find_measure(parsed).read(observation, parsed.arguments);
}

double unit_factor(const std::string& unit) {
  return find_unit(unit).factor;
}

}  // namespace nsim::tool
