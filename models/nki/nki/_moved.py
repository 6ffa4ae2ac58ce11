# SPDX-License-Identifier: Apache-2.0
"""Operands whose place a register says. Copies by engines and by DMA take them (dst_offset, src_offset of program text);
every other instruction of an engine gets a copy that lies where it is known, and what it writes is copied to where it belongs;
other transfers have the place that follows from the arguments (_ahead.py)."""
from __future__ import annotations

import copy
from typing import Tuple

from . import _trace
from ._ahead import number
from ._errors import fail, missing
from ._isa_data import local_gather, nc_stream_shuffle, tensor_copy
from ._isa_dma import dma_copy
from ._isa_elementwise import tensor_scalar
from ._isa_registers import register_alloc, register_store
from ._isa_select import iota
from ._language import broadcast_to
from ._memory import allocate
from ._operators import OPERATORS
from ._registers import Offsets, VirtualRegister
from ._tensor import SBUF, Reshaped, Tensor
from ._unwritten import RESULTS, destinations

_SCRATCH = 48  # registers that kernels do not get: for offsets that are elements of tensors
_COPIES = ("dma_copy", "tensor_copy")
# Elements of their destinations may stay as they are.
_KEEPS_SOME = ("tensor_copy_predicated", "nc_stream_shuffle", "local_gather", "nonzero_with_count", "quantize_mx")


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


def _as_integer(value: Tensor) -> Tensor:
    held = allocate((1, 1), "int32", SBUF, "offset")
    tensor_copy(held, value)
    return held


def load(engine: str, register: VirtualRegister, value: Tensor) -> _trace.Record:
    """register = the one element of value, in SBUF or HBM."""
    if value.space == "hbm":
        held = allocate((1, 1), value.dtype, SBUF, "offset")
        dma_copy(held, value.reshape((1, 1)))
        value = held
    if value.dtype.name not in ("int32", "uint32") or value.space != "sbuf":
        value = _as_integer(value)
    return _trace.add("register_load", engine, [value], (("dst", register.number),))


def _like(view: Tensor, label: str) -> Tensor:
    if isinstance(view, Reshaped):
        missing("tensor", f"an offset that the device knows in an operand of {label}")
    return allocate(view.shape, view.dtype, view.storage.buffer, "moved")


def _picked_tile(opcode: str, engine: str, view: Tensor) -> Tensor:
    """What .indirect() picks, gathered by GpSimd."""
    source, index, count = view.snake
    if engine == "tensor" and index.shape[0] > 16:
        index = _of_groups(opcode, index)
    elif count > min(16, index.shape[0]) * index.elems:
        fail(f"nki.isa.{opcode}", f"{count} elements by an index of {list(index.shape)}: one that is not of the Tensor engine has groups of 16 partitions")
    held = allocate(view.shape, view.dtype, SBUF, "picked")
    local_gather(held, source, index, 1, count)
    return held


def _of_groups(opcode: str, index: Tensor) -> Tensor:
    """Indices as groups of 16 partitions read them, of those that groups of 32 do: even columns are the first half of a group's rows, odd
    ones the second half."""
    if index.shape[0] % 32:
        missing(f"nki.isa.{opcode}", f".indirect() of {index.shape[0]} partitions, neither a multiple of 32 nor up to 16")
    held = allocate((index.shape[0], 2 * index.elems), index.dtype, SBUF, "indices")
    flat = index.reshape((index.shape[0], index.elems))
    for half in range(2):
        nc_stream_shuffle(held.index((slice(None), slice(half, None, 2))), flat, [16 * half + i for i in range(16)] * 2)
    return held


def settled(function: str, what: str, view: Tensor) -> Tensor:
    """The view at the place where its offset puts it with the values of these arguments."""
    if not moves(view):
        return view
    value, step = view.dynamic
    made = copy.copy(view)
    made.dynamic = None
    for each, factor in value.terms if isinstance(value, Offsets) else [(value, 1)]:
        made.offset = made.offset + step * factor * held_by(function, f"an offset of {what}", each)
    return made


def held_by(function: str, what: str, value) -> int:
    """What a register or a tensor of one element holds with the values of these arguments."""
    if not isinstance(value, VirtualRegister):
        value = register_alloc(value if value.dtype.name in ("int32", "uint32") else _as_integer(value))
    return number(function, what, value)


def partition(function: str, view: Tensor, value, count: int) -> int:
    """The first of `count` partitions, where a register or a tensor says. None moves an operand over partitions."""
    first = view.part + held_by(function, "a partition", value)
    if isinstance(first, int) and not 0 <= first <= view.storage.parts - count:
        fail(function, f"partitions {first} to {first + count - 1} are not all in {view.name}, which has {view.storage.parts}", IndexError)
    return first - view.part


def lowered(opcode: str, engine: str, operands: list, attributes: tuple, name) -> _trace.Record:
    """An instruction with moved operands, as one without and copies."""
    if opcode in _COPIES and not any(map(_picked, operands)):
        return _trace.add(opcode, engine, list(in_registers(engine, *operands)), attributes, name)
    if opcode.startswith("dma_"):
        missing(f"nki.isa.{opcode}", ".indirect() of this operand" if any(map(_picked, operands)) else "an operand with an offset that the device knows")
    if moves(operands[0]) and any(keyword == "accumulate" for keyword, _ in attributes):
        missing(f"nki.isa.{opcode}", "a product added to a place that only the device knows")
    back = []

    def still(view):
        if _picked(view):
            return _picked_tile(opcode, engine, view)
        if not moves(view):
            return view
        held = _like(view, opcode)
        tensor_copy(held, view)
        return held

    def target(view):
        if _picked(view):
            missing(f"nki.isa.{opcode}", ".indirect() of a destination")
        if not moves(view):
            return view
        held = _like(view, opcode)
        if opcode in _KEEPS_SOME:
            tensor_copy(held, view)
        back.append((view, held))
        return held
    written = destinations(opcode, operands)
    operands = [target(each) if at in written else still(each) for at, each in enumerate(operands)]
    attributes = tuple((keyword, target(value) if keyword in RESULTS else still(value)) for keyword, value in attributes)
    record = _trace.add(opcode, engine, operands, attributes, name)
    for view, held in back:
        record = tensor_copy(view, held)
    return record


def iota_from(dst: Tensor, pattern, base: VirtualRegister, channel_multiplier, name) -> _trace.Record:
    """The values from 0 on, and to all of them what the register holds: it is stored, and repeated for each partition."""
    one, values = (allocate(shape, "int32", SBUF, "iota") for shape in ((1, 1), dst.shape))
    register_store(one, base)
    iota(values, pattern, 0, channel_multiplier)
    column = broadcast_to(one, (dst.shape[0], 1)) if dst.shape[0] > 1 else one
    return tensor_scalar(dst, values, OPERATORS["add"], column, name=name)
