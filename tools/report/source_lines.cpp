// SPDX-License-Identifier: Apache-2.0
#include "tools/report/source_lines.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <tuple>
#include <unordered_map>

namespace nsim::tool {
namespace {

/// "Vector(nc0)" is 1; -1: no engine.
int engine_of(const std::string& row) {
  const std::size_t core = row.find('(');
  const std::size_t from = row.rfind(' ', core) + 1;  // behind "NC1 "
  const std::string name = row.substr(from, core - from);
  for (int i = 0; i < isa::kEngineCount; ++i) {
    const std::string known = isa::name(static_cast<isa::Engine>(i));
    if (std::equal(name.begin(), name.end(), known.begin(), known.end(), [](char a, char b) {
          return std::tolower(static_cast<unsigned char>(a)) == b;
        })) {
      return i;
    }
  }
  return -1;
}

/// Not counted: it belongs to the instruction behind it.
bool is_load(const std::string& text) {
  return text == "load_stationary" || text == "act_table_load";
}

void add_engine(const RunTimeline& timeline, const TimelineRow& row,
                std::vector<SourceLine>& lines) {
  const int engine = engine_of(row.name);
  for (std::size_t i = 0; engine >= 0 && i < row.size(); ++i) {
    EngineUse& use = lines[row.label[i]].engines[static_cast<std::size_t>(engine)];
    use.busy += row.end[i] - row.start[i];
    use.instructions += is_load(timeline.texts[row.text[i]]) ? 0 : 1;
  }
}

void add_queue(const TimelineRow& row, std::vector<SourceLine>& lines,
               std::vector<TimeSpans>& moving) {
  for (std::size_t i = 0; i < row.size(); ++i) {
    TransferUse& use = lines[row.label[i]].dma;
    ++use.transfers;
    use.bytes += row.detail[i];
    use.descriptors += row.descriptors[i];
    moving[row.label[i]].emplace_back(row.begun[i], row.moved[i]);
  }
}

std::tuple<std::uint32_t, std::string, long> place_of(const SourceLine& line) {
  const std::size_t colon = line.name.rfind(':');
  if (colon == std::string::npos) {
    return {line.model, "\x7f", 0};  // of no line: behind the others
  }
  return {line.model, line.name.substr(0, colon), std::atol(line.name.c_str() + colon + 1)};
}

}  // namespace

bool names_a_line(const std::string& label) {
  const std::size_t colon = label.rfind(':');
  return colon != std::string::npos && colon > 0 && colon + 1 < label.size() &&
         std::all_of(label.begin() + static_cast<std::ptrdiff_t>(colon) + 1, label.end(),
                     [](unsigned char c) { return std::isdigit(c) != 0; });
}

std::vector<SourceLine> source_lines(const RunTimeline& timeline, const CriticalPath& path) {
  std::vector<SourceLine> lines;
  for (const OperatorLabel& label : timeline.labels) {
    lines.push_back({label.model, label.name, {}, {}, 0, 0});
  }
  std::vector<TimeSpans> moving(lines.size());
  for (const TimelineRow& row : timeline.rows) {
    if (row.kind == RowKind::Engine) {
      add_engine(timeline, row, lines);
    } else if (row.kind == RowKind::DmaQueue) {
      add_queue(row, lines, moving);
    }
  }
  std::unordered_map<std::string, SimTime> critical;
  for (const CriticalSegment& segment : path.segments) {
    critical[segment.label] += segment.to - segment.from;
  }
  const std::vector<SimTime> under_way = operator_times(timeline);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    lines[i].dma.moving = covered_time(moving[i]);
    lines[i].under_way = under_way[i];
    lines[i].critical = lines[i].name.empty() ? 0 : critical[lines[i].name];
  }
  const auto is_other = [](const SourceLine& line) {
    return !line.name.empty() && !names_a_line(line.name);
  };
  lines.erase(std::remove_if(lines.begin(), lines.end(), is_other), lines.end());
  if (std::all_of(lines.begin(), lines.end(),
                  [](const SourceLine& line) { return line.name.empty(); })) {
    return {};
  }
  std::stable_sort(lines.begin(), lines.end(), [](const SourceLine& a, const SourceLine& b) {
    return place_of(a) < place_of(b);
  });
  return lines;
}

}  // namespace nsim::tool
