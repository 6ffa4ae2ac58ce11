# SPDX-License-Identifier: Apache-2.0
"""nki.tensor: the type of tensors, also as an annotation (`-> nki.tensor`, `x: nki.tensor[128, 512]`)."""
import sys as _sys
from types import ModuleType as _ModuleType

from .._tensor import Tensor, Tensor as NkiTensor

__all__ = ["Tensor", "NkiTensor"]


class _Subscriptable(_ModuleType):
    def __getitem__(self, shape):
        return self

    def __or__(self, other):
        return self

    __ror__ = __or__


_sys.modules[__name__].__class__ = _Subscriptable
