# SPDX-License-Identifier: Apache-2.0
"""nl.loop_reduce: a value of each iteration of a loop, combined over the loop (AWS NKI documentation, NKI 0.1: what the
result is assigned to is also an operand of the operator)."""
from __future__ import annotations

import dis
import functools
import sys
from types import CodeType
from typing import Optional, Tuple

from nki import _memory, _trace
from nki._operators import OPERATORS, alu
from nki._tensor import SBUF

from ._assign import HELD, copy_into, in_place, redirect
from ._bind import Call, tile_of
from ._tile import Tile, as_tile


class LoopReduce:
    """Assigned to a part of a tile it is accumulated there; elsewhere it is the value of the iteration."""

    def __init__(self, value: Tile, op):
        self.value, self.op = value, op

    def nki_tensor(self) -> Tile:
        return self.value

    def take_into(self, target: Tile) -> None:
        """The first value of a region is copied, the others are combined with it."""
        if self.value.area is not None and self.value.area.empty:
            return
        references = sys.getrefcount(self.value)
        seen = _trace.current().caches.setdefault("loop_reduce", {})
        key = (id(target.storage), target.text())
        if key not in seen and not _written(target):
            if not redirect(target, self.value, references, HELD):
                copy_into(target, self.value)
        else:
            in_place(self.op, target, self.value)
        seen[key] = target  # also keeps the storage, whose id is the key

    def __getattr__(self, name):
        return getattr(self.value, name)


def _written(target: Tile) -> bool:
    """Whether an instruction wrote to the tensor. Those before the last one stay as they are and are looked at once."""
    trace = _trace.current()
    if not trace.records:
        return False
    seen = trace.caches.setdefault("written", [0, set()])
    for each in trace.records[seen[0]:-1]:
        seen[1].update(_destination(each))
    seen[0] = max(seen[0], len(trace.records) - 1)
    return target.storage in seen[1] or target.storage in _destination(trace.records[-1])


def _destination(record) -> tuple:
    operands = record.operands if record.__class__ is _trace.Record else None
    return (operands[0].storage,) if operands and operands[0].__class__ is not str else ()


@functools.lru_cache(maxsize=None)
def _variable(code: CodeType, call: int) -> Optional[str]:
    """The variable that takes what the call at this offset returns, when nothing else does."""
    after = next((each for each in dis.get_instructions(code) if each.offset > call and each.opname != "CACHE"), None)
    if after is None or not after.opname.startswith(("STORE_FAST", "STORE_NAME", "STORE_GLOBAL", "STORE_DEREF")):
        return None
    return after.argval if isinstance(after.argval, str) else after.argval[0]


def _indices(loop_indices) -> Tuple[int, ...]:
    return tuple(loop_indices) if isinstance(loop_indices, (tuple, list)) else () if loop_indices is None else (loop_indices,)


def _into_variable(frame, name: str, value: Tile, op, loop_indices, dtype) -> Tile:
    """b = nl.loop_reduce(a): what b was before the loop is combined with all values; indices that do not go on begin anew."""
    seen = _trace.current().caches.setdefault("loop_reduce", {})
    key, now = (frame.f_code, frame.f_lasti), _indices(loop_indices)
    before = seen.get(key)
    if before is not None and before[0] < now:
        total = before[1]
    else:
        total, first = None, {**frame.f_globals, **frame.f_locals}.get(name)
        if isinstance(first, Tile) and first is not value and first.shape == value.shape and not (before and first is before[1]):
            total = first
    if total is None:
        total = _memory.allocate(value.shape, dtype or value.dtype, SBUF, "", function="nl.loop_reduce", cls=Tile)
        copy_into(total, value)
    else:
        in_place(op, total, value)
    seen[key] = (now, total)
    return total


def loop_reduce(x, op=OPERATORS["add"], loop_indices=None, *, dtype=None, mask=None, **_):
    function = "nl.loop_reduce"
    value = tile_of(function, "x", x)
    area = Call(function, mask, value.shape).area
    if area is not None:
        value = as_tile(value[...])
        value.area = area
    op = OPERATORS[alu(function, op)]
    frame = sys._getframe(1)
    name = _variable(frame.f_code, frame.f_lasti)
    if name is not None:
        return _into_variable(frame, name, value, op, loop_indices, dtype)
    return LoopReduce(value, op)
