// SPDX-License-Identifier: Apache-2.0
// The first byte selects what the rest is: a container (even) or its bare binary member (odd).
// Either is refused with a ContainerError, or is a program that survives being written and read in
// both of its forms.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "sim/isa/compare.h"
#include "sim/isa/container.h"
#include "sim/isa/text.h"

using namespace nsim;
using namespace nsim::isa;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const auto* bytes = reinterpret_cast<const std::byte*>(data + 1);
  Program program;
  try {
    program = data[0] % 2 == 0 ? read_container(bytes, size - 1) : read_binary(bytes, size - 1);
  } catch (const ContainerError&) {
    return 0;
  }
  const std::vector<std::byte> binary = write_binary(program);
  if (!same(read_binary(binary.data(), binary.size()), program) ||
      !same(parse_text(print_text(program), "printed.nasm"), program)) {
    std::abort();
  }
  return 0;
}
