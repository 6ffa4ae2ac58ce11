// SPDX-License-Identifier: Apache-2.0
#include "tools/why/ideal.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "runtime/options.h"
#include "sim/base/error.h"
#include "sim/base/text_file.h"
#include "sim/base/toml_text.h"
#include "tools/device.h"
#include "tools/run_directory.h"
#include "tools/sweep/executor.h"
#include "tools/sweep/toml_reader.h"

namespace nsim::tool {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFile = "configs/ideal/resources.toml";

/// One end of a parameter's range, "1MB/s .. 10TB/s".
std::string limit_of(const Config& config, const std::string& path, bool most) {
  static const std::string kTo = " .. ";
  for (const ParamInfo& info : config.params()) {
    if (info.path == path) {
      const std::size_t to = info.range.find(kTo);
      if (to == std::string::npos) {
        throw UserError(fmt::format("{}: {} has no range but {}", kFile, path, info.range));
      }
      return most ? info.range.substr(to + kTo.size()) : info.range.substr(0, to);
    }
  }
  throw UserError(fmt::format("{}: there is no parameter {}", kFile, path));
}

SimTime time_of_request(const std::string& folder, const CriticalPath& path) {
  const nlohmann::json summary = read_summary(folder);
  for (const nlohmann::json& request : summary.at("requests")) {
    if (request.at("unit") == path.unit && request.at("sequence") == path.sequence) {
      return request.at("completed_ps").get<SimTime>() - request.at("submitted_ps").get<SimTime>();
    }
  }
  throw UserError(fmt::format("{} has no request {} of {}", folder, path.sequence, path.unit));
}

/// Its results can be looked at: it may have requests that failed, as the run itself.
bool came_to_an_end(const RunOutcome& outcome) {
  constexpr int kRequestFailed = 1;
  return outcome.exit_status == 0 || outcome.exit_status == kRequestFailed;
}

/// The run in `folder` is of this build and these arguments, and came to an end.
bool is_there(const std::string& folder, const std::vector<std::string>& arguments) {
  const std::optional<RunOutcome> outcome = read_outcome(folder);
  return outcome && came_to_an_end(*outcome) && outcome->build == build_identity() &&
         outcome->command == arguments.front() &&
         std::equal(outcome->arguments.begin(), outcome->arguments.end(), arguments.begin() + 1,
                    arguments.end());
}

/// Paths in a run's arguments are as seen from where it was started.
class Directory {
 public:
  explicit Directory(const std::string& path) : before_(fs::current_path()) {
    std::error_code error;
    fs::current_path(path, error);
    if (error) {
      throw UserError(fmt::format("the run was started in {}: {}", path, error.message()));
    }
  }
  ~Directory() {
    std::error_code ignored;
    fs::current_path(before_, ignored);
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

 private:
  const fs::path before_;
};

/// The error of each job, "" for those that succeeded.
std::vector<std::string> run_all(const std::vector<PointJob>& jobs, const RunOutcome& run,
                                 int at_once) {
  const Directory there(run.directory);
  std::vector<std::string> errors(jobs.size());
  local_executor(at_once)->run(jobs, [&](std::size_t index, const std::string& problem) {
    const std::optional<RunOutcome> outcome = read_outcome(jobs[index].folder);
    errors[index] = !outcome ? problem : came_to_an_end(*outcome) ? "" : outcome->error;
  });
  return errors;
}

}  // namespace

std::vector<IdealResource> ideal_resources(const std::string& resolved) {
  const std::string path = rt::find_shared(kFile);
  const std::string text = read_text_file(path);
  const toml::table table = parse_toml(text, path);
  const TomlReader reader(path);
  const Device device = open_device(resolved, {});
  std::vector<IdealResource> resources;
  for (const auto& [key, node] : table) {
    const std::string name(key.str());
    const toml::table& entry = reader.table(node, name);
    reader.check_keys(entry, {"what", "most", "least", "set"}, name.c_str());
    IdealResource resource{name, reader.scalar(reader.need(entry, "what"), "what").text, {}};
    for (const bool most : {true, false}) {
      for (const AxisValue& parameter : reader.texts(entry, most ? "most" : "least")) {
        resource.assignments.push_back(parameter.text + "=" +
                                       limit_of(device.config, parameter.text, most));
      }
    }
    for (const AxisValue& assignment : reader.texts(entry, "set")) {
      resource.assignments.push_back(assignment.text);
    }
    resources.push_back(std::move(resource));
  }
  return resources;
}

std::vector<std::string> repeat_arguments(const RunOutcome& run, const std::string& folder,
                                          const std::vector<std::string>& assignments, bool why) {
  static constexpr std::array<const char*, 7> kDropped{"--record", "--why", "--no-trace", "--check",
                                                       "--quiet",  "-q",    "--json"};
  const bool kernel = run.command == "nki";  // its --check has a value
  std::vector<std::string> words{run.command};
  for (std::size_t i = 0; i < run.arguments.size(); ++i) {
    const std::string& word = run.arguments[i];
    if (kernel && word == "--check") {
      ++i;
    } else if (!(kernel && word.rfind("--check=", 0) == 0) &&
               std::find(kDropped.begin(), kDropped.end(), word) == kDropped.end()) {
      words.push_back(word);
    }
  }
  for (const std::string& assignment : assignments) {
    words.insert(words.end(), {"--set", assignment});
  }
  words.insert(words.end(), {"--no-trace", "--quiet", "--record", "--out", folder});
  if (why && !kernel) {  // which always records it
    words.emplace_back("--why");
  }
  return words;
}

std::vector<Counterfactual> run_counterfactuals(const std::string& folder, const RunOutcome& run,
                                                const std::vector<IdealResource>& resources,
                                                const CriticalPath& path, int jobs) {
  std::vector<Counterfactual> out;
  std::vector<PointJob> missing;
  std::vector<std::size_t> of;
  std::vector<std::string> folders;
  for (const IdealResource& resource : resources) {
    folders.push_back(fs::absolute(folder + "/why/" + resource.name).lexically_normal().string());
    out.push_back({resource.name, resource.what,
                   repeat_arguments(run, folders.back(), resource.assignments, false), 0, ""});
    if (!is_there(folders.back(), out.back().arguments)) {
      missing.push_back({0, out.back().arguments, folders.back()});
      of.push_back(out.size() - 1);
    }
  }
  const std::vector<std::string> errors = run_all(missing, run, jobs);
  for (std::size_t i = 0; i < missing.size(); ++i) {
    out[of[i]].error = errors[i];
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (out[i].error.empty()) {
      out[i].time = time_of_request(folders[i], path);
    }
  }
  return out;
}

std::string record_again(const std::string& folder, const RunOutcome& run) {
  const std::string recorded = fs::absolute(folder + "/why/recorded").lexically_normal().string();
  const std::vector<std::string> arguments = repeat_arguments(run, recorded, {}, true);
  if (!is_there(recorded, arguments) || !has_critical_path(recorded)) {
    const std::string error = run_all({{0, arguments, recorded}}, run, 1).front();
    if (!error.empty()) {
      throw UserError(fmt::format("the run in {} cannot be repeated: {}", folder, error));
    }
  }
  return recorded;
}

}  // namespace nsim::tool
