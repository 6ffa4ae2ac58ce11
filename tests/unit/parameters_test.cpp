// SPDX-License-Identifier: Apache-2.0
#include "runtime/parameters.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

using namespace nsim;
namespace fs = std::filesystem;

namespace {

std::vector<std::string> files_in(const std::string& folder) {
  std::vector<std::string> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(NSIM_SOURCE_DIR "/" + folder)) {
    if (entry.path().extension() == ".toml") {
      files.push_back(entry.path().string());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// "documented: where", "derived: from what", "assumed: why".
bool is_source(const std::string& source) {
  for (const std::string kind : {"documented: ", "derived: ", "assumed: "}) {
    if (source.rfind(kind, 0) == 0) {
      return source.size() > kind.size();
    }
  }
  return false;
}

}  // namespace

TEST_CASE("every parameter of every shipped configuration says where its value comes from") {
  std::vector<std::string> files = files_in("configs");
  const std::vector<std::string> whatif = files_in("configs/whatif");
  REQUIRE(files.size() >= 9);
  files.insert(files.end(), whatif.begin(), whatif.end());
  for (const std::string& file : files) {
    Config config = Config::load(file);
    rt::resolve(config);
    REQUIRE(config.params().size() > 100);
    for (const ParamInfo& info : config.params()) {
      INFO(file << ": " << info.path << " = " << info.value << ", source \"" << info.source << '"');
      CHECK(is_source(info.source));
    }
  }
}

TEST_CASE("a what-if file changes something of the device it extends") {
  for (const std::string& file : files_in("configs/whatif")) {
    INFO(file);
    const std::string name = fs::path(file).stem().string();
    Config device = Config::load(NSIM_SOURCE_DIR "/configs/" + name.substr(0, 4) + ".toml");
    Config changed = Config::load(file);
    rt::resolve(device);
    rt::resolve(changed);
    REQUIRE(device.params().size() == changed.params().size());
    int differences = 0;
    for (std::size_t i = 0; i < device.params().size(); ++i) {
      differences += device.params()[i].value != changed.params()[i].value ? 1 : 0;
    }
    CHECK(differences >= 1);
    CHECK(differences <= 5);
  }
}
