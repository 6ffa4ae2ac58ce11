// SPDX-License-Identifier: Apache-2.0
#include "tests/support/test_program.h"

#include <fmt/format.h>

#include "sim/isa/container.h"
#include "sim/isa/text.h"

namespace nsim::test {
namespace {

constexpr int kRows = 128;
constexpr int kColumns = 64;

}  // namespace

std::vector<std::byte> increment_container(const std::string& target, int cores, int repeat) {
  const std::string text = fmt::format(
      R"(program increment
target {target}
cores {cores}
tensor x input float32 [{rows}, {columns}] = zero
tensor y output float32 [{rows}, {columns}]
sbuf tile float32 [128, {step}]
loop at 0..{columns} step {step} {{
  sync.dma_copy tile, x[core * 128 +: 128, at +: {step}]
  vector.tensor_scalar tile, tile op0 add operand0 1
  scalar.dma_copy y[core * 128 +: 128, at +: {step}], tile
}}
)",
      fmt::arg("target", target), fmt::arg("cores", cores), fmt::arg("rows", kRows * cores),
      fmt::arg("columns", kColumns * repeat), fmt::arg("step", kColumns));
  return isa::write_container(isa::parse_text(text, "increment.nasm"));
}

std::vector<std::byte> small_container(const std::string& target) {
  const std::string text = fmt::format(
      R"(program small
target {target}
tensor x input float32 [1, {floats}] = zero
tensor y output float32 [1, {floats}]
sbuf tile float32 [1, {floats}]
sync.dma_copy tile, x
vector.tensor_scalar tile, tile op0 add operand0 1
scalar.dma_copy y, tile
)",
      fmt::arg("target", target), fmt::arg("floats", kSmallFloats));
  return isa::write_container(isa::parse_text(text, "small.nasm"));
}

std::size_t increment_bytes(int cores, int repeat) {
  return sizeof(float) * kRows * kColumns * static_cast<std::size_t>(cores * repeat);
}

}  // namespace nsim::test
