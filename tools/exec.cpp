// SPDX-License-Identifier: Apache-2.0
// nsim exec: an unchanged application against our libnrt. Everything travels by environment; the
// library in the other process reads it in nrt_init and writes the report in nrt_close.
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "runtime/options.h"
#include "runtime/substitution.h"
#include "sim/base/error.h"
#include "tools/command.h"
#include "tools/device.h"

namespace nsim::tool {
namespace {

namespace fs = std::filesystem;

/// Where libnrt.so.1 lies relative to this executable: build tree and installation agree.
fs::path library_directory() {
  const fs::path self = fs::read_symlink("/proc/self/exe");
  const fs::path lib = self.parent_path().parent_path() / "lib";
  for (const fs::path& candidate :
       {lib, lib / "x86_64-linux-gnu", self.parent_path().parent_path() / "lib64"}) {
    if (fs::exists(candidate / "libnrt.so.1")) {
      return candidate;
    }
  }
  throw UserError(fmt::format(
      "libnrt.so.1 is not in {}: build the target nrt, or install the package", lib.string()));
}

void prepend_library_path(const std::string& directory) {
  const char* before = std::getenv("LD_LIBRARY_PATH");
  const std::string path =
      before == nullptr || *before == '\0' ? directory : directory + ":" + before;
  setenv("LD_LIBRARY_PATH", path.c_str(), 1);
}

std::string joined(const std::vector<std::string>& words, char separator) {
  std::string out;
  for (const std::string& word : words) {
    out += (out.empty() ? "" : std::string(1, separator)) + word;
  }
  return out;
}

int execute(const Arguments& arguments) {
  if (arguments.rest.empty()) {
    throw UserError("nsim exec: no program given; usage: nsim exec [options] -- program args");
  }
  if (arguments.has("config") || arguments.has("set")) {
    open_device(arguments.text("config"),
                arguments.list("set"));  // wrong input is reported here, not in the application
  }
  if (arguments.has("config")) {
    setenv("NSIM_CONFIG", fs::absolute(rt::find_config(arguments.text("config"))).c_str(), 1);
  }
  if (arguments.has("set")) {
    setenv("NSIM_SET", joined(arguments.list("set"), ';').c_str(), 1);
  }
  if (arguments.has("clock")) {
    setenv("NSIM_CLOCK", arguments.text("clock").c_str(), 1);
  }
  if (arguments.has("substitute")) {
    const std::string map = arguments.text("substitute");
    rt::SubstitutionMap::load(map);  // wrong input is reported here, not in the application
    setenv("NSIM_SUBSTITUTE", fs::absolute(map).c_str(), 1);
  }
  if (arguments.has("out")) {
    setenv("NSIM_OUT", fs::absolute(arguments.text("out")).c_str(), 1);
  }
  prepend_library_path(library_directory().string());

  std::vector<char*> words;
  for (const std::string& word : arguments.rest) {
    words.push_back(const_cast<char*>(word.c_str()));
  }
  words.push_back(nullptr);
  execvp(words[0], words.data());
  throw UserError(fmt::format("cannot execute '{}': {}", arguments.rest[0], std::strerror(errno)));
}

}  // namespace

Command exec_command() {
  std::vector<Option> options = config_options();
  options.push_back({"clock", Option::Kind::Text, "free|step",
                     "coupling of host and device time (default: free)"});
  options.push_back(
      {"out", Option::Kind::Text, "DIR", "write summary, traces and resolved configuration there"});
  options.push_back({"substitute", Option::Kind::Text, "FILE",
                     "substitution map: programs that take the place of real NEFFs"});
  CommandSpec spec{"exec",
                   "exec [options] -- program args",
                   "run an unchanged application against the simulated device\n"
                   "The application's libnrt.so.1 becomes ours; its exit code is passed on.",
                   {},
                   options};
  spec.passes_rest = true;
  return {spec, execute};
}

}  // namespace nsim::tool
