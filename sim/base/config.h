// SPDX-License-Identifier: Apache-2.0
// Configuration: TOML files with single inheritance, command-line overrides, and the origin of
// every value.
//
// Data flow: load() reads a file and the chain of its `extends`, and merges them key by key (the
// extending file wins); set() applies "path=value". Params structs (params.h) then take values out
// through a ParamScope, which records what each parameter is and marks the key as used; finish()
// refuses what nobody used. Nothing else reads a configuration.
//
// A value is a scalar (`capacity = "16GiB"`) or a table {value = "16GiB", source = "documented:
// ..."}; `source` says where the number comes from and starts with documented, derived or assumed.
//
// At the top level a file may also hold lists of tables of scalars, `[[fault]]`. They are no
// parameters: whoever knows their keys takes the whole list. A list of an extending file is
// appended to that of the file it extends.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "sim/base/units.h"

namespace nsim {

/// Everything known about one parameter after resolution; what `nsim params` prints.
struct ParamInfo {
  std::string path;           // "device.hbm.bandwidth"
  std::string kind;           // "rate", "count", "flag", "choice", ...
  std::string default_value;  // text
  std::string range;          // "1MB/s .. 100TB/s", or the choices
  std::string description;    // one sentence
  std::string value;          // text, as resolved
  std::string origin;         // "default", "configs/trn2.toml:12", "--set"
  std::string source;         // "documented: ...", "derived: ...", "assumed: ...", or ""
};

class Config {
 public:
  struct Value {
    std::string text;  // scalar rendered as text; strings without quotes
    bool is_string = false;
    std::string origin;  // file:line or "--set"
    std::string source;
  };

  /// One table of a list.
  struct Entry {
    std::string origin;                   // file:line where it begins
    std::map<std::string, Value> values;  // by key
  };

  /// An empty configuration: every parameter at its default.
  Config() = default;

  /// Reads a file with everything it extends (paths relative to the extending file).
  /// Throws UserError: unreadable, syntax (file:line:column), circular `extends`, arrays or types
  /// that no parameter has.
  static Config load(const std::string& path);

  /// The same from text; `name` stands in messages, relative `extends` are looked up in
  /// `directory`.
  static Config parse(const std::string& text, const std::string& name,
                      const std::string& directory = ".");

  /// Applies "a.b.c=value" (the command line's --set). Throws UserError when it has no '='.
  void set(const std::string& assignment);

  /// Puts another configuration over this one: its values win, its lists are appended.
  void merge(Config other);

  /// The list `name`, which may be empty; marks it as used.
  const std::vector<Entry>& take_list(const std::string& name);

  /// For ParamScope only: the value at `path` or nullptr; marks it as used.
  const Value* take(const std::string& path);
  /// For ParamScope only: a parameter was resolved. Whoever shares it declares it alike.
  void record(ParamInfo info);

  /// Call when every Params struct was built. Throws UserError naming file, line, key and nearest
  /// valid name for the first key or list that nobody used.
  void finish() const;

  const std::vector<ParamInfo>& params() const { return params_; }

  /// The resolved configuration as TOML that load() reads back to the same values.
  std::string resolved_toml() const;

 private:
  static Config parse_below(const std::string& text, const std::string& name,
                            const std::string& directory, std::vector<std::string>& chain);
  static Config load_below(const std::string& path, std::vector<std::string>& chain);

  std::map<std::string, Value> values_;  // by full path; ordered, so that output is stable
  std::set<std::string> used_;
  std::map<std::string, std::vector<Entry>> lists_;
  std::set<std::string> used_lists_;
  std::vector<ParamInfo> params_;              // in the order of declaration
  std::map<std::string, std::size_t> places_;  // path to its place in params_
};

}  // namespace nsim
