// SPDX-License-Identifier: Apache-2.0
// The same program on every device: it runs, or is refused with the place and the reason.
#include <catch2/catch.hpp>

#include <algorithm>
#include <map>

#include "tests/tools/nsim_process.h"

using namespace nsim::test;

namespace {

const std::vector<std::string> kDevices{"inf2", "trn1", "trn2_lnc1", "trn3_lnc1"};

/// `body` on every device; `refusals` says what the message of those that refuse it contains.
void check_devices(const std::string& body, const std::map<std::string, std::string>& refusals) {
  const ScratchFolder scratch;
  const std::string path = scratch.write("p.nasm", "program p\ntarget trn2\n" + body);
  for (const std::string& device : kDevices) {
    const Outcome outcome = shell("%N run " + path + " --quiet --no-trace --config " + device);
    INFO(device << "\n" << outcome.text);
    const auto refusal = refusals.find(device);
    if (refusal == refusals.end()) {
      CHECK(outcome.exit_code == 0);
      continue;
    }
    CHECK(outcome.exit_code == 2);
    CHECK(std::count(outcome.text.begin(), outcome.text.end(), '\n') == 1);
    CHECK(outcome.text.find("p.nasm:") != std::string::npos);
    CHECK(outcome.text.find(refusal->second) != std::string::npos);
  }
}

const std::string kTensors = R"(
tensor in input bfloat16 [128, 16]
tensor out output bfloat16 [128, 16]
sbuf tile bfloat16 [128, 16]
)";
const std::string kLoad = "sync.dma_copy tile, in\n";
const std::string kStore = "sync.dma_copy out, tile\n";

}  // namespace

TEST_CASE("a program that no device lacks anything for runs on all, whatever target it names") {
  check_devices(kTensors + kLoad + "vector.tensor_scalar tile, tile op0 add operand0 1\n" + kStore,
                {});
}

TEST_CASE("hardware descriptor generation exists from NeuronCore-v3 on") {
  const std::string v2 = "has no hwdge: its cores have no hardware that makes descriptors";
  check_devices(kTensors + "sync.dma_copy tile, in dge hwdge\n" + kStore,
                {{"inf2", v2}, {"trn1", v2}});
}

TEST_CASE("tensor_scalar on the Scalar engine exists from NeuronCore-v4 on") {
  const std::string before = "write vector.tensor_scalar";
  check_devices(kTensors + kLoad + "scalar.tensor_scalar tile, tile op0 add operand0 1\n" + kStore,
                {{"inf2", before}, {"trn1", before}, {"trn2_lnc1", before}});
}

TEST_CASE("a buffer must fit into the SBUF of the device") {
  const std::string large = kTensors + "sbuf large uint8 [128, " + std::to_string(200 * 1024) +
                            "]\nvector.memset large[:, 0 +: 1024] value 0\n" + kLoad + kStore;
  check_devices(large, {{"inf2", "SBUF of inf2 has 196608"}, {"trn1", "SBUF of trn1 has 196608"}});
  const std::string larger = kTensors + "sbuf larger uint8 [128, " + std::to_string(240 * 1024) +
                             "]\nvector.memset larger[:, 0 +: 1024] value 0\n" + kLoad + kStore;
  check_devices(larger, {{"inf2", "buffer larger: "},
                         {"trn1", "buffer larger: "},
                         {"trn2_lnc1", "SBUF of trn2 has 229376"}});
}

TEST_CASE("a tensor must fit into a stack of HBM") {
  const auto program = [](int gibibytes) {
    return "tensor huge input uint8 [" + std::to_string(gibibytes) + ", 1073741824]\n" + kTensors +
           "vector.memset tile value 0\n" + kStore;
  };
  check_devices(program(40), {{"inf2", "stack of the HBM of inf2 has 17163091968: split it"},
                              {"trn1", "tensor huge has 42949672960 bytes"},
                              {"trn2_lnc1", "tensor huge has 42949672960 bytes"},
                              {"trn3_lnc1", "stack of the HBM of trn3 has 38637928448: split it"}});
}

TEST_CASE("inf2 is as fast as trn1, whose cores and memories it has") {
  const ScratchFolder scratch;
  for (const char* device : {"inf2", "trn1"}) {
    REQUIRE(shell(std::string("%N run %S/models/mini_lm.toml --numerics off --no-trace --config ") +
                  device + " --out " + (scratch / device))
                .exit_code == 0);
  }
  CHECK(summary_of(scratch / "inf2").at("requests") == summary_of(scratch / "trn1").at("requests"));
}

TEST_CASE("a program for two cores needs a device with logical cores of two") {
  const ScratchFolder scratch;
  const std::string path =
      scratch.write("p.nasm", "program p\ntarget trn1\ncores 2\n" + kTensors + kLoad + kStore);
  CHECK(shell("%N run " + path + " --quiet --no-trace --config trn2").exit_code == 0);
  CHECK(shell("%N run " + path + " --quiet --no-trace --config trn3").exit_code == 0);
  const Outcome refused = shell("%N run " + path + " --quiet --no-trace --config inf2");
  CHECK(refused.exit_code == 2);
  CHECK(refused.text.find("set device.cores_per_logical=2, or make the program for cores 1") !=
        std::string::npos);
}

TEST_CASE("text is assembled for the device at hand, a container is not taken elsewhere") {
  const ScratchFolder scratch;
  const std::string text = "%S/models/vector_add.nasm";
  const std::string container = scratch / "add.neff";
  REQUIRE(shell("%N asm " + text + " --config trn3_lnc1 -o " + container).exit_code == 0);
  CHECK(shell("%N run " + container + " --quiet --no-trace --config trn3_lnc1").exit_code == 0);
  const Outcome refused = shell("%N run " + container + " --quiet --no-trace --config trn1");
  INFO(refused.text);
  CHECK(refused.exit_code == 2);
  CHECK(refused.text.find("trn3") != std::string::npos);
  CHECK(refused.text.find("make it again for that target") != std::string::npos);
}

TEST_CASE("a target that does not exist is refused with those that do") {
  const ScratchFolder scratch;
  const std::string path = scratch.write("p.nasm", "program p\ntarget trn9\n" + kTensors);
  const Outcome refused = shell("%N run " + path + " --config trn1");
  CHECK(refused.exit_code == 2);
  CHECK(refused.text.find("no target 'trn9', there are inf2, trn1, trn2, trn3") !=
        std::string::npos);
}

TEST_CASE("without --config a program runs on its target with as many cores as it is made for") {
  const ScratchFolder scratch;
  const std::string body = kTensors + kLoad + kStore;
  for (const std::string& target : std::vector<std::string>{"trn1", "trn2", "trn3"}) {
    for (const std::string& cores : std::vector<std::string>{"1", "2"}) {
      const std::string path =
          scratch.write("p.nasm", "program p\ntarget " + target + "\ncores " + cores + "\n" + body);
      const std::string neff = path.substr(0, path.size() - 4) + "neff";
      if (target == "trn1" && cores == "2") {
        CHECK(shell("%N run " + path).exit_code == 2);  // it has logical cores of one
        continue;
      }
      for (const std::string& command :
           {"run " + path, "asm " + path, "run " + neff, "disasm --streams " + neff,
            "pack " + neff + " -o " + neff}) {
        const Outcome outcome = shell("%N " + command);
        INFO(target << " " << command << "\n" << outcome.text);
        CHECK(outcome.exit_code == 0);
        if (command.compare(0, 3, "run") == 0) {
          CHECK(outcome.text.find("LNC " + cores + ")") != std::string::npos);
        }
      }
    }
  }
  const std::string path = scratch.write("p.nasm", "program p\ntarget trn2\n" + body);
  const Outcome said = shell("%N run " + path + " --set device.cores_per_logical=2");
  CHECK(said.exit_code == 2);  // what is said holds
  CHECK(said.text.find("the device is set to 2") != std::string::npos);
}
