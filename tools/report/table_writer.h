// SPDX-License-Identifier: Apache-2.0
// Tables written row by row: nothing of a million rows is kept.
#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "runtime/output_file.h"

namespace nsim::tool {

using Cell = std::variant<bool, std::int64_t, double, std::string_view>;

class TableWriter {
 public:
  virtual ~TableWriter() = default;
  virtual void begin(const std::string& name, const std::vector<std::string>& columns) = 0;
  /// As many cells as the table has columns.
  virtual void row(const std::vector<Cell>& cells) = 0;
  virtual void end() = 0;
};

/// <folder>/<Table>.csv, headings first; each appears when it is whole. Throws UserError when one
/// cannot be written.
class CsvTables : public TableWriter {
 public:
  /// Creates the folder.
  explicit CsvTables(std::string folder);
  void begin(const std::string& name, const std::vector<std::string>& columns) override;
  void row(const std::vector<Cell>& cells) override;
  void end() override;

 private:
  std::string folder_;
  std::string path_;
  std::optional<rt::OutputFile> file_;
  std::string buffer_;
};

/// {"<Table>": [{column: value, ...}, ...], ...}
class JsonTables : public TableWriter {
 public:
  explicit JsonTables(std::ostream& out) : out_(out) { out_ << '{'; }
  void begin(const std::string& name, const std::vector<std::string>& columns) override;
  void row(const std::vector<Cell>& cells) override;
  void end() override;
  /// After the last table.
  void close() { out_ << "\n}"; }

 private:
  std::ostream& out_;
  std::vector<std::string> keys_;  // quoted
  bool first_table_ = true;
  bool first_row_ = true;
};

}  // namespace nsim::tool
