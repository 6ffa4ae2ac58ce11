// SPDX-License-Identifier: Apache-2.0
// The table of published figures (models/validation/table.toml): what was measured, by whom, and
// the workload of ours that must come to the same.
//
//   [[row]]
//   id = "A1"                        # as in the reference the figure was collected in
//   title = "naive tiled matmul"     # one line
//   config = "trn1"                  # configuration, as --config takes it
//   set = ["hbm.latency=150ns"]      # optional overrides
//   program = "load_32k.nasm"        # beside the table, or
//   kernel = "matmul_naive_bf16"     # one that models/validation/kernels.py names, traced by the
//                                    # build; without either the row is only explained
//   define = { target = "trn1" }     # ${target} in a program text
//   relative_to = { columns = 1 }    # optional: the quotient of two runs, this one with other
//                                    # definitions below
//   measure = "dma_span"             # docs/validation.md
//   scale = 2                        # optional factor of what was measured (cores of a chip)
//   published = 51.80                # in `unit`
//   unit = "ms"
//   tolerance = 0.1                  # largest relative difference
//   bound = true                     # optional: the figure is an upper bound
//   kind = "kernel"                  # or activity (beside a kernel), instruction, dma, peak, count
//   confidence = "measured"          # measured, stated, derived or weak
//   fitted = ["dma_engine.rate"]     # parameters that were fitted on it: it checks nothing then
//   schedule_from = "D5"             # row whose figure the schedule was read off: fitted too
//   source = "NKI performance guide"
//   note = "..."                     # assumptions; why it cannot be met
#pragma once

#include <map>
#include <string>
#include <vector>

namespace nsim::tool {

using Definitions = std::map<std::string, std::string>;

struct ValidationRow {
  std::string id;
  std::string title;
  std::string config;
  std::vector<std::string> set;
  std::string program;  // path, or "" beside
  std::string kernel;   // a name; both "": explained, not run
  Definitions define;
  Definitions relative_to;
  std::string measure;
  double scale = 1;
  double published = 0;
  std::string unit;
  double tolerance = 0;
  bool bound = false;
  std::string kind;
  std::string confidence;
  std::vector<std::string> fitted;
  std::string schedule_from;
  std::string source;
  std::string note;
  int line = 0;

  /// Something of ours was chosen with it.
  bool is_fitted() const { return !fitted.empty() || !schedule_from.empty(); }
  bool runs() const { return !program.empty() || !kernel.empty(); }
  bool weak() const { return confidence == "weak"; }
};

/// Throws UserError with file and line for anything that is not as above.
std::vector<ValidationRow> read_validation_table(const std::string& path);

/// `text` with every ${expression} replaced: a name, or + - * / over names and whole numbers, left
/// to right, products first. An unknown name, and a definition that is not used, are UserErrors
/// that begin with `where`.
std::string substitute(const std::string& text, const Definitions& definitions,
                       const std::string& where);

}  // namespace nsim::tool
