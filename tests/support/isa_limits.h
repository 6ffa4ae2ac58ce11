// SPDX-License-Identifier: Apache-2.0
// Limits of the two device generations, for tests that need some device but no configuration file.
#pragma once

#include "sim/isa/expand.h"

namespace nsim::isa::test {

inline Limits trn2_limits(int cores = 1) {
  Limits limits;
  limits.target = "trn2";
  limits.cores_per_logical = cores;
  limits.sbuf_partition_bytes = 192 * 1024;
  limits.has_hwdge = true;
  return limits;
}

inline Limits trn1_limits() {
  Limits limits;
  limits.target = "trn1";
  return limits;
}

}  // namespace nsim::isa::test
