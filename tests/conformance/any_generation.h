// SPDX-License-Identifier: Apache-2.0
// Test cases are written in generation A's form and run with every generation: here the names of
// its functions become those of calls.h. Cases of one generation alone carry the tag [A] or lie in
// generation_c.
#pragma once

#include <nrt/nrt_async.h>
#include <nsim_hooks.h>

#include "tests/conformance/calls.h"

#undef nrta_get_sequence
#undef nsim_hook_inject
#undef nsim_hook_pause
#undef nsim_hook_set_next_number

#define nrta_tensor_write call_tensor_write
#define nrta_tensor_read call_tensor_read
#define nrta_tensor_copy call_tensor_copy
#define nrta_execute_schedule call_execute_schedule
#define nrta_cc_prepare call_cc_prepare
#define nrta_cc_schedule call_cc_schedule
#define nrta_is_completed call_is_completed
#define nrta_get_sequence call_get_sequence
#define nrta_get_completion_handle call_get_completion_handle
#define nrta_error_tracker_create call_error_tracker_create
#define nrta_error_tracker_destroy call_error_tracker_destroy
#define nrta_error_tracker_get_list call_error_tracker_get_list
#define nsim_hook_inject call_hook_inject
#define nsim_hook_pause call_hook_pause
#define nsim_hook_set_next_number call_hook_set_next_number
