// SPDX-License-Identifier: Apache-2.0
#include "sim/cost/function_tables.h"

namespace nsim::cost {

FunctionSet function_set(num::Activation function) {
  using num::Activation;
  switch (function) {
    case Activation::Copy:
    case Activation::Square:
    case Activation::Relu:
    case Activation::Sign:
    case Activation::Abs:
    case Activation::Prelu:
      return FunctionSet::Any;
    case Activation::Exp:
    case Activation::Log:
    case Activation::Softplus:
    case Activation::Mish:
    case Activation::ErfDx:
      return FunctionSet::Exponential;
    case Activation::Sigmoid:
    case Activation::Silu:
    case Activation::Tanh:
    case Activation::SiluDx:
      return FunctionSet::Sigmoid;
    case Activation::Gelu:
    case Activation::GeluApprxTanh:
    case Activation::GeluApprxSigmoid:
    case Activation::GeluApprxSigmoidDx:
    case Activation::GeluDx:
    case Activation::Erf:
      return FunctionSet::Gelu;
    case Activation::Sqrt:
    case Activation::Rsqrt:
    case Activation::Reciprocal:
      return FunctionSet::Root;
    case Activation::Sin:
    case Activation::Arctan:
      return FunctionSet::Trigonometric;
  }
  return FunctionSet::Any;
}

FunctionSet function_set(const isa::StreamInstruction& instruction) {
  const bool evaluates = instruction.opcode == isa::Opcode::Activation ||
                         instruction.opcode == isa::Opcode::ActivationReduce ||
                         instruction.opcode == isa::Opcode::Activate2;
  return evaluates ? function_set(instruction.function) : FunctionSet::Any;
}

}  // namespace nsim::cost
