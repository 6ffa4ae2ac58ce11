// SPDX-License-Identifier: Apache-2.0
#include "sim/base/error.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace nsim {

std::string SourcePos::text() const {
  std::string result = file;
  for (const int number : {line, column}) {
    if (number <= 0) {
      break;
    }
    result += (result.empty() ? "" : ":") + std::to_string(number);
  }
  return result;
}

namespace {

std::string located(const SourcePos& where, const std::string& message) {
  const std::string place = where.text();
  return place.empty() ? message : place + ": " + message;
}

}  // namespace

UserError::UserError(const SourcePos& where, const std::string& message)
    : std::runtime_error(located(where, message)) {}

int edit_distance(const std::string& a, const std::string& b) {
  // Levenshtein with one row: row[j] is the distance of a's prefix to b's first j characters.
  std::vector<int> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    int diagonal = row[0];
    row[0] = static_cast<int>(i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const int replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace nsim
