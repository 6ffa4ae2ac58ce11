# SPDX-License-Identifier: Apache-2.0
"""What the kernels of this folder have in common: an Example says with which arrays a kernel is run, what numpy gets
for them, and at which sizes. Tests run the small sizes and compare values; `run.py` simulates the times at the stated
ones, which stand in the docstring of each kernel."""
from __future__ import annotations

from typing import Any, Callable, Dict, NamedTuple, Tuple

import nki
import nki.language as nl
import numpy as np

DEVICES = ("trn1", "trn2", "trn3")


Shapes = Tuple[Tuple[int, ...], ...]
Arrays = Tuple[np.ndarray, ...]


def unchanged(*arrays: np.ndarray) -> Arrays:
    return arrays


class Example(NamedTuple):
    """A kernel, and how to run and check it."""

    kernel: nki.Kernel
    shapes: Callable[..., Shapes]  # shapes(**sizes): of its arguments
    reference: Callable[..., Any]  # what it must return, an array or a tuple of them
    tolerance: Any  # largest error, relative to the largest value of the reference; one for each array
    small: Dict[str, int]  # sizes in tests
    stated: Dict[str, int]  # sizes of the times in the docstring
    dtypes: Tuple[Any, ...] = (nl.float32, nl.bfloat16)  # those it is tested with; the last one is timed
    values: Callable[..., Arrays] = unchanged  # arguments made of normally distributed arrays

    @property
    def name(self) -> str:
        return self.kernel.__name__

    def arrays(self, sizes: Dict[str, int], dtype) -> Arrays:
        """Arguments with values, the same ones every time."""
        generator = np.random.default_rng(1)
        made = self.values(*(generator.standard_normal(shape).astype(np.float32) for shape in self.shapes(**sizes)))
        return tuple(each.astype(dtype) for each in made)

    def blanks(self, sizes: Dict[str, int], dtype) -> Arrays:
        """Arguments of which only shapes and types matter; they take no memory."""
        zero = np.zeros((), np.float32).astype(dtype)
        return tuple(np.broadcast_to(zero, shape) for shape in self.shapes(**sizes))

    def errors(self, dtype) -> Tuple[float, ...]:
        """What each result may be off: the tolerance, or the rounding of the type."""
        bounds = self.tolerance if isinstance(self.tolerance, tuple) else (self.tolerance,)
        return tuple(max(each, 2.0 ** -7 if dtype is nl.bfloat16 else 0.0) for each in bounds)


def tiles(size: int, tile: int):
    """(start, length) of the tiles that cover `size`; the last one may be shorter."""
    return [(start, min(tile, size - start)) for start in range(0, size, tile)]
