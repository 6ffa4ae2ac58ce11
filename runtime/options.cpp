// SPDX-License-Identifier: Apache-2.0
#include "runtime/options.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <mutex>

#include "runtime/env.h"
#include "sim/base/error.h"

namespace nsim::rt {
namespace {

namespace fs = std::filesystem;

struct Chosen {
  std::mutex mutex;
  std::optional<Options> options;
};

Chosen& chosen() {
  static Chosen* const instance =
      new Chosen;  // never destroyed: nrt_init may run while the process ends
  return *instance;
}

/// The shipped files of an installation: beside the folder that holds this code, share/neuronsim.
fs::path installed_share() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<void*>(&installed_share), &info) == 0 || info.dli_fname == nullptr) {
    return {};
  }
  std::error_code error;
  const fs::path self = fs::canonical(info.dli_fname, error);
  return error ? fs::path() : self.parent_path().parent_path() / "share" / "neuronsim";
}

}  // namespace

Options options(const Environment& environment) {
  Chosen& state = chosen();
  const std::lock_guard<std::mutex> lock(state.mutex);
  return state.options ? *state.options : environment.options;
}

void set_options(Options options) {
  Chosen& state = chosen();
  const std::lock_guard<std::mutex> lock(state.mutex);
  state.options = std::move(options);
}

namespace {

/// In the folder `below` each folder of configurations; "" for those themselves.
std::string find_toml(const std::string& name_or_path, const char* what, const char* below) {
  std::error_code ignored;
  if (fs::is_regular_file(name_or_path, ignored)) {
    return name_or_path;
  }
  const fs::path folders[] = {config_directory(), NSIM_SOURCE_CONFIGS,
                              installed_share() / "configs"};
  std::vector<std::string> shipped;
  for (const fs::path& parent : folders) {
    const fs::path folder = parent.empty() || *below == '\0' ? parent : parent / below;
    if (folder.empty() || !fs::is_directory(folder, ignored)) {
      continue;
    }
    const fs::path candidate = folder / (name_or_path + ".toml");
    if (fs::is_regular_file(candidate, ignored)) {
      return candidate.string();
    }
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored)) {
      if (entry.path().extension() == ".toml") {
        shipped.push_back(entry.path().stem().string());
      }
    }
  }
  std::sort(shipped.begin(), shipped.end());
  shipped.erase(std::unique(shipped.begin(), shipped.end()), shipped.end());
  std::string names;
  for (const std::string& name : shipped) {
    names += (names.empty() ? "" : ", ") + name;
  }
  throw UserError(
      fmt::format("no {} \"{}\": neither a file nor one of {}", what, name_or_path, names));
}

}  // namespace

std::string find_config(const std::string& name_or_path) {
  return find_toml(name_or_path, "configuration", "");
}

std::string find_faults(const std::string& name_or_path) {
  return find_toml(name_or_path, "fault plan", "faults");
}

std::string try_shared(const std::string& path) {
  std::error_code ignored;
  for (const fs::path& folder : {fs::path(NSIM_SOURCE_CONFIGS).parent_path(), installed_share()}) {
    if (!folder.empty() && fs::is_regular_file(folder / path, ignored)) {
      return (folder / path).string();
    }
  }
  return "";
}

std::string find_shared(const std::string& path) {
  std::string found = try_shared(path);
  if (found.empty()) {
    throw UserError("the shipped file " + path + " is neither in the source tree nor installed");
  }
  return found;
}

}  // namespace nsim::rt
