// SPDX-License-Identifier: Apache-2.0
// NEURON_RT_INSPECT_*, nrt_inspect_* and the system trace's events: what a profile holds and where.
#include <nrt/nrt_profile.h>
#include <nrt/nrt_sys_trace.h>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/conformance/client.h"
#include "tests/conformance/scratch.h"

using nsim::test::Client;
using nsim::test::Scratch;

namespace {

/// The one directory <output>/<instance>_pid_<pid>/<timestamp>, relative to the scratch.
std::string profile(const Scratch& scratch, const std::string& output) {
  const std::vector<std::string> processes = scratch.names(output);
  REQUIRE(processes.size() == 1);
  CHECK_THAT(processes[0], Catch::EndsWith("_pid_" + std::to_string(getpid())));
  const std::vector<std::string> times = scratch.names(output + "/" + processes[0]);
  REQUIRE(times.size() == 1);
  return output + "/" + processes[0] + "/" + times[0];
}

nlohmann::json events(const Scratch& scratch, const std::string& folder) {
  return nlohmann::json::parse(scratch.read(folder + "/ntrace.json")).at("events");
}

std::set<std::string> types(const nlohmann::json& events) {
  std::set<std::string> all;
  for (const nlohmann::json& event : events) {
    all.insert(event.at("event_type"));
  }
  return all;
}

void run_once(Client& client, int core = 0) {
  const Client::Job job = client.job(core);
  REQUIRE(nrt_execute(job.model, job.inputs, job.outputs) == NRT_SUCCESS);
}

}  // namespace

TEST_CASE("a program that only sets NEURON_RT_INSPECT_ENABLE leaves a profile in ./output") {
  const Scratch scratch;
  {
    Client client({{"NEURON_RT_INSPECT_ENABLE", "1"}, {"NEURON_RT_INSPECT_DEVICE_PROFILE", "1"}});
    run_once(client);
  }
  const std::string folder = profile(scratch, "output");
  const std::vector<std::string> files = scratch.names(folder);
  for (const char* name : {"ntrace.json", "trace_info.json", "summary.json", "resolved.toml",
                           "system_profile.pftrace"}) {
    CHECK(std::count(files.begin(), files.end(), name) == 1);
  }
  CHECK(std::any_of(files.begin(), files.end(), [](const std::string& name) {
    return name.rfind("device_profile_model_", 0) == 0;
  }));
  CHECK(nlohmann::json::parse(scratch.read(folder + "/trace_info.json")).at("is_simulation") ==
        true);
  const std::set<std::string> seen = types(events(scratch, folder));
  for (const char* type : {"nc_exec_running", "nrt_execute", "kbl_exec_pre", "kbl_exec_wait",
                           "kbl_exec_post", "nrt_load", "nrt_tensor_allocate", "nrt_tensor_write",
                           "nrt_model_submit", "hw_notify", "nrt_model_switch"}) {
    INFO(type);
    CHECK(seen.count(type) == 1);
  }
}

TEST_CASE("without a device profile there is none, and filters of cores and types hold") {
  const Scratch scratch;
  {
    Client client({{"NEURON_RT_INSPECT_ENABLE", "1"},
                   {"NEURON_RT_INSPECT_OUTPUT_DIR", scratch.path() + "/mine"},
                   {"NEURON_RT_INSPECT_EVENT_FILTER_NC", "1"},
                   {"NEURON_RT_INSPECT_EVENT_FILTER_TYPE", "hardware,^hw_notify"}});
    run_once(client, 0);
    run_once(client, 1);
  }
  const std::string folder = profile(scratch, "mine");
  for (const std::string& name : scratch.names(folder)) {
    CHECK_THAT(name, !Catch::StartsWith("device_profile"));
  }
  const nlohmann::json all = events(scratch, folder);
  REQUIRE_FALSE(all.empty());
  for (const nlohmann::json& event : all) {
    CHECK(event.at("lnc_idx") == 1);
  }
  CHECK(types(all) == std::set<std::string>{"nc_exec_running", "nrt_model_switch"});
}

TEST_CASE("a wrong filter fails nrt_init; a directory that cannot be made does not") {
  const nsim::test::EnvironmentGuard quiet(
      {{"NEURON_RT_LOG_LEVEL", "QUIET"}, {"NEURON_RT_INSPECT_ENABLE", "1"}});
  for (const auto& [name, value] : {std::pair<const char*, const char*>{"NC", "2-1"},
                                    {"NC", "a"},
                                    {"NC", "1-"},
                                    {"TYPE", "no_such_event"},
                                    {"TYPE", "^"}}) {
    INFO(value);
    const std::string variable = std::string("NEURON_RT_INSPECT_EVENT_FILTER_") + name;
    const nsim::test::EnvironmentGuard wrong({{variable.c_str(), value}});
    CHECK(nrt_init(NRT_FRAMEWORK_TYPE_NO_FW, "", "") == NRT_INVALID);
  }
  Client client({{"NEURON_RT_INSPECT_OUTPUT_DIR", "/proc/no/such/place"}});
  run_once(client);
}

TEST_CASE("with ON_FAIL a profile is left by a run that failed, and by no other") {
  const Scratch scratch;
  const auto run = [](bool failing) {
    Client client({{"NEURON_RT_INSPECT_ON_FAIL", "1"}, {"NEURON_RT_INSPECT_OUTPUT_DIR", "out"}});
    const Client::Job job = client.job();
    if (failing) {
      REQUIRE(nsim_hook_inject(0, NRTA_XU_COMPUTE, 0, NSIM_FAULT_OUT_OF_BOUNDS, 0) == NRT_SUCCESS);
    }
    nrt_execute(job.model, job.inputs, job.outputs);
  };
  run(false);
  CHECK(scratch.names("out").empty());
  run(true);
  const nlohmann::json all = events(scratch, profile(scratch, "out"));
  CHECK(types(all).count("notification_consume_errors") == 1);
}

TEST_CASE("nrt_inspect_begin to nrt_inspect_stop writes what happened in between") {
  const Scratch scratch;
  Client client;
  const Client::Job job = client.job();
  nrt_inspect_config_t* config = nullptr;
  REQUIRE(nrt_inspect_config_allocate(&config) == NRT_SUCCESS);
  CHECK(nrt_inspect_config_set_output_dir(config, "window") == NRT_SUCCESS);
  CHECK(nrt_inspect_config_set_session_id(config, 7) == NRT_SUCCESS);
  CHECK(nrt_inspect_config_set_capture_enabled_for_event_type_string(config, "software", false) ==
        NRT_SUCCESS);
  CHECK(nrt_inspect_config_set_capture_enabled_for_event_type_string(config, "nonsense", false) ==
        NRT_INVALID);
  CHECK(nrt_inspect_config_set_activity(config, "host_memory", true) == NRT_SUCCESS);
  CHECK(nrt_inspect_config_set_activity(config, "nonsense", true) == NRT_INVALID);
  CHECK(nrt_inspect_config_set_output_dir(nullptr, "x") == NRT_INVALID);
  CHECK(nrt_inspect_stop() == NRT_INVALID);
  REQUIRE(nrt_inspect_begin_with_options(config) == NRT_SUCCESS);
  CHECK(nrt_inspect_begin() == NRT_INVALID);
  REQUIRE(nrt_execute(job.model, job.inputs, job.outputs) == NRT_SUCCESS);
  REQUIRE(nrt_inspect_stop() == NRT_SUCCESS);
  REQUIRE(nrt_execute(job.model, job.inputs, job.outputs) == NRT_SUCCESS);
  const std::string folder = profile(scratch, "window");
  CHECK(scratch.names(folder) == std::vector<std::string>{"ntrace.json", "trace_info.json"});
  CHECK(nlohmann::json::parse(scratch.read(folder + "/trace_info.json")).at("session_id") == 7);
  const nlohmann::json all = events(scratch, folder);
  const auto runs = std::count_if(all.begin(), all.end(), [](const nlohmann::json& event) {
    return event.at("event_type") == "nc_exec_running";
  });
  CHECK(runs == 2);  // one start, one stop
  CHECK(types(all).count("nrt_execute") == 0);
  CHECK(nrt_inspect_config_free(config) == NRT_SUCCESS);
}

TEST_CASE("R81 lists of activities and events are the caller's, to be freed with their functions") {
  const char** names = nullptr;
  std::size_t count = 0;
  REQUIRE(nrt_inspect_config_get_all_activity_types(&names, &count) == NRT_SUCCESS);
  CHECK(count == 4);
  CHECK(nrt_inspect_config_free_activity_types(names, count) == NRT_SUCCESS);
  nrt_inspect_config_t* config = nullptr;
  REQUIRE(nrt_inspect_config_allocate(&config) == NRT_SUCCESS);
  REQUIRE(nrt_inspect_config_set_activity(config, "device_profile", true) == NRT_SUCCESS);
  REQUIRE(nrt_inspect_config_get_enabled_activity_types(config, &names, &count) == NRT_SUCCESS);
  REQUIRE(count == 2);
  CHECK(std::string(names[1]) == "device_profile");
  CHECK(nrt_inspect_config_free_activity_types(names, count) == NRT_SUCCESS);
  CHECK(nrt_inspect_config_set_defaults(config) == NRT_SUCCESS);
  CHECK(nrt_inspect_config_free(config) == NRT_SUCCESS);
  REQUIRE(nrt_sys_trace_get_event_types(&names, &count) == NRT_SUCCESS);
  std::set<std::string> events(names, names + count);
  for (const char* documented : {"nc_exec_running",
                                 "cc_running",
                                 "cc_exec_barrier",
                                 "numerical_err",
                                 "nrt_model_switch",
                                 "timestamp_sync_point",
                                 "hw_notify",
                                 "nrt_load",
                                 "model_load",
                                 "nrt_execute",
                                 "runtime_execute",
                                 "nrta_execute_schedule",
                                 "nrt_model_submit",
                                 "nrt_tensor_allocate",
                                 "nrt_tensor_free",
                                 "nrt_tensor_read",
                                 "nrt_tensor_write",
                                 "kbl_exec_pre",
                                 "kbl_exec_post",
                                 "kbl_exec_wait",
                                 "dmem_buf_copyin",
                                 "nrt_dma_mem_alloc",
                                 "notification_consume_errors"}) {
    INFO(documented);
    CHECK(events.count(documented) == 1);
  }
  CHECK(nrt_sys_trace_free_event_types(names, count) == NRT_SUCCESS);
}

TEST_CASE("profiling continuously and exporting are not supported, and say so") {
  const Client client;
  nrt_profile_continuous_options_t* options = nullptr;
  REQUIRE(nrt_profile_continuous_options_allocate(&options) == NRT_SUCCESS);
  CHECK(nrt_profile_continuous_options_set_output_dir(options, "x") == NRT_SUCCESS);
  CHECK(nrt_profile_continuous_start() == NRT_FAILURE);
  CHECK(nrt_profile_continuous_save(0, options) == NRT_FAILURE);
  CHECK(nrt_profile_continuous_stop() == NRT_FAILURE);
  CHECK(nrt_profile_continuous_options_free(options) == NRT_SUCCESS);
  CHECK(nrt_inspect_export(1) == NRT_FAILURE);
}
