// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "sim/base/error.h"
#include "tools/command.h"
#include "tools/device.h"

namespace nsim::tool {
namespace {

/// Where a value comes from, in words: "documented: ...", "derived: ...", "assumed: ...".
std::string source_of(const ParamInfo& info) {
  if (info.origin == "--set") {
    return "assumed: set by hand";
  }
  return info.source.empty() ? "not stated" : info.source;
}

void explain(const ParamInfo& info) {
  fmt::print(
      "{}\n  {}\n  value    {}\n  origin   {}\n  source   {}\n  default  {}\n  kind     {}\n  "
      "range    {}\n",
      info.path, info.description, info.value, info.origin, source_of(info), info.default_value,
      info.kind, info.range);
}

int explain_matching(const std::vector<ParamInfo>& params, const std::string& wanted) {
  std::vector<std::string> names;
  int found = 0;
  for (const ParamInfo& info : params) {
    names.push_back(info.path);
    const bool below = info.path.compare(0, wanted.size() + 1, wanted + ".") == 0;
    // The end of a path will do: "vector.copy_rate" for "neuron_core.engines.vector.copy_rate".
    const bool end =
        info.path.size() > wanted.size() && info.path.compare(info.path.size() - wanted.size() - 1,
                                                              std::string::npos, "." + wanted) == 0;
    if (info.path == wanted || below || end) {
      explain(info);
      ++found;
    }
  }
  if (found == 0) {
    const std::string near = nearest_name(wanted, names);
    throw UserError(
        fmt::format("no parameter '{}'{}", wanted,
                    near.empty() ? "; nsim params lists all" : ", did you mean '" + near + "'?"));
  }
  return 0;
}

int execute(const Arguments& arguments) {
  const Device device = open_device(arguments.text("config"), arguments.list("set"));
  if (arguments.has("explain")) {
    return explain_matching(device.config.params(), arguments.text("explain"));
  }
  if (arguments.flag("toml")) {
    fmt::print("{}", device.config.resolved_toml());
    return 0;
  }
  for (const ParamInfo& info : device.config.params()) {
    const std::string source = source_of(info);
    fmt::print("{:<58} {:<16} {:<11} {}\n", info.path, info.value,
               source.substr(0, source.find(':')), info.origin);
  }
  return 0;
}

}  // namespace

Command params_command() {
  std::vector<Option> options = config_options();
  options.push_back(
      {"explain", Option::Kind::Text, "NAME",
       "value, origin, source, range and meaning of one parameter, or of all below a table"});
  options.push_back({"toml", Option::Kind::Flag, "",
                     "the resolved configuration as a file that can be fed back"});
  return {{"params",
           "params [--config F] [--explain NAME]",
           "list every parameter with its value, kind of source and origin",
           {},
           options},
          execute};
}

}  // namespace nsim::tool
