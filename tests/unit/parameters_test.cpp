// SPDX-License-Identifier: Apache-2.0
#include "runtime/parameters.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "sim/hw/instance_params.h"

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

TEST_CASE("devices have the capacities and peak rates that are published") {
  struct Published {
    const char* device;
    int cores;
    double hbm_gib;
    double hbm_terabytes;  // per second
    double sbuf_mib;       // of a core
    double bf16_teraflops;
    double fp32_teraflops;
  };
  // Neuron pages trainium, inferentia2, trainium2 and trainium3; memories: NKI architecture guides.
  for (const Published& published :
       {Published{"trn1", 2, 32, 0.82, 24, 190, 47.5},
        Published{"inf2", 2, 32, 0.82, 24, 190, 47.5}, Published{"trn2", 8, 96, 2.9, 28, 667, 181},
        Published{"trn3", 8, 144, 4.7, 32, 671, 183}}) {
    CAPTURE(published.device);
    Config config =
        Config::load(std::string(NSIM_SOURCE_DIR "/configs/") + published.device + ".toml");
    const auto params = rt::resolve(config).hardware;
    const auto stacks = static_cast<double>(params->hbm.stacks);
    const auto cores = static_cast<double>(params->device.cores);
    const cost::TensorParams& tensor = params->neuron_core.engines.tensor;
    const double peak = cores * 2 * 128 * 128 * 1e-12 * static_cast<double>(tensor.clock);
    CHECK(params->device.cores == published.cores);
    CHECK(stacks * static_cast<double>(params->hbm.capacity) / (1 << 30) == published.hbm_gib);
    CHECK(stacks * static_cast<double>(params->hbm.bandwidth) * 1e-12 ==
          Approx(published.hbm_terabytes).epsilon(0.05));
    CHECK(128.0 * static_cast<double>(params->neuron_core.sbuf.partition_bytes) / (1 << 20) ==
          published.sbuf_mib);
    CHECK(peak == Approx(published.bf16_teraflops).epsilon(0.1));
    CHECK(peak / static_cast<double>(tensor.fp32_cycles_per_row) ==
          Approx(published.fp32_teraflops).epsilon(0.15));
  }
}
