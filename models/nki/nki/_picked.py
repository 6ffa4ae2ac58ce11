# SPDX-License-Identifier: Apache-2.0
"""tensor.indirect: operands whose elements an index tile picks (AWS NKI documentation, NeuronCore-v4)."""
from __future__ import annotations

from typing import Optional

from . import _checks as check
from . import _trace
from ._errors import fail, missing
from ._tensor import Tensor


class Picked(Tensor):
    """What .indirect() returns: an operand, not a place to make views of."""

    def __init__(self, *given):
        if len(given) != 3:
            missing("tensor.indirect", "a view of what it picks")
        view, index, count = given
        super().__init__(view.storage, view.dtype, (view.shape[0], count), (view.strides[0], 0), view.offset, view.part, view.base_shape)
        self.snake = given


def picked(view, index, num_elem: Optional[int]):
    """Elements that an index tile picks in each group of 16 partitions, index[i % 16, i // 16], for the Tensor engine of 32; NeuronCore-v4."""
    function = "tensor.indirect"
    check.since(function, 4)
    index = check.chip(function, "index", index, ("sbuf",))
    check.chip(function, "the tensor", view, ("sbuf",))
    check.dtype(function, "index", index, ("uint16",))
    named = min(32, index.shape[0]) * index.elems
    count = min(16, index.shape[0]) * index.elems if num_elem is None else int(num_elem)
    if not 0 < count <= named or index.shape[0] != view.shape[0]:
        fail(function, f"{count} elements of {list(view.shape)} by an index of {list(index.shape)}: equal partitions, and at most {named} elements")
    _trace.current(function).moving = True
    return Picked(view, index, count)
