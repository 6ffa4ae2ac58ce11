// SPDX-License-Identifier: Apache-2.0
// NEFFs of a compiler for the real devices: whether the device at hand could load one, and the
// program that takes its place.
#pragma once

#include <vector>

#include "runtime/substitution.h"
#include "sim/isa/expand.h"
#include "sim/isa/neff.h"
#include "sim/isa/program.h"

namespace nsim::rt {

/// What a NEFF is checked against.
struct NeffSite {
  isa::Limits limits;
  int visible_cores = 1;      // logical
  bool allow_legacy = false;  // NEURON_RT_ALLOW_LEGACY_NEFF
  bool collectives = false;   // loaded by nrt_load_collectives
};

/// Throws StatusError with the statuses that nrt_load documents.
void check_neff(const isa::Neff& neff, const NeffSite& site);

/// A program in the place of a NEFF, and the tensors as the NEFF has them.
struct SubstitutedProgram {
  isa::Neff neff;
  isa::Program program;
  std::vector<SubstitutedTensor> tensors;  // point into `neff`
};

/// Throws StatusError: NRT_UNSUPPORTED_NEFF_VERSION when `map` has no entry for the NEFF,
/// NRT_INVALID when the entry's program does not fit it.
SubstitutedProgram substitute(isa::Neff neff, const SubstitutionMap& map, const NeffSite& site);

}  // namespace nsim::rt
