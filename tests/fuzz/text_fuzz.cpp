// SPDX-License-Identifier: Apache-2.0
// Any text is a program or a UserError; a program that was read prints as text that reads as the
// same program.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "sim/isa/compare.h"
#include "sim/isa/text.h"

using namespace nsim;
using namespace nsim::isa;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Program program;
  try {
    program = parse_text(std::string(reinterpret_cast<const char*>(data), size), "fuzz.nasm");
  } catch (const UserError&) {
    return 0;
  }
  const std::string canonical = print_text(program);
  const Program again = parse_text(canonical, "canonical.nasm");
  if (!same(program, again) || print_text(again) != canonical) {
    std::abort();
  }
  return 0;
}
