// SPDX-License-Identifier: Apache-2.0
#include "tools/validation_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <set>

#include "sim/base/error.h"
#include "sim/base/text_file.h"
#include "sim/base/toml_text.h"
#include "tools/validation_measure.h"

namespace nsim::tool {
namespace {

const std::vector<std::string> kKeys{"id",         "title",  "config",        "set",     "program",
                                     "kernel",     "define", "relative_to",   "measure", "scale",
                                     "published",  "unit",   "tolerance",     "bound",   "kind",
                                     "confidence", "fitted", "schedule_from", "source",  "note"};
const std::vector<std::string> kKinds{"kernel", "activity", "instruction", "dma", "peak", "count"};
const std::vector<std::string> kConfidences{"measured", "stated", "derived", "weak"};

class RowReader {
 public:
  RowReader(const toml::table& table, const std::string& file) : table_(table), file_(file) {
    for (const auto& [key, node] : table_) {
      one_of("key", std::string(key.str()), kKeys, node);
    }
  }

  ValidationRow read() const {
    ValidationRow row;
    row.line = static_cast<int>(table_.source().begin.line);
    row.id = text("id", true);
    row.title = text("title", true);
    row.published = number("published", 0, true);
    row.unit = text("unit", true);
    row.kind = one_of("kind", text("kind", true), kKinds, table_);
    row.confidence = one_of("confidence", text("confidence", true), kConfidences, table_);
    row.source = text("source", true);
    row.program = text("program", false);
    row.kernel = text("kernel", false);
    const bool runs = row.runs();
    row.note = text("note", !runs);
    row.config = text("config", runs);
    row.measure = text("measure", runs);
    row.tolerance = number("tolerance", 0, runs);
    row.scale = number("scale", 1, false);
    row.set = list("set");
    row.fitted = list("fitted");
    row.schedule_from = text("schedule_from", false);
    row.define = definitions("define");
    row.relative_to = definitions("relative_to");
    if (const toml::node* node = table_.get("bound")) {
      row.bound = node->value<bool>().value_or(false);
    }
    check(row);
    return row;
  }

 private:
  [[noreturn]] void fail(const toml::node& node, const std::string& message) const {
    throw UserError(SourcePos{file_, static_cast<int>(node.source().begin.line), 0}, message);
  }

  void check(const ValidationRow& row) const {
    const std::pair<const char*, double> positive[] = {
        {"published", row.published}, {"scale", row.scale}, {"tolerance", row.tolerance + 1e-9}};
    for (const auto& [key, value] : positive) {
      if (!(value > 0) || !std::isfinite(value)) {
        fail(table_, fmt::format("{}: '{}' is a positive number", row.id, key));
      }
    }
    if (!row.runs()) {
      return;
    }
    if (!row.kernel.empty() && !(row.program.empty() && row.define.empty())) {
      fail(table_, fmt::format("{}: a kernel has neither 'program' nor 'define'", row.id));
    }
    try {
      check_measure(row.measure, row.unit, !row.relative_to.empty());
    } catch (const UserError& error) {
      fail(table_, fmt::format("{}: {}", row.id, error.what()));
    }
  }

  const toml::node* find(const char* key, bool needed) const {
    const toml::node* node = table_.get(key);
    if (node == nullptr && needed) {
      fail(table_, fmt::format("key '{}' is missing", key));
    }
    return node;
  }

  std::string text(const char* key, bool needed) const {
    const toml::node* node = find(key, needed);
    if (node != nullptr && !node->is_string()) {
      fail(*node, fmt::format("'{}' is a text in quotes", key));
    }
    return node == nullptr ? "" : node->as_string()->get();
  }

  double number(const char* key, double fallback, bool needed) const {
    const toml::node* node = find(key, needed);
    if (node != nullptr && !node->is_number()) {
      fail(*node, fmt::format("'{}' is a number", key));
    }
    return node == nullptr ? fallback : node->value<double>().value_or(fallback);
  }

  std::vector<std::string> list(const char* key) const {
    std::vector<std::string> result;
    const toml::node* node = find(key, false);
    if (node == nullptr) {
      return result;
    }
    const toml::array* array = node->as_array();
    if (array == nullptr) {
      fail(*node, fmt::format("'{}' is a list of texts", key));
    }
    for (const toml::node& element : *array) {
      if (!element.is_string()) {
        fail(element, fmt::format("'{}' is a list of texts", key));
      }
      result.push_back(element.as_string()->get());
    }
    return result;
  }

  Definitions definitions(const char* key) const {
    Definitions result;
    const toml::node* node = find(key, false);
    if (node == nullptr) {
      return result;
    }
    const toml::table* table = node->as_table();
    if (table == nullptr) {
      fail(*node, fmt::format("'{}' is a table of names and values", key));
    }
    for (const auto& [name, value] : *table) {
      if (const auto* string = value.as_string()) {
        result[std::string(name.str())] = string->get();
      } else if (const auto* integer = value.as_integer()) {
        result[std::string(name.str())] = std::to_string(integer->get());
      } else {
        fail(value, fmt::format("'{}' is a text or a whole number", std::string(name.str())));
      }
    }
    return result;
  }

  std::string one_of(const char* what, const std::string& value,
                     const std::vector<std::string>& names, const toml::node& node) const {
    if (std::find(names.begin(), names.end(), value) == names.end()) {
      const std::string near = nearest_name(value, names);
      fail(node, fmt::format("unknown {} '{}'{}", what, value,
                             near.empty() ? fmt::format("; one of {}", fmt::join(names, ", "))
                                          : "; did you mean '" + near + "'?"));
    }
    return value;
  }

  const toml::table& table_;
  const std::string& file_;
};

}  // namespace

std::vector<ValidationRow> read_validation_table(const std::string& path) {
  const std::string text = read_text_file(path);
  const toml::table document = parse_toml(text, path);
  const toml::array* rows = document["row"].as_array();
  if (rows == nullptr || !rows->is_array_of_tables()) {
    throw UserError(fmt::format("{}: no [[row]]", path));
  }
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::vector<ValidationRow> result;
  std::set<std::string> ids;
  for (const toml::node& node : *rows) {
    ValidationRow row = RowReader(*node.as_table(), path).read();
    if (!ids.insert(row.id).second) {
      throw UserError(SourcePos{path, row.line, 0}, fmt::format("a second row '{}'", row.id));
    }
    if (!row.program.empty()) {
      row.program = (folder / row.program).string();
    }
    result.push_back(std::move(row));
  }
  for (const ValidationRow& row : result) {
    if (!row.schedule_from.empty() && ids.count(row.schedule_from) == 0) {
      const std::string near = nearest_name(row.schedule_from, ids);
      throw UserError(
          SourcePos{path, row.line, 0},
          fmt::format("{}: 'schedule_from' names a row, '{}' is none{}", row.id, row.schedule_from,
                      near.empty() ? "" : "; did you mean '" + near + "'?"));
    }
  }
  return result;
}

namespace {

/// The inside of ${...}.
class Substitution {
 public:
  Substitution(std::string text, const Definitions& definitions, SourcePos where,
               std::set<std::string>& used)
      : text_(std::move(text)), definitions_(definitions), where_(std::move(where)), used_(used) {}

  std::string value() {
    const auto whole = definitions_.find(text_);
    if (whole == definitions_.end()) {
      return std::to_string(sum());
    }
    used_.insert(text_);
    return whole->second;
  }

 private:
  [[noreturn]] void fail(const std::string& message) const { throw UserError(where_, message); }

  char next() {
    at_ = std::min(text_.find_first_not_of(' ', at_), text_.size());
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  std::int64_t sum() {
    std::int64_t result = product();
    for (char op = next(); op == '+' || op == '-'; op = next()) {
      ++at_;
      const std::int64_t right = product();
      result = op == '+' ? result + right : result - right;
    }
    if (next() != '\0') {
      fail(fmt::format("'${{{}}}' is neither a name nor arithmetic with + - * /", text_));
    }
    return result;
  }

  std::int64_t product() {
    std::int64_t result = factor();
    for (char op = next(); op == '*' || op == '/'; op = next()) {
      ++at_;
      const std::int64_t right = factor();
      if (op == '/' && right == 0) {
        fail(fmt::format("'${{{}}}' divides by zero", text_));
      }
      result = op == '*' ? result * right : result / right;
    }
    return result;
  }

  std::int64_t factor() {
    next();
    const std::size_t from = at_;
    while (at_ < text_.size() &&
           (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 || text_[at_] == '_')) {
      ++at_;
    }
    std::string word = text_.substr(from, at_ - from);
    const auto found = definitions_.find(word);
    if (found != definitions_.end()) {
      used_.insert(word);
      word = found->second;
    }
    if (word.empty() || word.size() > 9 ||
        word.find_first_not_of("0123456789") != std::string::npos) {
      fail(fmt::format("'{}' in '${{{}}}' is neither a number nor one that the row defines", word,
                       text_));
    }
    return std::stoll(word);
  }

  const std::string text_;
  const Definitions& definitions_;
  const SourcePos where_;
  std::set<std::string>& used_;
  std::size_t at_ = 0;
};

}  // namespace

std::string substitute(const std::string& text, const Definitions& definitions,
                       const std::string& where) {
  std::string result;
  std::set<std::string> used;
  std::size_t from = 0;
  int line = 1;
  for (std::size_t at = text.find("${"); at != std::string::npos; at = text.find("${", from)) {
    line += static_cast<int>(std::count(text.begin() + static_cast<std::ptrdiff_t>(from),
                                        text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
    const SourcePos here{where, line, 0};
    const std::size_t end = text.find('}', at);
    if (end == std::string::npos) {
      throw UserError(here, "'${' without '}'");
    }
    result.append(text, from, at - from);
    result += Substitution(text.substr(at + 2, end - at - 2), definitions, here, used).value();
    from = end + 1;
  }
  for (const auto& [name, value] : definitions) {
    if (used.count(name) == 0) {
      throw UserError(SourcePos{where, 0, 0},
                      fmt::format("the row defines '{}', which the text does not use", name));
    }
  }
  return result.append(text, from, std::string::npos);
}

}  // namespace nsim::tool
