// SPDX-License-Identifier: Apache-2.0
#include "runtime/output_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

using namespace nsim::rt;

namespace {

namespace fs = std::filesystem;

class Folder {
 public:
  Folder() { fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
  const fs::path path =
      fs::temp_directory_path() / ("nsim_output_test_" + std::to_string(getpid()));
};

std::string contents(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace

TEST_CASE("an output file takes the place of the old one, and nothing else is left") {
  const Folder folder;
  const fs::path path = folder.path / "out.json";
  write_output(path.string(), "old and long");
  std::ifstream reader(path);
  write_output(path.string(), "new");
  CHECK(contents(path) == "new");
  std::string old;
  std::getline(reader, old);
  CHECK(old == "old and long");  // who had it open has the old file, whole
  CHECK(std::distance(fs::directory_iterator(folder.path), fs::directory_iterator()) == 1);
}

TEST_CASE("an output that is a pipe is written to") {
  const Folder folder;
  const fs::path path = folder.path / "pipe";
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  std::string taken;
  std::thread reader([&] { taken = contents(path); });
  write_output(path.string(), "through");
  reader.join();
  CHECK(taken == "through");
  CHECK(fs::is_fifo(path));
}

TEST_CASE("an output file that is written piece by piece appears when it is whole") {
  const Folder folder;
  const fs::path path = folder.path / "out.csv";
  write_output(path.string(), "old");
  {
    OutputFile given_up(path.string());
    given_up.stream() << "half";
  }
  CHECK(contents(path) == "old");
  OutputFile file(path.string());
  file.stream() << "one,";
  CHECK(contents(path) == "old");
  file.stream() << "two";
  file.commit();
  CHECK(contents(path) == "one,two");
  CHECK(std::distance(fs::directory_iterator(folder.path), fs::directory_iterator()) == 1);
}

TEST_CASE("an output file behind a link is replaced, and the link stays") {
  const Folder folder;
  const fs::path path = folder.path / "out.json";
  write_output(path.string(), "old");
  fs::create_symlink("out.json", folder.path / "link");
  write_output((folder.path / "link").string(), "new");
  CHECK(fs::is_symlink(folder.path / "link"));
  CHECK(contents(path) == "new");
}

TEST_CASE("a full disk is told when an output file is complete") {
  const Folder folder;
  OutputFile full("/dev/full");
  full.stream() << "x";
  CHECK_THROWS_WITH(full.commit(), Catch::Contains("space"));
}

TEST_CASE("an output file that cannot be written says so, or warns when it must not fail") {
  CHECK_THROWS_AS(write_output("/proc/no/such/file", "x"), std::exception);
  CHECK_FALSE(leave_file("/proc/no/such/file", "x"));
}
