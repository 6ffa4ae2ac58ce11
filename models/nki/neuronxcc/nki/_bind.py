# SPDX-License-Identifier: Apache-2.0
"""How a function of the first dialect becomes an instruction of the core: its operands are cut to the mask, a result is
allocated when the call names no destination, and the core's function is called with it."""
from __future__ import annotations

import functools
from typing import Any, Callable, Optional, Tuple

from nki import _checks as check
from nki import _language as basic
from nki import _memory
from nki._dtypes import DType, as_dtype
from nki._errors import fail
from nki._tensor import PSUM, SBUF, Tensor

from . import _assign
from ._area import Area, area_of
from ._blocks import Blocks
from ._tile import Tile, as_tile, checked

_RANKS = {"float32": 4, "tfloat32": 3, "bfloat16": 2, "float16": 2}


def promoted(*types: DType) -> DType:
    """The type of a result of several operands: the one that holds most."""
    best = types[0]
    for each in types[1:]:
        if each is best:
            continue
        if each.is_float is not best.is_float:
            best = each if each.is_float else best
        elif each.is_float:
            one, two = _RANKS.get(best.name, 1), _RANKS.get(each.name, 1)
            best = as_dtype("float32") if one == two else each if two > one else best
        elif each.itemsize > best.itemsize:
            best = each
    return best


def tile_of(function: str, what: str, value) -> Tile:
    """An operand as a tile of this dialect."""
    if isinstance(value, Tile):
        return value
    if isinstance(value, Blocks):
        fail(function, f"{what} is {value!r}: instructions work on one block, give an index for each block dimension")
    return as_tile(check.tensor(function, what, value))


class Call:
    """A call with a mask: `area` is what of the first operand's shape is kept."""

    def __init__(self, function: str, mask, shape: Tuple[int, ...]):
        self.function = function
        self.shape = shape
        self.area: Optional[Area] = None if mask is None else area_of(mask, shape)

    def part(self, what: str, value) -> Any:
        """An operand, or anything else that may stand in its place, cut to the area."""
        if value.__class__ is Tile and self.area is None and value.reach is None:
            return value
        if isinstance(value, (Tensor, Blocks)) or hasattr(value, "nki_tensor"):
            return checked(self.function, tile_of(self.function, what, value), self.area)
        return value

    def result(self, emit: Callable, dtype, dst=None, shape: Optional[Tuple[int, ...]] = None, buffer=SBUF,
               area: Optional[Area] = None, again: bool = False):
        """emit(destination) for `dst`, or for a new tile, which is returned."""
        area = area or self.area
        if dst is not None:
            return _into(self.function, emit, dtype, tile_of(self.function, "dst", dst), area)
        made = _memory.allocate(shape or self.shape, dtype, buffer, "", function=self.function, cls=Tile)
        made.area = area
        if area is None or not area.empty:
            emit(made if area is None else area.cut(made))
        if again:
            made.again = emit
        return made


def _into(function: str, emit: Callable, dtype, dst: Tile, area: Optional[Area]):
    if area is not None and area.empty:
        return None
    if area is None or area.box is not None:
        return emit(checked(function, dst, area))
    made = _memory.allocate(dst.shape, dtype, SBUF, "", function=function, cls=Tile)
    record = emit(made)
    _assign.predicated(dst, made, area)
    return record


def spread(function: str, view: Tile, shape: Tuple[int, ...]) -> Tile:
    """An operand repeated to the shape of the others."""
    if view.shape == shape or view.elems * view.shape[0] == _size(shape):
        return view
    return as_tile(basic.broadcast_to(view, shape, function=function))


def column(view, like: Tensor):
    """A scalar operand for every partition of `like`: one for all is repeated."""
    if isinstance(view, Tensor) and view.shape[0] == 1 and like.shape[0] > 1 and view.elems == 1:
        return basic.broadcast_to(view.reshape((1, 1)), (like.shape[0], 1))
    return view


def _size(shape: Tuple[int, ...]) -> int:
    size = 1
    for each in shape:
        size *= each
    return size


def in_sbuf(view):
    """An operand for an engine or a transfer that does not reach PSUM: copied to SBUF when it is there."""
    return basic.copy(view) if isinstance(view, Tensor) and view.space == "psum" else view


def bound(tensors: int, core: Callable, then: str = ""):
    """Decorates a function of this dialect, whose first arguments are at most `tensors` tensors. Calls in the form of later
    dialects, with the destination in front, go to `core`. `then` is a parameter that may be one more tensor, before operators."""
    def decorate(function: Callable) -> Callable:
        names = function.__code__.co_varnames[:tensors]

        @functools.wraps(function)
        def call(*args, **kwargs):
            if len(args) <= tensors:
                if kwargs and any(name in kwargs for name in names[:len(args)]):  # what stands in its place is a destination
                    kwargs.pop("mask", None)
                    return core(*args, **kwargs)
                return function(*args, **kwargs)
            leading = 0
            for each in args:
                if not isinstance(each, (Tensor, Blocks)):
                    break
                leading += 1
            one_more = then and then not in kwargs and (len(args) == tensors + 1 or len(args) > leading and callable(args[tensors + 1]))
            if leading > tensors + bool(one_more):
                kwargs.pop("mask", None)
                return core(*args, **kwargs)
            return function(*args, **kwargs)
        return call
    return decorate


__all__ = ["Call", "PSUM", "SBUF", "bound", "column", "in_sbuf", "promoted", "spread", "tile_of"]
