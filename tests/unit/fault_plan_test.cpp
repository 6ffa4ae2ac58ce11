// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/fault_plan.h"

#include <catch2/catch.hpp>
#include <filesystem>

#include "sim/base/error.h"

using namespace nsim;
using namespace nsim::hw;
using Catch::Matchers::Contains;

namespace {

std::vector<FaultRule> plan(const std::string& text) {
  Config config = Config::parse(text, "plan.toml");
  std::vector<FaultRule> rules = take_fault_plan(config);
  config.finish();
  return rules;
}

std::string refusal(const std::string& keys) {
  try {
    plan("[[fault]]\n" + keys);
  } catch (const UserError& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("A fault needs nothing but a point, and then strikes at its first occasion, once") {
  const std::vector<FaultRule> rules = plan("[[fault]]\npoint = \"dma_hang\"\n");
  REQUIRE(rules.size() == 1);
  CHECK(rules[0].point == FaultPoint::DmaHang);
  CHECK_FALSE(rules[0].phase);
  CHECK_FALSE(rules[0].unit);
  CHECK(rules[0].hit == 1);
  CHECK(rules[0].repeat == 1);
  CHECK(rules[0].stream == "dma_hang");
  CHECK(rules[0].origin == "plan.toml:1");
}

TEST_CASE("Every key of a fault is read") {
  const FaultRule rule = plan(R"([[fault]]
point = "hbm_repairable"
phase = "dma_write"
unit = "tensor_write"
core = 3
queue = 1
request = 5
address = "0x40"
bytes = "2KiB"
after = "7us"
hit = 9
repeat = 0
)")
                             .at(0);
  CHECK(rule.point == FaultPoint::HbmRepairable);
  CHECK(rule.phase == FaultPhase::DmaWrite);
  CHECK(rule.unit == UnitType::TensorWrite);
  CHECK(rule.core == 3);
  CHECK(rule.queue == 1);
  CHECK(rule.request == 5);
  CHECK(rule.address == 0x40);
  CHECK(rule.bytes == 2048);
  CHECK(rule.after == 7 * kMicrosecond);
  CHECK(rule.hit == 9);
  CHECK(rule.repeat == 0);
  CHECK(plan("[[fault]]\npoint = \"nan\"\nprobability = \"25%\"\n")[0].probability == 0.25);
}

TEST_CASE("What is wrong in a plan is refused with its place and what would be right") {
  CHECK_THAT(refusal(""), Contains("plan.toml:1: a fault needs a point") && Contains("dma_abort"));
  CHECK_THAT(refusal("point = \"dma_abord\""),
             Contains("plan.toml:2: fault.point") && Contains("did you mean \"dma_abort\"?"));
  CHECK_THAT(refusal("point = \"dma_abort\"\nphse = \"dma_read\""),
             Contains("plan.toml:3: a fault has no key \"phse\"; did you mean \"phase\"?"));
  CHECK_THAT(refusal("point = \"dma_abort\"\nphase = \"issue\""),
             Contains("plan.toml:3: fault.phase") && Contains("dma_read"));
  CHECK_THAT(refusal("point = \"dma_abort\"\nunit = \"computer\""),
             Contains("did you mean \"compute\"?"));
  CHECK_THAT(refusal("point = \"engine_hang\"\nunit = \"tensor_read\""),
             Contains("engine_hang cannot strike at a unit of type tensor_read"));
  CHECK_THAT(refusal("point = \"dma_abort\"\nhit = 0"), Contains("plan.toml:3: fault.hit"));
  CHECK_THAT(refusal("point = \"dma_abort\"\nafter = \"5\""), Contains("fault.after"));
  CHECK_THAT(refusal("point = \"dma_abort\"\nprobability = 1.5"), Contains("fault.probability"));
  CHECK_THAT(refusal("point = \"dma_abort\"\nprobability = 0.5\nhit = 2"),
             Contains("either hit or probability"));
  CHECK_THAT(refusal("point = \"dma_abort\"\naddress = \"0x40\""),
             Contains("address and bytes belong together"));
  CHECK_THAT(refusal("point = \"dma_abort\"\naddress = \"x\"\nbytes = \"1B\""),
             Contains("fault.address"));
}

TEST_CASE("Every shipped plan has faults") {
  int plans = 0;
  for (const auto& file : std::filesystem::directory_iterator(NSIM_SOURCE_DIR "/configs/faults")) {
    INFO(file.path());
    Config config = Config::load(file.path().string());
    CHECK_FALSE(take_fault_plan(config).empty());
    ++plans;
  }
  CHECK(plans >= 3);
}
