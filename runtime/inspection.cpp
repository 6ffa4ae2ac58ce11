// SPDX-License-Identifier: Apache-2.0
#include "runtime/inspection.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

#include "runtime/json_text.h"
#include "runtime/output_file.h"
#include "runtime/status.h"
#include "sim/base/error.h"
#include "sim/base/log.h"

namespace nsim::rt {
namespace {

namespace fs = std::filesystem;

std::string timestamp() {
  const auto now = std::chrono::system_clock::now();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  const auto micros =
      std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count() %
      1000000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y%m%d_%H%M%S", &parts);
  return fmt::format("{}_{:06}", text.data(), micros);
}

bool is_timeline(const fs::path& path) {
  return path.extension() == ".pftrace";
}

}  // namespace

InspectOptions inspect_options(const InspectSettings& settings) {
  InspectOptions options;
  options.settings = settings;
  options.filter = parse_filter(settings.cores, settings.events);
  options.filter.max_events_per_core = settings.max_events_per_core;
  return options;
}

Inspection::Inspection(const InspectSettings& settings, const hw::Topology& topology,
                       CoreRange cores)
    : instance_(topology.name),
      cores_(cores),
      events_(cores.first, cores.count, topology.name),
      whole_run_(inspect_options(settings)) {
  if (!settings.enabled && !settings.on_fail) {
    return;
  }
  const std::string directory = new_directory(settings.output_dir);
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) {
    NSIM_LOG(Nrt, Warn, "no profile: cannot create {}: {}", directory, error.message());
    return;
  }
  begin_locked(whole_run_, directory);
  if (settings.system_profile || settings.device_profile) {
    trace_directory_ = directory;
  }
}

std::string Inspection::new_directory(const std::string& output_dir) const {
  return fmt::format("{}/{}_pid_{}/{}", output_dir, instance_, getpid(), timestamp());
}

void Inspection::begin_locked(const InspectOptions& options, const std::string& directory) {
  current_ = options;
  directory_ = directory;
  failed_ = false;
  active_ = true;
  events_.start(options.filter);
}

void Inspection::begin(const InspectOptions& options) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (active_) {
    throw StatusError(NRT_INVALID, "an inspection is under way");
  }
  if (options.settings.enabled || options.settings.on_fail) {
    begin_locked(options, new_directory(options.settings.output_dir));
  }
}

void Inspection::stop() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!active_) {
    throw StatusError(NRT_INVALID, "no inspection is under way");
  }
  write_locked();
}

void Inspection::failed() {
  const std::lock_guard<std::mutex> lock(mutex_);
  failed_ = true;
}

void Inspection::write_locked() {
  active_ = false;
  const std::string events = events_.fetch(std::nullopt, UINT64_MAX);
  events_.stop();
  const InspectSettings& settings = current_.settings;
  if (!settings.enabled && !failed_) {
    return;
  }
  const nlohmann::ordered_json info{{"is_simulation", true},
                                    {"simulator", "neuronsim"},
                                    {"instance", instance_},
                                    {"process_id", getpid()},
                                    {"session_id", current_.session_id},
                                    {"first_core", cores_.first},
                                    {"cores", cores_.count},
                                    {"time", "simulated"},
                                    {"system_profile", settings.system_profile},
                                    {"device_profile", settings.device_profile}};
  if (leave_file(directory_ + "/ntrace.json", events + "\n")) {
    leave_file(directory_ + "/trace_info.json", json_text(info, 1) + "\n");
  }
}

void Inspection::close(const SessionRecord& record, const std::string& traces) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const bool keep = whole_run_.settings.enabled || failed_;
  if (active_) {
    write_locked();
  }
  if (trace_directory_.empty()) {
    return;
  }
  if (keep) {
    finish_whole_run(record, traces);
    return;
  }
  std::error_code ignored;
  fs::remove_all(trace_directory_, ignored);
  fs::remove(fs::path(trace_directory_).parent_path(), ignored);  // when it is empty
}

void Inspection::remove_unwanted() const {
  std::vector<fs::path> unwanted;
  for (const fs::directory_entry& entry : fs::directory_iterator(trace_directory_)) {
    const bool system = entry.path().filename() == "system_profile.pftrace";
    const bool wanted =
        system ? whole_run_.settings.system_profile : whole_run_.settings.device_profile;
    if (is_timeline(entry.path()) && !wanted) {
      unwanted.push_back(entry.path());
    }
  }
  for (const fs::path& path : unwanted) {
    fs::remove(path);
  }
}

void Inspection::finish_whole_run(const SessionRecord& record, const std::string& traces) const {
  try {
    if (!traces.empty() && traces != trace_directory_) {
      for (const fs::directory_entry& entry : fs::directory_iterator(traces)) {
        if (is_timeline(entry.path())) {
          fs::copy_file(entry.path(), fs::path(trace_directory_) / entry.path().filename(),
                        fs::copy_options::overwrite_existing);
        }
      }
    }
    remove_unwanted();
    write_report(record, trace_directory_);
  } catch (const std::exception& error) {
    NSIM_LOG(Nrt, Warn, "the profile in {} is not complete: {}", trace_directory_, error.what());
  }
}

}  // namespace nsim::rt
