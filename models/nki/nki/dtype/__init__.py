# SPDX-License-Identifier: Apache-2.0
"""nki.dtype: the element types; the module itself serves as an annotation."""
import sys as _sys

from .._dtypes import (DType, bfloat16, bool_, float16, float32, float4_e2m1fn_x4, float8_e4m3, float8_e4m3fn, float8_e4m3fn_x4, float8_e5m2,
                       float8_e5m2_x4, float8_e8m0fnu, int8, int16, int32, tfloat32, uint8, uint16, uint32)
from ..tensor import _Subscriptable

_sys.modules[__name__].__class__ = _Subscriptable
__all__ = [name for name in dir() if not name.startswith("_")]
