// SPDX-License-Identifier: Apache-2.0
#include "tools/check/suite.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <filesystem>
#include <set>

#include "runtime/options.h"
#include "sim/base/error.h"
#include "sim/base/text_file.h"
#include "tools/sweep/toml_reader.h"

namespace nsim::tool {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kRunOptions{"requests", "depth",    "cores",
                                           "transfer", "numerics", "clock"};
const std::vector<std::string> kCaseKeys{
    "name",   "program",  "client", "config",   "requests",  "depth",       "cores",
    "clock",  "transfer", "set",    "numerics", "reference", "environment", "status",
    "expect", "trace",    "golden", "timeout",  "tolerance"};

/// "01_gemm_on_trn2"
std::string folder_name(std::size_t number, const std::string& name) {
  std::string out = fmt::format("{:02}_", number);
  for (const char c : name) {
    out += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  }
  return out;
}

class SuiteReader {
 public:
  SuiteReader(const std::string& path, const std::map<std::string, std::string>& variables)
      : path_(path), reader_(path), variables_(variables) {}

  CheckSuite read(const toml::table& file) {
    reader_.check_keys(file, {"name", "golden_file", "defaults", "case"}, "key");
    CheckSuite suite;
    suite.path = path_;
    suite.folder = fs::absolute(path_).parent_path().lexically_normal().string();
    const std::string stem = fs::path(path_).stem().string();
    suite.name = text(file, "name", stem);
    suite.golden_file =
        (fs::path(suite.folder) / text(file, "golden_file", stem + ".golden.json")).string();
    CheckCase defaults;
    if (const toml::node* node = file.get("defaults")) {
      const toml::table& table = reader_.table(*node, "defaults");
      reader_.check_keys(table, kCaseKeys, "key");
      fill(table, defaults);
    }
    read_cases(file, defaults, suite);
    return suite;
  }

 private:
  void read_cases(const toml::table& file, const CheckCase& defaults, CheckSuite& suite) {
    const toml::array* cases = reader_.need(file, "case").as_array();
    if (cases == nullptr || cases->empty()) {
      reader_.fail(*file.get("case"), "cases are tables: [[case]]");
    }
    std::set<std::string> names;
    for (const toml::node& node : *cases) {
      const toml::table& table = reader_.table(node, "case");
      reader_.check_keys(table, kCaseKeys, "key");
      CheckCase one = defaults;
      one.name = expand(reader_.scalar(reader_.need(table, "name"), "name"));
      fill(table, one);
      if (!names.insert(one.name).second) {
        reader_.fail(*table.get("name"), fmt::format("there are two cases '{}'", one.name));
      }
      if (one.program.empty() == one.client.empty()) {
        reader_.fail(table,
                     fmt::format("case '{}' needs a program or a client, and not both", one.name));
      }
      one.folder_name = folder_name(suite.cases.size() + 1, one.name);
      suite.cases.push_back(std::move(one));
    }
  }

  /// A value that nsim run would refuse.
  void check_option(const toml::node& node, const std::string& option,
                    const std::string& value) const {
    static const std::map<std::string, std::vector<std::string>> kWords{
        {"transfer", {"once", "each"}}, {"numerics", {"on", "off"}}, {"clock", {"step", "free"}}};
    static const std::map<std::string, std::int64_t> kMost{
        {"requests", 1000000}, {"depth", 1024}, {"cores", 1024}};
    const auto words = kWords.find(option);
    if (words != kWords.end()) {
      if (std::find(words->second.begin(), words->second.end(), value) == words->second.end()) {
        reader_.fail(node, fmt::format("'{}' is {}, not '{}'", option,
                                       fmt::join(words->second, " or "), value));
      }
      return;
    }
    const std::int64_t most = kMost.at(option);
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc() || end != value.data() + value.size() || number < 1 || number > most) {
      reader_.fail(
          node, fmt::format("'{}' is a whole number from 1 to {}, not '{}'", option, most, value));
    }
  }

  /// What `table` says; the rest stays.
  void fill(const toml::table& table, CheckCase& one) {
    one.program = table.contains("program") ? program(table) : one.program;
    one.client = list(table, "client", one.client);
    one.config = table.contains("config") ? config(table) : one.config;
    one.set = list(table, "set", one.set);
    one.golden = list(table, "golden", one.golden);
    for (const std::string& option : kRunOptions) {
      if (table.contains(option)) {
        one.options[option] = text(table, option.c_str(), "");
        check_option(*table.get(option), option, one.options[option]);
      }
    }
    if (const toml::node* node = table.get("environment")) {
      for (const auto& [key, value] : reader_.table(*node, "environment")) {
        one.environment[std::string(key.str())] = expand(reader_.scalar(value, "environment"));
      }
    }
    if (const toml::node* node = table.get("reference")) {
      if (!node->is_boolean()) {
        reader_.fail(*node, "'reference' is true or false");
      }
      one.reference = node->as_boolean()->get();
    }
    one.status = whole(table, "status", 0, 255, one.status);
    one.timeout = whole(table, "timeout", 1, 86400, one.timeout);
    if (const toml::node* node = table.get("tolerance")) {
      const AxisValue value = reader_.scalar(*node, "tolerance");
      if (value.value.is_text || !(value.value.number >= 0 && value.value.number <= 1)) {
        reader_.fail(*node, "'tolerance' is a number from 0 to 1 (0.01 is 1 %)");
      }
      one.tolerance = value.value.number;
    }
    for (const AxisValue& value : reader_.texts(table, "expect")) {
      one.expect.push_back(Expression::parse(value.text, value.where));
    }
    for (const AxisValue& value : reader_.texts(table, "trace")) {
      one.trace.push_back(parse_expectation(value.text, value.where));
    }
  }

  std::string program(const toml::table& table) {
    const std::string name = text(table, "program", "");
    const fs::path beside = fs::path(path_).parent_path() / name;
    if (fs::is_regular_file(beside)) {
      return fs::absolute(beside).lexically_normal().string();
    }
    try {
      return fs::absolute(rt::find_shared(name)).lexically_normal().string();
    } catch (const UserError&) {
      reader_.fail(
          *table.get("program"),
          fmt::format("there is no program '{}' beside {}, and none is shipped", name, path_));
    }
  }

  std::string config(const toml::table& table) {
    const std::string name = text(table, "config", "");
    const fs::path beside = fs::path(path_).parent_path() / name;
    if (fs::is_regular_file(beside)) {
      return fs::absolute(beside).lexically_normal().string();
    }
    try {
      rt::find_config(name);
    } catch (const UserError& error) {
      reader_.fail(*table.get("config"), error.what());
    }
    return name;
  }

  std::string text(const toml::table& table, const char* key, const std::string& fallback) {
    const toml::node* node = table.get(key);
    return node == nullptr ? fallback : expand(reader_.scalar(*node, key));
  }

  std::vector<std::string> list(const toml::table& table, const char* key,
                                const std::vector<std::string>& fallback) {
    if (!table.contains(key)) {
      return fallback;
    }
    std::vector<std::string> out;
    for (const AxisValue& value : reader_.texts(table, key)) {
      out.push_back(expand(value));
    }
    return out;
  }

  std::int64_t whole(const toml::table& table, const char* key, std::int64_t least,
                     std::int64_t most, std::int64_t fallback) {
    const toml::node* node = table.get(key);
    return node == nullptr ? fallback : reader_.whole(*node, key, least, most);
  }

  /// ${name} becomes the variable's value.
  std::string expand(const AxisValue& value) const {
    std::string out;
    std::size_t at = 0;
    for (std::size_t open = value.text.find("${"); open != std::string::npos;
         open = value.text.find("${", at)) {
      const std::size_t close = value.text.find('}', open);
      if (close == std::string::npos) {
        throw UserError(value.where, "'${' without '}'");
      }
      const std::string name = value.text.substr(open + 2, close - open - 2);
      const auto variable = variables_.find(name);
      if (variable == variables_.end()) {
        throw UserError(
            value.where,
            fmt::format("${{{}}} has no value: give it with --define {}=...", name, name));
      }
      out += value.text.substr(at, open - at) + variable->second;
      at = close + 1;
    }
    return out + value.text.substr(at);
  }

  const std::string path_;
  const TomlReader reader_;
  const std::map<std::string, std::string>& variables_;
};

}  // namespace

std::vector<std::string> CheckCase::arguments(const std::string& folder) const {
  std::vector<std::string> words{client.empty() ? "run" : "exec"};
  if (client.empty()) {
    words.push_back(program);
  }
  if (!config.empty()) {
    words.insert(words.end(), {"--config", config});
  }
  for (const auto& [option, value] : options) {
    if (!client.empty() && option != "clock") {
      continue;  // a client does what it does
    }
    words.insert(words.end(), {"--" + option, value});
  }
  for (const std::string& assignment : set) {
    words.insert(words.end(), {"--set", assignment});
  }
  words.insert(words.end(), {"--out", folder});
  if (!client.empty()) {
    words.emplace_back("--");
    words.insert(words.end(), client.begin(), client.end());
    return words;
  }
  words.emplace_back("--quiet");
  if (trace.empty()) {
    words.emplace_back("--no-trace");
  }
  if (reference) {
    words.emplace_back("--check");
  }
  return words;
}

CheckSuite parse_check_suite(const std::string& text, const std::string& path,
                             const std::map<std::string, std::string>& variables) {
  return SuiteReader(path, variables).read(parse_toml(text, path));
}

CheckSuite read_check_suite(const std::string& path,
                            const std::map<std::string, std::string>& variables) {
  return parse_check_suite(read_text_file(path), path, variables);
}

}  // namespace nsim::tool
