# SPDX-License-Identifier: Apache-2.0
"""What a register holds, when that follows from the program and the arrays of the call: bounds of loops have to be known when
a program is made, as its semaphores count. Followed are constants, elements of arguments, and copies of them."""
from __future__ import annotations

from typing import Optional

import numpy as np

from ._registers import VirtualRegister
from ._tensor import Tensor
from ._trace import Record, Trace
from ._unwritten import writes


def known_value(register: VirtualRegister) -> Optional[int]:
    """The number, or None. Nothing is known of what was loaded in a loop that the device runs: iterations may differ."""
    source, trace = getattr(register, "source", None), getattr(register, "trace", None)
    if trace is None or source is None or trace.open_loops or register.loop is not None:
        return source if isinstance(source, int) else None
    if isinstance(source, int):
        return source
    view, end = source
    return _element(trace, view, 0, end)


def _places(view: Tensor) -> np.ndarray:
    """Of every element its place in the storage, in order."""
    places = np.zeros(1, np.int64) + view.offset
    for count, step in view.free_dims():
        places = (places[:, None] + step * np.arange(count)).reshape(-1)
    if view.space == "hbm":
        return places
    return ((view.part + np.arange(view.shape[0]))[:, None] * view.storage.row + places).reshape(-1)


def _plain(view) -> bool:
    return (isinstance(view, Tensor) and view.dynamic is None and view.vector is None and view.dtype is view.storage.dtype
            and view.offset.__class__ is int and view.part.__class__ is int)


def _element(trace: Trace, view: Tensor, position: int, end: int) -> Optional[int]:
    """Element number `position` of a view as it was before record `end`."""
    if not _plain(view) or view.dtype.is_float:
        return None
    place = _places(view)[position]
    for at in range(end - 1, -1, -1):
        record = trace.records[at]
        if record.__class__ is not Record:
            return None  # in or behind a loop that the device runs
        if view.storage in writes(record):
            return _written(trace, record, place, at)
    array = view.storage.array
    if view.space != "hbm" or array is None or any(_writes_to(view.storage, each) for each in trace.launch.traces if each is not trace):
        return None
    return int(np.asarray(array).reshape(-1)[place])


def _writes_to(storage, trace: Trace) -> bool:
    return any(record.__class__ is Record and storage in writes(record) for record in trace.records)


def _written(trace: Trace, record: Record, place: int, at: int) -> Optional[int]:
    """What a record wrote to a place of its destination."""
    dst = record.operands[0]
    if not _plain(dst) or record.opcode not in ("dma_copy", "tensor_copy", "memset"):
        return None
    found = np.flatnonzero(_places(dst) == place)
    if not found.size:  # somewhere else
        return _before(trace, dst, place, at)
    if record.opcode == "memset":
        return int(dict(record.attributes)["value"])
    return _element(trace, record.operands[1], int(found[0]), at)


def _before(trace: Trace, dst: Tensor, place: int, at: int) -> Optional[int]:
    storage = dst.storage
    one = Tensor(storage, storage.dtype, (1, 1), (storage.row, 1), int(place % storage.row) if dst.space != "hbm" else int(place),
                 int(place // storage.row) if dst.space != "hbm" else 0)
    return _element(trace, one, 0, at)
