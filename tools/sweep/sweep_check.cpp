// SPDX-License-Identifier: Apache-2.0
#include "tools/sweep/sweep_check.h"
#include "models/program_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "tools/sweep/point.h"
#include "tools/sweep/results.h"

namespace nsim::tool {
namespace {

struct SettingRange {
  const char* name;
  long least;
  long most;
};
constexpr SettingRange kCounts[] = {
    {"requests", 1, 1'000'000}, {"depth", 1, 1024}, {"cores", 1, 1024}};

/// All, or the two ends of what may have any value between.
std::vector<AxisValue> values_of(const Axis& axis) {
  return axis.values.empty() ? std::vector<AxisValue>{axis.at(0), axis.at(1)} : axis.values;
}

/// Values of a setting of the run, be it fixed or an axis.
std::vector<AxisValue> values_of(const SweepFile& file, const std::string& setting) {
  const auto fixed = file.settings.find(setting);
  if (fixed != file.settings.end()) {
    return {fixed->second};
  }
  for (const Axis& axis : file.axes) {
    if (std::find(axis.targets.begin(), axis.targets.end(), setting) != axis.targets.end()) {
      return values_of(axis);
    }
  }
  return {};
}

class Checker {
 public:
  explicit Checker(const SweepFile& file) : file_(file) {}

  void check() {
    check_counts();
    check_choice("transfer", {"once", "each"});
    check_choice("numerics", {"on", "off"});
    for (const char* needed : {"program", "config"}) {
      if (values_of(file_, needed).empty()) {
        add(SourcePos{file_.path, 0, 0}, fmt::format("'{}' is missing: a key or an axis", needed));
      }
    }
    for (const AxisValue& config : values_of(file_, "config")) {
      check_device(config);
    }
    check_expressions();
    if (problems_.size() == 1) {
      throw UserError(problems_.front());
    }
    if (!problems_.empty()) {
      throw UserError(fmt::format("{} problems in {}\n  {}", problems_.size(), file_.path,
                                  fmt::join(problems_, "\n  ")));
    }
  }

 private:
  void add(const SourcePos& where, const std::string& message) {
    const std::string problem = UserError(where, message).what();
    if (seen_.insert(problem).second) {
      problems_.push_back(problem);
    }
  }

  template <class Function>
  void attempt(const SourcePos& where, Function&& function) {
    try {
      function();
    } catch (const UserError& error) {
      std::string message = error.what();
      if (message.compare(0, 7, "--set: ") == 0) {
        message.erase(0, 7);
      }
      add(where, message);
    }
  }

  void check_counts() {
    for (const SettingRange& range : kCounts) {
      for (const AxisValue& value : values_of(file_, range.name)) {
        long number = 0;
        const char* end = value.text.data() + value.text.size();
        const auto [stop, error] = std::from_chars(value.text.data(), end, number);
        if (error != std::errc() || stop != end || number < range.least || number > range.most) {
          add(value.where, fmt::format("{}: '{}' is not a whole number from {} to {}", range.name,
                                       value.text, range.least, range.most));
        }
      }
    }
  }

  void check_choice(const char* name, const std::vector<std::string>& choices) {
    for (const AxisValue& value : values_of(file_, name)) {
      if (std::find(choices.begin(), choices.end(), value.text) == choices.end()) {
        add(value.where,
            fmt::format("{}: '{}' is none of {}", name, value.text, fmt::join(choices, ", ")));
      }
    }
  }

  void check_device(const AxisValue& config) {
    const std::string path = resolve_config(file_, config.text);
    std::vector<std::string> set;
    const std::size_t before = problems_.size();
    attempt(config.where, [&] { open_device(path, {}); });
    if (problems_.size() > before) {
      return;
    }
    for (const AxisValue& assignment : file_.set) {
      attempt(assignment.where, [&] { open_device(path, {assignment.text}); });
      set.push_back(assignment.text);
    }
    for (const Axis& axis : file_.axes) {
      for (const std::string& target : axis.targets) {
        if (!is_run_setting(target)) {
          check_values(path, axis, target);
        }
      }
    }
    if (problems_.size() == before) {
      const Device device = open_device(path, set);
      for (const AxisValue& program : values_of(file_, "program")) {
        attempt(program.where,
                [&] { ml::open_program(resolve_program(file_, program.text), device.limits); });
      }
    }
  }

  void check_values(const std::string& path, const Axis& axis, const std::string& target) {
    for (const AxisValue& value : values_of(axis)) {
      const SourcePos& where = value.where.line > 0 ? value.where : axis.where;
      const std::size_t before = problems_.size();
      attempt(where, [&] { open_device(path, {target + "=" + value.text}); });
      if (problems_.size() > before && problems_.back().find("unknown key") != std::string::npos) {
        return;  // once per axis is enough
      }
    }
  }

  void check_expressions() {
    for (const Expression& condition : file_.conditions) {
      attempt_names(condition, false);
    }
    for (const SweepColumn& column : file_.columns) {
      attempt_names(column.expression, true);
    }
  }

  void attempt_names(const Expression& expression, bool run) {
    try {
      check_names(file_, expression, run);
    } catch (const UserError& error) {
      problems_.emplace_back(error.what());
    }
  }

  const SweepFile& file_;
  std::vector<std::string> problems_;
  std::set<std::string> seen_;
};

std::set<std::string> known_names(const SweepFile& file, bool run) {
  std::set<std::string> names;
  for (const Axis& axis : file.axes) {
    names.insert(axis.name);
    names.insert(axis.targets.begin(), axis.targets.end());
  }
  for (const auto& [name, value] : file.settings) {
    names.insert(name);
  }
  if (run) {
    for (const std::string& name : result_names()) {
      names.insert(name);
    }
    for (const SweepColumn& column : file.columns) {
      names.insert(column.name);
    }
  }
  for (const AxisValue& config : values_of(file, "config")) {
    try {
      const Device device = open_device(resolve_config(file, config.text), {});
      for (const ParamInfo& info : device.config.params()) {
        names.insert(info.path);
      }
    } catch (const UserError&) {  // reported where devices are checked
    }
  }
  return names;
}

}  // namespace

void check_sweep(const SweepFile& file) {
  Checker(file).check();
}

void check_names(const SweepFile& file, const Expression& expression, bool run) {
  if (expression.names().empty()) {
    return;
  }
  const std::set<std::string> known = known_names(file, run);
  for (const Expression::Name& name : expression.names()) {
    if (known.count(name.name) != 0 || (run && name.name.compare(0, 6, "units.") == 0)) {
      continue;
    }
    const std::string near = nearest_name(name.name, known);
    throw UserError(name.where, fmt::format("nothing is called '{}'{}", name.name,
                                            near.empty() ? "" : "; did you mean '" + near + "'?"));
  }
}

}  // namespace nsim::tool
