/* SPDX-License-Identifier: Apache-2.0 */
/* Studies from C, and from whatever calls C: a configuration, its values, runs of models, and their results. In C++ use study.hpp,
   in Python the package neuronsim.

   Every call returns 0, or 1 (the run failed), 2 (the input was wrong), 70 (a bug of ours). `*message` then becomes what was wrong
   and what would be right, to be given to neuronsim_free; else NULL. It may be NULL. A call that fails changes nothing else.
   Any thread may call; runs of one process take place one after the other. */
#ifndef NEURONSIM_STUDY_H
#define NEURONSIM_STUDY_H

#ifdef __cplusplus
extern "C" {
#endif

typedef struct neuronsim_config neuronsim_config_t;

typedef struct neuronsim_run_options {
  int requests;      /* how many times the program is executed; 0: once */
  int depth;         /* requests kept in flight; 0: 3 */
  int cores;         /* logical cores that each execute it so often; 0: 1 */
  int transfer_each; /* inputs are written and outputs read with every request, not once */
  int numerics;      /* results are computed; 0: only times */
  const char *out;   /* directory for summary.json, resolved.toml and traces; NULL: nothing is written */
} neuronsim_run_options_t;

/* `name`: a configuration file, or a shipped one ("trn2"). To be given to neuronsim_config_close. */
int neuronsim_config_open(const char *name, neuronsim_config_t **config, char **message);
/* `value` as in a file: "716GB/s". */
int neuronsim_config_set(neuronsim_config_t *config, const char *parameter, const char *value, char **message);
/* The value as text, to be given to neuronsim_free. */
int neuronsim_config_get(const neuronsim_config_t *config, const char *parameter, char **value, char **message);
void neuronsim_config_close(neuronsim_config_t *config);

/* Executes a model file, program text or container. `options`: NULL means those that are all zero. `*summary` becomes what
   summary.json says, to be given to neuronsim_free; also when a request failed (1). */
int neuronsim_run(const neuronsim_config_t *config, const char *program, const neuronsim_run_options_t *options, char **summary,
                  char **message);

void neuronsim_free(char *text);

#ifdef __cplusplus
}
#endif

#endif
