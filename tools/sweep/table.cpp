// SPDX-License-Identifier: Apache-2.0
#include "tools/sweep/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

namespace nsim::tool {

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) {
    return text;
  }
  std::string quoted = "\"";
  for (const char c : text) {
    quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  }
  return quoted + "\"";
}

void print_csv(const Table& table) {
  const auto line = [](const std::vector<std::string>& fields) {
    fmt::print("{}\n", fmt::join(fields, ","));
  };
  std::vector<std::string> fields;
  std::transform(table.heads.begin(), table.heads.end(), std::back_inserter(fields), csv_field);
  line(fields);
  for (const std::vector<Value>& row : table.rows) {
    fields.clear();
    for (const Value& value : row) {
      fields.push_back(value.is_text ? csv_field(value.text) : fmt::format("{}", value.number));
    }
    line(fields);
  }
}

void print_json(const Table& table) {
  nlohmann::ordered_json out = nlohmann::ordered_json::array();
  for (const std::vector<Value>& row : table.rows) {
    nlohmann::ordered_json object;
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (row[i].is_text) {
        object[table.heads[i]] = row[i].text;
      } else {
        object[table.heads[i]] = row[i].number;
      }
    }
    out.push_back(std::move(object));
  }
  fmt::print("{}\n", out.dump(2));
}

void print_text(const Table& table) {
  std::vector<std::vector<std::string>> cells{table.heads};
  for (const std::vector<Value>& row : table.rows) {
    cells.emplace_back();
    for (const Value& value : row) {
      cells.back().push_back(value.is_text ? value.text : fmt::format("{:.6g}", value.number));
    }
  }
  std::vector<std::size_t> widths(table.heads.size(), 0);
  for (const std::vector<std::string>& row : cells) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], row[i].size());
    }
  }
  for (const std::vector<std::string>& row : cells) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += fmt::format("{:<{}}  ", row[i], widths[i]);
    }
    fmt::print("{}\n", line.substr(0, line.find_last_not_of(' ') + 1));
  }
}

}  // namespace nsim::tool
