# SPDX-License-Identifier: Apache-2.0
"""nki.language of the first dialect: allocation, loads and stores with masks and tiles of indices, copies, products."""
from __future__ import annotations

import numbers
from typing import Iterator, Optional, Tuple

import numpy as np

from nki import _language as basic
from nki import _memory, isa
from nki._dtypes import as_dtype, marked
from nki._enums import UNKNOWN
from nki._errors import fail
from nki._operators import OPERATORS, alu
from nki._target import PARTITIONS
from nki._tensor import SBUF, Tensor

from . import _blocks
from . import _isa_compute as compute
from . import _isa_move as move
from ._area import Area
from ._assign import copy_into, fitted
from ._bind import Call, in_sbuf, tile_of
from ._blocks import Blocks
from ._tile import Tile, as_tile, checked


# Allocation.
def ndarray(shape, dtype, *, buffer=None, name="", address=None, **_):
    return _blocks.allocate("nl.ndarray", shape, dtype, buffer, name, None, address)


def zeros(shape, dtype, *, buffer=None, name="", **_):
    return _blocks.allocate("nl.zeros", shape, dtype, buffer, name, 0.0)


def ones(shape, dtype, *, buffer=None, name="", **_):
    return _blocks.allocate("nl.ones", shape, dtype, buffer, name, 1.0)


def full(shape, fill_value, dtype, *, buffer=None, name="", **_):
    return _blocks.allocate("nl.full", shape, dtype, buffer, name, fill_value)


def _like(x, dtype, buffer, name: str, fill: Optional[float]):
    shape = tuple(x.shape)
    if isinstance(x, Blocks):
        first = len(x.counts) - len(x.index)
        shape = shape[:first] + (_blocks.par_dim(shape[first]),) + shape[first + 1:]
    return _blocks.allocate("nl.zeros_like", shape, dtype or x.dtype, buffer or x.buffer, name, fill)


def zeros_like(x, dtype=None, *, buffer=None, name="", **_):
    return _like(x, dtype, buffer, name, 0.0)


def ones_like(x, dtype=None, *, buffer=None, name="", **_):
    return _like(x, dtype, buffer, name, 1.0)


def empty_like(x, dtype=None, *, buffer=None, name="", **_):
    return _like(x, dtype, buffer, name, None)


def rand(shape, dtype="float32", **_):
    return as_tile(basic.rand(shape, dtype))


def shared_constant(constant, dtype=None, **_):
    return as_tile(basic.shared_constant(constant, dtype))


def shared_identity_matrix(n: int, dtype="uint8", dst=None):
    return as_tile(basic.shared_identity_matrix(n, dtype, dst))


def static_cast(value, dtype):
    """An array of the host, or a tile, in another type."""
    return copy(value, dtype=dtype) if isinstance(value, Tensor) else marked(np.asarray(value), as_dtype(dtype))


# Transfers.
def _tile_shape(shape: Tuple[int, ...]) -> Tuple[int, ...]:
    """A tile for a view in HBM: one dimension becomes partitions while there are enough."""
    if len(shape) > 1:
        return shape
    if not shape:
        return (1, 1)
    return (shape[0], 1) if shape[0] <= PARTITIONS else (1, shape[0])


def _columns(view: Tensor, tile: Tensor) -> Iterator[Tuple[Tensor, Tensor]]:
    """Transfers whose rows a tile of indices picks, one for each column of indices: (of HBM, of the tile)."""
    index, step = view.vector
    if index.elems == 1:
        yield view, tile
        return
    flat = index.reshape((index.shape[0], index.elems))
    first, rows = 0, 1  # dimensions that the index counts
    while rows < index.size:
        rows *= view.shape[first]
        first += 1
    inner = tuple(view.shape[first:])
    data = tile.reshape((tile.shape[0], index.elems, tile.elems // index.elems))
    for at in range(index.elems):
        row = Tile(view.storage, view.dtype, (view.shape[0],) + inner, (view.strides[0],) + tuple(view.strides[first:]), view.offset,
                   view.part, view.base_shape, view.dynamic, (flat.index((slice(None), slice(at, at + 1))), step))
        yield row, data.index((slice(None), slice(at, at + 1)))


def load(src, *more, mask=None, dtype=None, oob_mode=isa.oob_mode.error, **_):
    """A view in HBM as a new tile in SBUF; what a mask leaves out is undefined."""
    function = "nl.load"
    dtype = more[0] if more else dtype
    if mask is None and src.__class__ is Tile and src.space == "hbm" and src.reach is None and src.vector is None and len(src.shape) > 1:
        made = _memory.allocate(src.shape, dtype or src.dtype, SBUF, "", function=function, cls=Tile)
        isa.dma_copy(made, src, oob_mode=oob_mode)
        return made
    src = tile_of(function, "src", src)
    if src.space != "hbm":
        return copy(src, mask=mask, dtype=dtype)
    call = Call(function, mask, src.shape)
    made = _memory.allocate(_tile_shape(src.shape), dtype or src.dtype, SBUF, "", function=function, cls=Tile)
    made.area = _reshaped_area(call.area, made.shape)
    for to, source in _transfers(call.area, made, src, function):
        if source.vector is not None:
            for row, part in _columns(source, to):
                isa.dma_copy(part, row, oob_mode=oob_mode)
        else:
            isa.dma_copy(to, source)
    return made


def _reshaped_area(area: Optional[Area], shape: Tuple[int, ...]) -> Optional[Area]:
    if area is None or area.shape == shape:
        return area
    if area.box is None:
        return Area(shape, None, area.kept.reshape(shape))
    return Area(shape, area.box + [(0, 1)] if shape[-1] == 1 else [(0, 1)] + area.box)


def _transfers(area: Optional[Area], tile: Tensor, memory: Tensor, function: str) -> Iterator[Tuple[Tensor, Tensor]]:
    """(part of the tile, part of HBM) of the boxes of an area."""
    if area is None:
        yield tile, checked(function, memory)
    elif not area.empty:
        same = area if tile.shape == area.shape else _reshaped_area(area, tile.shape)
        for box, inner in zip(area.boxes(), same.boxes()):
            part = Area(area.shape, box)
            source = checked(function, memory, part)
            if source.vector is not None:
                index, step = source.vector
                source.vector = (part.cut(index), step)
            yield same.cut(tile, inner), source


def _check_store(function: str, value: Tensor, dst: Tensor) -> None:
    """A tile has the shape of the view but for dimensions of 1 and how a row is split, or is repeated as numpy would."""
    have, want = value.shape, dst.shape
    if have == want or have[0] == want[0] and value.size == dst.size:
        return
    if [each for each in have if each != 1] == [each for each in want if each != 1]:
        return
    padded = (1,) * (len(want) - len(have)) + have
    if len(have) > len(want) or any(one not in (1, size) for one, size in zip(padded, want)):
        fail(function, f"value is {list(have)}, dst {list(want)}: the tile must have that shape, or one that can be repeated to it")
    if len(have) < len(want) and have[0] != 1:
        fail(function, f"value is {list(have)}, dst {list(want)}: a tile of several partitions is not repeated over dimensions in front of them")


def store(dst, value, *, mask=None, oob_mode=isa.oob_mode.error, **_):
    """A tile or a number to a view in HBM."""
    function = "nl.store"
    dst = tile_of(function, "dst", dst)
    if isinstance(value, numbers.Real):
        value = _blocks.allocate(function, _tile_shape(dst.shape), dst.dtype, SBUF, "", float(value))
    value = tile_of(function, "value", value)
    if dst.space != "hbm":
        value = fitted(value, dst.shape, function)
        call = Call(function, mask, dst.shape)
        held, value = value.area, as_tile(value)
        value.area = call.area or held
        copy_into(dst, value)
        return None
    _check_store(function, value, dst)
    call = Call(function, mask, dst.shape)
    shape = _tile_shape(dst.shape)
    value = as_tile(value if value.size == dst.size and (call.area is None or value.shape == shape) else fitted(value, shape, function))
    area = call.area or (value.area if value.area is not None and value.shape == dst.shape else None)
    if value.space == "psum":
        value = copy(value, dtype=dst.dtype)
    record = None
    for source, to in _transfers(area, value, dst, function):
        source = checked(function, source)
        if to.vector is not None:
            for row, part in _columns(to, source):
                record = isa.dma_copy(row, part, oob_mode=oob_mode)
        else:
            record = isa.dma_copy(to, source)
    return record


def atomic_rmw(dst, value, op=OPERATORS["add"], *, mask=None, **_):
    """dst += value in HBM."""
    if alu("nl.atomic_rmw", op) != "add":
        fail("nl.atomic_rmw", f"op {op!r}: the DMA engines can only add")
    return move.dma_copy(dst=dst, src=value, mask=mask, dst_rmw_op=op)


def load_transpose2d(src, *, mask=None, dtype=None, **_):
    src = tile_of("nl.load_transpose2d", "src", src)
    call = Call("nl.load_transpose2d", mask, src.shape)
    if call.area is None:
        return as_tile(basic.load_transpose2d(checked("nl.load_transpose2d", src), dtype))
    return transpose(load(src, mask=mask, dtype=dtype))


# Copies and products.
def copy(src, *more, mask=None, dtype=None, engine=UNKNOWN, **_):
    """A tile in SBUF, whatever it is a copy of."""
    return move.tensor_copy(src, mask=mask, dtype=more[0] if more else dtype, engine=engine)


def transpose(x, *, dtype=None, mask=None, **_):
    x = tile_of("nl.transpose", "x", x)
    turned = compute.nc_transpose(x, mask=mask, engine=isa.engine.tensor)
    made = copy(_unmasked(turned), dtype=dtype)
    made.area = turned.area
    return made


def _unmasked(view: Tile) -> Tile:
    """What was written of a result."""
    return view if view.area is None else as_tile(view.area.cut(view))


def matmul(x, y, transpose_x=False, *, mask=None, **_):
    """x[M, K] @ y[K, N], or x[K, M].T @ y, in PSUM."""
    x, y = tile_of("nl.matmul", "x", x), tile_of("nl.matmul", "y", y)
    if not transpose_x and x.size // x.parts > PARTITIONS:
        fail("nl.matmul", f"x is {list(x.shape)}: at most {PARTITIONS} columns can be summed over at a time; add up the products of slices")
    return compute.nc_matmul(in_sbuf(x) if transpose_x else transpose(x), in_sbuf(y), mask=mask)


def expand_dims(data, axis: int):
    return as_tile(data.expand_dim(axis))


def broadcast_to(src, shape=None, **more):
    shape = shape if shape is not None else more.get("shape")
    return as_tile(basic.broadcast_to(tile_of("nl.broadcast_to", "src", src), shape))


def device_print(print_prefix, x, *, mask=None, **_):
    basic.device_print(print_prefix, tile_of("nl.device_print", "x", x))


Tile.broadcast_to = lambda self, *shape, **more: broadcast_to(self, shape[0] if len(shape) == 1 and not isinstance(shape[0], int) else shape)
Tile.astype = lambda self, dtype, **_: copy(self, dtype=dtype)
