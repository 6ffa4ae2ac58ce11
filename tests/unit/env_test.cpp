// SPDX-License-Identifier: Apache-2.0
#include "runtime/env.h"

#include <catch2/catch.hpp>
#include <cstdlib>

#include "sim/base/error.h"

using namespace nsim;
using namespace nsim::rt;

namespace {

/// One variable, for the life of the object.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) { setenv(name, value, 1); }
  ~Variable() { unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
};

}  // namespace

TEST_CASE("settings of a session are read from NSIM_ variables") {
  const Variable config("NSIM_CONFIG", "trn2");
  const Variable set("NSIM_SET", "a.b=1;;c=2;");
  const Variable clock("NSIM_CLOCK", "step");
  const Variable out("NSIM_OUT", "/tmp/x");
  const Variable trace("NSIM_TRACE", "0");
  const Options options = read_environment().options;
  CHECK(options.config == "trn2");
  CHECK(options.set == std::vector<std::string>{"a.b=1", "c=2", "clock.mode=step"});
  CHECK(options.out == "/tmp/x");
  CHECK_FALSE(options.trace);
}

TEST_CASE("the older name of the logical core size counts only when the newer is unset") {
  const Variable older("NEURON_RT_VIRTUAL_CORE_SIZE", "2");
  CHECK(read_environment().logical_nc == 2);
  const Variable newer("NEURON_LOGICAL_NC_CONFIG", "1");
  CHECK(read_environment().logical_nc == 1);
}

TEST_CASE("a value that is not what its variable takes is refused, naming the variable") {
  constexpr std::pair<const char*, const char*> kWrong[] = {
      {"NSIM_CLOCK", "fast"},           {"NSIM_HOOKS", "yes"},
      {"NEURON_RT_NUM_CORES", "two"},   {"NEURON_RT_NUM_CORES", "2x"},
      {"NEURON_RT_NUM_CORES", "-1"},    {"NEURON_LOGICAL_NC_CONFIG", "3"},
      {"NEURON_RT_EXEC_TIMEOUT", "0"},  {"NEURON_RT_EXEC_TIMEOUT", ""},
      {"NEURON_RT_VALIDATE_HASH", "2"}, {"NEURON_RT_EXEC_TIMEOUT", " 5"},
      {"NEURON_RT_NUM_CORES", "9999"},
  };
  for (const auto& [name, value] : kWrong) {
    const Variable variable(name, value);
    INFO(name << "=" << value);
    try {
      read_environment();
      FAIL("it was accepted");
    } catch (const UserError& error) {
      CHECK_THAT(error.what(), Catch::Contains(name));
    }
  }
  const Variable level("NEURON_RT_LOG_LEVEL", "LOUD");
  CHECK_THROWS_AS(apply_log_environment(), UserError);
}
