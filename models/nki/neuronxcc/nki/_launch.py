# SPDX-License-Identifier: Apache-2.0
"""Launching kernels of the first NKI dialect: grids of programs, which run one after another on a core or are spread
over the two cores of a logical core, and the options of nki.jit."""
from __future__ import annotations

import math
from itertools import product
from typing import Any, List, Optional, Tuple

from nki import _loops, _memory
from nki._entry import Entry
from nki._errors import NkiValidationError
from nki._kernel import Dialect
from nki._tensor import SHARED_HBM, Tensor

from ._blocks import Blocks
from ._tile import Tile, as_tile


class SpmdDim:
    """A dimension of a grid as a product of factors, the slowest first; `core` is the factor that counts cores."""

    def __init__(self, factors: Tuple[int, ...], core: Optional[int] = None):
        self.factors, self.core = factors, core

    def __mul__(self, other):
        return spmd_dim(self, other)

    def __rmul__(self, other):
        return spmd_dim(other, self)

    @property
    def size(self) -> int:
        return math.prod(self.factors)

    @property
    def cores(self) -> int:
        return 1 if self.core is None else self.factors[self.core]

    def core_of(self, program: int) -> int:
        """The core of the program with this number along the dimension."""
        if self.core is None:
            return 0
        return program // math.prod(self.factors[self.core + 1:]) % self.factors[self.core]


def nc(cores: int) -> SpmdDim:
    """A factor of a grid that counts physical cores."""
    if cores not in (1, 2):
        raise NkiValidationError(f"nl.nc({cores}): a logical core has 1 or 2 physical cores")
    return SpmdDim((int(cores),), 0)


def spmd_dim(*parts) -> SpmdDim:
    """The product of numbers and nl.nc, the slowest first."""
    factors: Tuple[int, ...] = ()
    core = None
    for part in parts:
        part = part if isinstance(part, SpmdDim) else SpmdDim((int(part),))
        if part.core is not None:
            if core is not None:
                raise NkiValidationError("nl.spmd_dim: a dimension has nl.nc once")
            core = len(factors) + part.core
        factors += part.factors
    return SpmdDim(factors, core)


class Grid(tuple):
    """Sizes of a grid; `dims` say which core runs which program."""

    dims: Tuple[SpmdDim, ...]

    @staticmethod
    def of(index) -> "Grid":
        parts = index if isinstance(index, (tuple, list)) else (index,)
        dims = tuple(each if isinstance(each, SpmdDim) else SpmdDim((int(each),)) for each in parts)
        if any(each.size < 1 for each in dims):
            raise NkiValidationError(f"kernel[{index}]: the grid has no programs")
        if sum(1 for each in dims if each.core is not None) > 1:
            raise NkiValidationError(f"kernel[{index}]: nl.nc belongs into one dimension of a grid")
        made = Grid(each.size for each in dims)
        made.dims = dims
        return made

    @property
    def cores(self) -> int:
        return math.prod(each.cores for each in self.dims)


class Old(Dialect):
    """neuronxcc.nki: kernel[gx, gy] is a grid on one core unless it names cores; tiles on chip may be returned."""

    tensor = Tile

    def grid(self, index) -> Tuple[Tuple[int, ...], int]:
        grid = Grid.of(index)
        return grid, grid.cores

    def programs(self, grid: Tuple[int, ...], cores: int) -> List[Tuple[int, Tuple[int, ...]]]:
        dims = getattr(grid, "dims", ())
        return [(sum(dim.core_of(at) for dim, at in zip(dims, ids)), ids) for ids in product(*(range(each) for each in grid))]

    def argument(self, value: Any) -> Any:
        return as_tile(value) if isinstance(value, Tensor) else value

    def result(self, tensor: Tensor) -> Tensor:
        if tensor.space == "hbm":
            return tensor
        from ._language import store
        made = _memory.allocate(tensor.shape, tensor.dtype, SHARED_HBM, "returned", cls=Tile)
        store(made, tensor)
        return made


def num_programs(axes=None):
    """Programs of the whole grid, along an axis, or a tuple of them for several axes."""
    return math.prod(_loops.num_programs(None)) if axes is None else _loops.num_programs(axes)


class OldEntry(Entry):
    """nki.jit(mode=..., platform_target=...) and the entry points beside it."""

    def jit(self, function=None, mode: str = "auto", **options):
        if mode == "benchmark":
            return self.benchmark(function, **options)
        if mode == "profile":
            return self.profile(function, **options)
        return Entry.jit(self, function, **options)

    trace = baremetal = jit


ENTRY = OldEntry(Old())
OLD = ENTRY.dialect
__all__ = ["ENTRY", "OLD", "Blocks", "Grid", "SpmdDim", "nc", "num_programs", "spmd_dim"]
