# SPDX-License-Identifier: Apache-2.0
"""Tiles for which there is no room. Compilers of the first dialect moved them out of the way: a tile of PSUM to SBUF, a tile of
SBUF to HBM and back (AWS NKI documentation, profiling guide: spill and reload). Here a tile that is not used for longest around the
fullest time of the program goes, until the rest fits; what uses it later uses another tile."""
from __future__ import annotations

import copy
import warnings
from bisect import bisect_left
from collections import defaultdict
from typing import Dict, List, Optional, Set, Tuple

import numpy as np

from . import _memory, _trace
from ._errors import NkiWarning
from ._isa_data import tensor_copy
from ._isa_dma import dma_copy
from ._target import PSUM_BANK_BYTES, PSUM_BYTES
from ._tensor import PRIVATE_HBM, SBUF, Storage, Tensor
from ._trace import Launch, Record, Trace
from ._unwritten import writes

_ALIGNMENT = 64  # of tiles in SBUF


class _Life:
    """A tile between two moves: the instructions that use it, by number. `saved`: HBM that has its contents."""

    def __init__(self, origin: Storage, storage: Storage, size: int, times: List[int], written: Set[int], saved: Optional[Tensor] = None):
        self.origin, self.storage, self.size, self.times, self.written, self.saved = origin, storage, size, times, written, saved


def _fixed(trace: Trace) -> Set[Storage]:
    """What stays where it is: other dialects' tiles, those with an address, and tables of offsets."""
    fixed = {each for each in trace.storages if each.begin is None or each.address is not None}
    for record in trace.records:
        for view in record.views():
            if view.snake is not None:
                fixed.add(view.storage)
            for index in (view.dynamic, view.vector):
                if index is not None and isinstance(index[0], Tensor):
                    fixed.add(index[0].storage)
    return fixed


class _Spill:
    """One memory of one core."""

    def __init__(self, trace: Trace, space: str, capacity: int, grain: int):
        self.trace, self.space, self.capacity, self.grain = trace, space, capacity, grain
        self.records: List[Record] = trace.records
        # By the number of an instruction:
        self.before: Dict[int, List[Tuple[Tensor, Tensor]]] = defaultdict(list)  # loads, (tile, where it was saved)
        self.behind: Dict[int, List[Tuple[Tensor, Storage]]] = defaultdict(list)  # copies, (to, of what the kernel knows as this)
        self.moved: Dict[int, Dict[Storage, Storage]] = defaultdict(dict)
        self.first_label = ""
        self.count = 0

    def relieve(self) -> None:
        pressure = self._pressure()
        if pressure.max() <= self.capacity:
            return
        fixed = _fixed(self.trace)
        lives = [each for each in self._lives() if each.storage not in fixed]
        enough = self.capacity if self.space == "psum" else self.capacity // 8 * 7  # tiles of several sizes leave gaps
        while pressure.max() > enough:
            at = int(pressure.argmax())
            found = self._longest_unused(lives, at)
            if found is None:
                break
            self._split(lives, found, at, pressure)
        self._finish()

    def _pressure(self) -> np.ndarray:
        """Bytes of a partition that are in use during each instruction."""
        first: Dict[Storage, int] = {}
        last: Dict[Storage, int] = {}
        for time, record in enumerate(self.records):
            for view in record.views():
                storage = view.storage
                if storage.space == self.space:
                    if storage not in first:
                        first[storage] = time
                    last[storage] = time
        changes = np.zeros(len(self.records) + 1, np.int64)
        for storage, time in first.items():
            size = self._size(storage)
            changes[time] += size
            changes[last[storage] + 1] -= size
        return np.cumsum(changes)[:-1] if self.records else changes

    def _size(self, storage: Storage) -> int:
        return -(-storage.bytes // self.grain) * self.grain

    def _lives(self) -> List[_Life]:
        found: Dict[Storage, _Life] = {}
        for time, record in enumerate(self.records):
            for view in record.views():
                storage = view.storage
                if storage.space != self.space:
                    continue
                life = found.get(storage)
                if life is None:
                    life = found[storage] = _Life(storage, storage, self._size(storage), [], set())
                if not life.times or life.times[-1] != time:
                    life.times.append(time)
            for storage in writes(record):
                if storage in found:
                    found[storage].written.add(time)
        return list(found.values())

    def _longest_unused(self, lives: List[_Life], at: int) -> Optional[_Life]:
        best, furthest = None, (0, 0)
        for each in lives:
            if each.times[0] < at < each.times[-1]:
                index = bisect_left(each.times, at)
                until = (each.times[index], each.size)
                read_only = max(each.written, default=-1) < until[0]  # from then on: products go to PSUM
                if each.times[index] != at and until > furthest and (self.space == "sbuf" or read_only):
                    best, furthest = each, until
        return best

    def _split(self, lives: List[_Life], life: _Life, at: int, pressure: np.ndarray) -> None:
        """What uses the tile after `at` uses another one."""
        index = bisect_left(life.times, at)
        earlier, later = life.times[:index], life.times[index:]
        self.first_label = self.first_label or self.records[earlier[-1]].label
        self.count += 1
        until, target = later[0], self._tile(life, SBUF)
        if self.space == "psum":
            until = later[-1] + 1
            self.behind[earlier[-1]].append((target, life.origin))
        else:
            saved = life.saved
            if saved is None or any(each in life.written for each in earlier):
                saved = self._tile(life, PRIVATE_HBM)
                self.trace.launch.spilled_bytes += saved.storage.bytes
                self.behind[earlier[-1]].append((saved, life.origin))
            self.before[until].append((target, saved))
            lives.append(_Life(life.origin, target.storage, life.size, later, {each for each in life.written if each >= until}, saved))
        for each in later:
            self.moved[each][life.origin] = target.storage
        pressure[earlier[-1] + 1:until] -= life.size
        life.times = earlier

    def _tile(self, life: _Life, buffer) -> Tensor:
        made = _memory.allocate(life.storage.shape, life.storage.dtype, buffer, function="spill")
        made.storage.begin = 0  # it may have to make room in turn
        return made

    def _finish(self) -> None:
        self.trace.records = records = []
        for time, record in enumerate(self.records):
            first = len(records)
            for target, saved in self.before.get(time, ()):
                dma_copy(target, saved)
            storages = self.moved.get(time, {})
            if storages:
                self._redirect(record, storages)
            records.append(record)
            for target, origin in self.behind.get(time, ()):
                (dma_copy if target.space == "hbm" else tensor_copy)(target, _memory.whole(storages.get(origin, origin)))
            for each in records[first:]:
                each.label = record.label

    @staticmethod
    def _redirect(record: Record, storages: Dict[Storage, Storage]) -> None:
        def moved(value):
            if not isinstance(value, Tensor) or value.storage not in storages:
                return value
            made = copy.copy(value)
            made.storage, made._text = storages[value.storage], None
            return made
        record.operands = [moved(each) for each in record.operands]
        record.attributes = tuple((keyword, moved(value)) for keyword, value in record.attributes)


def make_room(launch: Launch) -> None:
    """Moves tiles of the first dialect out of the way where SBUF or PSUM is too small, and says so. Not in a kernel of which only
    the begin was traced: what follows still knows the tiles."""
    if _trace.active() is not None:
        return
    for trace in launch.traces:
        for space, capacity, grain, where in (("psum", PSUM_BYTES, PSUM_BANK_BYTES, "SBUF"),
                                              ("sbuf", launch.target.sbuf_total, _ALIGNMENT, "HBM")):
            total = sum(each.bytes for each in trace.storages if each.space == space and each.begin is not None)
            if total <= capacity // 2 or any(each.__class__ is not Record for each in trace.records):
                continue
            trace.records = [each for each in trace.records if not each.dropped]
            spill = _Spill(trace, space, capacity, grain)
            _trace.push(trace)
            try:
                spill.relieve()
            finally:
                _trace.pop()
            if spill.count:
                warnings.warn(f"{spill.first_label}: {space.upper()} of {launch.target.name} is too small for this kernel: {spill.count} tiles, "
                              f"the first of them here, are moved to {where} in between", NkiWarning, stacklevel=6)
