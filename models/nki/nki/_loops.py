# SPDX-License-Identifier: Apache-2.0
"""Loops, program ids and order. Loops over Python numbers are unrolled; dynamic ones are run by the device."""
from __future__ import annotations

from typing import Callable, Iterator, Optional

from . import _trace
from ._ahead import LONGEST, bounds, number
from ._errors import fail, label, where
from ._registers import Affine, DynSlice, VirtualRegister


def _whole(value) -> int:
    """A bound of a loop; 4.0 is 4, as x / 128 makes it."""
    if isinstance(value, float) and not value.is_integer():
        fail("nl.affine_range", f"{value} is no whole number of iterations: divide with //, and take care of the rest")
    return int(value)


def affine_range(start, stop=None, step=1, directives=None, precise_schedule=None, **ignored) -> range:
    """Python's range; hints of older compilers are accepted."""
    return range(_whole(start)) if stop is None else range(_whole(start), _whole(stop), _whole(step))


sequential_range = static_range = affine_range


def ds(start, size: int) -> DynSlice:
    """The slice start .. start + size - 1; start may be a register."""
    if start.__class__ is int and size.__class__ is int and size > 0:
        return DynSlice(start, size)
    if not isinstance(start, (Affine, VirtualRegister)) and hasattr(start, "__int__") and not hasattr(start, "storage"):
        if start != int(start) or size != int(size):
            fail("nl.ds", f"ds({start}, {size}) does not consist of integers", TypeError)
        start = int(start)
    if int(size) < 1:
        fail("nl.ds", f"the size {size} has no elements")
    return DynSlice(start, int(size))


def _unrolled(trace: _trace.Trace, function: str, start: int, stop: int, step: int) -> Optional[range]:
    """The counters of a loop whose iterations have to be told apart when it is traced."""
    if where() not in trace.launch.ahead.unrolled:
        return None
    counters = range(start, stop, step)
    if len(counters) > LONGEST:
        fail(function, f"has {len(counters)} iterations and in it a loop with another number of them each time: it is unrolled, which at most "
             f"{LONGEST} can be")
    return counters


def _begin(trace: _trace.Trace, start: int, stop: int, step: int) -> Affine:
    name = f"v{trace.launch.variables}"
    trace.launch.variables += 1
    loop = _trace.LoopBegin(name, start, stop, step, label())
    loop.at, loop.place, loop.runs = len(trace.records), where(), trace.launch.ahead.used.get(trace.core, 0)
    trace.records.append(loop)
    trace.open_loops.append(loop)
    return Affine(0, {name: 1})


def _end(trace: _trace.Trace) -> None:
    trace.open_loops.pop()
    trace.records.append(_trace.LoopEnd())


def dynamic_range(start, stop=None, step=1) -> Iterator[Affine]:
    """A loop that the device runs: the body is traced once, with a register as its counter. When loops in it have bounds of
    their own in every iteration, it is unrolled."""
    trace = _trace.current("nl.dynamic_range")
    if stop is None:
        start, stop = 0, start
    start, stop, step = bounds("nl.dynamic_range", start, stop, step)
    if start >= stop:
        return
    counters = _unrolled(trace, "nl.dynamic_range", start, stop, step)
    if counters is not None:
        yield from counters
        return
    counter = _begin(trace, start, stop, step)
    yield counter
    _end(trace)


def fori_loop(lower, upper, body: Callable, step: int = 1) -> None:
    """body(i) for i = lower, lower + step, .. below upper, as a loop that the device runs."""
    trace = _trace.current("nl.fori_loop")
    lower, upper, step = bounds("nl.fori_loop", lower, upper, step)
    counters = _unrolled(trace, "nl.fori_loop", lower, upper, step)
    if counters is not None:
        for counter in counters:
            body(counter)
    elif lower < upper:
        body(_begin(trace, lower, upper, step))
        _end(trace)


def while_loop(init_reg, body: Callable) -> None:
    """body(register) until the register it returns is 0; unrolled."""
    function, register = "nl.while_loop", init_reg
    _trace.current(function)
    for _ in range(LONGEST):
        if isinstance(register, VirtualRegister):
            value = number(function, "its condition", register)
        elif hasattr(register, "__index__") and not hasattr(register, "storage"):
            value = int(register)
        else:
            fail(function, f"its condition is {register!r}, must be a register: that which it begins with, then what its body returns", TypeError)
        if value == 0:
            return
        register = body(register)
    fail(function, f"has not ended after {LONGEST} iterations")


class no_reorder:  # noqa: N801 (the public name)
    """with nl.no_reorder(): instructions keep the order of the program. Each engine always does here."""

    def __enter__(self):
        _trace.current("nl.no_reorder").ordered += 1
        return self

    def __exit__(self, *_):
        _trace.current("nl.no_reorder").ordered -= 1


def program_id(axis: int = 0) -> int:
    """The running program's number along an axis of the grid; 0 without a grid."""
    ids = _trace.current("nl.program_id").program_ids
    if ids and not -len(ids) <= axis < len(ids):
        fail("nl.program_id", f"there is no axis {axis}, the grid has {len(ids)}")
    return ids[axis] if ids else 0


def nc(cores: int) -> int:
    """Physical cores of a launch, as in kernel[nl.nc(2)]."""
    return int(cores)


def num_programs(axes=0):
    """Programs along an axis, or a tuple of them for several axes."""
    trace = _trace.current("nl.num_programs")
    grid = trace.launch.grid
    if isinstance(axes, (tuple, list)):
        return tuple(num_programs(each) for each in axes)
    if axes is None:
        return grid
    return grid[axes] if grid else 1


def program_ndim() -> int:
    """Axes of the grid; 0 when launched without one."""
    return len(_trace.current("nl.program_ndim").launch.grid)
