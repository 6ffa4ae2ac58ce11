// SPDX-License-Identifier: Apache-2.0
#define NRTA_API_GEN C
#define HEADERS_ARE_VALID headers_of_c_are_valid_cpp
#include "tests/conformance/headers_body.inc"
