// SPDX-License-Identifier: Apache-2.0
#include "runtime/profiles.h"

#include <nlohmann/json.hpp>

#include "runtime/json_text.h"
#include "runtime/output_file.h"
#include "runtime/status.h"

namespace nsim::rt {

void Profiles::start(const std::string& file, std::uint32_t model_id,
                     const std::string& model_name) {
  const std::lock_guard<std::mutex> lock(mutex_);
  profiles_[file] = {model_id, model_name, {}};
}

void Profiles::stop(const std::string& file) {
  Profile profile{};
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = profiles_.find(file);
    if (found == profiles_.end()) {
      throw StatusError(NRT_INVALID, "no profile was started for " + file);
    }
    profile = std::move(found->second);
    profiles_.erase(found);
  }
  nlohmann::json executions = nlohmann::json::array();
  for (const Execution& each : profile.executions) {
    executions.push_back({{"sequence_id", each.sequence},
                          {"start_ps", each.start},
                          {"end_ps", each.end},
                          {"status", status_name(static_cast<NRT_STATUS>(each.status))}});
  }
  const nlohmann::json contents{
      {"model", profile.model_name}, {"model_id", profile.model_id}, {"executions", executions}};
  try {
    write_output(file, json_text(contents, 2) + "\n");
  } catch (const std::exception& error) {
    throw StatusError(NRT_FAILURE, "cannot write " + file + ": " + error.what());
  }
}

void Profiles::execution(std::uint32_t model_id, std::uint64_t sequence, SimTime start, SimTime end,
                         int status) {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (auto& [file, profile] : profiles_) {
    if (profile.model_id == model_id) {
      profile.executions.push_back({sequence, start, end, status});
    }
  }
}

}  // namespace nsim::rt
