// SPDX-License-Identifier: Apache-2.0
#include "tools/sweep/sweep_file.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "sim/base/config.h"
#include "sim/base/text_file.h"
#include "tools/device.h"
#include "tools/sweep/toml_reader.h"

namespace nsim::tool {
namespace {

constexpr std::int64_t kMaxPoints = 1'000'000;

const std::vector<std::string> kKeys{"name",     "program", "config",   "requests", "depth",
                                     "transfer", "cores",   "numerics", "set",      "trace",
                                     "where",    "axes",    "sample",   "columns"};
const std::vector<std::string> kAxisKeys{"set",  "values", "from", "to",  "points",
                                         "step", "scale",  "zip",  "base"};
const std::vector<std::string> kMethods{"grid", "random", "latin_hypercube", "one_at_a_time",
                                        "saltelli"};

class SweepReader {
 public:
  SweepReader(const toml::table& root, const std::string& path) : root_(root), toml_(path) {
    out_.path = path;
  }

  SweepFile read() {
    toml_.check_keys(root_, kKeys, "key");
    read_settings();
    if (const toml::node* axes = root_.get("axes")) {
      read_axes(toml_.table(*axes, "axes"), "", 0);
      std::stable_sort(out_.axes.begin(), out_.axes.end(), [](const Axis& a, const Axis& b) {
        return std::pair(a.where.line, a.where.column) < std::pair(b.where.line, b.where.column);
      });
    }
    if (out_.axes.empty()) {
      toml_.fail(root_, "a sweep has [axes] with at least one axis");
    }
    check_axes();
    read_sample();
    read_columns();
    for (const AxisValue& text : toml_.texts(root_, "where")) {
      out_.conditions.push_back(Expression::parse(text.text, text.where));
    }
    return std::move(out_);
  }

 private:
  void read_settings() {
    for (const std::string& key : kRunSettings) {
      if (const toml::node* node = root_.get(key)) {
        out_.settings[key] = toml_.scalar(*node, key);
      }
    }
    if (const toml::node* node = root_.get("name")) {
      out_.name = toml_.scalar(*node, "name").text;
    }
    if (const toml::node* node = root_.get("trace")) {
      if (!node->is_boolean()) {
        toml_.fail(*node, "'trace' is true or false");
      }
      out_.trace = node->as_boolean()->get();
    }
    out_.set = toml_.texts(root_, "set");
    for (const AxisValue& assignment : out_.set) {
      if (assignment.text.find('=') == std::string::npos) {
        throw UserError(assignment.where,
                        fmt::format("'{}' is no \"path=value\"", assignment.text));
      }
    }
  }

  /// A table with one of the keys of an axis is one; any other holds axes of longer names.
  static bool is_axis(const toml::table& table) {
    return table.contains("values") || table.contains("from") || table.contains("to");
  }

  void read_axes(const toml::table& table, const std::string& prefix, int depth) {
    if (depth > 16) {
      toml_.fail(table, "nested too deeply");
    }
    for (const auto& [key, node] : table) {
      const std::string name = prefix + std::string(key.str());
      if (node.is_table() && !is_axis(*node.as_table())) {
        if (node.as_table()->is_inline()) {
          toml_.check_keys(*node.as_table(), kAxisKeys, "key of an axis");
          toml_.fail(node, fmt::format("axis '{}' has neither 'values' nor 'from' and 'to'", name));
        }
        read_axes(*node.as_table(), name + ".", depth + 1);
        continue;
      }
      Axis axis;
      axis.name = name;
      axis.where = toml_.place(key.source().begin.line > 0 ? key.source() : node.source());
      axis.targets = {name};
      if (const toml::table* details = node.as_table()) {
        read_axis(*details, axis);
      } else {
        axis.values = toml_.values(node, name);
      }
      out_.axes.push_back(std::move(axis));
    }
  }

  void read_axis(const toml::table& table, Axis& axis) {
    toml_.check_keys(table, kAxisKeys, "key of an axis");
    const std::vector<AxisValue> targets = toml_.texts(table, "set");
    if (!targets.empty()) {
      axis.targets.clear();
      for (const AxisValue& target : targets) {
        axis.targets.push_back(target.text);
      }
    }
    if (const toml::node* zip = table.get("zip")) {
      axis.zip = toml_.scalar(*zip, "zip").text;
    }
    if (const toml::node* base = table.get("base")) {
      axis.base = toml_.scalar(*base, "base");
    }
    if (const toml::node* values = table.get("values")) {
      for (const char* key : {"from", "to", "points", "step", "scale"}) {
        if (const toml::node* other = table.get(key)) {
          toml_.fail(*other,
                     fmt::format("'{}' beside 'values': an axis is a list or a range", key));
        }
      }
      axis.values = toml_.values(*values, axis.name);
      return;
    }
    axis.range = read_range(table, axis.name);
    if (!axis.range->continuous()) {
      for (const std::string& text : axis.range->values()) {
        axis.values.push_back(AxisValue::of(text, axis.where));
      }
    }
  }

  AxisRange read_range(const toml::table& table, const std::string& name) {
    AxisRange range;
    const AxisValue from = toml_.scalar(toml_.need(table, "from"), "from");
    const AxisValue to = toml_.scalar(toml_.need(table, "to"), "to");
    bool found = false;
    for (const Quantity quantity :
         {Quantity::Count, Quantity::Ratio, Quantity::Rate, Quantity::Bytes, Quantity::Frequency,
          Quantity::Duration, Quantity::Cycles}) {
      const auto low = parse_quantity(quantity, from.text);
      const auto high = parse_quantity(quantity, to.text);
      if (low && high && !found) {
        range.quantity = quantity;
        range.from = *low;
        range.to = *high;
        found = true;
      }
    }
    if (!found) {
      throw UserError(from.where,
                      fmt::format("'{}' and '{}' of axis '{}' are no two numbers of one unit",
                                  from.text, to.text, name));
    }
    if (range.from > range.to) {
      throw UserError(from.where, fmt::format("axis '{}': 'from' is larger than 'to'", name));
    }
    read_steps(table, name, range);
    return range;
  }

  void read_steps(const toml::table& table, const std::string& name, AxisRange& range) {
    if (const toml::node* scale = table.get("scale")) {
      const std::string text = toml_.one_of(*scale, "scale", {"linear", "log"});
      range.logarithmic = text == "log";
      if (range.logarithmic && range.from <= 0) {
        toml_.fail(*scale, fmt::format("axis '{}': a logarithmic range starts above 0", name));
      }
    }
    if (const toml::node* points = table.get("points")) {
      range.points = toml_.whole(*points, "points", 1, kMaxPoints);
    }
    const toml::node* step = table.get("step");
    if (step == nullptr) {
      return;
    }
    if (range.points > 0 || range.logarithmic) {
      toml_.fail(*step, "'step' stands alone: without 'points', on a linear scale");
    }
    const AxisValue text = toml_.scalar(*step, "step");
    range.step = parse_quantity(range.quantity, text.text).value_or(0);
    if (range.step <= 0 || (range.to - range.from) / range.step >= kMaxPoints) {
      toml_.fail(*step, fmt::format("'{}' is no step from one end of axis '{}' to the other",
                                    text.text, name));
    }
  }

  void check_axes() {
    std::map<std::string, const Axis*> zipped;
    std::map<std::string, std::string> owners;
    for (const Axis& axis : out_.axes) {
      for (const std::string& target : axis.targets) {
        const auto [owner, fresh] = owners.emplace(target, axis.name);
        if (!fresh) {
          throw UserError(axis.where, fmt::format("axes '{}' and '{}' both set {}", owner->second,
                                                  axis.name, target));
        }
        if (out_.settings.count(target) != 0) {
          throw UserError(axis.where,
                          fmt::format("'{}' is an axis and has a fixed value, too", target));
        }
        check_target(axis, target);
      }
      if (axis.zip.empty()) {
        check_distinct(axis);
        continue;
      }
      const auto [first, fresh] = zipped.emplace(axis.zip, &axis);
      if (!fresh && first->second->values.size() != axis.values.size()) {
        throw UserError(axis.where,
                        fmt::format("axes '{}' and '{}' are zipped, but have {} and {} values",
                                    first->second->name, axis.name, first->second->values.size(),
                                    axis.values.size()));
      }
      if (axis.values.empty()) {
        throw UserError(axis.where, "a zipped range needs 'points' or 'step'");
      }
    }
  }

  static void check_distinct(const Axis& axis) {
    std::set<std::string> seen;
    for (const AxisValue& value : axis.values) {
      if (!seen.insert(value.text).second) {
        throw UserError(value.where,
                        fmt::format("axis '{}' has the value {} twice", axis.name, value.text));
      }
    }
  }

  void check_target(const Axis& axis, const std::string& target) const {
    if (is_run_setting(target) || target.find('.') != std::string::npos) {
      return;
    }
    const std::string near = nearest_name(target, kRunSettings);
    throw UserError(
        axis.where,
        fmt::format("axis '{}' is neither a parameter (nsim params lists them) nor one of "
                    "{}{}; a name of your own needs 'set'",
                    target, fmt::join(kRunSettings, ", "),
                    near.empty() ? "" : "; did you mean '" + near + "'?"));
  }

  void read_sample() {
    const toml::node* node = root_.get("sample");
    if (node != nullptr) {
      const toml::table& table = toml_.table(*node, "sample");
      out_.sample.where = toml_.place(table.source());
      toml_.check_keys(table, {"method", "count", "seed"}, "key of [sample]");
      out_.sample.method = toml_.one_of(toml_.need(table, "method"), "method", kMethods);
      if (const toml::node* seed = table.get("seed")) {
        out_.sample.seed = static_cast<std::uint64_t>(toml_.whole(*seed, "seed", 0, INT64_MAX));
      }
      const std::string& method = out_.sample.method;
      const bool counted = method != "grid" && method != "one_at_a_time";
      const toml::node* count = table.get("count");
      if (counted) {
        out_.sample.count = toml_.whole(toml_.need(table, "count"), "count", 1, kMaxPoints);
      } else if (count != nullptr) {
        toml_.fail(*count, fmt::format("method '{}' takes no 'count'", method));
      }
    }
  }

  void read_columns() {
    if (const toml::node* node = root_.get("columns")) {
      flatten_columns(toml_.table(*node, "columns"), "", 0);
      std::stable_sort(columns_.begin(), columns_.end(), [](const auto& a, const auto& b) {
        return std::pair(a.first.line, a.first.column) < std::pair(b.first.line, b.first.column);
      });
      for (auto& [where, column] : columns_) {
        out_.columns.push_back(std::move(column));
      }
    }
  }

  void flatten_columns(const toml::table& table, const std::string& prefix, int depth) {
    for (const auto& [key, node] : table) {
      const std::string name = prefix + std::string(key.str());
      if (node.is_table() && depth < 16) {
        flatten_columns(*node.as_table(), name + ".", depth + 1);
        continue;
      }
      if (!node.is_string()) {
        toml_.fail(node, fmt::format("column '{}' is an expression in quotes", name));
      }
      const AxisValue text = toml_.scalar(node, name);
      columns_.emplace_back(text.where,
                            SweepColumn{name, Expression::parse(text.text, text.where)});
    }
  }

  const toml::table& root_;
  TomlReader toml_;
  SweepFile out_;
  std::vector<std::pair<SourcePos, SweepColumn>> columns_;
};

}  // namespace

SweepFile parse_sweep_file(const std::string& text, const std::string& path) {
  const toml::table root = parse_toml(text, path);
  SweepFile file = SweepReader(root, path).read();
  file.text = text;
  if (file.name.empty()) {
    file.name = std::filesystem::path(path).stem().string();
  }
  return file;
}

SweepFile read_sweep_file(const std::string& path) {
  return parse_sweep_file(read_text_file(path), path);
}

}  // namespace nsim::tool
