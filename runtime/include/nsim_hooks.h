// SPDX-License-Identifier: Apache-2.0
// Test hooks of the simulator; a real runtime has none of them. They work only when the process was started with NSIM_HOOKS=1;
// otherwise every call returns NRT_INVALID and does nothing. Units are named as in the generation of nrt_async.h that is in use.
#ifndef NSIM_HOOKS_H
#define NSIM_HOOKS_H

#include <nrt/nrt_async.h>

#ifdef __cplusplus
extern "C" {
#endif

/// What goes wrong in the device, and the status of the request that meets it.
typedef enum {
  NSIM_FAULT_HANG = 1,                   // NRT_TIMEOUT
  NSIM_FAULT_HBM_UNCORRECTABLE = 2,      // NRT_EXEC_HW_ERR_HBM_UE
  NSIM_FAULT_HBM_REPAIRABLE = 3,         // NRT_EXEC_HW_ERR_REPAIRABLE_HBM_UE
  NSIM_FAULT_SRAM_PARITY = 4,            // NRT_EXEC_HW_ERR_NC_UE
  NSIM_FAULT_DMA_ABORT = 5,              // NRT_EXEC_HW_ERR_DMA_ABORT
  NSIM_FAULT_SEMAPHORE_MISUSE = 6,       // NRT_EXEC_COMPLETED_WITH_ERR
  NSIM_FAULT_OUT_OF_BOUNDS = 7,          // NRT_EXEC_OOB
  NSIM_FAULT_NUMERICAL_NAN = 8,          // NRT_EXEC_COMPLETED_WITH_NUM_ERR
  NSIM_FAULT_NOTIFICATION_OVERFLOW = 9,  // NRT_EXEC_SW_NQ_OVERFLOW
  NSIM_FAULT_COLLECTIVE_STUCK = 10,      // NRT_EXEC_HW_ERR_COLLECTIVES
  NSIM_FAULT_HOST_LINK_TIMEOUT = 11,     // NRT_HW_ERROR
  NSIM_FAULT_BAD_DESCRIPTOR = 12         // NRT_EXEC_BAD_INPUT
} nsim_fault_t;

/// The unit's next request after `skip` more meets the fault.
NRT_STATUS nsim_hook_inject(uint32_t lnc, int xu, int queue, nsim_fault_t fault, uint64_t skip);
/// Adds to the faults that are planned: TOML text with [[fault]] tables, as in a fault plan. Text that is wrong is refused as a
/// whole with NRT_INVALID and a log line that names the place.
NRT_STATUS nsim_hook_inject_plan(const char *toml);
/// One cell of the matrix of fault points: a point, a phase it can strike in, and a type of unit that goes through that phase.
typedef struct {
  const char *point;  // names as in a fault plan; static
  const char *phase;
  const char *unit;
  NRT_STATUS status;  // of the request that meets it
  bool fatal;         // the unit is unrecoverable afterwards
} nsim_fault_cell_t;
/// The cells are numbered from 0; NRT_INVALID past the last one.
NRT_STATUS nsim_hook_fault_cell(uint32_t index, nsim_fault_cell_t *cell);
/// What only a reload of the driver repairs is repaired in the next nrt_init. Also between nrt_close and nrt_init.
NRT_STATUS nsim_hook_reload_driver(void);
/// When the device began and ended one of the last few completed requests, in picoseconds of simulated time.
NRT_STATUS nsim_hook_times(nrta_seq_t sequence, uint64_t *started, uint64_t *ended);
/// While paused, a unit accepts requests and does not start them. Requests that are already at the device go on.
NRT_STATUS nsim_hook_pause(uint32_t lnc, int xu, int queue, bool paused);
/// The number the unit gives to its next request; only while it has none outstanding.
NRT_STATUS nsim_hook_set_next_number(uint32_t lnc, int xu, int queue, uint64_t number);
/// The counters of all cores and the memory in use as JSON text (`counters` in summary.json), with a NUL at its end; `*size` is
/// the room, and becomes what is needed. NRT_RESOURCE, and nothing is written, when the room is too small.
NRT_STATUS nsim_hook_counters(char *json, size_t *size);
/// Simulated time of the host in picoseconds.
NRT_STATUS nsim_hook_now(uint64_t *picoseconds);

#ifdef __cplusplus
}
#endif

// The hooks themselves know the unit types of generation A; those of B and C follow its two for reads and writes.
#define NSIM_HOOK_UNIT_TYPE(xu) ((int)(xu) + (NRTA_GENERATION == NRTA_GENERATION_A ? 0 : 2))
#define nsim_hook_inject(lnc, xu, queue, fault, skip) nsim_hook_inject(lnc, NSIM_HOOK_UNIT_TYPE(xu), queue, fault, skip)
#define nsim_hook_pause(lnc, xu, queue, paused) nsim_hook_pause(lnc, NSIM_HOOK_UNIT_TYPE(xu), queue, paused)
#define nsim_hook_set_next_number(lnc, xu, queue, number) \
  nsim_hook_set_next_number(lnc, NSIM_HOOK_UNIT_TYPE(xu), queue, number)

#endif
