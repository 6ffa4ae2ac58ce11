// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/opcode.h"

#include <catch2/catch.hpp>
#include <set>

#include "sim/isa/attribute.h"

using namespace nsim::isa;

TEST_CASE("every name of an opcode, engine or attribute is found again and is unique") {
  std::set<std::string> names;
  for (int i = 0; i < kOpcodeCount; ++i) {
    const auto opcode = static_cast<Opcode>(i);
    CHECK(parse_opcode(name(opcode)) == opcode);
    names.insert(name(opcode));
  }
  CHECK(names.size() == kOpcodeCount);
  for (int i = 0; i < kEngineCount; ++i) {
    CHECK(parse_engine(name(static_cast<Engine>(i))) == static_cast<Engine>(i));
  }
  names.clear();
  for (int i = 0; i < kAttributeCount; ++i) {
    names.insert(name(static_cast<Attribute>(i)));
  }
  CHECK(names.size() == kAttributeCount);
  CHECK_FALSE(parse_opcode("nc_matmull"));
  CHECK_FALSE(parse_engine(""));
}

TEST_CASE("every opcode can be issued, and every operand can live somewhere") {
  for (int i = 0; i < kOpcodeCount; ++i) {
    const OpcodeInfo& row = info(static_cast<Opcode>(i));
    INFO(row.name);
    CHECK(row.engines != 0);
    CHECK((row.required & row.optional) == 0);
    for (int k = 0; k < row.operand_count(); ++k) {
      CHECK(row.operands.at(static_cast<std::size_t>(k)).spaces != 0);
    }
  }
}

TEST_CASE("an operand that is set in a role is found in that role") {
  for (int i = 0; i < kOpcodeCount; ++i) {
    const OpcodeInfo& row = info(static_cast<Opcode>(i));
    Instruction instruction = with_defaults(row.opcode);
    std::uint32_t index = 0;
    for (const OperandInfo& each : row.operands) {
      Access access;
      access.index = ++index;
      set_operand(instruction, each.role, access);
    }
    index = 0;
    for (const OperandInfo& each : row.operands) {
      ++index;
      const Access* found = operand(instruction, each.role);
      if (each.role == OperandRole::None) {
        CHECK(found == nullptr);
      } else {
        REQUIRE(found != nullptr);
        CHECK(found->index == index);
      }
    }
  }
}

TEST_CASE("attributes of a fresh instruction are at their defaults") {
  for (int i = 0; i < kOpcodeCount; ++i) {
    const OpcodeInfo& row = info(static_cast<Opcode>(i));
    for_each(row.required | row.optional, [&](Attribute attribute) {
      CHECK(has_default(attribute, with_defaults(row.opcode)));
    });
  }
}

TEST_CASE("a set of engines is listed by name") {
  CHECK(engine_names(info(Opcode::TensorTensor).engines) == "vector, gpsimd");
}
