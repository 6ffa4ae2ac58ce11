// SPDX-License-Identifier: Apache-2.0
// NEURON_RT_DBG_DUMP_INPUTS_ON_ERR: the inputs of a failed execution, as they are in device memory
// when it fails, in the working directory:
//   input_dump_<random>_h_nn_<model id>/input0.bin, input1.bin, ..., model_name.txt (the last)
#pragma once

#include "runtime/request.h"
#include "sim/hw/hardware.h"

namespace nsim::rt {

/// Simulation thread; an execution. Never fails: what cannot be written is a warning.
void dump_inputs(const Request& request, hw::Hardware& hardware) noexcept;

}  // namespace nsim::rt
