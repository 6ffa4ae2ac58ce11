// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "sim/base/error.h"
#include "sim/base/trace.h"

namespace nsim {
namespace {

std::string created(std::string directory) {
  if (directory.empty()) {
    return directory;
  }
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    throw UserError("cannot create the directory \"" + directory + "\": " + error.message());
  }
  return directory;
}

}  // namespace

TraceSet::TraceSet() : system_(std::make_unique<Trace>()) {}

TraceSet::TraceSet(std::string directory, const WaveOptions& waves)
    : directory_(created(std::move(directory))),
      system_(enabled() ? std::make_unique<Trace>(directory_ + "/system_profile.pftrace")
                        : std::make_unique<Trace>()),
      waves_(waves) {}

TraceSet::~TraceSet() = default;

Trace& TraceSet::device(std::uint32_t model_id) {
  std::unique_ptr<Trace>& trace = devices_[model_id];
  if (!trace) {
    trace = enabled() ? std::make_unique<Trace>(
                            fmt::format("{}/device_profile_model_{}.pftrace", directory_, model_id))
                      : std::make_unique<Trace>();
  }
  return *trace;
}

void TraceSet::close() {
  system_->close();
  for (auto& [model_id, trace] : devices_) {
    trace->close();
  }
  waves_.close();
}

}  // namespace nsim
