// SPDX-License-Identifier: Apache-2.0
// The explicit asynchronous interface of the Neuron Runtime, in the generation that the macro NRTA_API_GEN names (A, B or C;
// default A): define it before the first include, or with -DNRTA_API_GEN=C. The same functions have other parameters in
// each; one file uses one of them, one program or process may use several.
//
//   A  unit types TENSOR_READ, TENSOR_WRITE, TENSOR_OP, COMPUTE, COLLECTIVES; a request's error goes to an error tracker;
//      completion handles.                                           (nrt_async_a.h, symbols NRT_2.0.0)
//   B  unit types TENSOR_OP, COMPUTE, COLLECTIVES; a request's status goes to an NRT_STATUS of the caller. Calls become
//      those of C with the tensor's own core.                        (nrt_async_b.h)
//   C  B with a logical core argument on tensor operations, and events on eventfds.
//                                                                    (nrt_async_c.h, symbols NRT_3.0.0)
//
// Every (logical core, execution unit type, queue) is one execution unit. A schedule call returns at once: NRT_SUCCESS means
// accepted, and the request has a sequence id; requests of one unit run one at a time in order, different units are not
// ordered. Besides the statuses of bad arguments, schedule calls return NRT_QUEUE_FULL, and NRT_EXEC_UNIT_UNRECOVERABLE once
// the unit has met a fatal error. A call that is not accepted writes nothing.
#ifndef NRT_NRT_ASYNC_H
#define NRT_NRT_ASYNC_H

#define NRTA_GENERATION_A 1
#define NRTA_GENERATION_B 2
#define NRTA_GENERATION_C 3

#ifdef NRTA_API_GEN
#define NRTA_GENERATION_NAMED_(letter) NRTA_GENERATION_##letter
#define NRTA_GENERATION_OF_(letter) NRTA_GENERATION_NAMED_(letter)
#define NRTA_GENERATION NRTA_GENERATION_OF_(NRTA_API_GEN)
#else
#define NRTA_GENERATION NRTA_GENERATION_A
#endif

#if NRTA_GENERATION == NRTA_GENERATION_A
#include <nrt/nrt_async_a.h>
#elif NRTA_GENERATION == NRTA_GENERATION_B
#include <nrt/nrt_async_b.h>
#elif NRTA_GENERATION == NRTA_GENERATION_C
#include <nrt/nrt_async_c.h>
#else
#error "NRTA_API_GEN must be A, B or C"
#endif

// The examples of the Neuron documentation call nrta_get_sequence(lnc, xu, &seq), without a queue: queue 0 is meant. This
// macro adds it to a call of three arguments and leaves every other use of the name alone, its address included.
#define NRTA_GET_SEQUENCE_AS_IS(...) nrta_get_sequence(__VA_ARGS__)
#define NRTA_GET_SEQUENCE_QUEUE_0(lnc, xu, seq) nrta_get_sequence(lnc, xu, 0, seq)
#define NRTA_GET_SEQUENCE_PICK(a1, a2, a3, a4, a5, a6, form, ...) form
#define nrta_get_sequence(...)                                                                             \
  NRTA_GET_SEQUENCE_PICK(__VA_ARGS__, NRTA_GET_SEQUENCE_AS_IS, NRTA_GET_SEQUENCE_AS_IS,                    \
                         NRTA_GET_SEQUENCE_AS_IS, NRTA_GET_SEQUENCE_QUEUE_0, NRTA_GET_SEQUENCE_AS_IS,      \
                         NRTA_GET_SEQUENCE_AS_IS, )                                                        \
  (__VA_ARGS__)

#endif
