// SPDX-License-Identifier: Apache-2.0
// The generations of nrta_* are versions of the same symbols. A source that defines a function of one of
// them names it here, after the public header and before the definition: the function then has an object
// name of its own, and the library exports it under the public name in the given version. libnrt.map
// lists the versions.
#pragma once

// clang-format off
#define NSIM_OBJECT_NAME(function, object) \
  extern "C" decltype(function) function __asm__(object);
#define NSIM_EXPORT(function, object, version) \
  __asm__(".symver " object "," #function version);

/// In generation A only found by who asks for its version.
#define NSIM_GENERATION_A(function)                   \
  NSIM_OBJECT_NAME(function, "nsim_a_" #function)     \
  NSIM_EXPORT(function, "nsim_a_" #function, "@NRT_2.0.0")

/// The default version: what an unversioned look-up finds.
#define NSIM_GENERATION_C(function)                   \
  NSIM_OBJECT_NAME(function, "nsim_c_" #function)     \
  NSIM_EXPORT(function, "nsim_c_" #function, "@@NRT_3.0.0")

/// The same in both.
#define NSIM_GENERATIONS_A_AND_C(function)            \
  NSIM_OBJECT_NAME(function, "nsim_ac_" #function)    \
  NSIM_EXPORT(function, "nsim_ac_" #function, "@NRT_2.0.0") \
  NSIM_EXPORT(function, "nsim_ac_" #function, "@@NRT_3.0.0")
// clang-format on
