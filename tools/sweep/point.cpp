// SPDX-License-Identifier: Apache-2.0
#include "tools/sweep/point.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "runtime/options.h"

namespace nsim::tool {
namespace {

namespace fs = std::filesystem;

/// The path beside the file of the sweep, when there is one.
std::optional<std::string> beside(const SweepFile& file, const std::string& name) {
  std::error_code ignored;
  const fs::path path = fs::path(file.path).parent_path() / name;
  if (!fs::is_regular_file(path, ignored)) {
    return std::nullopt;
  }
  return fs::absolute(path).lexically_normal().string();
}

}  // namespace

std::string Point::key() const {
  std::string key;
  for (const AxisValue& value : values) {
    key += fmt::format("{}:{};", value.text.size(), value.text);
  }
  return key;
}

std::string resolve_program(const SweepFile& file, const std::string& name) {
  if (const auto path = beside(file, name)) {
    return *path;
  }
  try {
    return fs::absolute(rt::find_shared(name)).lexically_normal().string();
  } catch (const UserError&) {
    throw UserError(fmt::format("no program '{}' beside {}", name, file.path));
  }
}

std::string resolve_config(const SweepFile& file, const std::string& name) {
  return beside(file, name).value_or(name);
}

RunSetup setup_of(const SweepFile& file, const Point& point) {
  std::map<std::string, std::string> settings{
      {"requests", "1"}, {"depth", "3"}, {"transfer", "once"}, {"cores", "1"}, {"numerics", "off"}};
  for (const auto& [name, value] : file.settings) {
    settings[name] = value.text;
  }
  RunSetup setup;
  for (const AxisValue& assignment : file.set) {
    setup.set.push_back(assignment.text);
  }
  for (std::size_t i = 0; i < file.axes.size(); ++i) {
    for (const std::string& target : file.axes[i].targets) {
      if (is_run_setting(target)) {
        settings[target] = point.values[i].text;
      } else {
        setup.set.push_back(target + "=" + point.values[i].text);
      }
    }
  }
  setup.program = resolve_program(file, settings["program"]);
  setup.config = resolve_config(file, settings["config"]);
  settings.erase("program");
  settings.erase("config");
  setup.options = std::move(settings);
  setup.trace = file.trace;
  return setup;
}

std::vector<std::string> RunSetup::arguments(const std::string& folder) const {
  std::vector<std::string> words{"run", program, "--config", config};
  for (const auto& [name, value] : options) {
    words.push_back("--" + name);
    words.push_back(value);
  }
  for (const std::string& assignment : set) {
    words.push_back("--set");
    words.push_back(assignment);
  }
  if (!trace) {
    words.emplace_back("--no-trace");
  }
  words.insert(words.end(), {"--quiet", "--record", "--out", folder});
  return words;
}

std::optional<Value> PointValues::find(const std::string& name) {
  if (results_ != nullptr) {
    const auto result = results_->find(name);
    if (result != results_->end()) {
      return result->second;
    }
  }
  for (std::size_t i = 0; i < file_.axes.size(); ++i) {
    const Axis& axis = file_.axes[i];
    if (axis.name == name ||
        std::find(axis.targets.begin(), axis.targets.end(), name) != axis.targets.end()) {
      return point_.values[i].value;
    }
  }
  const auto setting = file_.settings.find(name);
  if (setting != file_.settings.end()) {
    return setting->second.value;
  }
  if (name.find('.') == std::string::npos) {
    return std::nullopt;
  }
  if (!parameters_) {
    parameters_.emplace();
    const RunSetup setup = setup_of(file_, point_);
    const Device device = open_device(setup.config, setup.set);
    for (const ParamInfo& info : device.config.params()) {
      const bool flag = info.kind == "flag";
      parameters_->emplace(info.path, flag ? Value::of(info.value == "true" ? 1.0 : 0.0)
                                           : AxisValue::of(info.value, {}).value);
    }
  }
  const auto parameter = parameters_->find(name);
  return parameter == parameters_->end() ? std::nullopt : std::optional(parameter->second);
}

}  // namespace nsim::tool
