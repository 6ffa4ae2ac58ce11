// SPDX-License-Identifier: Apache-2.0
// Function tables of the Scalar engine. A function is evaluated from a table that must be loaded
// first; a load brings a set of functions that then run without another one. Which functions share
// a set is not published: the sets here are an assumption, by family of functions.
#pragma once

#include <cstdint>

#include "sim/isa/stream.h"
#include "sim/numerics/ops.h"

namespace nsim::cost {

enum class FunctionSet : std::uint8_t {
  Any,          // needs no table of its own: in every set
  Exponential,  // exp, log and what is built of them
  Sigmoid,      // sigmoid, tanh
  Gelu,         // erf and gelu
  Root,         // powers of a fraction or negative
  Trigonometric
};

FunctionSet function_set(num::Activation function);

/// The set that must be loaded when `instruction` begins; Any for whatever evaluates no function.
FunctionSet function_set(const isa::StreamInstruction& instruction);

}  // namespace nsim::cost
