# SPDX-License-Identifier: Apache-2.0
"""neuronxcc.nki.isa (NKI 0.1): instructions whose functions return their result as a tile. A call in the form of later
dialects, with the destination in front or as `dst`, is taken too."""
from nki.isa import *  # noqa: F401,F403 (what has the same form in all dialects)
from nki.isa import constants

from .._isa_compute import (activation, activation_reduce, bn_aggr, bn_stats, dropout, max8, nc_find_index8, nc_match_replace8, nc_matmul,
                            nc_transpose, reciprocal, scalar_tensor_tensor, tensor_partition_reduce, tensor_reduce, tensor_scalar,
                            tensor_scalar_cumulative, tensor_scalar_reduce, tensor_tensor, tensor_tensor_scan)
from .._isa_move import (affine_select, dma_compute, dma_copy, dma_transpose, iota, local_gather, memset, nc_stream_shuffle, range_select,
                         select_reduce, sendrecv, sequence_bounds, tensor_copy, tensor_copy_dynamic_dst, tensor_copy_dynamic_src,
                         tensor_copy_predicated)

__all__ = [name for name in dir() if not name.startswith("_")]
