// SPDX-License-Identifier: Apache-2.0
#include "tools/report/configuration.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "runtime/options.h"
#include "tools/device.h"

namespace nsim::tool {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> shipped_configurations() {
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry :
       fs::directory_iterator(fs::path(rt::find_config("trn1")).parent_path())) {
    if (entry.path().extension() == ".toml") {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<ConfigDifference> differences(const Device& product, const Device& run) {
  std::map<std::string, const ParamInfo*> values;
  for (const ParamInfo& info : run.config.params()) {
    values[info.path] = &info;
  }
  std::vector<ConfigDifference> found;
  for (const ParamInfo& info : product.config.params()) {
    const auto other = values.find(info.path);
    if (other != values.end() && other->second->value != info.value) {
      found.push_back({info.path, info.value, other->second->value, info.source});
    }
  }
  return found;
}

}  // namespace

ConfigComparison compare_with_product(const std::string& folder) {
  ConfigComparison best;
  const std::string path = folder + "/resolved.toml";
  if (!fs::exists(path)) {
    return best;
  }
  const Device run = open_device(path, {});
  const hw::Topology own = hw::Hardware::topology_of(*run.params);
  for (const fs::path& file : shipped_configurations()) {
    const Device product = open_device(file.string(), {});
    const hw::Topology shipped = hw::Hardware::topology_of(*product.params);
    if (shipped.name != own.name || shipped.target != own.target) {
      continue;
    }
    std::vector<ConfigDifference> found = differences(product, run);
    if (best.product.empty() || found.size() < best.differences.size()) {
      best = {file.stem().string(), std::move(found)};
    }
  }
  return best;
}

}  // namespace nsim::tool
