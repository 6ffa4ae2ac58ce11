// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/sbuf.h"

#include <catch2/catch.hpp>

#include "tests/support/core_bench.h"

using namespace nsim;
using isa::Engine;
using test::in_psum;
using test::in_sbuf;

namespace {

hw::SbufParams params(bool shared) {
  Config config;
  config.set(std::string("sbuf.shared_port=") + (shared ? "true" : "false"));
  return hw::SbufParams(ParamScope(config, "sbuf"));
}

}  // namespace

TEST_CASE("Vector and GpSimd need the shared SBUF port for operands in SBUF, nobody else does") {
  const hw::Sbuf sbuf(params(true), false);
  CHECK(sbuf.needs_port(test::copy(Engine::Vector, in_sbuf(0, 4), in_psum(0, 4))));
  CHECK(sbuf.needs_port(test::copy(Engine::GpSimd, in_sbuf(0, 4), in_sbuf(64, 4))));
  CHECK_FALSE(sbuf.needs_port(test::copy(Engine::Vector, in_psum(0, 4), in_psum(64, 4))));
  CHECK_FALSE(sbuf.needs_port(test::copy(Engine::Scalar, in_sbuf(0, 4), in_sbuf(64, 4))));
  CHECK_FALSE(sbuf.needs_port(test::nop(Engine::Vector)));
}

TEST_CASE("a scalar operand in SBUF needs the port too") {
  const hw::Sbuf sbuf(params(true), false);
  isa::StreamInstruction scale =
      test::instruction(Engine::Vector, isa::Opcode::TensorScalar, in_psum(0, 4), in_psum(64, 4));
  CHECK_FALSE(sbuf.needs_port(scale));
  scale.operand1.operand = in_sbuf(0, 1);
  CHECK(sbuf.needs_port(scale));
}

TEST_CASE("without a shared port nobody needs it") {
  const hw::Sbuf sbuf(params(false), false);
  CHECK_FALSE(sbuf.needs_port(test::copy(Engine::Vector, in_sbuf(0, 4), in_sbuf(64, 4))));
}

TEST_CASE("a released SBUF port is free at once") {
  hw::Sbuf sbuf(params(true), false);
  sbuf.reserve_port(100, 50);
  CHECK(sbuf.port_free_at() == 150);
  sbuf.release();
  CHECK(sbuf.port_free_at() == 0);
}
