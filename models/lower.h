// SPDX-License-Identifier: Apache-2.0
// From model to program: every operator is tiled for the device, one after the other, each reading and writing HBM.
#pragma once

#include "models/model.h"
#include "sim/isa/expand.h"
#include "sim/isa/program.h"

namespace nsim::ml {

/// The program for a device with these limits. Throws UserError naming the operator for shapes or dtypes it
/// cannot do, and, when a tile does not fit on chip in any blocking, how many bytes are missing.
isa::Program lower(const Model& model, const isa::Limits& limits);

}  // namespace nsim::ml
