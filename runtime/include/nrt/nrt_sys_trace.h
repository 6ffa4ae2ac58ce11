// SPDX-License-Identifier: Apache-2.0
// System trace: events of the runtime and of the cores, kept in one ring per logical core and fetched as JSON
//   {"events": [{"event_type": "nc_exec_running", "phase": "start" | "stop", "tracking_id": n, "lnc_idx": c,
//                "thread_id": h, "process_id": p, "instance_id": "trn2.3xlarge", "worker_gid": 0,
//                "data": {"nc_timestamp_ns": t, "timestamp_ps": t, "sequence_id": id}}, ...]}
// Both events of a pair have the same tracking id. Times are simulated.
#ifndef NRT_NRT_SYS_TRACE_H
#define NRT_NRT_SYS_TRACE_H

#include <nrt/nrt.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct nrt_sys_trace_config nrt_sys_trace_config_t;
typedef struct nrt_sys_trace_fetch_options nrt_sys_trace_fetch_options_t;

NRT_STATUS nrt_sys_trace_config_allocate(nrt_sys_trace_config_t **config);
/// Everything is captured: all cores, all event types, 1000000 events per core.
NRT_STATUS nrt_sys_trace_config_set_defaults(nrt_sys_trace_config_t *config);
NRT_STATUS nrt_sys_trace_config_free(nrt_sys_trace_config_t *config);
NRT_STATUS nrt_sys_trace_config_set_max_events_per_nc(nrt_sys_trace_config_t *config, uint64_t max_events_per_nc);
NRT_STATUS nrt_sys_trace_config_set_capture_enabled_for_nc(nrt_sys_trace_config_t *config, uint32_t nc_idx,
                                                           bool enabled);
/// NRT_INVALID for a type that nrt_sys_trace_get_event_types does not list.
NRT_STATUS nrt_sys_trace_config_set_capture_enabled_for_event_type(nrt_sys_trace_config_t *config,
                                                                   const char *event_type, bool enabled);
NRT_STATUS nrt_sys_trace_config_get_enabled_event_types(const nrt_sys_trace_config_t *config,
                                                        const char ***event_types, size_t *count);
NRT_STATUS nrt_sys_trace_get_event_types(const char ***event_types, size_t *count);
NRT_STATUS nrt_sys_trace_free_event_types(const char **event_types, size_t count);

NRT_STATUS nrt_sys_trace_start(nrt_sys_trace_config_t *config);
NRT_STATUS nrt_sys_trace_stop(void);

NRT_STATUS nrt_sys_trace_fetch_options_allocate(nrt_sys_trace_fetch_options_t **options);
/// All cores, no limit.
NRT_STATUS nrt_sys_trace_fetch_options_set_defaults(nrt_sys_trace_fetch_options_t *options);
NRT_STATUS nrt_sys_trace_fetch_options_free(nrt_sys_trace_fetch_options_t *options);
NRT_STATUS nrt_sys_trace_fetch_options_set_max_events_per_nc(nrt_sys_trace_fetch_options_t *options,
                                                             uint64_t max_events_per_nc);
NRT_STATUS nrt_sys_trace_fetch_options_set_nc_idx(nrt_sys_trace_fetch_options_t *options, uint32_t nc_idx);
/// Returns events and removes them. `options` may be NULL. Free the buffer with nrt_sys_trace_buffer_free.
NRT_STATUS nrt_sys_trace_fetch_events(char **buffer, size_t *written_size,
                                      const nrt_sys_trace_fetch_options_t *options);
void nrt_sys_trace_buffer_free(char *buffer);

#ifdef __cplusplus
}
#endif

#endif
