# SPDX-License-Identifier: Apache-2.0
"""Which elements of a tile in PSUM a view has."""
from __future__ import annotations

import numpy as np

from ._tensor import Tensor


def region_of(dst: Tensor) -> tuple:
    """What tells apart the parts of a storage that products are written to."""
    offset = dst.offset
    return (dst.part, dst.shape[0], offset if offset.__class__ is int else offset.text(), dst.shape[1:], dst.strides[1:])


def cells(dst: Tensor) -> np.ndarray:
    """Which (partition, element) of the storage the view has, as a mask."""
    storage = dst.storage
    mask = np.zeros((storage.parts, storage.row), bool)
    part = mask[dst.part:dst.part + dst.shape[0]]
    view = np.lib.stride_tricks.as_strided(part[:, dst.offset:], dst.shape, (part.strides[0],) + dst.strides[1:])
    view[...] = True
    return mask
