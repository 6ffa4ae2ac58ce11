// SPDX-License-Identifier: Apache-2.0
// The file of a sweep. docs/sweeps.md explains every key.
//
//   program = "gemm_1024.toml"          # what every point shares; paths as seen from this file
//   config = "trn2"
//   requests = 4
//   set = ["hbm.model=bandwidth"]
//   where = ["depth <= 2 or hbm.bandwidth >= 716GB/s"]
//
//   [axes]
//   depth = [1, 2, 4]
//   hbm.bandwidth = { from = "358GB/s", to = "1432GB/s", points = 5, scale = "log" }
//   pe_clock = { set = "neuron_core.engines.tensor.clock", values = ["1.4GHz", "2.4GHz"] }
//
//   [sample]                            # without it: every combination
//   method = "latin_hypercube"
//   count = 100
//   seed = 1
//
//   [columns]
//   cost = "0.5 + 0.5 * hbm.bandwidth / 716GB/s"
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tools/sweep/axis.h"
#include "tools/sweep/expression.h"

namespace nsim::tool {

struct SweepSample {
  std::string method = "grid";  // grid, random, latin_hypercube, one_at_a_time, saltelli
  std::int64_t count = 0;
  std::uint64_t seed = 1;
  SourcePos where;
};

struct SweepColumn {
  std::string name;
  Expression expression;
};

struct SweepFile {
  std::string path;
  std::string text;
  std::string name;
  std::map<std::string, AxisValue> settings;  // of kRunSettings, for what is no axis
  std::vector<AxisValue> set;                 // "path=value"
  bool trace = false;
  std::vector<Axis> axes;  // in the order of the file
  std::vector<Expression> conditions;
  SweepSample sample;
  std::vector<SweepColumn> columns;
};

/// Throws UserError with file, line and column; survives any input.
SweepFile read_sweep_file(const std::string& path);
SweepFile parse_sweep_file(const std::string& text, const std::string& path);

}  // namespace nsim::tool
