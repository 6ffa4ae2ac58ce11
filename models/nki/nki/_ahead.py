# SPDX-License-Identifier: Apache-2.0
"""Numbers that only the device knows, for bounds and conditions of loops: programs are unrolled when they are loaded, so how
often a loop runs has to be known when it is traced.

    dynamic_range(register) --> known_value(): does it follow from arguments? --> what is traced so far runs (_ahead_run.py)
                            --> the number --> tracing goes on with it

Executions are repeatable, so the whole program finds the same numbers there. It is a program of these arguments. No value is
looked for twice; the tiles that registers were loaded from are read too, and what follows from those needs no run.

A bound that differs from iteration to iteration of a loop around it cannot be one number: the kernel is traced once more,
with the loop around it unrolled (Unroll)."""
from __future__ import annotations

from typing import Dict, List, NamedTuple, Optional, Set, Tuple

import numpy as np

from . import _trace
from ._errors import fail, missing, where
from ._known import is_plain, known_value, writes_to
from ._registers import Owned, Source, VirtualRegister
from ._tensor import Storage
from ._trace import LoopBegin, Trace

LONGEST = 1 << 16  # iterations of a loop that is unrolled
_MOST_ITERATIONS = 1 << 24  # of a loop of the device whose bounds registers say
_MOST_RUNS = 1000
_SHOWN = 8
_LARGEST = (1 << 31) - 1
VALUES = ("instance.numerics=on", "")  # the session of an Ahead, when it is not that of the call
_TILE = 4096  # bytes per partition of tiles that are read too


class Found(NamedTuple):
    """A number for each source, and what is in their tiles (or None)."""

    numbers: List[int]
    tiles: List[Optional[np.ndarray]]


class Question(NamedTuple):
    """What the sources are after the records before `end`, and the contents of tiles. `what`, the first source, of a function of
    the kernel, `place`, needs it."""

    place: str
    what: str
    trace: Trace
    end: int
    sources: List[Source]
    tiles: List[Optional[Storage]]


class Anew(BaseException):
    """Tracing has to begin anew: something is known that was not. No error, and nothing a kernel may catch."""


class Unroll(Anew):
    """Anew, with the loops at these places unrolled."""

    def __init__(self, core: int, loops: List[LoopBegin]):
        super().__init__()
        self.core, self.places, self.runs = core, {each.place for each in loops}, min(each.runs for each in loops)


class Elsewhere(BaseException):
    """A question that stands behind so many barriers, which the other core has not been traced up to."""

    def __init__(self, question: Question, barriers: int):
        super().__init__()
        self.question, self.barriers = question, barriers


class Enough(BaseException):
    """A core has been traced up to the barrier in question."""


class Ahead:
    """What a kernel needs to know to be traced; kept when it is traced anew. `session`: settings and output folder of that in
    which it may run ahead, None when there are no values to run with."""

    def __init__(self, session: Optional[Tuple[str, Optional[str]]] = None):
        self.session = session
        self.unrolled: Set[str] = set()  # places of loops
        self.found: Dict[int, List[Found]] = {}  # by core: what each run for it found
        self.used: Dict[int, int] = {}  # by core: of those
        self.places: Dict[str, List[int]] = {}  # where numbers were asked for that may differ with other arguments -> which they are

    def again(self, anew: Anew) -> None:
        """Runs find the same once more: all of them, or those before a loop that is unrolled now."""
        if isinstance(anew, Unroll):
            self.unrolled |= anew.places
            self.found = {anew.core: self.found.get(anew.core, [])[:anew.runs]}
        self.used.clear()
        self.places.clear()

    def notes(self) -> List[str]:
        """What the program is for, besides shapes of arguments: for people."""
        made = []
        for place, values in self.places.items():
            some = ", ".join(map(str, values[:_SHOWN])) + (f", .. ({len(values)} times)" if len(values) > _SHOWN else "")
            made.append(f"{place} is {some} with the values of these arguments, and the program is for that")
        return made


def holds(register: Owned, source: Optional[Source]) -> None:
    """A register is set. Who relied on what it held, in a loop that is still open, saw the first iteration's value."""
    trace, before = register.trace, register.source
    if before is not None:
        _differ(trace, before.asked)
    register.source = source
    if source is not None:
        trace.sources[register.number] = source


def _differ(trace: Trace, loops: Tuple[LoopBegin, ...]) -> None:
    """Iterations of these loops, when they are open, have numbers of their own."""
    still = [each for each in trace.open_loops if each in loops]
    if still:
        raise Unroll(trace.core, still)


def number(function: str, what: str, register: VirtualRegister) -> int:
    """The integer in a register: `what`, a bound or a condition, of `function`."""
    trace, source = _trace.current(function), getattr(register, "source", None)
    if source is None:
        fail(function, f"{what} is {register!r}, to which nothing was loaded")
    if register.trace is not trace:
        fail(function, f"{what} is {register!r}, a register of another program")
    value = known_value(register)
    if value is None:
        _differ(trace, source.loops)
        value = _found(function, what, trace, source)
    if source.view is not None:
        trace.launch.ahead.places.setdefault(f"{where()}: {function}: {what}", []).append(value)
    source.asked += tuple(each for each in trace.open_loops if each not in source.asked)
    return value


def bounds(function: str, start, stop, step) -> Tuple[int, int, int]:
    """Of a loop that the device runs, as integers."""
    values = []
    for what, each in (("its start", start), ("its end", stop), ("its step", step)):
        value = number(function, what, each) if isinstance(each, VirtualRegister) else _integer(function, what, each)
        if not -_LARGEST - 1 <= value <= _LARGEST:
            fail(function, f"{what} is {value}: registers hold integers of 32 bits, up to {_LARGEST}")
        values.append(value)
    if values[2] < 1:
        fail(function, f"its step is {values[2]}, must be at least 1")
    count = len(range(*values))
    if count > _MOST_ITERATIONS:
        fail(function, f"from {values[0]} to {values[1]} are {count} iterations, at most {_MOST_ITERATIONS} are possible")
    return tuple(values)


def _integer(function: str, what: str, value) -> int:
    if hasattr(value, "storage"):
        fail(function, f"{what} is a tensor, must be an integer or a register: nisa.register_load takes its element", TypeError)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if not hasattr(value, "__index__") or hasattr(value, "terms"):
        fail(function, f"{what} is {value!r}, must be an integer or a register", TypeError)
    return int(value)


def condition(function: str, register: Owned) -> bool:
    """Whether a loop that is unrolled goes on."""
    value, turns, place = number(function, "its condition", register), register.trace.turns, where()
    if value == 0:
        turns.pop(place, None)
        return False
    turns[place] = turns.get(place, 0) + 1
    if turns[place] > LONGEST:
        fail(function, f"has not ended after {LONGEST} iterations")
    return True


def _found(function: str, what: str, trace: Trace, source: Source) -> int:
    """By a run of what is traced so far, or outside of the loops that are open."""
    ahead = trace.launch.ahead
    if ahead.session is None:
        missing(function, f"{what} is a number that only the device knows (r{source.number}). Running the kernel up to there finds it, which "
                "needs values: call the kernel with arrays, or run it by `nsim nki` with tensors as --arg and numerics on")
    end = trace.open_loops[0].at if trace.open_loops else len(trace.records)
    sources = [source] + [each for each in trace.sources.values() if each is not source and _may_be_asked(trace, each, end)]
    tiles = [each.view.storage if _is_kept(trace, each, end) else None for each in sources]
    known, used = ahead.found.setdefault(trace.core, []), ahead.used.get(trace.core, 0)
    if used == len(known):
        if used == _MOST_RUNS:
            fail(function, f"{what} is computed by the device, and so were {_MOST_RUNS} others: each needs a run of the kernel up to there")
        question = Question(f"{where()}: {function}", what, trace, end, sources, tiles)
        _meet(function, question)
        known.append(trace.launch.above.run_ahead(question))
    found = known[used]
    ahead.used[trace.core] = used + 1
    for each, value, tile, array in zip(sources, found.numbers, tiles, found.tiles):
        each.value = value
        if tile is not None:
            trace.snapshots[tile] = (end, array)
    return source.value


# Two cores.
def at_barrier(trace: Trace) -> None:
    """A core_barrier was recorded."""
    if trace.open_loops:
        trace.loops_meet = True
    trace.barriers.append(len(trace.records))
    if len(trace.barriers) == trace.most_barriers:
        raise Enough


def _meet(function: str, question: Question) -> None:
    """A run goes up to the same barrier on both cores."""
    trace = question.trace
    barriers = sum(1 for each in trace.barriers if each <= question.end)
    others = [each for each in trace.launch.traces if each is not trace]
    if barriers and any(each.loops_meet for each in trace.launch.traces):
        missing(function, f"{question.what} is a number that only the device knows, behind a barrier of both cores in a loop that the device runs")
    if any(len(each.barriers) < barriers for each in others):
        raise Elsewhere(question, barriers)


def _may_be_asked(trace: Trace, source: Source, end: int) -> bool:
    return source.value is None and source.at < end and not any(each in trace.open_loops for each in source.loops)


def _is_kept(trace: Trace, source: Source, end: int) -> bool:
    """Whether the tile that a source was loaded from is still as it was."""
    view = source.view
    return (view is not None and is_plain(view) and view.space == "sbuf" and view.storage.address is None and view.storage.bytes <= _TILE
            and not source.loops and not any(writes_to(view.storage, each) for each in trace.records[source.at:end]))
