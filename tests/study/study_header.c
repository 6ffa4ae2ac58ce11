// SPDX-License-Identifier: Apache-2.0
// The header is C.
#include <neuronsim/study.h>

int (*const neuronsim_study_header)(const char *, neuronsim_config_t **, char **) = neuronsim_config_open;
