# SPDX-License-Identifier: Apache-2.0
"""What a register holds, when that follows from the program and the arrays of the call. Bounds of loops have to be known when
a program is made, as its semaphores count. Followed are constants, elements of arguments, copies of them and arithmetic with
them, one element at a time, back from where the register was loaded."""
from __future__ import annotations

import operator
from typing import Callable, Dict, Optional, Union

import numpy as np

from ._registers import VirtualRegister
from ._tensor import Tensor
from ._trace import LoopEnd, Record, Trace
from ._unwritten import writes

Number = Union[int, float]
_EXACT = 1 << 24  # up to there integers are exact in fp32 too
_TYPES = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "float32")
_BITS: Dict[str, Callable] = {"bitwise_and": operator.and_, "bitwise_or": operator.or_, "bitwise_xor": operator.xor,
                              "left_shift": operator.lshift, "right_shift": operator.rshift}
_ARITHMETIC: Dict[str, Callable] = {
    "add": operator.add, "subtract": operator.sub, "multiply": operator.mul, "maximum": max, "minimum": min, "equal": operator.eq,
    "not_equal": operator.ne, "less": operator.lt, "less_equal": operator.le, "greater": operator.gt, "greater_equal": operator.ge,
    "logical_and": lambda a, b: a != 0 and b != 0, "logical_or": lambda a, b: a != 0 or b != 0}


def known_value(register: VirtualRegister) -> Optional[int]:
    """The number, or None. Nothing is known of what was loaded in a loop that the device runs: iterations may differ."""
    source = getattr(register, "source", None)
    if source is not None and source.value is None and source.view is not None and not source.loops:
        value = _element(register.trace, source.view, 0, source.at, "")
        source.value = None if value is None else int(value)
    return None if source is None else source.value


def _places(trace: Trace, view, end: int, engine: str) -> Optional[np.ndarray]:
    """Of every element of an operand of record `end`, which `engine` runs, its place in the storage, in order."""
    if not is_plain(view, moves=True):
        return None
    places = np.zeros(1, np.int64) + view.offset
    if view.dynamic is not None:
        value = _register(trace, engine, view.dynamic[0].number, end) if isinstance(view.dynamic[0], VirtualRegister) else None
        if value is None:
            return None
        places += int(value) * view.dynamic[1]
    for count, step in view.free_dims():
        places = (places[:, None] + step * np.arange(count)).reshape(-1)
    if view.space == "hbm":
        return places
    return ((view.part + np.arange(view.shape[0]))[:, None] * view.storage.row + places).reshape(-1)


def is_plain(view, moves: bool = False) -> bool:
    return (isinstance(view, Tensor) and (moves or view.dynamic is None) and view.vector is None and view.dtype is view.storage.dtype
            and view.offset.__class__ is int and view.part.__class__ is int and view.dtype.name in _TYPES)


def _register(trace: Trace, engine: str, number: int, end: int) -> Optional[Number]:
    """What a register of an engine held before record `end`."""
    depth = 0  # in loops that the device runs
    for at in range(end - 1, -1, -1):
        record = trace.records[at]
        if record.__class__ is not Record:
            depth += 1 if record.__class__ is LoopEnd else -1
        elif record.engine == engine and record.opcode in ("register_load", "register_move", "register_alu"):
            given = dict(record.attributes)
            if given["dst"] != number:
                continue
            if depth:
                return None
            if record.opcode == "register_load":
                return _element(trace, record.operands[0], 0, at, engine)
            values = [_register(trace, engine, each, at) for each in given.get("src", ())] + [given[each] for each in ("constant",) if each in given]
            return values[0] if record.opcode == "register_move" else _computed(given["op"], values[0], values[1], False)
    return None


def _element(trace: Trace, view: Tensor, position: int, end: int, engine: str) -> Optional[Number]:
    """Element number `position` of an operand of record `end`."""
    places = _places(trace, view, end, engine)
    return None if places is None or position >= len(places) else _at(trace, view, int(places[position]), end)


def _at(trace: Trace, view: Tensor, place: int, end: int) -> Optional[Number]:
    """What the storage of a view held at a place."""
    storage = view.storage
    if storage.address is not None and _overlaid(trace, storage):
        return None
    read, contents = trace.snapshots.get(storage, (0, None))
    if read > end:
        read, contents = 0, None
    depth = 0  # in loops that the device runs
    for at in range(end - 1, read - 1, -1):
        record = trace.records[at]
        if record.__class__ is not Record:
            depth += 1 if record.__class__ is LoopEnd else -1
        elif storage in writes(record):
            dst = record.operands[0]
            places = None if depth or dst.storage is not storage else _places(trace, dst, at, record.engine)
            if places is None:
                return None
            found = np.flatnonzero(places == place)
            if found.size:
                key = (at, int(found[0]))
                if trace.values.get(key) is None:
                    trace.values[key] = _stored(_result(trace, record, key[1], at), dst)
                return trace.values[key]
    if contents is not None:
        return int(contents[place])
    if storage.space != "hbm" or storage.array is None or any(
            writes_to(storage, record) for each in trace.launch.traces if each is not trace for record in each.records):
        return None
    array = np.asarray(storage.array).reshape(-1)
    if not 0 <= place < array.size:
        return None
    return float(array[place]) if storage.dtype.is_float else int(array[place])


def _overlaid(trace: Trace, storage) -> bool:
    """Whether another tile was put where this one is."""
    part, byte = storage.address
    for each in trace.storages:
        if each is not storage and each.space == storage.space and each.address is not None:
            if (each.address[0] < part + storage.parts and part < each.address[0] + each.parts and each.address[1] < byte + storage.bytes
                    and byte < each.address[1] + each.bytes):
                return True
    return False


def writes_to(storage, record) -> bool:
    return record.__class__ is Record and storage in writes(record)


def _stored(value: Optional[Number], dst: Tensor) -> Optional[Number]:
    """A result in the type of its destination; None when that is not for certain."""
    if value is None or not abs(value) <= _EXACT:
        return None
    return float(np.float32(value)) if dst.dtype.is_float else int(np.rint(value))


def _result(trace: Trace, record: Record, position: int, at: int) -> Optional[Number]:
    """Element number `position` of what an instruction writes."""
    given = dict(record.attributes)
    if record.opcode == "memset":
        return given["value"]
    if record.opcode in ("dma_copy", "tensor_copy"):
        return _element(trace, record.operands[1], position, at, record.engine)
    if record.opcode == "tensor_tensor":
        one, two = (_element(trace, each, position, at, record.engine) for each in record.operands[1:])
        return _computed(given["op"], one, two, False)
    if record.opcode != "tensor_scalar":
        return None
    value = _element(trace, record.operands[1], position, at, record.engine)
    for number in ("0", "1"):
        if "op" + number in given:
            scalar = given.get("operand" + number, 0.0)
            if isinstance(scalar, Tensor):
                scalar = _element(trace, scalar, position // record.operands[0].elems, at, record.engine)
            value = _computed(given["op" + number], value, scalar, given.get("reverse" + number, False))
    return value


def _computed(op: str, one: Optional[Number], two: Optional[Number], reverse: bool) -> Optional[Number]:
    if one is None or two is None or not (abs(one) <= _EXACT and abs(two) <= _EXACT):
        return None
    if reverse:
        one, two = two, one
    if op in _BITS:
        return _BITS[op](int(one), int(two)) if one >= 0 and two >= 0 else None
    if op not in _ARITHMETIC:
        return None
    return float(np.float32(_ARITHMETIC[op](float(np.float32(one)), float(np.float32(two)))))
