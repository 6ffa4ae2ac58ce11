# SPDX-License-Identifier: Apache-2.0
"""Allocation in the first NKI dialect: block dimensions before nl.par_dim, and the allocators of nki.compiler."""
from __future__ import annotations

import sys
from itertools import product
from math import prod
from typing import Callable, Dict, Optional, Tuple

import numpy as np

from nki import _memory
from nki._dtypes import DType, as_dtype
from nki._errors import fail
from nki._isa_data import memset
from nki._language import full as _full_of
from nki._tensor import PSUM, SBUF, Buffer

from ._assign import assign
from ._index import Index
from ._tile import Tile, as_tile


class par_dim(int):  # noqa: N801 (the public name)
    """Marks the partition dimension of a shape; those before it count blocks."""


class Allocator:
    """A buffer and a function that says where each block lies: f(block index, partitions, bytes per partition)."""

    def __init__(self, buffer: Buffer, place: Optional[Callable] = None):
        self.buffer, self.place = buffer, place

    @property
    def space(self) -> str:
        return self.buffer.space

    def address(self, index: Tuple[int, ...], partitions: int, size: int) -> Optional[Tuple[int, int]]:
        """(partition, byte) of a block."""
        if self.place is None:
            return None
        at = tuple(int(each) for each in self.place(index, partitions, size))
        if self.buffer is PSUM:  # (bank, partition, byte)
            bank, partition, byte = at if len(at) == 3 else (at[0], 0, at[1])
            return partition, bank * 2048 + byte
        return at


def _turn(index: Tuple[int, ...], counts: Tuple[int, ...]) -> int:
    """The place of a block among counts that are used in turn: index modulo counts, as one number."""
    counts = tuple(counts)
    counts = (1,) * (len(index) - len(counts)) + counts
    at = 0
    for each, count in zip(index, counts[len(counts) - len(index):]):
        at = at * count + each % count
    return at


class SbufAllocators:
    """nki.compiler.sbuf"""

    @staticmethod
    def alloc(func: Callable) -> Allocator:
        return Allocator(SBUF, func)

    @staticmethod
    def mod_alloc(*, base_addr: int = 0, base_partition: int = 0, num_par_tiles=(), num_free_tiles=()) -> Allocator:
        """Blocks in turn: each further one along num_free_tiles lies behind the last, along num_par_tiles below it."""
        def place(index, partitions, size):
            return base_partition + _turn(index, num_par_tiles) * partitions, base_addr + _turn(index, num_free_tiles) * size
        return Allocator(SBUF, place)

    @staticmethod
    def auto_alloc() -> Allocator:
        return Allocator(SBUF)


class PsumAllocators:
    """nki.compiler.psum"""

    @staticmethod
    def alloc(func: Callable) -> Allocator:
        return Allocator(PSUM, func)

    @staticmethod
    def mod_alloc(*, base_bank: int = 0, base_addr: int = 0, base_partition: int = 0, num_bank_tiles=(), num_par_tiles=(),
                  num_free_tiles=()) -> Allocator:
        """Blocks in turn over banks, partitions and bytes of a bank."""
        def place(index, partitions, size):
            banks = -(-size // 2048)
            return (base_bank + _turn(index, num_bank_tiles) * banks, base_partition + _turn(index, num_par_tiles) * partitions,
                    base_addr + _turn(index, num_free_tiles) * size)
        return Allocator(PSUM, place)

    @staticmethod
    def auto_alloc() -> Allocator:
        return Allocator(PSUM)


class Blocks:
    """Tiles by their block indices. `index` are the block indices that are given already; a tile is allocated when it is
    first touched."""

    def __init__(self, counts: Tuple[int, ...], make: Callable, tile_shape: Tuple[int, ...], dtype: DType, buffer: Buffer,
                 index: Tuple[int, ...] = (), tiles: Optional[Dict] = None):
        self.counts, self.make, self.tile_shape, self.dtype, self.buffer, self.index = counts, make, tile_shape, dtype, buffer, index
        self.tiles: Dict[Tuple[int, ...], Tile] = {} if tiles is None else tiles

    @property
    def shape(self) -> Tuple[int, ...]:
        return self.counts[len(self.index):] + self.tile_shape

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return int(np.prod(self.shape))

    def __len__(self) -> int:
        return self.shape[0]

    def __repr__(self) -> str:
        return f"<blocks {list(self.shape)} of {self.dtype} in {self.buffer}>"

    def tile(self, index: Tuple[int, ...]) -> Tile:
        found = self.tiles.get(index)
        if found is None:
            found = self.tiles[index] = self.make(index)
        return found

    def _block(self, value, dim: int) -> int:
        count = self.counts[dim]
        if not isinstance(value, Index) and not hasattr(value, "__index__"):
            fail("tensor", f"dimension {dim} of {list(self.shape)} counts blocks: {value!r} names no single one", IndexError)
        at = int(value)
        if not -count <= at < count:
            fail("tensor", f"block {at} is outside of dimension {dim}, which has {count}", IndexError)
        return at % count

    def _split(self, key) -> Tuple[tuple, tuple, bool]:
        """(block index, key of the tile, whether block indices are missing)."""
        wanted = len(self.counts) - len(self.index)
        keys = key if isinstance(key, tuple) else (key,)
        if wanted == 1 and keys[0].__class__ is int and 0 <= keys[0] < self.counts[-1]:  # the most frequent form
            return keys[:1], keys[1:], False
        if any(each is Ellipsis for each in keys):
            at = next(i for i, each in enumerate(keys) if each is Ellipsis)
            keys = keys[:at] + (slice(None),) * (self.ndim - len(keys) + 1) + keys[at + 1:]
        blocks = keys[:wanted]
        if len(keys) < wanted or any(isinstance(each, slice) for each in blocks):
            return blocks, keys[wanted:], True
        return tuple(self._block(each, len(self.index) + at) for at, each in enumerate(blocks)), keys[wanted:], False

    def __getitem__(self, key):
        blocks, rest, open_ended = self._split(key)
        if open_ended:
            if rest or any(isinstance(each, slice) for each in blocks):
                fail("tensor", f"{list(self.shape)}: instructions work on one block; give an index for each of the "
                     f"{len(self.counts) - len(self.index)} block dimensions", IndexError)
            index = self.index + tuple(self._block(each, len(self.index) + at) for at, each in enumerate(blocks))
            return Blocks(self.counts, self.make, self.tile_shape, self.dtype, self.buffer, index, self.tiles)
        tile = self.tile(self.index + blocks)
        return tile[rest] if rest else tile

    def _all(self, blocks: tuple):
        """Indices of all blocks that a partial index names."""
        left = self.counts[len(self.index):]
        choices = []
        for at, count in enumerate(left):
            item = blocks[at] if at < len(blocks) else slice(None)
            choices.append(range(count)[item] if isinstance(item, slice) else [self._block(item, len(self.index) + at)])
        return product(*choices)

    def __setitem__(self, key, value):
        references = sys.getrefcount(value)
        blocks, rest, open_ended = self._split(key)
        if not open_ended:
            assign(self.tile(self.index + blocks), rest or Ellipsis, value, references)
            return
        for at, index in enumerate(self._all(blocks)):
            part = value if isinstance(value, (int, float, np.number)) else value[index] if isinstance(value, Blocks) else value[at]
            assign(self.tile(self.index + index), rest or Ellipsis, part, sys.maxsize)


_ANYWHERE = {each: Allocator(each) for each in (SBUF, PSUM)}


def _buffer_of(function: str, buffer) -> Allocator:
    known = _ANYWHERE.get(buffer) if buffer.__class__ is Buffer else None
    if known is not None:
        return known
    if buffer is None:
        return Allocator(SBUF)
    if isinstance(buffer, (SbufAllocators, PsumAllocators)):
        return buffer.auto_alloc()
    if isinstance(buffer, Allocator):
        return buffer
    if isinstance(buffer, Buffer):
        return Allocator(buffer)
    fail(function, f"{buffer!r} is no buffer")


def allocate(function: str, shape, dtype, buffer=None, name: str = "", fill: Optional[float] = None, address=None):
    """A tensor, or blocks of tiles when dimensions come before nl.par_dim."""
    allocator = _buffer_of(function, buffer)
    shape = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
    try:
        dtype = as_dtype(dtype)
    except TypeError as error:
        fail(function, str(error), TypeError)
    where = allocator.buffer
    if where.space == "hbm":
        if fill is not None:
            return as_tile(_full_of(shape, fill, dtype, where, name))
        return _memory.allocate(shape, dtype, where, name, function=function, cls=Tile)
    first = 0
    if len(shape) != 2 or shape[1].__class__ is not int:
        first = next((at for at, each in enumerate(shape) if isinstance(each, par_dim)), 0)
    counts, sizes = tuple(map(int, shape[:first])), tuple(map(int, shape[first:]))
    if len(sizes) == 1:
        sizes += (1,)

    def make(index: Tuple[int, ...]) -> Tile:
        at = address
        if at is None and allocator.place is not None:
            at = allocator.address(index, sizes[0], prod(sizes[1:]) * dtype.itemsize)
        tile = _memory.allocate(sizes, dtype, where, name, at, function, Tile)
        if fill is not None:
            memset(tile, fill)
        return tile

    if not counts:
        return make(())
    made = Blocks(counts, make, sizes, dtype, where)
    if fill is not None:
        for index in product(*(range(count) for count in counts)):
            made.tile(index)
    return made
