# SPDX-License-Identifier: Apache-2.0
"""neuronxcc.nki.tensor: the type of tensors, also as an annotation."""
import sys as _sys

from nki.tensor import _Subscriptable

from .._tile import Tile as NkiTensor
from .._tile import Tile as Tensor

_sys.modules[__name__].__class__ = _Subscriptable
__all__ = ["Tensor", "NkiTensor"]
