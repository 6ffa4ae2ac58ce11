// SPDX-License-Identifier: Apache-2.0
// Values out of a TOML document, refused with file, line and column.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/toml_text.h"
#include "tools/sweep/axis.h"

namespace nsim::tool {

class TomlReader {
 public:
  explicit TomlReader(std::string file) : file_(std::move(file)) {}

  SourcePos place(const toml::source_region& region) const;
  [[noreturn]] void fail(const toml::node& node, const std::string& message) const;

  /// Refuses keys that are not in `known`, naming the nearest.
  void check_keys(const toml::table& table, const std::vector<std::string>& known,
                  const char* what) const;
  const toml::node& need(const toml::table& table, const char* key) const;
  const toml::table& table(const toml::node& node, const std::string& name) const;
  /// A text, number or flag; the place is that of its first character.
  AxisValue scalar(const toml::node& node, const std::string& name) const;
  /// A scalar or a list of scalars, at least one.
  std::vector<AxisValue> values(const toml::node& node, const std::string& name) const;
  /// A text or a list of texts; none when the key is missing.
  std::vector<AxisValue> texts(const toml::table& table, const char* key) const;
  std::int64_t whole(const toml::node& node, const char* name, std::int64_t least,
                     std::int64_t most) const;
  std::string one_of(const toml::node& node, const char* name,
                     const std::vector<std::string>& names) const;

 private:
  const std::string file_;
};

}  // namespace nsim::tool
