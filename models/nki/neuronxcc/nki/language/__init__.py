# SPDX-License-Identifier: Apache-2.0
"""neuronxcc.nki.language (NKI 0.1): index objects, tiles that functions return, masks, block dimensions."""
from nki._dtypes import (bfloat16, bool_, float16, float32, float4_e2m1fn_x4, float8_e4m3, float8_e4m3fn, float8_e4m3fn_x4, float8_e5m2,
                         float8_e5m2_x4, float8_e8m0fnu, int8, int16, int32, tfloat32, uint8, uint16, uint32)
from nki._dtypes import as_dtype as finfo
from nki._language import is_hbm, is_on_chip, is_psum, is_sbuf, random_seed, tile_size
from nki._loops import (affine_range, ds, dynamic_range, fori_loop, no_reorder, program_id, program_ndim, sequential_range, static_range,
                        while_loop)
from nki._nkiobject import NKIObject
from nki._tensor import PRIVATE_HBM as private_hbm
from nki._tensor import PSUM as psum
from nki._tensor import SBUF as sbuf
from nki._tensor import SHARED_HBM as shared_hbm

from .._blocks import par_dim
from .._index import arange, mgrid
from .._language import (atomic_rmw, broadcast_to, device_print, empty_like, expand_dims, full, load, load_transpose2d, matmul, ndarray,
                          ones, ones_like, rand, shared_constant, shared_identity_matrix, static_cast, store, transpose, zeros,
                         zeros_like)
from .._language_math import FUNCTIONS as _FUNCTIONS
from .._language_math import all_, dropout, gather_flattened, rms_norm, softmax, var, where
from .._launch import nc, num_programs, spmd_dim
from .._loop_reduce import loop_reduce
from .._tile import Tile as NkiTensor
from .._tile import Tile as tensor

hbm = private_hbm
bool = bool_  # noqa: A001 (the public names)
fp32 = float32
all = all_  # noqa: A001
range = affine_range  # noqa: A001
globals().update(_FUNCTIONS)

__all__ = [name for name in dir() if not name.startswith("_")]
