# SPDX-License-Identifier: Apache-2.0
"""Rules that many instructions share. Each refuses with the kernel's line and the rule in words; the simulator checks
them once more when it reads the program."""
from __future__ import annotations

import functools
from typing import Callable, Optional, Sequence

from . import _trace
from ._enums import engine as _engine
from ._enums import reduce_cmd as _reduce_cmd
from ._errors import fail, no_mask
from ._operators import BITWISE
from ._tensor import Tensor

_CHIP = ("sbuf", "psum")


def tensor(function: str, what: str, value) -> Tensor:
    """`value` as a tensor; dialects may hand in objects that know theirs."""
    if isinstance(value, Tensor):
        return value
    known = getattr(value, "nki_tensor", None)
    if known is not None:
        return known() if callable(known) else known
    fail(function, f"{what} is {value.__class__.__name__}, must be a tensor", TypeError)


def chip(function: str, what: str, value, spaces: Sequence[str] = _CHIP) -> Tensor:
    """`value` as a tensor on chip, in one of `spaces`, starting at a partition that engines can start at."""
    view = value if isinstance(value, Tensor) else tensor(function, what, value)
    if view.space not in spaces:
        fail(function, f"{what} is in {view.storage.buffer}, must be in {' or '.join(spaces)}")
    part = view.part
    if part.__class__ is int and part:
        count = view.shape[0]
        grid = 128 if count > 64 else 64 if count > 32 else 32
        if (part + (view.storage.address or (0,))[0]) % grid:
            fail(function, f"{what} begins at partition {part} and has {count}: up to 32 partitions begin at multiples of 32, "
                 "up to 64 at 0 or 64, more at 0")
    return view


def without_mask(function: Callable, name: str = "") -> Callable:
    """A function of nki.language that takes further keywords, but no mask."""
    @functools.wraps(function)
    def call(*args, mask=None, **kwargs):
        no_mask(name or f"nl.{function.__name__}", mask)
        return function(*args, **kwargs)
    return call


def same(function: str, dst: Tensor, src: Tensor, what: str) -> None:
    """As many partitions, and elements per partition."""
    if src.shape[0] != dst.shape[0] or src.elems != dst.elems:
        fail(function, f"dst is [{dst.shape[0]}, {dst.elems}] and {what} [{src.shape[0]}, {src.elems}]: partitions and "
             "elements per partition must be equal")


def shape(function: str, what: str, view: Tensor, partitions: int, elements: int) -> None:
    if view.shape[0] != partitions or view.elems != elements:
        fail(function, f"{what} is [{view.shape[0]}, {view.elems}], must be [{partitions}, {elements}]")


def dtype(function: str, what: str, view: Tensor, names: Sequence[str]) -> None:
    if view.dtype.name not in names:
        fail(function, f"{what} is {view.dtype}, must be {' or '.join(names)}")


def one_in_psum(function: str, first: Tensor, second: Tensor) -> None:
    if first.space == "psum" and second.space == "psum":
        fail(function, "both sources are in PSUM, at most one may be")


def scalar(function: str, what: str, value, dst: Tensor):
    """A scalar operand: a number, or a tensor of one element per partition of dst."""
    if value.__class__ is float or value.__class__ is int:
        return float(value)
    if isinstance(value, Tensor) or hasattr(value, "nki_tensor"):
        view = chip(function, what, value)
        if view.shape[0] != dst.shape[0] or view.elems != 1:
            fail(function, f"{what} is [{view.shape[0]}, {view.elems}], must be a number or [{dst.shape[0]}, 1]")
        return view
    try:
        return float(value)
    except TypeError:
        fail(function, f"{what} is {value!r}, must be a number or a tensor of one element per partition", TypeError)


def engine(function: str, given, allowed: Sequence[str], default: str, *views: Optional[Tensor]) -> str:
    """The engine by name: the one given when it has the instruction, else `default`; GpSimd does not reach PSUM."""
    if given is None or given is _engine.unknown:
        return default
    name = given if isinstance(given, str) else getattr(given, "name", str(given))
    if name not in allowed:
        fail(function, f"cannot run on engine {name}, only on {', '.join(allowed)}")
    if name == "gpsimd" and any(view is not None and view.space == "psum" for view in views):
        fail(function, "an operand is in PSUM, which GpSimd cannot access")
    return name


def no_bitwise(function: str, *ops: Optional[str]) -> None:
    for op in ops:
        if op in BITWISE:
            fail(function, f"takes arithmetic operators only, not {op}")


def bitwise_integers(function: str, op: Optional[str], *views: Tensor) -> None:
    """Bitwise operators keep bits: all operands are integers."""
    if op in BITWISE:
        for view in views:
            if view.dtype.is_float:
                fail(function, f"{op} needs integers, an operand is {view.dtype}")


def since(function: str, version: int) -> None:
    """Refuses instructions that came with a later NeuronCore."""
    target = _trace.current(function).target
    if target.version < version:
        fail(function, f"came with NeuronCore-v{version}, {target.name} has NeuronCore-v{target.version}")


def member(function: str, what: str, value, kind: type):
    """`value` as a member of an enumeration of nki.isa, which it or its number names."""
    if isinstance(value, kind):
        return value
    try:
        return kind(value)
    except ValueError:
        fail(function, f"{what} is {value!r}, must be one of nki.isa.{kind.__name__}")


def command(function: str, value) -> str:
    """Program text's name of a reduce_cmd."""
    return member(function, "reduce_cmd", value, _reduce_cmd).name


