// SPDX-License-Identifier: Apache-2.0
// Programs in their readable forms, for a process that makes them itself; a real runtime has none of this. A source is program text,
// a model file (TOML) when `name` ends in .toml, or a container, which is known by its contents. `name` stands in messages only, before
// line and column.
//
// `message` of a call that fails becomes what was wrong, where, and what would be right, as text with a NUL at its end, to be given to
// nsim_program_free; otherwise, and when no text could be made, it becomes NULL. It may be NULL. Calls that fail change nothing else.
#ifndef NSIM_PROGRAM_H
#define NSIM_PROGRAM_H

#include <nrt/nrt.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Makes the container that nrt_load takes. It is made for, and checked against, the device of `config`: a configuration file or a
/// shipped name. NULL means the device of the open session; when none is open, the one that nrt_init would take. `*container` is to
/// be given to nsim_program_free.
NRT_STATUS nsim_program_assemble(const void *source, size_t size, const char *name, const char *config, void **container,
                                 size_t *container_size, char **message);
/// nrt_load without a container in between. `vnc` as there.
NRT_STATUS nsim_program_load(const void *source, size_t size, const char *name, int32_t vnc, nrt_model_t **model, char **message);
/// What summary.json of the session would say now, to be given to nsim_program_free. It lists requests when the session keeps them:
/// with NSIM_OUT, or with NSIM_RECORDS=1.
NRT_STATUS nsim_program_report(char **json);
void nsim_program_free(void *memory);

#ifdef __cplusplus
}
#endif

#endif
