// SPDX-License-Identifier: Apache-2.0
// Profiling one model. The file is JSON: every execution of the model between start and stop, in simulated time.
#ifndef NRT_NRT_PROFILE_H
#define NRT_NRT_PROFILE_H

#include <nrt/nrt.h>

#ifdef __cplusplus
extern "C" {
#endif

NRT_STATUS nrt_profile_start(nrt_model_t *model, const char *filename);
/// Writes the file, replacing its contents. NRT_INVALID when no profile was started for it.
NRT_STATUS nrt_profile_stop(const char *filename);

#ifdef __cplusplus
}
#endif

#endif
