// SPDX-License-Identifier: Apache-2.0
// What a comparison with published figures came to: as text, JSON and a page.
#pragma once

#include <string>
#include <vector>

#include "tools/validation_table.h"

namespace nsim::tool {

struct ValidationResult {
  enum class State { Run, Explained, Failed };
  const ValidationRow* row = nullptr;
  State state = State::Explained;
  double simulated = 0;  // in the row's unit
  std::string problem;   // Failed: why

  /// (simulated - published) / published; an upper bound that holds has no error.
  double error() const;
  bool passed() const;
};

/// Errors of one group of rows, as fractions.
struct ErrorTotals {
  int rows = 0;
  int failed = 0;  // outside their tolerance, or without a result
  double median = 0;
  double mean = 0;
  double worst = 0;
  std::string worst_id;
};

/// Fitted rows, rows that check, rows that check with a weak figure (dated or third-party). Rows
/// that are only explained belong to none.
struct ValidationTotals {
  ErrorTotals fitted;
  ErrorTotals check;
  ErrorTotals weak;
};
ValidationTotals totals_of(const std::vector<ValidationResult>& results);

std::string validation_text(const std::vector<ValidationResult>& results);
std::string validation_json(const std::vector<ValidationResult>& results);
std::string validation_html(const std::vector<ValidationResult>& results);

}  // namespace nsim::tool
