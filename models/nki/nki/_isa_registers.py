# SPDX-License-Identifier: Apache-2.0
"""Registers of the sequencers. Each of the five engines has 64 of its own; a virtual register is the one of its number in
all of them, so that any instruction can use it. AWS NKI documentation, nki.isa; deep dive on dynamic loops."""
from __future__ import annotations

from typing import Optional

from . import _checks as check
from . import _trace
from ._ahead import holds
from ._errors import fail
from ._isa_dma import dma_copy
from ._isa_select import iota
from ._memory import allocate
from ._registers import Affine, Owned, Source, VirtualRegister
from ._tensor import SBUF, Tensor
from ._trace import Record, add

_REGISTERS = 48  # above are those that loops count in
_ENGINES = ("tensor", "vector", "scalar", "gpsimd", "sync")


def _register(function: str, what: str, value) -> VirtualRegister:
    if not isinstance(value, VirtualRegister):
        fail(function, f"{what} is {value!r}, must be a register", TypeError)
    return value


def register_alloc(x=None) -> VirtualRegister:
    """A new register; holds x, an integer or a tensor of one element."""
    function = "nki.isa.register_alloc"
    trace = _trace.current(function)
    if trace.free_registers:
        made = Owned(trace.free_registers.pop(), trace)
    elif trace.registers < _REGISTERS:
        made = Owned(trace.registers, trace)
        trace.registers += 1
    else:
        fail(function, f"all {_REGISTERS} registers are in use")
    if isinstance(x, Tensor):
        register_load(made, x)
    elif x is not None:
        register_move(made, x)
    return made


def register_move(dst, src=None, name=None, imm=None) -> Record:
    """dst = src, a register or an integer; an integer was imm before 0.3."""
    function = "nki.isa.register_move"
    src = imm if src is None else src
    to = _register(function, "dst", dst)
    if isinstance(src, Affine):
        return register_load(to, _counted(src), name)
    source = ("src", [src.number]) if isinstance(src, VirtualRegister) else ("constant", int(src))
    holds(to, _moved(to, src) if isinstance(src, VirtualRegister) else Source(to.number, to.trace, value=int(src)))
    return _on_all("register_move", [], (("dst", to.number), source), name)


def _counted(counter: Affine) -> Tensor:
    """What counts the iterations of a loop, as an element of a tensor."""
    held = allocate((1, 1), "int32", SBUF, "counter", function="nki.isa.register_move")
    iota(held, [[0, 1]], counter)
    return held


def register_load(dst, src, name=None) -> Record:
    """dst = the one element of src."""
    function = "nki.isa.register_load"
    to = _register(function, "dst", dst)
    src = check.tensor(function, "src", src)
    if src.size != 1:
        fail(function, f"src has {src.size} elements, must have 1")
    if src.space == "hbm" or src.dynamic is not None:
        held = allocate((1, 1), src.dtype, SBUF, "register", function=function)
        dma_copy(held, src.reshape((1, 1)))
        src = held
    elif src.space != "sbuf":
        fail(function, "src is in PSUM, must be in SBUF or HBM")
    check.dtype(function, "src", src, ("int32", "uint32"))
    holds(to, Source(to.number, to.trace, view=src))
    return _on_all("register_load", [src], (("dst", to.number),), name)


def _moved(to: Owned, src: Owned) -> Optional[Source]:
    """Where the value of another register comes from. In a loop of the device that may be another one in every iteration."""
    if src.source is None or src.source.loops == tuple(to.trace.open_loops):
        return src.source
    return Source(to.number, to.trace)


def register_store(dst, src, name=None) -> Record:
    """The one element of dst = src."""
    function = "nki.isa.register_store"
    if isinstance(src, Affine):
        src = register_alloc(src)
    source = _register(function, "src", src)
    dst = check.tensor(function, "dst", dst)
    if dst.size != 1:
        fail(function, f"dst has {dst.size} elements, must have 1")
    if dst.space == "psum":
        fail(function, "dst is in PSUM, must be in SBUF or HBM")
    if dst.space == "hbm":
        held = allocate((1, 1), dst.dtype, SBUF, "register", function=function)
        add("register_store", "sync", [held], (("src", [source.number]),), name)
        return dma_copy(dst.reshape((1, 1)), held)
    return add("register_store", "sync", [dst], (("src", [source.number]),), name)


def _on_all(opcode: str, operands: list, attributes: tuple, name) -> Record:
    for which in _ENGINES:
        record = add(opcode, which, list(operands), attributes, name)
    return record
