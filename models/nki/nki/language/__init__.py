# SPDX-License-Identifier: Apache-2.0
"""nki.language: element types, memory, tensors, loops, and functions that become instructions (NKI 0.6)."""
from .. import _language_math as _math
from .._checks import without_mask as _without_mask
from .._dtypes import (bfloat16, bool_, float16, float32, float4_e2m1fn_x4, float8_e4m3, float8_e4m3fn, float8_e4m3fn_x4, float8_e5m2,
                       float8_e5m2_x4, float8_e8m0fnu, int8, int16, int32, tfloat32, uint8, uint16, uint32)
from .._language import (broadcast_to, device_print, empty_like, expand_dims, full, is_hbm, is_on_chip, is_psum, is_sbuf, load,
                         load_transpose2d, matmul, ndarray, ones, rand, random_seed, shared_constant, shared_identity_matrix, store, tile_size,
                         transpose, zeros, zeros_like)
from .._language_math import all, dropout, gather_flattened, rms_norm, softmax, var, where
from .._loops import (affine_range, ds, dynamic_range, fori_loop, nc, no_reorder, num_programs, program_id, program_ndim, sequential_range,
                      static_range, while_loop)
from .._nkiobject import NKIObject
from .._operators import OPERATORS as _OPERATORS
from .._tensor import PRIVATE_HBM as private_hbm
from .._tensor import PSUM as psum
from .._tensor import SBUF as sbuf
from .._tensor import SHARED_HBM as shared_hbm
from .._tensor import Tensor as NkiTensor

hbm = private_hbm
bool = bool_  # noqa: A001 (the public name)
fp32 = float32
range = affine_range  # noqa: A001
globals().update({each.__name__: _without_mask(each) for each in (
    load_transpose2d, transpose, matmul, broadcast_to, all, dropout, gather_flattened, rms_norm, softmax, var, where)})
globals().update({name: op for name, op in _OPERATORS.items()})

__all__ = [name for name in dir() if not name.startswith("_")]
