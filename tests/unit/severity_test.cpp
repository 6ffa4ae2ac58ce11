// SPDX-License-Identifier: Apache-2.0
#include "runtime/severity.h"

#include <catch2/catch.hpp>

using namespace nsim;
using namespace nsim::rt;

namespace {

const hw::UnitAddress kCompute{0, hw::UnitType::Compute, 0};
const hw::UnitAddress kRead{0, hw::UnitType::TensorRead, 0};
const hw::UnitAddress kSync{0, hw::UnitType::Sync, 0};

Degradation of(FaultScope scope, FaultEnd until, int first = 0, int cores = 1) {
  return {"trn1", {scope, until}, kCompute, first, cores, false};
}

}  // namespace

TEST_CASE("the severity of an error is chosen by the configuration") {
  Config config =
      Config::parse("[severity.sram_parity]\nscope = \"core\"\nuntil = \"reload\"\n", "c.toml");
  const SeverityParams severities(ParamScope(config, "severity"));
  config.finish();
  CHECK(severities[hw::DeviceError::SramParity].scope == FaultScope::Core);
  CHECK(severities[hw::DeviceError::SramParity].until == FaultEnd::Reload);
  CHECK(severities[hw::DeviceError::DmaAbort].scope == FaultScope::Unit);
  CHECK(severities[hw::DeviceError::DeviceGone].scope == FaultScope::Device);
}

TEST_CASE("every fatal error, and no other, has a severity") {
  for (int error = 0; error < hw::kDeviceErrorCount; ++error) {
    const auto each = static_cast<hw::DeviceError>(error);
    CHECK((error_name(each) != nullptr) == hw::is_fatal(each));
  }
}

TEST_CASE("a unit's degradation ends with the next nrt_init") {
  DeviceHealth health;
  health.add(of(FaultScope::Unit, FaultEnd::Init));
  CHECK(health.degraded(kCompute, 0, 1));
  CHECK_FALSE(health.degraded(kRead, 0, 1));
  health.initialise("trn1", false);
  CHECK_FALSE(health.degraded(kCompute, 0, 1));
}

TEST_CASE("a core that is not reset stays degraded, all but the driver's own unit") {
  DeviceHealth health;
  health.add(of(FaultScope::Core, FaultEnd::Init, 2, 2));
  health.initialise("trn1", false);
  CHECK(health.degraded(kRead, 3, 1));
  CHECK(health.degraded(kRead, 2, 2));
  CHECK_FALSE(health.degraded(kRead, 1, 1));
  CHECK_FALSE(health.degraded(kRead, 4, 1));
  CHECK_FALSE(health.degraded(kSync, 3, 1));
  health.initialise("trn1", true);
  CHECK_FALSE(health.degraded(kRead, 3, 1));
}

TEST_CASE("what lasts longer than a session is cleared by a reload of the driver") {
  DeviceHealth health;
  health.add(of(FaultScope::Unit, FaultEnd::Restart));
  health.add(of(FaultScope::Core, FaultEnd::Reload));
  health.initialise("trn1", true);
  CHECK(health.degraded(kCompute, 0, 1));
  CHECK(health.degraded(kRead, 0, 1));
  health.reload();
  CHECK_FALSE(health.degraded(kCompute, 0, 1));
}

TEST_CASE("another instance has cores of its own") {
  DeviceHealth health;
  health.add(of(FaultScope::Core, FaultEnd::Reload));
  health.initialise("trn2", true);
  CHECK_FALSE(health.degraded(kCompute, 0, 1));
}
