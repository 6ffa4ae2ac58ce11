# SPDX-License-Identifier: Apache-2.0
"""Index objects of the first NKI dialect: nl.arange, nl.mgrid, what arithmetic makes of them, and comparisons of them,
which are masks. They broadcast as numpy's arrays of integers would; their values are kept as an affine form."""
from __future__ import annotations

import operator
from typing import Callable, Dict, List, Optional, Tuple

import numpy as np

from nki._errors import fail
from nki._registers import Affine, VirtualRegister
from nki._tensor import Tensor


_new = object.__new__


class Index:
    """constant + sum of steps[d] * i_d, where i_d counts dimension d of `shape`. `dynamic` is (register or tensor of one
    element, factor): what the device adds. The constant may be a counter of a dynamic loop."""

    __slots__ = ("shape", "constant", "steps", "dynamic")
    __array_ufunc__ = None  # numpy leaves operators to us

    def __init__(self, shape: Tuple[int, ...], constant, steps: Tuple[int, ...], dynamic=None):
        if 1 in shape:  # repeated where other indices have more
            steps = tuple(step if count > 1 else 0 for step, count in zip(steps, shape))
        self.shape, self.constant, self.steps, self.dynamic = shape, constant, steps, dynamic

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def __repr__(self) -> str:
        terms = [f"{step}*i{dim}" for dim, step in enumerate(self.steps) if step]
        return f"<index {list(self.shape)}: {' + '.join(terms + [str(self.constant)])}>"

    # Views of the index.
    def __getitem__(self, key) -> "Index":
        """[:, None] and the like: None adds a dimension, slices take a part."""
        keys = key if isinstance(key, tuple) else (key,)
        if Ellipsis in keys:
            at = keys.index(Ellipsis)
            missing = len(self.shape) - sum(1 for each in keys if each is not None and each is not Ellipsis)
            keys = keys[:at] + (slice(None),) * missing + keys[at + 1:]
        constant, shape, steps, dim = self.constant, [], [], 0
        for each in keys:
            if each is None:
                shape.append(1)
                steps.append(0)
                continue
            if dim >= len(self.shape):
                fail("index", f"has {len(self.shape)} dimensions, {key} has more", IndexError)
            if isinstance(each, slice):
                start, stop, step = each.indices(self.shape[dim])
                shape.append(len(range(start, stop, step)))
                steps.append(self.steps[dim] * step)
                constant = constant + self.steps[dim] * start
            else:
                constant = constant + self.steps[dim] * operator.index(each)
            dim += 1
        return Index(tuple(shape) + self.shape[dim:], constant, tuple(steps) + self.steps[dim:], self.dynamic)

    def aligned(self, rank: int) -> Tuple[Tuple[int, ...], Tuple[int, ...]]:
        """Shape and steps with dimensions of 1 in front."""
        more = rank - len(self.shape)
        return (1,) * more + self.shape, (0,) * more + self.steps

    # Arithmetic.
    def _plus(self, other, factor: int):
        if isinstance(other, Index):
            rank = max(len(self.shape), len(other.shape))
            (one, left), (two, right) = self.aligned(rank), other.aligned(rank)
            if any(a != b and 1 not in (a, b) for a, b in zip(one, two)):
                fail("index", f"{list(self.shape)} and {list(other.shape)} do not fit together")
            if self.dynamic and other.dynamic:
                fail("index", "has two parts that only the device knows")
            dynamic = self.dynamic or other.dynamic and (other.dynamic[0], other.dynamic[1] * factor)
            return Index(tuple(map(max, one, two)), self.constant + other.constant * factor,
                         tuple(a + b * factor for a, b in zip(left, right)), dynamic)
        if isinstance(other, (VirtualRegister, Tensor)):
            if self.dynamic:
                fail("index", "has two parts that only the device knows")
            return Index(self.shape, self.constant, self.steps, (other, factor))
        if isinstance(other, Affine):
            return Index(self.shape, other * factor + self.constant, self.steps, self.dynamic)
        try:
            return Index(self.shape, self.constant + operator.index(other) * factor, self.steps, self.dynamic)
        except TypeError:
            fail("index", f"{other!r} cannot be added: integers and other indices can", TypeError)

    def _moved(self, distance: int) -> "Index":
        made = _new(Index)
        made.shape, made.constant, made.steps, made.dynamic = self.shape, self.constant + distance, self.steps, self.dynamic
        return made

    def __add__(self, other):
        return self._moved(other) if other.__class__ is int else self._plus(other, 1)

    __radd__ = __add__

    def __sub__(self, other):
        return self._plus(other, -1)

    def __rsub__(self, other):
        return (-self)._plus(other, 1)

    def __neg__(self):
        return self * -1

    def __mul__(self, factor):
        try:
            factor = operator.index(factor)
        except TypeError:
            fail("index", f"cannot be multiplied by {factor!r}: only by integers", TypeError)
        return Index(self.shape, self.constant * factor, tuple(step * factor for step in self.steps),
                     self.dynamic and (self.dynamic[0], self.dynamic[1] * factor))

    __rmul__ = __mul__

    def _divided(self, by: int):
        """(quotient, remainder) when both are affine: all steps are multiples, or all values lie in one interval."""
        by = operator.index(by)
        low, high = self.bounds()
        if self.dynamic is None and low // by == high // by:
            quotient = low // by
            return Index(self.shape, quotient, (0,) * len(self.steps)), self - quotient * by
        if self.dynamic is None and all(step % by == 0 for step in self.steps):
            return (Index(self.shape, self.constant // by, tuple(step // by for step in self.steps)),
                    Index(self.shape, self.constant % by, (0,) * len(self.steps)))
        fail("index", f"{self!r} divided by {by} is no affine function: use an axis of its own for the quotient")

    def __floordiv__(self, by):
        return self._divided(by)[0]

    def __mod__(self, by):
        return self._divided(by)[1]

    def bounds(self) -> Tuple[int, int]:
        """Smallest and largest value."""
        if not isinstance(self.constant, int):
            fail("index", "its range is known to the device alone")
        spans = [step * (count - 1) for step, count in zip(self.steps, self.shape)]
        return self.constant + sum(min(0, each) for each in spans), self.constant + sum(max(0, each) for each in spans)

    def values(self, shape: Tuple[int, ...]) -> np.ndarray:
        """The integers, broadcast to `shape`."""
        _, steps = self.aligned(len(shape))
        total = np.full(shape, self.constant, np.int64)
        for dim, step in enumerate(steps[len(steps) - len(shape):]):
            if step:
                total += (step * np.arange(shape[dim])).reshape([-1 if at == dim else 1 for at in range(len(shape))])
        return total

    # Comparisons are masks.
    def __lt__(self, other):
        return Mask.of(-(self - other) - 1, "greater_equal")

    def __le__(self, other):
        return Mask.of(-(self - other), "greater_equal")

    def __gt__(self, other):
        return Mask.of(self - other - 1, "greater_equal")

    def __ge__(self, other):
        return Mask.of(self - other, "greater_equal")

    def __eq__(self, other):
        return Mask.of(self - other, "equal")

    def __ne__(self, other):
        return Mask.of(self - other, "not_equal")

    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        fail("index", "stands for many values: no `if`, `while` or `and` on it", TypeError)

    def __index__(self) -> int:
        if all(count == 1 or step == 0 for count, step in zip(self.shape, self.steps)) and isinstance(self.constant, int):
            return self.constant
        fail("index", "stands for many values: it is no Python integer", TypeError)


_OPPOSITE = {"equal": "not_equal", "not_equal": "equal"}


class Mask:
    """A condition for every element. `terms` are (index, comparison with 0) that all hold; None when it is anything else,
    and `test` says what."""

    __slots__ = ("shape", "terms", "test")
    __array_ufunc__ = None

    def __init__(self, shape: Tuple[int, ...], terms: Optional[List[Tuple[Index, str]]], test: Callable):
        self.shape, self.terms, self.test = shape, terms, test

    @staticmethod
    def of(index: Index, comparison: str) -> "Mask":
        compare = {"greater_equal": np.greater_equal, "equal": np.equal, "not_equal": np.not_equal}[comparison]
        return Mask(index.shape, [(index, comparison)], lambda shape: compare(index.values(shape), 0))

    def _with(self, other, join: Callable, terms) -> "Mask":
        rank = max(len(self.shape), len(other.shape))
        one, two = ((1,) * (rank - len(each)) + each for each in (self.shape, other.shape))
        return Mask(tuple(map(max, one, two)), terms, lambda shape: join(self.test(shape), other.test(shape)))

    def __and__(self, other):
        if isinstance(other, (bool, np.bool_)):
            return self if other else False
        terms = self.terms + other.terms if self.terms is not None and other.terms is not None else None
        return self._with(other, np.logical_and, terms)

    __rand__ = __and__
    __mul__ = __rmul__ = __and__

    def __or__(self, other):
        if isinstance(other, (bool, np.bool_)):
            return True if other else self
        return self._with(other, np.logical_or, None)

    __ror__ = __or__

    def __invert__(self):
        if self.terms is not None and len(self.terms) == 1:
            index, comparison = self.terms[0]
            return Mask.of(index, _OPPOSITE[comparison]) if comparison in _OPPOSITE else Mask.of(-index - 1, comparison)
        return Mask(self.shape, None, lambda shape: np.logical_not(self.test(shape)))

    def __bool__(self) -> bool:
        fail("mask", "stands for many values: combine masks by & and |, not by `and` and `or`", TypeError)


def arange(start, stop=None, step: int = 1) -> Index:
    """The indices start, start + step, .. below stop as one dimension; [:, None] and [None, :] say where it lies."""
    if stop is None:
        start, stop = 0, start
    count = len(range(int(start), int(stop), int(step)))
    if count < 1:
        fail("nl.arange", f"({start}, {stop}, {step}) has no elements")
    return Index((count,), int(start), (int(step),))


class Grid(tuple):
    """What nl.mgrid[...] is: an index per dimension, also by the names p, x, y, z and w."""

    p = property(operator.itemgetter(0))
    x = property(operator.itemgetter(1))
    y = property(operator.itemgetter(2))
    z = property(operator.itemgetter(3))
    w = property(operator.itemgetter(4))


_grids: Dict[tuple, Grid] = {}
_MOST_GRIDS = 1000


class _Mgrid:
    """nl.mgrid[0:a, 0:b]: dense indices of a box."""

    def __getitem__(self, key):
        if isinstance(key, slice):
            return arange(key.start or 0, key.stop, key.step or 1)
        form = tuple([(each.start, each.stop, each.step) for each in key])
        try:
            return _grids[form]  # indices do not change: kernels make the same ones in every iteration
        except (KeyError, TypeError):
            pass
        starts = [int(each.start or 0) for each in key]
        steps = [int(each.step or 1) for each in key]
        shape = tuple(len(range(start, int(each.stop), step)) for start, each, step in zip(starts, key, steps))
        if not shape or min(shape) < 1:
            fail("nl.mgrid", f"{key} has no elements")
        made = Grid(Index(shape, starts[dim], tuple(steps[dim] if at == dim else 0 for at in range(len(shape))))
                    for dim in range(len(shape)))
        if all(each.__class__ is int or each is None for ends in form for each in ends):
            if len(_grids) >= _MOST_GRIDS:
                _grids.clear()
            _grids[form] = made
        return made


mgrid = _Mgrid()
