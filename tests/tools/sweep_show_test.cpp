// SPDX-License-Identifier: Apache-2.0
// What is read off finished sweeps, and searches.
#include <catch2/catch.hpp>

#include "tests/tools/nsim_process.h"

using namespace nsim::test;

namespace {

/// HBM latency and DMA engines of a program that moves data; more engines cost more.
std::string study(const ScratchFolder& scratch, const std::string& more = "") {
  return scratch.write("s.toml", std::string("config = \"trn2\"\nprogram = \"") + NSIM_SOURCE_DIR +
                                     "/models/mini_lm.toml\"\n[axes]\n"
                                     "hbm.latency = [\"100ns\", \"400ns\"]\n"
                                     "device.dma_engines = [8, 16, 32]\n" +
                                     more + "[columns]\ncost = \"device.dma_engines / 16\"\n");
}

}  // namespace

TEST_CASE("a finished sweep is shown as text, csv and json, filtered, sorted and as a front") {
  const ScratchFolder scratch;
  const std::string out = scratch / "o";
  REQUIRE(shell("%N sweep " + study(scratch) + " -q -j2 --out " + out).exit_code == 0);
  const auto all = nlohmann::json::parse(shell("%N sweep show " + out + " --format json").text);
  REQUIRE(all.size() == 6);
  CHECK(all[5]["cost"] == 2);
  CHECK(all[5]["hbm.latency"] == "400ns");
  CHECK(all[0]["time"] < all[3]["time"]);
  const auto front = nlohmann::json::parse(
      shell("%N sweep show " + out + " --format json --pareto time,cost").text);
  for (const auto& member : front) {
    for (const auto& point : all) {
      CHECK_FALSE((point["time"] < member["time"] && point["cost"] <= member["cost"]));
    }
  }
  const Outcome csv = shell("%N sweep show " + out +
                            " --format csv --where \"cost < 1\" --sort -time --column total_time");
  CHECK(csv.text.find("point,hbm.latency,device.dma_engines,time,cost,total_time\n4,400ns,8,") ==
        0);
  CHECK(shell("%N sweep show " + out + " --sensitivity time").text.find("exact") !=
        std::string::npos);
  for (const char* condition : {"hbm.latency > 200 ns", "hbm.latency > '0.2 us'"}) {
    const Outcome slow =
        shell("%N sweep show " + out + " --format json --where \"" + condition + "\"");
    INFO(slow.text);
    CHECK(nlohmann::json::parse(slow.text).size() == 3);
  }
  CHECK(shell("%N sweep show " + out + " --where \"cost > 5\"").text ==
        "no point that is done meets the condition\n");
  const Outcome wrong = shell("%N sweep show " + out + " --sort tme");
  CHECK(wrong.exit_code == 2);
  CHECK(wrong.text.find("did you mean 'time'?") != std::string::npos);
}

TEST_CASE("sensitivity ranks axes by design, one at a time or with Sobol indices") {
  const ScratchFolder scratch;
  for (const std::string sample : {"\"one_at_a_time\"", "\"saltelli\"\ncount = 8"}) {
    const std::string out = scratch / std::to_string(sample.size());
    const std::string file = study(scratch, "[sample]\nmethod = " + sample + "\n");
    REQUIRE(shell("%N sweep " + file + " -q -j2 --out " + out).exit_code == 0);
    const Outcome first = shell("%N sweep show " + out + " --sensitivity time");
    INFO(first.text);
    CHECK(first.exit_code == 0);
    CHECK(first.text.find("hbm.latency") != std::string::npos);
    CHECK(shell("%N sweep show " + out + " --sensitivity time").text == first.text);
    // Of what does not depend on the latency, all is due to the engines.
    const std::string cost = shell("%N sweep show " + out + " --sensitivity cost").text;
    CHECK(cost.find("device.dma_engines") < cost.find("hbm.latency"));
  }
}

TEST_CASE(
    "a search finds the best of a grid within its condition, whatever the jobs, resumed or not") {
  const ScratchFolder scratch;
  const std::string file = study(scratch);
  REQUIRE(shell("%N sweep " + file + " -q -j2 --out " + (scratch / "grid")).exit_code == 0);
  const auto best = nlohmann::json::parse(shell("%N sweep show " + (scratch / "grid") +
                                                " --format json --where \"cost <= 1\" --sort time")
                                              .text)[0];
  const std::string command =
      "%N sweep " + file + " -q --goal \"min time where cost <= 1\" --budget 6 --out ";
  const Outcome one = shell(command + (scratch / "a") + " -j1");
  INFO(one.text);
  REQUIRE(one.exit_code == 0);
  const std::string expected =
      "at hbm.latency=" + best["hbm.latency"].get<std::string>() +
      " device.dma_engines=" + best["device.dma_engines"].get<std::string>();
  CHECK(one.text.find(expected) != std::string::npos);
  const Outcome two = shell(command + (scratch / "b") + " -j2");
  const Outcome again = shell(command + (scratch / "b") + " -j2 --resume");
  const auto head = [](const Outcome& outcome) {
    return outcome.text.substr(0, outcome.text.find("\ns: "));
  };
  CHECK(head(two) == head(one));
  CHECK(head(again) == head(one));
  CHECK(shell(command + (scratch / "b") + " --resume --goal \"max time\"").exit_code == 2);
  const Outcome slow = shell("%N sweep " + file + " -q --budget 6 --out " + (scratch / "c") +
                             " --goal \"min cost where hbm.latency >= '0.4 us'\"");
  INFO(slow.text);
  CHECK(slow.text.find("at hbm.latency=400ns device.dma_engines=8") != std::string::npos);
}
