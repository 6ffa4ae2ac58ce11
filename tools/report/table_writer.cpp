// SPDX-License-Identifier: Apache-2.0
#include "tools/report/table_writer.h"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "sim/base/error.h"
#include "tools/sweep/table.h"

namespace nsim::tool {
namespace {

struct CsvCell {
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::int64_t value) const { return std::to_string(value); }
  std::string operator()(double value) const { return fmt::format("{}", value); }
  std::string operator()(std::string_view text) const { return csv_field(std::string(text)); }
};

struct JsonCell {
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::int64_t value) const { return std::to_string(value); }
  std::string operator()(double value) const {
    return std::isfinite(value) ? fmt::format("{}", value) : "null";
  }
  std::string operator()(std::string_view text) const {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }
};

}  // namespace

CsvTables::CsvTables(std::string folder) : folder_(std::move(folder)) {
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  if (error) {
    throw UserError(fmt::format("cannot create {}: {}", folder_, error.message()));
  }
}

void CsvTables::begin(const std::string& name, const std::vector<std::string>& columns) {
  path_ = fmt::format("{}/{}.csv", folder_, name);
  try {
    file_.emplace(path_);
  } catch (const std::system_error& error) {
    throw UserError(fmt::format("cannot write {}: {}", path_, error.code().message()));
  }
  std::vector<Cell> heads(columns.begin(), columns.end());
  row(heads);
}

void CsvTables::row(const std::vector<Cell>& cells) {
  buffer_.clear();
  for (const Cell& cell : cells) {
    buffer_ += buffer_.empty() ? "" : ",";
    buffer_ += std::visit(CsvCell(), cell);
  }
  file_->stream() << buffer_ << '\n';
}

void CsvTables::end() {
  try {
    file_->commit();
  } catch (const std::system_error& error) {
    throw UserError(fmt::format("cannot write {}: {}", path_, error.code().message()));
  }
}

void JsonTables::begin(const std::string& name, const std::vector<std::string>& columns) {
  keys_.clear();
  for (const std::string& column : columns) {
    keys_.push_back(JsonCell()(std::string_view(column)) + ": ");
  }
  out_ << (std::exchange(first_table_, false) ? "\n" : ",\n") << JsonCell()(std::string_view(name))
       << ": [";
  first_row_ = true;
}

void JsonTables::row(const std::vector<Cell>& cells) {
  out_ << (std::exchange(first_row_, false) ? "\n {" : ",\n {");
  for (std::size_t i = 0; i < cells.size(); ++i) {
    out_ << (i == 0 ? "" : ", ") << keys_[i] << std::visit(JsonCell(), cells[i]);
  }
  out_ << '}';
}

void JsonTables::end() {
  out_ << (first_row_ ? "]" : "\n]");
}

}  // namespace nsim::tool
