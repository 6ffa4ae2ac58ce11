// SPDX-License-Identifier: Apache-2.0
#include "tools/sweep/toml_reader.h"

#include <fmt/format.h>

#include <algorithm>

namespace nsim::tool {

SourcePos TomlReader::place(const toml::source_region& region) const {
  return {file_, static_cast<int>(region.begin.line), static_cast<int>(region.begin.column)};
}

void TomlReader::fail(const toml::node& node, const std::string& message) const {
  throw UserError(place(node.source()), message);
}

void TomlReader::check_keys(const toml::table& table, const std::vector<std::string>& known,
                            const char* what) const {
  for (const auto& [key, node] : table) {
    const std::string name(key.str());
    if (std::find(known.begin(), known.end(), name) != known.end()) {
      continue;
    }
    const std::string near = nearest_name(name, known);
    throw UserError(place(key.source().begin.line > 0 ? key.source() : node.source()),
                    fmt::format("unknown {} '{}'{}", what, name,
                                near.empty() ? fmt::format("; there are {}", fmt::join(known, ", "))
                                             : "; did you mean '" + near + "'?"));
  }
}

const toml::node& TomlReader::need(const toml::table& table, const char* key) const {
  const toml::node* node = table.get(key);
  if (node == nullptr) {
    fail(table, fmt::format("'{}' is missing", key));
  }
  return *node;
}

const toml::table& TomlReader::table(const toml::node& node, const std::string& name) const {
  if (!node.is_table()) {
    fail(node, fmt::format("'{}' is a table", name));
  }
  return *node.as_table();
}

AxisValue TomlReader::scalar(const toml::node& node, const std::string& name) const {
  SourcePos where = place(node.source());
  if (const auto* text = node.as_string()) {
    ++where.column;  // past the quote
    return AxisValue::of(text->get(), where);
  }
  if (const auto* integer = node.as_integer()) {
    return AxisValue::of(std::to_string(integer->get()), where);
  }
  if (const auto* number = node.as_floating_point()) {
    return AxisValue::of(fmt::format("{}", number->get()), where);
  }
  if (const auto* flag = node.as_boolean()) {
    return {flag->get() ? "true" : "false", Value::of(flag->get() ? 1.0 : 0.0), where};
  }
  fail(node, fmt::format("'{}' is a text, a number or a flag", name));
}

std::vector<AxisValue> TomlReader::values(const toml::node& node, const std::string& name) const {
  const toml::array* list = node.as_array();
  if (list == nullptr) {
    return {scalar(node, name)};
  }
  if (list->empty()) {
    fail(node, fmt::format("'{}' has no value", name));
  }
  std::vector<AxisValue> result;
  for (const toml::node& element : *list) {
    result.push_back(scalar(element, name));
  }
  return result;
}

std::vector<AxisValue> TomlReader::texts(const toml::table& table, const char* key) const {
  const toml::node* node = table.get(key);
  if (node == nullptr) {
    return {};
  }
  std::vector<AxisValue> result;
  const auto take = [&](const toml::node& element) {
    if (!element.is_string()) {
      fail(element, fmt::format("'{}' is a text or a list of texts", key));
    }
    result.push_back(scalar(element, key));
  };
  if (const toml::array* list = node->as_array()) {
    for (const toml::node& element : *list) {
      take(element);
    }
  } else {
    take(*node);
  }
  return result;
}

std::int64_t TomlReader::whole(const toml::node& node, const char* name, std::int64_t least,
                               std::int64_t most) const {
  const auto* integer = node.as_integer();
  if (integer == nullptr || integer->get() < least || integer->get() > most) {
    fail(node, fmt::format("'{}' is a whole number from {} to {}", name, least, most));
  }
  return integer->get();
}

std::string TomlReader::one_of(const toml::node& node, const char* name,
                               const std::vector<std::string>& names) const {
  const std::string text = scalar(node, name).text;
  if (std::find(names.begin(), names.end(), text) == names.end()) {
    const std::string near = nearest_name(text, names);
    fail(node, fmt::format("{} '{}' is none of {}{}", name, text, fmt::join(names, ", "),
                           near.empty() ? "" : "; did you mean '" + near + "'?"));
  }
  return text;
}

}  // namespace nsim::tool
