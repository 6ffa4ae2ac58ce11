// SPDX-License-Identifier: Apache-2.0
// The same as C++17.
#include "tests/conformance/calls_a.c"
