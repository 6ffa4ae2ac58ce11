// SPDX-License-Identifier: Apache-2.0
#include "runtime/core_dump.h"

#include <fmt/format.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <ctime>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>
#include <vector>

#include "runtime/input_dump.h"
#include "runtime/json_text.h"
#include "runtime/output_file.h"
#include "runtime/status.h"
#include "sim/base/log.h"

namespace nsim::rt {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kNoCluster = "0000000000000000";

std::string date_time() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y%m%d-%H%M%S", &parts)};
}

std::string thread_id() {
  return std::to_string(syscall(SYS_gettid));
}

Json ports(const std::vector<LoadedModel::Port>& ports, const Request& request) {
  Json out = Json::array();
  for (const LoadedModel::Port& port : ports) {
    out.push_back(
        {{"name", port.name}, {"address", request.bindings[port.index]}, {"bytes", port.bytes}});
  }
  return out;
}

Json description(const UnitQueue& queue, const Request& request) {
  Json out{{"error",
            {{"status", static_cast<int>(request.status)},
             {"name", status_name(request.status)},
             {"api", request.api},
             {"at_ps", request.ended}}},
           {"request",
            {{"number", request.number()},
             {"unit", unit_name(queue.address())},
             {"called_ps", request.called},
             {"submitted_ps", request.submitted},
             {"started_ps", request.started},
             {"ended_ps", request.ended}}},
           {"unit", {{"completed", queue.completed()}, {"at_device", queue.at_device()}}}};
  if (request.model) {
    out["model"] = {{"id", request.model->id},
                    {"name", request.model->name},
                    {"inputs", ports(request.model->inputs, request)},
                    {"outputs", ports(request.model->outputs, request)}};
  }
  return out;
}

Json statistics_below(const Stats& stats, const std::string& prefix) {
  Json out = Json::object();
  for (const Stat& stat : stats.all()) {
    if (stat.name.rfind(prefix, 0) == 0) {
      out[stat.name.substr(prefix.size())] = stat.value;
    }
  }
  return out;
}

/// Waits for our own child, and ends it when it does not come to an end.
void await(pid_t child) {
  constexpr std::chrono::seconds kLimit(60);
  const auto start = std::chrono::steady_clock::now();
  int status = 0;
  while (waitpid(child, &status, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() - start > kLimit) {
      NSIM_LOG(Nrt, Warn, "the dump program does not end and is stopped");
      kill(child, SIGKILL);
      waitpid(child, &status, 0);
      return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

}  // namespace

std::string expand_pattern(const std::string& pattern, const std::map<char, std::string>& values) {
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const bool variable = pattern[i] == '%' && i + 1 < pattern.size();
    const auto value = variable ? values.find(pattern[i + 1]) : values.end();
    if (value != values.end()) {
      out += value->second;
      ++i;
    } else if (variable && pattern[i + 1] == '%') {
      out += pattern[i++];
    } else {
      out += pattern[i];
    }
  }
  return out;
}

bool is_device_failure(NRT_STATUS status) {
  return status == NRT_TIMEOUT || status == NRT_HW_ERROR || status >= NRT_EXEC_BAD_INPUT;
}

CoreDump::CoreDump(const Environment& environment, hw::Topology topology, CoreRange cores)
    : environment_(environment), topology_(std::move(topology)), cores_(cores) {}

void CoreDump::failed(const UnitQueue& queue, const Request& request, hw::Hardware& hardware) {
  const DumpSettings& settings = environment_.dumps;
  const bool files = !settings.directory.empty() || !settings.upload_prefix.empty();
  const bool inputs = request.model && settings.inputs_on_status == request.status;
  if (!is_device_failure(request.status) || (!files && !inputs) || left_ == 0) {
    return;
  }
  --left_;
  if (inputs) {
    dump_inputs(request, hardware);
  }
  if (files) {
    dump_state(queue, request, hardware);
  }
  if (left_ == 0) {
    NSIM_LOG(Nrt, Warn, "further failures of this session leave no dumps");
  }
}

/// On the simulation thread, which nothing may be thrown out of.
void CoreDump::dump_state(const UnitQueue& queue, const Request& request,
                          const hw::Hardware& hardware) const noexcept {
  try {
    log_block(request);
    const std::string where = directory();
    if (!where.empty()) {
      write_cores(where, queue, request, hardware);
    }
    run_program(where, request);
  } catch (const std::exception& error) {
    NSIM_LOG(Nrt, Warn, "cannot dump the state of the cores: {}", error.what());
  }
}

void CoreDump::log_block(const Request& request) const {
  if (!log::enabled(log::Component::Nrt, log::Level::Error)) {
    return;
  }
  const auto line = [](const std::string& text) {
    log::write(log::Component::Nrt, log::Level::Error, "nrt_infodump", text);
  };
  line(
      fmt::format("version {}.{}.{} (neuronsim), instance {}, visible cores {}-{}, {} physical "
                  "core(s) per logical core",
                  NSIM_VERSION_MAJOR, NSIM_VERSION_MINOR, NSIM_VERSION_PATCH, topology_.name,
                  cores_.first, cores_.first + cores_.count - 1, topology_.cores_per_logical));
  for (const auto& [name, value] : environment_.all) {
    line(fmt::format("{}={}", name, value));
  }
  line(fmt::format("{} of \"{}\" failed with status {}", request.api,
                   request.model ? request.model->name : "", static_cast<int>(request.status)));
}

std::string CoreDump::directory() const {
  return expand_pattern(environment_.dumps.directory, {{'d', date_time()},
                                                       {'c', kNoCluster},
                                                       {'p', std::to_string(getpid())},
                                                       {'t', thread_id()},
                                                       {'l', "0"},
                                                       {'i', topology_.name}});
}

void CoreDump::write_cores(const std::string& directory, const UnitQueue& queue,
                           const Request& request, const hw::Hardware& hardware) const {
  Stats stats;
  hardware.report(StatsScope(stats));
  Json contents = description(queue, request);
  const int first = queue.address().core * topology_.cores_per_logical;
  for (int core = first; core < first + topology_.cores_per_logical; ++core) {
    const int device = core / topology_.cores_per_device;
    const int nc = core % topology_.cores_per_device;
    contents["statistics"] = statistics_below(stats, fmt::format("nd{}.nc{}.", device, nc));
    const std::string name = fmt::format("{}-nd{}-nc{}-pid-{}-tid-{}-lid-0", topology_.name, device,
                                         nc, getpid(), thread_id());
    if (!leave_file(directory + "/" + name, json_text(contents, 1) + "\n")) {
      return;  // one warning is enough
    }
  }
  std::string lines;
  for (const std::string& line : log::tail()) {
    lines += line;
  }
  leave_file(fmt::format("{}/{}-nrt-pid-{}.log", directory, topology_.name, getpid()), lines);
}

void CoreDump::run_program(const std::string& directory, const Request& request) const {
  const std::string& program = environment_.dumps.program;
  if (access(program.c_str(), X_OK) != 0) {
    return;
  }
  const std::vector<std::string> words{program,
                                       "--neff-name",
                                       request.model ? request.model->name : "",
                                       "--neff-uuid",
                                       std::to_string(request.model ? request.model->id : 0),
                                       "--date-time",
                                       date_time(),
                                       "--pid",
                                       std::to_string(getpid()),
                                       "--tid",
                                       thread_id(),
                                       "--log-id",
                                       "0",
                                       "--instance-id",
                                       topology_.name,
                                       "--cluster-id",
                                       kNoCluster,
                                       "--error-location",
                                       request.api,
                                       "--error-code",
                                       std::to_string(static_cast<int>(request.status)),
                                       "--local-output-dir",
                                       directory,
                                       "--s3-output-prefix",
                                       environment_.dumps.upload_prefix};
  std::vector<char*> arguments;
  for (const std::string& word : words) {
    arguments.push_back(const_cast<char*>(word.c_str()));  // posix_spawn changes none
  }
  arguments.push_back(nullptr);
  pid_t child = 0;
  const int error =
      posix_spawn(&child, program.c_str(), nullptr, nullptr, arguments.data(), environ);
  if (error != 0) {
    NSIM_LOG(Nrt, Warn, "cannot run {}: error {}", program, error);
    return;
  }
  await(child);
}

}  // namespace nsim::rt
