# SPDX-License-Identifier: Apache-2.0
"""neuronxcc.nki.dtype: the element types; the module itself serves as an annotation."""
import sys as _sys

from nki.dtype import *  # noqa: F401,F403
from nki.tensor import _Subscriptable

_sys.modules[__name__].__class__ = _Subscriptable
