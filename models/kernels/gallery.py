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


class Example(NamedTuple):
    """A kernel, and how to run and check it."""

    kernel: nki.Kernel
    inputs: Callable[..., Tuple[np.ndarray, ...]]  # inputs(**sizes): its arguments
    reference: Callable[..., np.ndarray]  # what it must return for them
    tolerance: float  # largest error, relative to the largest value of the reference
    small: Dict[str, int]  # sizes in tests
    stated: Dict[str, int]  # sizes of the times in the docstring
    dtypes: Tuple[Any, ...] = (nl.float32, nl.bfloat16)  # those it is tested with; the last one is timed
    options: Dict[str, Any] = {}  # further arguments of the kernel

    @property
    def name(self) -> str:
        return self.kernel.__name__

    def arrays(self, sizes: Dict[str, int], dtype) -> Tuple[np.ndarray, ...]:
        return tuple(each.astype(dtype) for each in self.inputs(**sizes))

    def error(self, dtype) -> float:
        """What a result of this type may be off: the tolerance, or the type's own rounding."""
        return max(self.tolerance, 2.0 ** -7 if dtype is nl.bfloat16 else 0.0)


def normal(*shapes: Tuple[int, ...]) -> Tuple[np.ndarray, ...]:
    """An array of normally distributed values per shape, the same ones every time."""
    generator = np.random.default_rng(1)
    return tuple(generator.standard_normal(shape).astype(np.float32) for shape in shapes)


def tiles(size: int, tile: int):
    """(start, length) of the tiles that cover `size`; the last one may be shorter."""
    return [(start, min(tile, size - start)) for start in range(0, size, tile)]
