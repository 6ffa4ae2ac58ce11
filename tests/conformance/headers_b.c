// SPDX-License-Identifier: Apache-2.0
#define NRTA_API_GEN B
#define HEADERS_ARE_VALID headers_of_b_are_valid_c
#define ROUND_TRIP_B round_trip_b_c
#include "tests/conformance/headers_body.inc"
#include "tests/conformance/round_trip_b.inc"
