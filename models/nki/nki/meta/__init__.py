# SPDX-License-Identifier: Apache-2.0
"""nki.meta: names of the tracer that kernels import."""
from .._nkiobject import NKIObject
from .._tensor import Tensor as NkiTensor

__all__ = ["NKIObject", "NkiTensor"]
