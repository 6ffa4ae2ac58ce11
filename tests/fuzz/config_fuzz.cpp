// SPDX-License-Identifier: Apache-2.0
// Any bytes as a configuration file: either a UserError, or values that survive being written and
// read.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/config.h"
#include "sim/base/error.h"
#include "sim/base/params.h"

using namespace nsim;

namespace {

// Throws the first mistake in the values.
void read_all(Config& config) {
  const ParamScope root(config, "");
  const ParamScope table = root.table("t");
  for (const ParamScope& scope : {root, table, table.table("u")}) {
    scope.bytes("bytes", "16GiB", "0B", "8388607TiB", "Bytes");
    scope.rate("rate", "410GB/s", "0B/s", "100TB/s", "Rate");
    scope.frequency("frequency", "1.4GHz", "1Hz", "1000GHz", "Frequency");
    scope.duration("duration", "600ns", "0ps", "9000000s", "Duration");
    scope.cycles("cycles", 64, 0, INT64_MAX, "Cycles");
    scope.count("count", 1, 0, INT64_MAX, "Count");
    scope.ratio("ratio", 0.5, 0, 1000000, "Ratio");
    scope.flag("flag", false, "Flag");
    scope.choice("choice", "free", {"free", "step"}, "Choice");
    scope.text("text", "", "Text");
  }
  config.finish();
}

void require(bool condition, const char* what) {
  if (!condition) {
    throw InternalError(what);
  }
}

void check_round_trip(const Config& config) {
  Config again = Config::parse(config.resolved_toml(), "resolved", "/nowhere");
  read_all(again);
  require(again.params().size() == config.params().size(), "a parameter was lost");
  for (std::size_t i = 0; i < config.params().size(); ++i) {
    require(again.params()[i].value == config.params()[i].value, "a value changed");
    require(again.params()[i].source == config.params()[i].source, "a source changed");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  try {
    Config config;
    config.set(text);
    read_all(config);
  } catch (const UserError&) {
  }
  try {
    Config config = Config::parse(text, "fuzz.toml", "/nowhere");
    read_all(config);
    check_round_trip(config);
  } catch (const UserError&) {
  }
  return 0;
}
