# SPDX-License-Identifier: Apache-2.0
"""Loops of a kernel, found again in what it did: Python has unrolled them, program text need not.

Data flow: Records of a trace -> each becomes a form (all that program text says of it but its numbers) and its numbers (which
of the buffers that are alike, first partition, and offset of each operand) -> where a sequence of equal forms stands several
times behind itself, and each of its numbers grows by the same amount every time, a Loop takes their place -> what was found is
looked through again, for the loops around those -> _program.py writes items; a buffer that the iterations allocate anew is one
declaration with copies.

The program is the same instruction by instruction: a loop is only written for what the kernel did, never for what it might do."""
from __future__ import annotations

import re
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from ._tensor import Reshaped, Storage, Tensor
from ._trace import LoopBegin, LoopEnd, Record, Trace

_LEAST = 4  # iterations that make a loop
_LENGTHS = (4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096)  # at most so many items of a body: short loops are found first
_TRIES = 8  # places at which an item stands again, for each item
_NUMBERS = 3  # of an operand
_COUNTED = re.compile(r"_[0-9]+\Z")


class Loop:
    """`body`, a list of Records and Loops, `count` times. `steps`: by how much the numbers of the operands in it, in the order of
    the program, grow with every iteration; those of a Record are of the first one."""

    __slots__ = ("count", "body", "steps")

    def __init__(self, count: int, body: list, steps: np.ndarray):
        self.count, self.body, self.steps = count, body, steps


class Copies(NamedTuple):
    """Buffers that are alike and take turns in loops: their numbers among all that are alike begin with `first`."""

    name: str
    first: int
    count: int


class Rolled:
    """A trace as items: Records, LoopBegins, LoopEnds and Loops."""

    def __init__(self, trace: Trace, apart: Sequence[int] = (), find_loops: bool = True):
        """Records whose id is in `apart` stay out of loops: others wait for them."""
        self._forms: Dict[object, int] = {}
        self._apart = apart
        self._alike: Dict[int, Tuple[object, int]] = {}  # id of a storage -> (what it has in common with others, number among those)
        self._first: Dict[object, Storage] = {}  # the one that stands for all at the same address
        self._members: Dict[object, List[Storage]] = {}
        for storage in trace.storages if find_loops else ():
            self._sort(storage)
        records = [each for each in trace.records if not getattr(each, "dropped", False)]
        self.items = self._fold(records) if find_loops else records
        self._copies: Dict[object, Copies] = {}
        self._taken: Dict[object, set] = {}  # numbers that are copies
        self._find_copies(self.items, [])

    # What the writer asks.
    def storage(self, storage: Storage) -> Storage:
        """The one whose declaration is used: of those at one address, the first."""
        return self._first.get(self._alike[id(storage)][0], storage) if id(storage) in self._alike else storage

    def copies(self, storage: Storage) -> Optional[Copies]:
        """Those that this one belongs to."""
        alike, number = self._alike.get(id(storage), (None, 0))
        return self._copies[alike] if number in self._taken.get(alike, ()) else None

    def number(self, storage: Storage) -> int:
        return self._alike[id(storage)][1] if id(storage) in self._alike else 0

    def _sort(self, storage: Storage) -> None:
        if storage.space == "hbm":
            return
        common = (storage.space, storage.dtype, storage.parts, storage.row, storage.address, _COUNTED.sub("", storage.name))
        if storage.address is not None:
            self._first.setdefault(common, storage)
            self._alike[id(storage)] = common, 0
        else:
            members = self._members.setdefault(common, [])
            self._alike[id(storage)] = common, len(members)
            members.append(storage)

    # Finding loops.
    def _fold(self, records: list) -> list:
        forms, starts, numbers = [], [0], []
        inside = 0  # loops that the device runs: they are loops already
        for record in records:
            inside += record.__class__ is LoopBegin
            known = record.__class__ is Record and not inside and self._describe(record, numbers)
            forms.append(known if known is not False else self._form(object()))
            starts.append(len(numbers))
            inside -= record.__class__ is LoopEnd
        sequence = _Sequence(records, forms, starts, np.array(numbers, np.int64))
        for longest in _LENGTHS:
            while sequence.fold(longest, self._form):
                pass
        return sequence.items

    def _form(self, described) -> int:
        return self._forms.setdefault(described, len(self._forms))

    def _describe(self, record: Record, numbers: List[int]):
        """The record's form; its numbers are appended. False: it stays out of loops."""
        if record.after or id(record) in self._apart:
            return False
        said = [record.label, record.opcode, record.engine]
        before = len(numbers)
        for view in record.operands:
            if not self._operand(view, said, numbers):
                del numbers[before:]
                return False
        for keyword, value in record.attributes:
            said.append(keyword)
            if value.__class__ in (list, tuple):
                said.append(tuple(value))
            elif value.__class__ in (str, int, float, bool) or value is None:
                said.append((value.__class__, value if value == value else "nan"))
            elif not isinstance(value, Tensor):
                said.append(str(value))
            elif not self._operand(value, said, numbers):
                del numbers[before:]
                return False
        return self._form(tuple(said))

    def _operand(self, view, said: list, numbers: List[int]) -> bool:
        if view.__class__ is str:
            said.append(view)
            return True
        alike, number = self._alike.get(id(view.storage), (id(view.storage), 0))
        said += (alike, view.dtype.name, view.shape, view.strides)
        if view.__class__ is Reshaped:
            said.append(view.dims)
        if view.dynamic is not None:
            said.append((view.dynamic[0].number, view.dynamic[1]))
        if view.offset.__class__ is not int or view.part.__class__ is not int:
            return False
        numbers += (number, view.part, view.offset)
        return True

    # Which buffers are copies.
    def _find_copies(self, items: list, around: list) -> None:
        """`around`: the loops that the items stand in, each with how many numbers of its body were passed."""
        for item in items:
            if item.__class__ is Loop:
                self._find_copies(item.body, around + [[item, 0]])
            elif item.__class__ is Record and around:
                for view in item.views():
                    self._reach(view.storage, [(loop.count, int(loop.steps[passed])) for loop, passed in around])
                    for loop in around:
                        loop[1] += _NUMBERS

    def _reach(self, storage: Storage, moves: List[Tuple[int, int]]) -> None:
        moves = [each for each in moves if each[1]]
        if not moves:
            return
        alike, number = self._alike[id(storage)]
        reached = {number}
        for count, step in moves:
            reached = {start + i * step for start in reached for i in range(count)}
        taken = self._taken.setdefault(alike, set())
        taken |= reached
        first = min(taken)
        self._copies[alike] = Copies(self._members[alike][first].name, first, max(taken) - first + 1)


class _Sequence:
    """Items with their forms; numbers[starts[i] : starts[i + 1]] are those of item i."""

    def __init__(self, items: list, forms: List[int], starts: List[int], numbers: np.ndarray):
        self.items, self.forms, self.starts, self.numbers = items, forms, starts, numbers

    def fold(self, longest: int, form_of) -> bool:
        """Puts a loop in the place of every sequence of at most that many items that repeats itself. False: there is none."""
        items, forms, starts, blocks = [], [], [0], []
        again = self._next_places()
        at, end = 0, len(self.items)
        while at < end:
            length, count = self._loop_at(at, again, longest)
            begin, stop = self.starts[at], self.starts[at + length]
            if count > 1:
                steps = self.numbers[stop:2 * stop - begin] - self.numbers[begin:stop]
                items.append(Loop(count, self.items[at:at + length], steps))
                forms.append(form_of((count, tuple(self.forms[at:at + length]), steps.tobytes())))
            else:
                items.append(self.items[at])
                forms.append(self.forms[at])
            blocks.append((begin, stop))
            starts.append(starts[-1] + stop - begin)
            at += length * count
        if len(items) == end:
            return False
        self.numbers = np.concatenate([self.numbers[begin:stop] for begin, stop in blocks])
        self.items, self.forms, self.starts = items, forms, starts
        return True

    def _next_places(self) -> List[int]:
        """For each item, where its form stands next."""
        seen: Dict[int, int] = {}
        places = [len(self.forms)] * len(self.forms)
        for at in range(len(self.forms) - 1, -1, -1):
            places[at] = seen.get(self.forms[at], len(self.forms))
            seen[self.forms[at]] = at
        return places

    def _loop_at(self, at: int, again: List[int], longest: int) -> Tuple[int, int]:
        """(items of the body, iterations) of the shortest loop that begins here; (1, 1): none does."""
        forms, end = self.forms, len(self.forms)
        place = at
        for _ in range(_TRIES):
            place = again[place]
            length = place - at
            if length > longest or at + _LEAST * length > end:
                break
            if forms[place + length - 1] != forms[place - 1] or forms[place + length] != forms[at]:
                continue
            body = forms[at:place]
            if forms[place:at + _LEAST * length] != body * (_LEAST - 1) or self._regular(at, length, _LEAST) < _LEAST:
                continue
            count = _LEAST
            while forms[at + count * length:at + (count + 1) * length] == body:
                count += 1
            return length, self._regular(at, length, count)
        return 1, 1

    def _regular(self, at: int, length: int, count: int) -> int:
        """How many of these iterations have numbers that grow by the same."""
        begin = self.starts[at]
        wide = self.starts[at + length] - begin
        rows = self.numbers[begin:begin + count * wide].reshape(count, wide)
        steps = np.diff(rows, axis=0)
        same = (steps == steps[0]).all(axis=1)
        return 1 + (count - 1 if same.all() else int(np.argmin(same)))
