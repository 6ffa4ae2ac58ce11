// SPDX-License-Identifier: Apache-2.0
#include "sim/base/log.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "sim/base/error.h"

using namespace nsim;

namespace {

// Sends the log into a file of its own; puts the defaults back at the end.
class LogFile {
 public:
  LogFile()
      : path_((std::filesystem::temp_directory_path() /
               ("nsim_log_test_" + std::to_string(::getpid()) + ".log"))
                  .string()) {
    std::filesystem::remove(path_);
    log::set_location(path_);
  }
  ~LogFile() {
    log::set_location("console");
    log::set_level(log::Level::Error);
    std::filesystem::remove(path_);
  }
  // Closes the file, so that everything is in it.
  std::vector<std::string> lines() const {
    log::set_location("console");
    std::vector<std::string> result;
    std::ifstream file(path_);
    for (std::string line; std::getline(file, line);) {
      result.push_back(line);
    }
    return result;
  }

 private:
  std::string path_;
};

// Digits as 0, letters as A and a.
std::string shape(std::string text) {
  for (char& c : text) {
    const auto code = static_cast<unsigned char>(c);
    c = std::isdigit(code) ? '0' : std::isupper(code) ? 'A' : std::islower(code) ? 'a' : c;
  }
  return text;
}

}  // namespace

TEST_CASE("a log line has the shape of the real runtime's", "[log]") {
  LogFile file;
  NSIM_LOG(Tdrv, Error, "device {} is gone", 3);
  const std::vector<std::string> lines = file.lines();
  REQUIRE(lines.size() == 1);
  CAPTURE(lines[0]);
  const std::string place = "  " + std::to_string(::getpid()) + ":";
  CHECK(shape(lines[0].substr(0, 27)) == "0000-Aaa-00 00:00:00.000000");
  CHECK(lines[0].substr(27, place.size()) == place);
  const std::size_t text = lines[0].find("  ERROR  TDRV:");
  REQUIRE(text != std::string::npos);
  CHECK(lines[0].find("   device 3 is gone", text) + 19 == lines[0].size());
}

TEST_CASE("by default only errors are logged", "[log]") {
  LogFile file;
  CHECK(log::enabled(log::Component::Nrt, log::Level::Error));
  CHECK_FALSE(log::enabled(log::Component::Nrt, log::Level::Warn));
  NSIM_LOG(Nrt, Warn, "not shown");
  CHECK(file.lines().empty());
}

TEST_CASE("levels are set for all components or for one", "[log]") {
  LogFile file;
  log::set_level(log::Level::Info);
  log::set_level(log::Component::Kmgr, log::Level::Quiet);
  NSIM_LOG(Nrt, Info, "shown");
  NSIM_LOG(Nmgr, Debug, "not shown");
  NSIM_LOG(Kmgr, Error, "not shown");
  CHECK_FALSE(log::enabled(log::Component::Kmgr, log::Level::Quiet));
  const std::vector<std::string> lines = file.lines();
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find("INFO   NRT:") != std::string::npos);
}

TEST_CASE("a line names the function that it is in, also from a lambda and a member", "[log]") {
  CHECK(log::function_name("int main(int, char**)") == "main");
  CHECK(log::function_name("nsim::Base::Base(nsim::Name)") == "Base");
  CHECK(log::function_name("void nsim::{anonymous}::f(const std::string&)") == "f");
  CHECK(log::function_name("std::vector<int>& nsim::(anonymous namespace)::g() [T = int]") == "g");
  CHECK(log::function_name("nrt_close()::<lambda(nsim::rt::Session&)>") == "nrt_close");
  CHECK(log::function_name("auto f(int)::(anonymous class)::operator()(int) const") == "f");
  LogFile file;
  [] { NSIM_LOG(Nrt, Error, "said"); }();
  CHECK(file.lines().at(0).find("operator()") == std::string::npos);
}

TEST_CASE("the arguments of a line that is not shown are not evaluated", "[log]") {
  int evaluated = 0;
  NSIM_LOG(Nrt, Debug, "{}", ++evaluated);
  CHECK(evaluated == 0);
}

TEST_CASE("a log that cannot be opened is the user's mistake", "[log]") {
  CHECK_THROWS_AS(log::set_location("/proc/no/such/file"), UserError);
}

TEST_CASE("lines of several threads do not mix", "[log]") {
  LogFile file;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([] {
      for (int line = 0; line < 50; ++line) {
        NSIM_LOG(Kmgr, Error, "{}", std::string(60, 'x'));
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  const std::vector<std::string> lines = file.lines();
  CHECK(lines.size() == 200);
  for (const std::string& line : lines) {
    CHECK(line.substr(line.size() - 63) == "   " + std::string(60, 'x'));
  }
}
