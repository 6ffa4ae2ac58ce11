# SPDX-License-Identifier: Apache-2.0
"""Values that only the device knows: counters of dynamic loops, and registers of the sequencers."""
from __future__ import annotations

from math import gcd
from typing import Dict, Optional

from ._errors import asked_by_kernel, fail

_COUNTER = "a loop register"


def _whole(value) -> int:
    if isinstance(value, Affine) or not hasattr(value, "__int__") or value != int(value):
        fail(_COUNTER, f"can only be multiplied by, and added to, integers, not {value!r}", TypeError)
    return int(value)


def _impossible(self, *others):
    fail(_COUNTER, "can only be multiplied by, and added to, integers: anything else is done with tensors, and nisa.register_store", TypeError)


def _incomparable(self, other):
    fail(_COUNTER, f"its value is not known when the kernel is traced: it is not compared with {other!r}", TypeError)


class Affine:
    """constant + sum of coefficient * counter of a dynamic loop: what starts of views may be."""

    __slots__ = ("constant", "terms")

    def __init__(self, constant: int, terms: Dict[str, int]):
        self.constant = constant
        self.terms = terms

    def __add__(self, other):
        if isinstance(other, Affine):
            terms = dict(self.terms)
            for name, factor in other.terms.items():
                terms[name] = terms.get(name, 0) + factor
            return Affine(self.constant + other.constant, terms)
        return Affine(self.constant + (other if other.__class__ is int else _whole(other)), self.terms)

    __radd__ = __add__

    def __mul__(self, factor):
        factor = _whole(factor)
        return Affine(self.constant * factor, {name: each * factor for name, each in self.terms.items()})

    __rmul__ = __mul__
    __mod__ = __floordiv__ = __truediv__ = __pow__ = __lshift__ = __rshift__ = __and__ = _impossible
    __lt__ = __le__ = __gt__ = __ge__ = _incomparable

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + (-other)

    def __rsub__(self, other):
        return -self + other

    def __bool__(self) -> bool:
        fail(_COUNTER, "its value is not known when the kernel is traced: no `if`, `while` or `and` on it", TypeError)

    def __int__(self) -> int:
        fail(_COUNTER, "its value is not known when the kernel is traced: it is no Python integer", TypeError)

    __index__ = __int__

    def __eq__(self, other) -> bool:
        if isinstance(other, int) and asked_by_kernel():
            _incomparable(self, other)
        return isinstance(other, Affine) and (self.constant, self.terms) == (other.constant, other.terms)

    def __hash__(self) -> int:
        return hash((self.constant, tuple(sorted(self.terms.items()))))

    def text(self) -> str:
        """As program text writes it."""
        text = ""
        for name, factor in self.terms.items():
            if factor:
                sign = " - " if factor < 0 else " + " if text else ""
                text += sign.lstrip() if not text else sign
                text += name if abs(factor) == 1 else f"{name} * {abs(factor)}"
        if self.constant or not text:
            text += f" {'-' if self.constant < 0 else '+'} {abs(self.constant)}" if text else str(self.constant)
        return text

    __repr__ = text


def offset_text(offset) -> str:
    return offset.text() if offset.__class__ is Affine else str(offset)


class VirtualRegister:
    """A 32-bit register of the sequencers, nisa.register_alloc. Its value is not known when tracing."""

    __slots__ = ("number",)

    def __init__(self, number: int):
        self.number = number

    def _unknown(self, *_):
        fail("VirtualRegister", "its value is not known when the kernel is traced: use it as an offset of a view, or store it", TypeError)

    __int__ = __index__ = __float__ = __bool__ = __add__ = __radd__ = __sub__ = __mul__ = __rmul__ = _unknown
    __lt__ = __le__ = __gt__ = __ge__ = __mod__ = __floordiv__ = __truediv__ = _unknown

    def __eq__(self, other) -> bool:
        if isinstance(other, int) and asked_by_kernel():
            _incomparable(self, other)
        return self is other

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"r{self.number}"


class Source:
    """Where the value of a register comes from: record `at` of the trace and those after it set `number`, in `loops` of the
    device, to `value`, or to `view`, a tensor of one element, whose value may be found later (_ahead.py). `asked`: loops that
    were open when somebody relied on the value."""

    __slots__ = ("number", "at", "loops", "value", "view", "asked")

    def __init__(self, number: int, trace, value: Optional[int] = None, view=None):
        self.number, self.at, self.loops, self.value, self.view = number, len(trace.records), tuple(trace.open_loops), value, view
        self.asked: tuple = ()


class Owned(VirtualRegister):
    """A register that a kernel allocated. When nothing of the kernel refers to it any more, its number is given out again:
    instructions that use it stand before those that will. Not so when a loop that the device runs began after it: the
    next iteration uses it once more."""

    __slots__ = ("trace", "loop", "source")

    def __init__(self, number: int, trace):
        super().__init__(number)
        self.trace = trace
        self.source: Optional[Source] = None
        self.loop = trace.open_loops[-1] if trace.open_loops else None

    def __bool__(self) -> bool:
        """`while register:` is unrolled."""
        return self.trace.launch.above.condition("while register", self)

    def __del__(self):
        if (self.trace.open_loops[-1] if self.trace.open_loops else None) is self.loop:
            self.trace.free_registers.append(self.number)


class Offsets:
    """A sum of values that the device knows, each times a number: `terms` are (register or tensor of one element, factor)."""

    __slots__ = ("terms",)

    def __init__(self, terms: tuple):
        self.terms = terms


def both(one, other):
    """The offset that is the sum of two: each None or (value, elements per count)."""
    if one is None or other is None:
        return one or other
    terms = [term for value, step in (one, other) for term in
             ([(each, factor * step) for each, factor in value.terms] if value.__class__ is Offsets else [(value, step)])]
    step = gcd(*(factor for _, factor in terms))
    return Offsets(tuple((value, factor // step) for value, factor in terms)), step


class DynSlice:
    """nl.ds(start, size): elements start .. start + size - 1; start may be known to the device alone."""

    __slots__ = ("start", "size", "step")

    def __init__(self, start, size: int, step: int = 1):
        self.start = start
        self.size = size
        self.step = step

    def __repr__(self) -> str:
        return f"ds({self.start}, {self.size})"
