// SPDX-License-Identifier: Apache-2.0
// What all generations of the asynchronous interface have in common. Included by nrt_async.h.
#ifndef NRT_NRT_ASYNC_TYPES_H
#define NRT_NRT_ASYNC_TYPES_H

#include <nrt/nrt.h>

/// Unit id in bits 63..48, number in bits 47..0. Numbers of one unit count up by one from 1; 0 means "none yet".
typedef uint64_t nrta_seq_t;
typedef uint16_t nrta_xu_id_t;

#define NRTA_SEQ_NUM_MAX ((1ULL << 48) - 1)
#define NRTA_SEQ_NUM_MASK NRTA_SEQ_NUM_MAX
#define NRTA_SEQ_GET_SEQ_NUM(seq_id) ((uint64_t)(seq_id) & NRTA_SEQ_NUM_MASK)
#define NRTA_SEQ_GET_XU_ID(seq_id) ((nrta_xu_id_t)((uint64_t)(seq_id) >> 48))

// NRTA_BIND_(name, version): calls of `name` in this file mean the library's symbol of that version, whichever of its
// versions the linker finds first. Off with NRTA_NO_SYMBOL_VERSIONS: then the library that is linked decides.
#if defined(__ELF__) && defined(__GNUC__) && !defined(NRTA_NO_SYMBOL_VERSIONS)
#define NRTA_BIND_(name, version) __asm__(".symver " #name "," #name "@" version);
#else
#define NRTA_BIND_(name, version)
#endif

#endif
