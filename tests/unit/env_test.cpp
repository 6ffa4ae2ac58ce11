// SPDX-License-Identifier: Apache-2.0
#include "runtime/env.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>

#include "runtime/env_table.h"
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
  const Variable records("NSIM_RECORDS", "1");
  const Options options = read_environment().options;
  CHECK(options.config == "trn2");
  CHECK(options.set == std::vector<std::string>{"a.b=1", "c=2", "clock.mode=step"});
  CHECK(options.out == "/tmp/x");
  CHECK_FALSE(options.trace);
  CHECK(options.records);
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

TEST_CASE("every known variable takes a right value and refuses a wrong one, naming itself") {
  using Kind = VariableRow::Kind;
  for (const VariableRow& row : neuron_variables()) {
    INFO(row.name);
    const std::string choices = row.choices;
    std::string right = "anything";
    std::string wrong;
    switch (row.kind) {
      case Kind::Number:
        right = std::to_string(row.min);
        wrong = std::to_string(row.min - 1);
        CHECK_NOTHROW(check_variable(row, std::to_string(row.max)));
        break;
      case Kind::Flag:
        right = "1";
        wrong = "yes";
        break;
      case Kind::Choice:
        right = choices.substr(0, choices.find(' '));
        wrong = choices;
        break;
      case Kind::HostPort:
        right = "10.0.0.1:46820";
        wrong = "10.0.0.1:";
        break;
      case Kind::Text:
        break;
    }
    CHECK_NOTHROW(check_variable(row, right));
    if (row.kind == Kind::Text) {
      continue;
    }
    for (const std::string& value : {wrong, std::string("1x")}) {
      const Variable variable(row.name, value.c_str());
      try {
        read_environment();
        FAIL("it was accepted");
      } catch (const UserError& error) {
        CHECK_THAT(error.what(), Catch::Contains(row.name) && Catch::Contains(value));
      }
    }
  }
}

TEST_CASE("sizes that come in pages are multiples of one") {
  const Variable odd("NEURON_SCRATCHPAD_PAGE_SIZE", "513");
  CHECK_THROWS_WITH(read_environment(), Catch::Contains("a multiple of 512"));
}

TEST_CASE("an unknown variable of the runtime is ignored; all of them are known for a report") {
  const Variable unknown("NEURON_RT_NO_SUCH_SETTING", "x");
  const auto all = read_environment().all;
  CHECK(std::count(all.begin(), all.end(),
                   std::pair<std::string, std::string>("NEURON_RT_NO_SUCH_SETTING", "x")) == 1);
}

TEST_CASE("settings of dumps and profiles come from their variables") {
  const Variable dump("NEURON_RT_LOCAL_CORE_DUMP_DIRECTORY", "");
  const Variable inputs("NEURON_RT_DBG_DUMP_INPUTS_ON_ERR", "1006");
  const Variable log("NEURON_RT_ENABLE_DEVICE_MEMORY_OOM_LOG", "1");
  const Variable entries("NEURON_RT_DEBUG_MEMLOG_MAX_SIZE", "5");
  const Variable inspect("NEURON_RT_INSPECT_ENABLE", "1");
  const Variable device("NEURON_RT_INSPECT_DEVICE_PROFILE", "1");
  const Environment environment = read_environment();
  CHECK(environment.dumps.directory.empty());
  CHECK(environment.dumps.inputs_on_status == 1006);
  CHECK(environment.dumps.memory_log_entries == 5);
  CHECK(environment.inspect.enabled);
  CHECK(environment.inspect.system_profile);
  CHECK(environment.inspect.device_profile);
  CHECK(environment.inspect.output_dir == "./output");
}
