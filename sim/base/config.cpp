// SPDX-License-Identifier: Apache-2.0
#include "sim/base/config.h"

#include <fmt/format.h>

#include <toml++/toml.h>
#include <algorithm>
#include <cctype>
#include <filesystem>
#include <utility>

#include "sim/base/error.h"
#include "sim/base/text_file.h"
#include "sim/base/toml_text.h"

namespace nsim {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxExtends = 16;
constexpr int kMaxTableDepth = 16;
constexpr std::size_t kMaxKeyLength = 64;

bool is_key_char(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
}

bool is_key(std::string_view text) {
  return !text.empty() && text.size() <= kMaxKeyLength &&
         std::all_of(text.begin(), text.end(), is_key_char);
}

bool is_path(std::string_view text) {
  for (int depth = 0; depth <= kMaxTableDepth; ++depth) {
    const std::size_t dot = text.find('.');
    if (!is_key(text.substr(0, dot))) {
      return false;
    }
    if (dot == std::string_view::npos) {
      return true;
    }
    text.remove_prefix(dot + 1);
  }
  return false;
}

std::string join(const std::string& table, std::string_view key) {
  return table.empty() ? std::string(key) : table + "." + std::string(key);
}

// Turns a parsed document into values by full path.
class Flattener {
 public:
  using Lists = std::map<std::string, std::vector<Config::Entry>>;
  Flattener(const std::string& file, std::map<std::string, Config::Value>& values, Lists& lists)
      : file_(file), values_(values), lists_(lists) {}

  void table(const toml::table& table, const std::string& path, int depth) {
    if (depth > kMaxTableDepth) {
      fail(table, path, fmt::format("tables are nested deeper than {}", kMaxTableDepth));
    }
    for (const auto& [key, node] : table) {
      const std::string child = join(path, key.str());
      if (!is_key(key.str())) {
        fail(node, path, "a key may have 64 letters, digits, \"_\" and \"-\"");
      }
      const toml::table* inner = node.as_table();
      if (path.empty() && node.is_array_of_tables()) {
        list(*node.as_array(), child);
      } else if (inner == nullptr) {
        values_[child] = scalar(node, child);
      } else if (inner->contains("value")) {
        values_[child] = value_table(*inner, child);
      } else {
        this->table(*inner, child, depth + 1);
      }
    }
  }

 private:
  void list(const toml::array& entries, const std::string& name) {
    for (const toml::node& node : entries) {
      Config::Entry entry;
      entry.origin = SourcePos{file_, static_cast<int>(node.source().begin.line), 0}.text();
      for (const auto& [key, value] : *node.as_table()) {
        if (!is_key(key.str())) {
          fail(value, name, "a key may have 64 letters, digits, \"_\" and \"-\"");
        }
        entry.values[std::string(key.str())] = scalar(value, join(name, key.str()));
      }
      lists_[name].push_back(std::move(entry));
    }
  }

  [[noreturn]] void fail(const toml::node& node, const std::string& path,
                         const std::string& problem) const {
    const toml::source_position at = node.source().begin;
    throw UserError(SourcePos{file_, static_cast<int>(at.line), static_cast<int>(at.column)},
                    path.empty() ? problem : path + ": " + problem);
  }

  Config::Value scalar(const toml::node& node, const std::string& path) const {
    Config::Value value;
    value.origin = SourcePos{file_, static_cast<int>(node.source().begin.line), 0}.text();
    if (const auto* text = node.as_string()) {
      value.text = text->get();
      value.is_string = true;
    } else if (const auto* integer = node.as_integer()) {
      value.text = std::to_string(integer->get());
    } else if (const auto* real = node.as_floating_point()) {
      value.text = fmt::format("{}", real->get());
    } else if (const auto* boolean = node.as_boolean()) {
      value.text = boolean->get() ? "true" : "false";
    } else {
      fail(node, path, "arrays and dates have no parameter; a value is a text, a number or a flag");
    }
    return value;
  }

  Config::Value value_table(const toml::table& table, const std::string& path) const {
    for (const auto& [key, node] : table) {
      if (key.str() != "value" && key.str() != "source") {
        const std::string wrong(key.str());
        fail(node, path,
             fmt::format("\"{}\" beside \"value\"; only \"source\" may stand there", wrong));
      }
    }
    const toml::node& node = *table.get("value");
    Config::Value value = scalar(node, path + ".value");
    if (const toml::node* source = table.get("source")) {
      if (!source->is_string()) {
        fail(*source, path, "\"source\" must be a text");
      }
      value.source = source->as_string()->get();
    }
    return value;
  }

  const std::string& file_;
  std::map<std::string, Config::Value>& values_;
  Lists& lists_;
};

std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      result += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      result += c;
    }
  }
  return result + '"';
}

// Whether the value stands without quotes in TOML.
bool is_bare(const ParamInfo& info) {
  return info.kind == name(Quantity::Count) || info.kind == name(Quantity::Cycles) ||
         (info.kind == name(Quantity::Ratio) && info.value.back() != '%') || info.kind == "flag";
}

}  // namespace

Config Config::load(const std::string& path) {
  std::vector<std::string> chain;
  return load_below(path, chain);
}

Config Config::parse(const std::string& text, const std::string& name,
                     const std::string& directory) {
  std::vector<std::string> chain;
  return parse_below(text, name, directory, chain);
}

Config Config::load_below(const std::string& path, std::vector<std::string>& chain) {
  const std::string text = read_text_file(path);
  std::error_code error;
  const std::string identity = fs::weakly_canonical(path, error).string();
  if (std::find(chain.begin(), chain.end(), identity) != chain.end()) {
    throw UserError("\"" + path + "\" extends itself");
  }
  if (chain.size() >= kMaxExtends) {
    throw UserError(fmt::format("\"{}\": more than {} files extend each other", path, kMaxExtends));
  }
  chain.push_back(identity);
  return parse_below(text, path, fs::path(path).parent_path().string(), chain);
}

Config Config::parse_below(const std::string& text, const std::string& name,
                           const std::string& directory, std::vector<std::string>& chain) {
  Config own;
  Flattener(name, own.values_, own.lists_).table(parse_toml(text, name), "", 0);
  const auto extends = own.values_.find("extends");
  if (extends == own.values_.end()) {
    return own;
  }
  const Value base_name = extends->second;
  own.values_.erase(extends);
  if (!base_name.is_string) {
    throw UserError(base_name.origin + ": extends: write the name of a file");
  }
  const fs::path base_path = (fs::path(directory) / base_name.text).lexically_normal();
  Config merged;
  try {
    merged = load_below(base_path.string(), chain);
  } catch (const UserError& error) {
    throw UserError(base_name.origin + ": extends: " + error.what());
  }
  merged.merge(std::move(own));
  return merged;
}

void Config::merge(Config other) {
  for (auto& [path, value] : other.values_) {
    values_[path] = std::move(value);
  }
  for (auto& [name, entries] : other.lists_) {
    std::vector<Entry>& list = lists_[name];
    std::move(entries.begin(), entries.end(), std::back_inserter(list));
  }
}

const std::vector<Config::Entry>& Config::take_list(const std::string& name) {
  used_lists_.insert(name);
  return lists_[name];
}

void Config::set(const std::string& assignment) {
  const std::size_t equals = assignment.find('=');
  if (equals == std::string::npos) {
    throw UserError("--set " + assignment + ": write path=value");
  }
  const std::string path = assignment.substr(0, equals);
  if (!is_path(path)) {
    throw UserError("--set " + assignment + ": \"" + path + "\" is no parameter path");
  }
  values_[path] = Value{assignment.substr(equals + 1), false, "--set", ""};
}

const Config::Value* Config::take(const std::string& path) {
  used_.insert(path);
  const auto found = values_.find(path);
  return found == values_.end() ? nullptr : &found->second;
}

void Config::record(ParamInfo info) {
  const auto [place, is_new] = places_.emplace(info.path, params_.size());
  if (is_new) {
    params_.push_back(std::move(info));
    return;
  }
  const ParamInfo& first = params_[place->second];
  if (first.kind != info.kind || first.default_value != info.default_value ||
      first.range != info.range) {
    throw InternalError("parameter " + info.path + " is declared twice, differently");
  }
}

namespace {

/// What to write instead of an unknown path: "; ...", or nothing. Whole paths that end like it are
/// meant before those that are spelt like it.
std::string suggestion(const std::string& path, const std::set<std::string>& known) {
  constexpr std::size_t kMost = 4;
  const std::string end = "." + path;
  std::vector<std::string> whole;
  for (const std::string& each : known) {
    if (each.size() > end.size() &&
        each.compare(each.size() - end.size(), std::string::npos, end) == 0) {
      whole.push_back("\"" + each + "\"");
    }
  }
  if (whole.empty()) {
    const std::string nearest = nearest_name(path, known);
    return nearest.empty() ? "" : "; did you mean \"" + nearest + "\"?";
  }
  const std::size_t more = whole.size() > kMost ? whole.size() - kMost : 0;
  whole.resize(std::min(whole.size(), kMost));
  return fmt::format("; write the whole path: {}{}", fmt::join(whole, " or "),
                     more == 0 ? "" : fmt::format(" or one of {} others", more));
}

}  // namespace

void Config::finish() const {
  for (const auto& [path, value] : values_) {
    if (used_.count(path) != 0) {
      continue;
    }
    throw UserError(
        fmt::format("{}: unknown key \"{}\"{}", value.origin, path, suggestion(path, used_)));
  }
  for (const auto& [name, entries] : lists_) {
    if (entries.empty() || used_lists_.count(name) != 0) {
      continue;
    }
    throw UserError(fmt::format("{}: unknown list \"{}\"{}", entries.front().origin, name,
                                suggestion(name, used_lists_)));
  }
}

std::string Config::resolved_toml() const {
  std::map<std::string, std::map<std::string, std::string>> tables;  // table, key, value as TOML
  for (const ParamInfo& info : params_) {
    const std::size_t dot = info.path.rfind('.');
    const std::string table = dot == std::string::npos ? "" : info.path.substr(0, dot);
    std::string value = is_bare(info) ? info.value : quoted(info.value);
    if (!info.source.empty()) {
      value = fmt::format("{{value = {}, source = {}}}", value, quoted(info.source));
    }
    tables[table][info.path.substr(table.empty() ? 0 : dot + 1)] = value;
  }
  std::string text;
  for (const auto& [table, keys] : tables) {
    text += table.empty() ? "" : fmt::format("{}[{}]\n", text.empty() ? "" : "\n", table);
    for (const auto& [key, value] : keys) {
      text += fmt::format("{} = {}\n", key, value);
    }
  }
  for (const auto& [name, entries] : lists_) {
    for (const Entry& entry : entries) {
      text += fmt::format("{}[[{}]]\n", text.empty() ? "" : "\n", name);
      for (const auto& [key, value] : entry.values) {
        text += fmt::format("{} = {}\n", key, value.is_string ? quoted(value.text) : value.text);
      }
    }
  }
  return text;
}

}  // namespace nsim
