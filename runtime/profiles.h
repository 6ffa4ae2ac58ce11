// SPDX-License-Identifier: Apache-2.0
// Profiles of models under way: nrt_profile_start to nrt_profile_stop.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "sim/base/units.h"

namespace nsim::rt {

/// Any thread.
class Profiles {
 public:
  /// Replaces a profile under way for the same file.
  void start(const std::string& file, std::uint32_t model_id, const std::string& model_name);
  /// Writes the file. Throws StatusError: NRT_INVALID when none was started for it, NRT_FAILURE
  /// when it cannot be written.
  void stop(const std::string& file);
  void execution(std::uint32_t model_id, std::uint64_t sequence, SimTime start, SimTime end,
                 int status);

 private:
  struct Execution {
    std::uint64_t sequence;
    SimTime start;
    SimTime end;
    int status;
  };
  struct Profile {
    std::uint32_t model_id;
    std::string model_name;
    std::vector<Execution> executions;
  };
  std::mutex mutex_;
  std::map<std::string, Profile> profiles_;
};

}  // namespace nsim::rt
