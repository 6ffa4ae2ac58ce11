// SPDX-License-Identifier: Apache-2.0
#define NRTA_API_GEN A
#define HEADERS_ARE_VALID headers_of_a_are_valid_cpp
#include "tests/conformance/headers_body.inc"
