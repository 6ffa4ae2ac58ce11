// SPDX-License-Identifier: Apache-2.0
// Profiling. nrt_profile_start and nrt_profile_stop: one model. The file is JSON: every execution of the model between start and stop, in simulated time.
#ifndef NRT_NRT_PROFILE_H
#define NRT_NRT_PROFILE_H

#include <nrt/nrt.h>

#ifdef __cplusplus
extern "C" {
#endif

NRT_STATUS nrt_profile_start(nrt_model_t *model, const char *filename);
/// Writes the file, replacing its contents. NRT_INVALID when no profile was started for it.
NRT_STATUS nrt_profile_stop(const char *filename);

// Profiling continuously: options can be made, starting is not supported (NRT_FAILURE).

typedef struct nrt_profile_continuous_options nrt_profile_continuous_options_t;

NRT_STATUS nrt_profile_continuous_options_allocate(nrt_profile_continuous_options_t **options);
NRT_STATUS nrt_profile_continuous_options_free(nrt_profile_continuous_options_t *options);
NRT_STATUS nrt_profile_continuous_options_set_output_dir(nrt_profile_continuous_options_t *options,
                                                         const char *output_dir);
NRT_STATUS nrt_profile_continuous_start(void);
NRT_STATUS nrt_profile_continuous_save(uint32_t vnc, nrt_profile_continuous_options_t *options);
NRT_STATUS nrt_profile_continuous_stop(void);

// Inspection: events between begin and stop go to <output dir>/<instance>_pid_<pid>/<timestamp>/ntrace.json. Timelines and
// the summary are those of whole runs: NEURON_RT_INSPECT_ENABLE.

typedef struct nrt_inspect_config nrt_inspect_config_t;

/// With the settings of the environment. NRT_INVALID when an inspection is under way.
NRT_STATUS nrt_inspect_begin(void);
NRT_STATUS nrt_inspect_begin_with_options(nrt_inspect_config_t *options);
/// NRT_INVALID when none is under way.
NRT_STATUS nrt_inspect_stop(void);
/// Not supported: NRT_FAILURE.
NRT_STATUS nrt_inspect_export(uint64_t export_types);

NRT_STATUS nrt_inspect_config_allocate(nrt_inspect_config_t **options);
/// Everything is captured into ./output.
NRT_STATUS nrt_inspect_config_set_defaults(nrt_inspect_config_t *options);
NRT_STATUS nrt_inspect_config_free(nrt_inspect_config_t *options);
NRT_STATUS nrt_inspect_config_set_session_id(nrt_inspect_config_t *options, int session_id);
NRT_STATUS nrt_inspect_config_set_output_dir(nrt_inspect_config_t *options, const char *output_dir);
NRT_STATUS nrt_inspect_config_set_sys_trace_max_events_per_nc(nrt_inspect_config_t *options, uint64_t max_events);
NRT_STATUS nrt_inspect_config_set_capture_enabled_for_nc(nrt_inspect_config_t *options, uint32_t nc_idx, bool enabled);
/// A type of nrt_sys_trace_get_event_types, "hardware" or "software".
NRT_STATUS nrt_inspect_config_set_capture_enabled_for_event_type_string(nrt_inspect_config_t *options,
                                                                        const char *event_type, bool enabled);
NRT_STATUS nrt_inspect_config_set_enable_inspect(nrt_inspect_config_t *options, bool enabled);
/// Files are left only when an execution failed, unless inspection is enabled anyway.
NRT_STATUS nrt_inspect_config_set_enable_inspect_on_fail(nrt_inspect_config_t *options, bool enabled);
/// system_profile, device_profile, host_memory, cpu_util. Free lists with nrt_inspect_config_free_activity_types.
NRT_STATUS nrt_inspect_config_get_all_activity_types(const char ***activity_types, size_t *count);
NRT_STATUS nrt_inspect_config_get_enabled_activity_types(nrt_inspect_config_t *options, const char ***activity_types,
                                                         size_t *count);
NRT_STATUS nrt_inspect_config_free_activity_types(const char **activity_types, size_t count);
NRT_STATUS nrt_inspect_config_set_activity(nrt_inspect_config_t *options, const char *activity_type, bool enabled);

#ifdef __cplusplus
}
#endif

#endif
