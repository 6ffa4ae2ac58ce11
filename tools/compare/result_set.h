// SPDX-License-Identifier: Apache-2.0
// What `nsim diff` compares: named numbers with their units, of a run, of every point of a sweep,
// or of every entry of a golden file.
//
//   directory with summary.json     the run; a summary.json by itself is the same
//   directory with sweep.sqlite     every point that is done, named by its values on the axes
//   JSON file {name: {field: n}}    a golden file: one entry per name
#pragma once

#include <map>
#include <string>
#include <vector>

namespace nsim::tool {

struct Amount {
  double number = 0;
  std::string unit;  // "ns", "B", "%", ...; "1" for counts and what has none
};

struct ResultEntry {
  std::string name;  // "" of a run
  std::map<std::string, Amount> numbers;
  std::map<std::string, std::string> texts;
};

struct ResultSet {
  enum class Kind { Run, Sweep, Golden };
  Kind kind = Kind::Run;
  std::string path;
  std::vector<ResultEntry> entries;
};

/// `statistics`: those of the hardware too, of runs. Throws UserError when `path` is none of these.
ResultSet read_result_set(const std::string& path, bool statistics);

/// By the ending of a field's name: total_time_ns, dma_transfer_total_bytes, ...
std::string unit_of(const std::string& field);

/// With its unit, as people write it: "44.223 us", "3.1 MB", "35.1 %".
std::string amount_text(const Amount& amount);

}  // namespace nsim::tool
