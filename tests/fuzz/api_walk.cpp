// SPDX-License-Identifier: Apache-2.0
// api_walk [--calls N] [--seeds K] [--first-seed S]: for each seed at least N calls of libnrt in
// random sequences, compared with the oracle. A mismatch prints its seed and the bytes of the
// sequence, which fuzz_api replays.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <string>

#include "tests/support/api_run.h"

namespace {

bool walk(nsim::test::ApiMachine& machine, unsigned seed, std::uint64_t calls) {
  std::mt19937 random(seed);
  const std::uint64_t end = machine.calls() + calls;
  while (machine.calls() < end) {
    std::vector<std::uint8_t> bytes(random() % 3000 + 1);
    for (std::uint8_t& byte : bytes) {
      byte = static_cast<std::uint8_t>(random());
    }
    try {
      machine.run(bytes.data(), bytes.size());
    } catch (const nsim::test::ApiMismatch& mismatch) {
      const std::string file = "api_mismatch_" + std::to_string(seed);
      std::ofstream(file, std::ios::binary)
          .write(reinterpret_cast<const char*>(bytes.data()),
                 static_cast<std::streamsize>(bytes.size()));
      std::printf("seed %u: %s; sequence in %s\n", seed, mismatch.what(), file.c_str());
      return false;
    }
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t calls = 10000;
  unsigned seeds = 1;
  unsigned first = 1;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    const unsigned long value = std::strtoul(argv[i + 1], nullptr, 10);
    if (name == "--calls") {
      calls = value;
    } else if (name == "--seeds") {
      seeds = static_cast<unsigned>(value);
    } else if (name == "--first-seed") {
      first = static_cast<unsigned>(value);
    } else {
      std::fprintf(stderr, "unknown option %s\n", argv[i]);
      return 2;
    }
  }
  nsim::test::ApiMachine& machine = nsim::test::api_machine();
  for (unsigned seed = first; seed < first + seeds; ++seed) {
    if (!walk(machine, seed, calls)) {
      return 1;
    }
  }
  const auto number = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
  std::printf(
      "%u seeds, %llu calls, %llu requests, %llu of them failed, %llu bytes read: all as the "
      "oracle says\n",
      seeds, number(machine.calls()), number(machine.accepted()), number(machine.failed()),
      number(machine.compared()));
  const bool enough =
      machine.accepted() * 50 > machine.calls() && machine.failed() > 0 && machine.compared() > 0;
  return enough ? 0 : 1;
}
