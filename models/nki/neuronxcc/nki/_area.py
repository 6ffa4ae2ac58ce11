# SPDX-License-Identifier: Apache-2.0
"""Masks as areas: which part of a tile an instruction works on. Most masks are boxes and become slices of every operand;
others are written in pieces (transfers) or through a predicated copy (see _assign.py)."""
from __future__ import annotations

from typing import Iterator, List, Optional, Tuple

import numpy as np

from nki._errors import fail
from nki._tensor import Tensor

from ._index import Mask

Box = List[Tuple[int, int]]  # begin and end per dimension


class Area:
    """The part of `shape` that a mask keeps: a box, or any set of elements as an array of bool. `box` is None then."""

    __slots__ = ("shape", "box", "kept")

    def __init__(self, shape: Tuple[int, ...], box: Optional[Box], kept: Optional[np.ndarray] = None):
        self.shape, self.box, self.kept = shape, box, kept

    @property
    def empty(self) -> bool:
        return self.box is not None and any(begin >= end for begin, end in self.box)

    def cut(self, view: Tensor, box: Optional[Box] = None) -> Tensor:
        """The part of an operand that belongs to the box; dimensions that are repeated over the area stay."""
        box = box or self.box
        if box is None:
            return view
        more = len(self.shape) - len(view.shape)
        key, any_part = [], False
        for dim, size in enumerate(view.shape):
            at = dim + more
            begin, end = box[at] if at >= 0 else (0, size)
            if at < 0 or size != self.shape[at] or (begin, end) == (0, size):
                key.append(slice(None))
            else:
                key.append(slice(begin, end))
                any_part = True
        return view.index(tuple(key)) if any_part else view

    def boxes(self) -> Iterator[Box]:
        """Boxes that make up the area."""
        if self.box is not None:
            yield self.box
        else:
            yield from _boxes(self.kept)

    def without(self, dims: List[int], shape: Tuple[int, ...]) -> "Area":
        """What is left of a box when dimensions are reduced; `shape` is the result's, which has 1 for them or lacks them."""
        if self.box is None:
            fail("mask", "a reduction needs a mask that keeps a box of its operand")
        box = [each for dim, each in enumerate(self.box) if dim not in dims]
        if len(shape) == len(self.box):
            box = [(0, 1) if dim in dims else each for dim, each in enumerate(self.box)]
        box += [(0, 1)] * (len(shape) - len(box))
        return Area(shape, box) if not self.empty else Area(shape, [(0, 0)] * len(shape))


def _boxes(kept: np.ndarray) -> Iterator[Box]:
    """Neighbours along the first dimension that keep the same are taken together."""
    differ = (kept[1:] != kept[:-1]).reshape(len(kept) - 1, -1).any(axis=1) if len(kept) > 1 else kept[:0]
    edges = [0] + [int(each) + 1 for each in np.flatnonzero(differ)] + [len(kept)]
    for begin, end in zip(edges, edges[1:]):
        if kept.ndim == 1:
            if kept[begin]:
                yield [(begin, end)]
        elif kept[begin].any():
            for inner in _boxes(kept[begin]):
                yield [(begin, end)] + inner


def _bounded(dim_range: Tuple[int, int], step: int, constant: int, comparison: str) -> Optional[Tuple[int, int]]:
    """The i in the range with step * i + constant >= 0 (== 0); None when that is no range."""
    begin, end = dim_range
    if comparison == "greater_equal":
        return (max(begin, -(constant // step)), end) if step > 0 else (begin, min(end, constant // -step + 1))
    if comparison == "equal":
        at = -constant // step
        return (max(begin, at), min(end, at + 1)) if at * step == -constant else (0, 0)
    return None


def _as_box(mask: Mask, shape: Tuple[int, ...]) -> Optional[Box]:
    box = [(0, size) for size in shape]
    for index, comparison in mask.terms or ():
        if index.dynamic is not None or not isinstance(index.constant, int):
            fail("mask", "depends on a value that only the device knows")
        sizes, steps = index.aligned(len(shape))
        more = len(steps) - len(shape)
        live = [dim for dim, step in enumerate(steps) if step and sizes[dim] > 1]
        if not live:
            holds = {"greater_equal": index.constant >= 0, "equal": index.constant == 0, "not_equal": index.constant != 0}[comparison]
            if not holds:
                return [(0, 0)] * len(shape)
            continue
        if len(live) > 1 or live[0] < more:
            return None
        found = _bounded(box[live[0] - more], steps[live[0]], index.constant, comparison)
        if found is None:
            return None
        box[live[0] - more] = found
    return box


def area_of(mask, shape: Tuple[int, ...]) -> Optional[Area]:
    """The area of a tile of `shape` that a mask keeps; None when that is all of it."""
    if mask is None or mask is True:
        return None
    if isinstance(mask, (bool, np.bool_, int)):
        return None if mask else Area(shape, [(0, 0)] * len(shape))
    if not isinstance(mask, Mask):
        fail("mask", f"is {mask!r}: a comparison of indices is expected", TypeError)
    box = _as_box(mask, shape) if mask.terms is not None else None
    if box is not None:
        return None if box == [(0, size) for size in shape] else Area(shape, box)
    kept = mask.test(shape)
    if kept.all():
        return None
    if not kept.any():
        return Area(shape, [(0, 0)] * len(shape))
    boxes = list(_boxes(kept))
    return Area(shape, boxes[0]) if len(boxes) == 1 else Area(shape, None, kept)
