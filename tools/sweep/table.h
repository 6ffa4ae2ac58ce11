// SPDX-License-Identifier: Apache-2.0
// Rows of numbers and texts under heads, written to standard output in one of three forms.
#pragma once

#include <string>
#include <vector>

#include "tools/sweep/expression.h"

namespace nsim::tool {

struct Table {
  std::vector<std::string> heads;
  std::vector<std::vector<Value>> rows;
};

/// With quotes where it needs them.
std::string csv_field(const std::string& text);

void print_csv(const Table& table);
/// A list of objects whose keys are the heads.
void print_json(const Table& table);
/// In columns, numbers to six digits.
void print_text(const Table& table);

}  // namespace nsim::tool
