// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/psum.h"

#include <catch2/catch.hpp>

#include "tests/support/core_bench.h"

using namespace nsim;
using isa::Engine;
using test::in_psum;
using test::in_sbuf;

namespace {

hw::PsumParams params(bool shared) {
  Config config;
  config.set(std::string("psum.shared_port=") + (shared ? "true" : "false"));
  config.set("psum.bank_bytes=2KiB");
  return hw::PsumParams(ParamScope(config, "psum"));
}

hw::Psum::Banks banks(const hw::Psum& psum, const isa::Operand& source) {
  return psum.banks_of(test::copy(Engine::Vector, in_sbuf(0, 4), source));
}

}  // namespace

TEST_CASE("an instruction occupies the PSUM banks its operands touch") {
  const hw::Psum psum(params(false), false);
  CHECK(banks(psum, in_psum(0, 512)) == 0x01);
  CHECK(banks(psum, in_psum(2048, 1)) == 0x02);
  CHECK(banks(psum, in_psum(2044, 2)) == 0x03);
  CHECK(banks(psum, in_psum(0, 4096)) == 0xff);
  CHECK(banks(psum, in_sbuf(0, 4)) == 0);
  CHECK(psum.banks_of(test::copy(Engine::Scalar, in_psum(4096, 8), in_psum(8192, 8))) == 0x14);
}

TEST_CASE("a pattern with a negative step occupies the banks below its offset") {
  const hw::Psum psum(params(false), false);
  isa::Operand backwards = in_psum(2048, 2);
  backwards.dim[0].step = -1;
  CHECK(banks(psum, backwards) == 0x03);
}

TEST_CASE("Tensor does not contend for PSUM banks") {
  const hw::Psum psum(params(false), false);
  CHECK(psum.banks_of(test::instruction(Engine::Tensor, isa::Opcode::NcMatmul, in_psum(0, 512),
                                        in_sbuf(0, 128), in_sbuf(512, 512))) == 0);
}

TEST_CASE("a shared port makes all of PSUM one bank") {
  const hw::Psum psum(params(true), false);
  CHECK(banks(psum, in_psum(6144, 512)) == 1);
}

TEST_CASE("banks are free when the last of them is, and at once after a release") {
  hw::Psum psum(params(false), false);
  psum.reserve(0x3, 100, 50);
  psum.reserve(0x2, 150, 50);
  CHECK(psum.free_at(0x1) == 150);
  CHECK(psum.free_at(0x3) == 200);
  CHECK(psum.free_at(0x4) == 0);
  psum.release();
  CHECK(psum.free_at(0x3) == 0);
}
