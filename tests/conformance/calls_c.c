/* SPDX-License-Identifier: Apache-2.0 */
/* The conformance client's calls in generation C. */
#define NRTA_API_GEN C
#include <nrt/nrt_async.h>
#include <nsim_hooks.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "tests/conformance/calls.h"

char call_generation(void) { return 'C'; }

/* Generation A's numbers of unit types; anything else stays wrong. */
static nrta_xu_t unit_type(int xu) {
  switch (xu) {
    case 0:
    case 1:
    case 2:
      return NRTA_XU_TENSOR_OP;
    case 3:
      return NRTA_XU_COMPUTE;
    case 4:
      return NRTA_XU_COLLECTIVES;
    default:
      return NRTA_XU_TYPE_NUM;
  }
}

static int core_of(const nrt_tensor_t *tensor) {
  int lnc_idx = 0;
  return tensor != NULL && nrt_tensor_get_lnc_index(tensor, &lnc_idx) == NRT_SUCCESS && lnc_idx > 0 ? lnc_idx : 0;
}

/* A tracker: where the requests that were given it put their statuses. */

struct nrta_error {
  nrta_seq_t seq_id;
  uint64_t error_code;
};

struct place {
  NRT_STATUS status;
  nrta_seq_t sequence;
  struct place *next;
};

struct nrta_error_tracker {
  pthread_mutex_t mutex;
  struct place *first;
  struct place **end;
  struct nrta_error *list;
  struct nrta_error_tracker *next;
};

static const NRT_STATUS kUntouched = (NRT_STATUS)12; /* a number that no status has */

static void violated(const char *rule) {
  fprintf(stderr, "conformance client: %s\n", rule);
  abort();
}

static struct place *new_place(struct nrta_error_tracker *tracker) {
  if (tracker == NULL) {
    return NULL;
  }
  struct place *place = (struct place *)calloc(1, sizeof *place);
  if (place == NULL) {
    abort();
  }
  place->status = kUntouched;
  return place;
}

static NRT_STATUS *status_of(struct place *place) { return place == NULL ? NULL : &place->status; }

/* Ends a schedule call: R18 and R44 for one that was refused, an entry of the tracker otherwise. */
static NRT_STATUS finish(struct nrta_error_tracker *tracker, struct place *place, NRT_STATUS status,
                         const nrta_seq_t *sequence) {
  if (place == NULL) {
    return status;
  }
  if (status != NRT_SUCCESS) {
    if (place->status != kUntouched) {
      violated("R18, R44: a refused call wrote a status");
    }
    free(place);
    return status;
  }
  place->sequence = *sequence;
  pthread_mutex_lock(&tracker->mutex);
  *tracker->end = place;
  tracker->end = &place->next;
  pthread_mutex_unlock(&tracker->mutex);
  return status;
}

NRT_STATUS call_tensor_write(nrt_tensor_t *tensor, const void *buf, uint64_t offset, uint64_t size, int queue,
                             struct nrta_error_tracker *err, nrta_seq_t *req_sequence) {
  struct place *place = new_place(err);
  return finish(err, place,
                nrta_tensor_write(tensor, buf, offset, size, core_of(tensor), queue, status_of(place), req_sequence),
                req_sequence);
}

NRT_STATUS call_tensor_read(void *buf, nrt_tensor_t *tensor, uint64_t offset, uint64_t size, int queue,
                            struct nrta_error_tracker *err, nrta_seq_t *req_sequence) {
  struct place *place = new_place(err);
  return finish(err, place,
                nrta_tensor_read(buf, tensor, offset, size, core_of(tensor), queue, status_of(place), req_sequence),
                req_sequence);
}

NRT_STATUS call_tensor_copy(nrt_tensor_t *src, uint64_t src_offset, nrt_tensor_t *dst, uint64_t dst_offset, uint64_t size,
                            int queue, struct nrta_error_tracker *err, nrta_seq_t *req_sequence) {
  struct place *place = new_place(err);
  return finish(
      err, place,
      nrta_tensor_copy(src, src_offset, dst, dst_offset, size, core_of(src), queue, status_of(place), req_sequence),
      req_sequence);
}

NRT_STATUS call_execute_schedule(nrt_model_t *model, const nrt_tensor_set_t *input, nrt_tensor_set_t *output, int queue,
                                 struct nrta_error_tracker *err, nrta_seq_t *req_sequence) {
  struct place *place = new_place(err);
  return finish(err, place, nrta_execute_schedule(model, input, output, queue, status_of(place), req_sequence),
                req_sequence);
}

NRT_STATUS call_cc_prepare(nrt_cc_comm_t *comm, nrt_tensor_list_t *input, nrt_tensor_list_t *output, nrt_dtype_t dtype,
                           nrt_op_type_t op, nrt_cc_op_type_t cc_op, nrt_cc_context_t **cc_ctx) {
  return nrta_cc_prepare(comm, input, output, dtype, op, cc_op, cc_ctx);
}

NRT_STATUS call_cc_schedule(nrt_cc_context_t **cc_ctx, int queue, struct nrta_error_tracker *err,
                            nrta_seq_t *req_sequence) {
  struct place *place = new_place(err);
  return finish(err, place, nrta_cc_schedule(cc_ctx, queue, status_of(place), req_sequence), req_sequence);
}

NRT_STATUS call_is_completed(nrta_seq_t seq, bool *is_completed) { return nrta_is_completed(seq, is_completed); }

NRT_STATUS call_get_sequence(uint32_t lnc, int xu, int queue, nrta_seq_t *seq) {
  return nrta_get_sequence(lnc, unit_type(xu), queue, seq);
}

NRT_STATUS call_get_completion_handle(nrta_seq_t seq, int *fd) {
  const int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  const NRT_STATUS status = nrta_event_register_seq_id_completion(seq, event);
  if (status != NRT_SUCCESS) {
    close(event);
    return status;
  }
  *fd = event;
  return NRT_SUCCESS;
}

/* Trackers live until the process ends: requests may still have places in them. */
static struct nrta_error_tracker *all_trackers;

NRT_STATUS call_error_tracker_create(uint32_t lnc_idx, struct nrta_error_tracker **tracker) {
  (void)lnc_idx;
  struct nrta_error_tracker *created = (struct nrta_error_tracker *)calloc(1, sizeof *created);
  if (created == NULL) {
    return NRT_RESOURCE;
  }
  pthread_mutex_init(&created->mutex, NULL);
  created->end = &created->first;
  created->next = all_trackers;
  all_trackers = created;
  *tracker = created;
  return NRT_SUCCESS;
}

void call_error_tracker_destroy(struct nrta_error_tracker *tracker) { (void)tracker; }

/* The failed requests among those that are complete: a status must be there no later than that. */
NRT_STATUS call_error_tracker_get_list(struct nrta_error_tracker *tracker, const struct nrta_error **list,
                                       size_t *error_count) {
  size_t places = 0;
  pthread_mutex_lock(&tracker->mutex);
  for (const struct place *place = tracker->first; place != NULL; place = place->next) {
    places++;
  }
  free(tracker->list);
  tracker->list = (struct nrta_error *)calloc(places + 1, sizeof *tracker->list);
  size_t errors = 0;
  NRT_STATUS result = NRT_SUCCESS;
  for (const struct place *place = tracker->first; place != NULL && result == NRT_SUCCESS; place = place->next) {
    bool done = false;
    result = nrta_is_completed(place->sequence, &done);
    if (done && place->status == kUntouched) {
      violated("R40, R44: a request is complete and its status is not there");
    }
    if (done && place->status != NRT_SUCCESS) {
      tracker->list[errors].seq_id = place->sequence;
      tracker->list[errors].error_code = place->status;
      errors++;
    }
  }
  *list = tracker->list;
  *error_count = errors;
  pthread_mutex_unlock(&tracker->mutex);
  return result;
}

NRT_STATUS call_hook_inject(uint32_t lnc, int xu, int queue, int fault, uint64_t skip) {
  return nsim_hook_inject(lnc, unit_type(xu), queue, (nsim_fault_t)fault, skip);
}

NRT_STATUS call_hook_pause(uint32_t lnc, int xu, int queue, bool paused) {
  return nsim_hook_pause(lnc, unit_type(xu), queue, paused);
}

NRT_STATUS call_hook_set_next_number(uint32_t lnc, int xu, int queue, uint64_t number) {
  return nsim_hook_set_next_number(lnc, unit_type(xu), queue, number);
}

/* As they are. */

NRT_STATUS call_c_tensor_write(nrt_tensor_t *tensor, const void *buf, uint64_t offset, uint64_t size, int lnc_idx, int queue,
                               NRT_STATUS *ret, nrta_seq_t *req_sequence) {
  return nrta_tensor_write(tensor, buf, offset, size, lnc_idx, queue, ret, req_sequence);
}

NRT_STATUS call_c_tensor_read(void *buf, nrt_tensor_t *tensor, uint64_t offset, uint64_t size, int lnc_idx, int queue,
                              NRT_STATUS *ret, nrta_seq_t *req_sequence) {
  return nrta_tensor_read(buf, tensor, offset, size, lnc_idx, queue, ret, req_sequence);
}

NRT_STATUS call_c_tensor_copy(nrt_tensor_t *src, uint64_t src_offset, nrt_tensor_t *dst, uint64_t dst_offset,
                              uint64_t size, int lnc_idx, int queue, NRT_STATUS *ret, nrta_seq_t *req_sequence) {
  return nrta_tensor_copy(src, src_offset, dst, dst_offset, size, lnc_idx, queue, ret, req_sequence);
}

NRT_STATUS call_c_execute_schedule(nrt_model_t *model, const nrt_tensor_set_t *input, nrt_tensor_set_t *output, int queue,
                                   NRT_STATUS *ret, nrta_seq_t *req_sequence) {
  return nrta_execute_schedule(model, input, output, queue, ret, req_sequence);
}

NRT_STATUS call_c_cc_schedule(nrt_cc_context_t **cc_ctx, int queue, NRT_STATUS *ret, nrta_seq_t *req_sequence) {
  return nrta_cc_schedule(cc_ctx, queue, ret, req_sequence);
}

NRT_STATUS call_c_get_sequence(uint32_t lnc, int xu, int queue, nrta_seq_t *seq) {
  return nrta_get_sequence(lnc, (nrta_xu_t)xu, queue, seq);
}

NRT_STATUS call_c_event_register_seq_id_completion(nrta_seq_t seq, int fd) {
  return nrta_event_register_seq_id_completion(seq, fd);
}

NRT_STATUS call_c_event_register_xu_completion(uint32_t lnc, int xu, int queue, int fd) {
  return nrta_event_register_xu_completion(lnc, (nrta_xu_t)xu, queue, fd);
}
