# SPDX-License-Identifier: Apache-2.0
"""Operands whose place a register says. Copies by engines and by DMA take them (dst_offset, src_offset of program text);
every other instruction gets a copy that lies where it is known, and what it writes is copied to where it belongs."""
from __future__ import annotations

import copy
from typing import Tuple

from . import _trace
from ._errors import missing
from ._memory import allocate
from ._registers import Offsets, VirtualRegister
from ._tensor import SBUF, Reshaped, Tensor

_SCRATCH = 48  # registers that kernels do not get: for offsets that are elements of tensors
_COPIES = ("dma_copy", "tensor_copy")
_KEEPS_SOME = ("tensor_copy_predicated", "nc_matmul", "nc_matmul_mx", "nc_stream_shuffle")  # dst is also read


def moves(each) -> bool:
    return isinstance(each, Tensor) and each.dynamic is not None


def _picked(each) -> bool:
    return isinstance(each, Tensor) and each.snake is not None


def in_registers(engine: str, *views: Tensor) -> Tuple[Tensor, ...]:
    """The views of a copy that `engine` starts: offsets that are elements of tensors are loaded to its registers."""
    placed = []
    for position, view in enumerate(views):
        if moves(view) and view.dynamic[0].__class__ is not VirtualRegister:
            value, step = view.dynamic
            view = copy.copy(view)
            # Records do not keep a register of the kernel in use.
            held = VirtualRegister(value.number) if isinstance(value, VirtualRegister) else _in_register(engine, value, _SCRATCH + 2 * position)
            view.dynamic = (held, step)
        placed.append(view)
    return tuple(placed)


def _in_register(engine: str, value, number: int) -> VirtualRegister:
    """A register of the engine with the value: `number`; the next one may be used to compute it."""
    held, more = VirtualRegister(number), VirtualRegister(number + 1)
    if not isinstance(value, Offsets):
        load(engine, held, value)
        return held
    for position, (each, factor) in enumerate(value.terms):
        to = more if position else held
        source = each
        if not isinstance(each, VirtualRegister):
            load(engine, to, each)
            source = to
        _trace.add("register_alu", engine, [], (("op", "multiply"), ("dst", to.number), ("src", [source.number]), ("constant", factor)))
        if position:
            _trace.add("register_alu", engine, [], (("op", "add"), ("dst", number), ("src", [number, more.number])))
    return held


def load(engine: str, register: VirtualRegister, value: Tensor) -> _trace.Record:
    """register = the one element of value, in SBUF or HBM."""
    from ._isa_data import tensor_copy
    from ._isa_dma import dma_copy
    if value.space == "hbm":
        held = allocate((1, 1), value.dtype, SBUF, "offset")
        dma_copy(held, value.reshape((1, 1)))
        value = held
    if value.dtype.name not in ("int32", "uint32") or value.space != "sbuf":
        held = allocate((1, 1), "int32", SBUF, "offset")
        tensor_copy(held, value)
        value = held
    return _trace.add("register_load", engine, [value], (("dst", register.number),))


def _like(view: Tensor, label: str) -> Tensor:
    if isinstance(view, Reshaped):
        missing("tensor", f"an offset that the device knows in an operand of {label}")
    return allocate(view.shape, view.dtype, view.storage.buffer, "moved")


def lowered(opcode: str, engine: str, operands: list, attributes: tuple, name) -> _trace.Record:
    """An instruction with moved operands, as one without and copies."""
    from ._isa_data import local_gather, tensor_copy
    if opcode in _COPIES and not any(map(_picked, operands)):
        return _trace.add(opcode, engine, list(in_registers(engine, *operands)), attributes, name)
    if opcode.startswith(("dma_", "nc_matmul")) and any(map(_picked, operands)) or _picked(operands[0]):
        missing(f"nki.isa.{opcode}", ".indirect() of this operand")
    if opcode.startswith("dma_") or opcode == "register_load" or moves(operands[0]) and opcode in _KEEPS_SOME:
        missing(f"nki.isa.{opcode}", "an operand with an offset that the device knows")

    def still(view):
        if _picked(view):
            source, index, count = view.snake
            held = allocate(view.shape, view.dtype, SBUF, "picked")
            local_gather(held, source, index, 1, count)
            return held
        if not moves(view):
            return view
        held = _like(view, opcode)
        tensor_copy(held, view)
        return held
    target = operands[0] if moves(operands[0]) else None
    first = _like(target, opcode) if target is not None else operands[0]
    sources = [still(each) for each in operands[1:]]
    attributes = tuple((keyword, still(value)) for keyword, value in attributes)
    record = _trace.add(opcode, engine, [first] + sources, attributes, name)
    if target is not None:
        record = tensor_copy(target, first)
    return record
