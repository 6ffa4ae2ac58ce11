# SPDX-License-Identifier: Apache-2.0
"""nki.isa: one function per instruction of a NeuronCore (AWS NKI documentation, nki.isa, NKI 0.6)."""
from .. import _trace as _t
from .._enums import (dge_mode, dma_engine, engine, gpsimd_engine, matmul_perf_mode, nc_version, oob_mode, reduce_cmd, scalar_engine,
                      sync_engine, tensor_engine, unknown_engine, vector_engine)
from .._errors import NkiValidationError
from .._isa_data import (core_barrier, local_gather, memset, nc_n_gather, nc_stream_shuffle, tensor_copy, tensor_copy_predicated)
from .._isa_dma import dma_compute, dma_copy, dma_transpose, sendrecv
from .._isa_elementwise import (activate2, activation, activation_reduce, exponential, reciprocal, scalar_tensor_tensor, tensor_partition_reduce,
                                tensor_reduce, tensor_scalar, tensor_scalar_cumulative, tensor_scalar_reduce, tensor_tensor, tensor_tensor_scan)
from .._isa_matrix import nc_matmul, nc_matmul_mx, nc_transpose, quantize_mx
from .._isa_random import dropout, rand2, rand_get_state, rand_set_state, rng, set_rng_seed
from .._isa_registers import register_alloc, register_load, register_move, register_store
from .._isa_select import (affine_select, bn_aggr, bn_stats, iota, max8, nc_find_index8, nc_match_replace8, nonzero_with_count,
                           range_select, select_reduce, sequence_bounds, topk)
from .._registers import VirtualRegister
from .._target import current_target as _current_target
from .._trace import Record as NkiInstruction


def get_nc_version() -> nc_version:
    """The generation of NeuronCores that is traced for."""
    trace = _t.active()
    return nc_version((trace.target if trace else _current_target()).version)


def get_nc_sub_version() -> int:
    return 0


__all__ = [name for name in dir() if not name.startswith("_")]
