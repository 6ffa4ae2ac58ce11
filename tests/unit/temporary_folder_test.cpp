// SPDX-License-Identifier: Apache-2.0
#include "tools/temporary_folder.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

using namespace nsim::tool;

TEST_CASE("a temporary folder is its owner's alone, and goes with what is in it") {
  std::string path;
  {
    const TemporaryFolder folder("nsim_test");
    const TemporaryFolder other("nsim_test");
    path = folder.path();
    CHECK(path != other.path());
    CHECK(std::filesystem::status(path).permissions() == std::filesystem::perms::owner_all);
    std::filesystem::create_directory(path + "/inner");
    std::ofstream(path + "/inner/file") << "something";
    CHECK(std::filesystem::exists(path + "/inner/file"));
  }
  CHECK_FALSE(std::filesystem::exists(path));
}
