// SPDX-License-Identifier: Apache-2.0
#include "sim/cost/function_tables.h"

#include <catch2/catch.hpp>

using namespace nsim;
using cost::FunctionSet;
using num::Activation;

TEST_CASE("functions of one family share a set, simple ones are in every set") {
  CHECK(cost::function_set(Activation::Copy) == FunctionSet::Any);
  CHECK(cost::function_set(Activation::Relu) == FunctionSet::Any);
  CHECK(cost::function_set(Activation::Exp) == cost::function_set(Activation::Log));
  CHECK(cost::function_set(Activation::Sqrt) == cost::function_set(Activation::Rsqrt));
  CHECK(cost::function_set(Activation::Exp) != cost::function_set(Activation::Rsqrt));
}

TEST_CASE("only activations need a table") {
  isa::StreamInstruction instruction;
  instruction.engine = isa::Engine::Scalar;
  instruction.function = Activation::Exp;
  instruction.opcode = isa::Opcode::TensorCopy;
  CHECK(cost::function_set(instruction) == FunctionSet::Any);
  instruction.opcode = isa::Opcode::Activation;
  CHECK(cost::function_set(instruction) == FunctionSet::Exponential);
  instruction.opcode = isa::Opcode::ActivationReduce;
  CHECK(cost::function_set(instruction) == FunctionSet::Exponential);
}
