# SPDX-License-Identifier: Apache-2.0
"""From the traces of a launch to program text (docs/program-text.md): declarations, then every instruction with the
label of its source line, in the loops that _roll.py found. Placement, dependencies and semaphores are found by the simulator."""
from __future__ import annotations

import re
from typing import Dict, Iterable, List, Optional

import numpy as np

from ._dtypes import encode
from ._errors import fail
from ._queues import share_out_loads
from ._registers import Affine, offset_text
from ._roll import Copies, Loop, Rolled
from ._spill import make_room
from ._tensor import Storage, Tensor, operand_text
from ._trace import Launch, LoopBegin, Record, Trace, keeping_records
from ._zeros import drop_needless_zeros

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*\Z")


def quoted(name: str) -> str:
    """A name as program text writes it."""
    if _WORD.match(name):
        return name
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def number(value) -> str:
    """The shortest literal that reads back as the same float32."""
    value = float(value)
    if value != value:
        return "nan"
    if value in (float("inf"), float("-inf")):
        return "inf" if value > 0 else "-inf"
    return str(np.float32(value))


def _value(value) -> str:
    """Of an attribute that is no operand."""
    kind = value.__class__
    if kind is str:
        return value
    if kind is int:
        return str(value)
    if kind is float or isinstance(value, np.floating):
        return number(value)
    if kind is list or kind is tuple:
        return "[" + ", ".join(map(str, value)) + "]"
    return offset_text(value)


def _dynamic(keyword: str, dynamic) -> str:
    """An offset that the device adds: the register, and elements per count."""
    return f" {keyword} [{dynamic[0].number}, {dynamic[1]}]"


class _OpenLoop:
    """A loop that is being written: `passed` numbers of its body stand before the next operand."""

    __slots__ = ("variable", "steps", "passed")

    def __init__(self, variable: str, steps):
        self.variable, self.steps, self.passed = variable, steps, 0

    def next(self) -> int:
        self.passed += 1
        return int(self.steps[self.passed - 1])


class ProgramText:
    """Writes a launch; `finish` is called once."""

    def __init__(self, launch: Launch, rolled: bool = True):
        self.launch = launch
        self.lines: List[str] = []
        self.label = ""
        self.names: dict = {}  # id of a record that others wait for -> its name
        self.rolls: Dict[int, Rolled] = {}  # by core
        self.find_loops = rolled
        self.roll: Optional[Rolled] = None  # of the trace that is being written
        self.loops: List[_OpenLoop] = []
        self.copies_seen_as: Dict[Copies, dict] = {}  # their names under other types

    def finish(self) -> str:
        launch = self.launch
        self._name_dependencies()
        for trace in launch.traces:
            self.rolls[trace.core] = Rolled(trace, self.names, self.find_loops)
            self._body(trace)
        body = self.lines  # operands say which memory they see under another type
        self.lines = [f"program {quoted(launch.name)}", f"target {launch.target.name}"]
        if len(launch.traces) > 1:
            self.lines.append(f"cores {len(launch.traces)}")
        self.lines.append("sync auto")
        if launch.spilled_bytes:
            self.lines.append(f"spilled {launch.spilled_bytes}")
        for storage in launch.inputs + launch.shared + launch.constants + list(launch.exchanges.values()):
            self._tensor(storage)
        for trace in launch.traces:
            self._declare(trace)
        return "\n".join(self.lines + body) + "\n"

    def _declare(self, trace: Trace) -> None:
        roll = self.rolls[trace.core]
        declared = set()
        for storage in trace.storages:
            copies = roll.copies(storage)
            if storage.space == "hbm":
                self._tensor(storage)
            elif copies is None:
                if roll.storage(storage) is storage:
                    self._buffer(storage, storage.name, "", storage.aliases)
            elif copies not in declared:
                declared.add(copies)
                self._buffer(storage, copies.name, f" copies {copies.count}", self.copies_seen_as.get(copies, {}))

    def _tensor(self, storage: Storage) -> None:
        text = f"tensor {quoted(storage.name)} {storage.kind} {storage.dtype.text} {list(storage.shape)}"
        if storage.kind == "weight":
            text += f' = bytes("{np.ascontiguousarray(encode(storage.array, storage.dtype)).tobytes().hex()}")'
        self.lines.append(text)
        for dtype, name in storage.aliases.items():
            self.lines.append(f"tensor {quoted(name)} view {quoted(storage.name)} {dtype.text} "
                              f"[{storage.bytes // dtype.itemsize}] at 0")

    def _buffer(self, storage: Storage, name: str, copies: str, aliases: dict) -> None:
        text = f"{storage.space} {quoted(name)} {storage.dtype.text} [{storage.parts}, {storage.row}]"
        if storage.address is not None:
            partition, byte = storage.address
            text += (f" partition {partition}" if partition else "") + f" address {byte}"
        else:
            text += " transient" + copies
        self.lines.append(text)
        for dtype, alias in aliases.items():
            self.lines.append(f"{storage.space} {quoted(alias)} {dtype.text} [{storage.parts}, "
                              f"{storage.bytes // dtype.itemsize}] view {quoted(name)} at 0")

    def _name_dependencies(self) -> None:
        """Instructions that others are to wait for get a name: with_schedule names them, depends_on holds them."""
        records = [each for trace in self.launch.traces for each in trace.records if isinstance(each, Record)]
        by_name = {each.name: each for each in records if each.name}
        for later, earlier in self.launch.schedule:
            if later in by_name:
                self._check_order(records, by_name, later, earlier)
                by_name[later].depends_on(*(by_name[each] for each in earlier if each in by_name))
        for record in records:
            for each in record.after or ():
                self.names.setdefault(id(each), f"i{len(self.names)}")

    @staticmethod
    def _check_order(records, by_name, later: str, earlier) -> None:
        """What an instruction waits for stands before it: every engine works in the order of the program."""
        for each in earlier:
            if each in by_name and records.index(by_name[each]) > records.index(by_name[later]):
                fail("kernel.with_schedule", f"'{later}' cannot wait for '{each}', which stands behind it in the program")

    def _body(self, trace: Trace) -> None:
        several = len(self.launch.traces) > 1
        if several:
            self.lines.append(f"core {trace.core} {{")
        self.label = ""
        self.roll = self.rolls[trace.core]
        self._items(self.roll.items)
        if several:
            self.lines.append("}")

    def _items(self, items: list) -> None:
        for item in items:
            if item.__class__ is Record:
                if item.label != self.label:
                    self.label = item.label
                    self._line(f"label {quoted(item.label)}")
                self._line(self.instruction(item))
            elif item.__class__ is Loop:
                loop = _OpenLoop(f"r{len(self.loops)}", item.steps)
                self._line(f"loop {loop.variable} 0..{item.count} {{")
                self.loops.append(loop)
                self._items(item.body)
                self.loops.pop()
                self._line("}")
            elif item.__class__ is LoopBegin:
                self._line(f"loop {item.variable} {item.begin}..{item.end} step {item.step} dynamic {{")
            else:
                self._line("}")

    def _line(self, text: str) -> None:
        self.lines.append("  " * len(self.loops) + text)

    def instruction(self, record: Record) -> str:
        """One line. Operands may be views or text."""
        text = f"{record.engine}.{record.opcode} " + ", ".join(
            each if each.__class__ is str else self._operand(each) for each in record.operands)
        for keyword, value in record.attributes:
            if value is True:
                text += f" {keyword}"
            elif value is not None and value is not False:
                text += f" {keyword} {self._operand(value) if isinstance(value, Tensor) else _value(value)}"
        return text + self._extras(record)

    def _operand(self, view: Tensor) -> str:
        if self.roll is None:
            return view.text()
        storage = self.roll.storage(view.storage)
        copies = self.roll.copies(storage)
        if not self.loops and copies is None and storage is view.storage:
            return view.text()
        number, part, offset = self._moved(self.roll.number(storage)), self._moved(view.part), self._moved(view.offset)
        if copies is None:
            return operand_text(view, storage.text_name(view.dtype), part, offset)
        name = copies.name
        if view.dtype is not storage.dtype:
            name = self.copies_seen_as.setdefault(copies, {}).setdefault(view.dtype, f"{name}.{view.dtype.text}")
        return operand_text(view, f"{name}{{{offset_text(number - copies.first)}}}", part, offset)

    def _moved(self, first):
        """A number of an operand in the first iteration of all loops around it, as it is in every iteration."""
        terms = {loop.variable: step for loop in self.loops if (step := loop.next())}
        return Affine(first, terms) if terms else first

    def _extras(self, record: Record) -> str:
        text = ""
        for keyword, each in zip(("dst_offset", "src_offset"), record.operands):
            if each.__class__ is not str and each.dynamic is not None:
                text += _dynamic(keyword, each.dynamic)
        if id(record) in self.names:
            text += f" as {self.names[id(record)]}"
        if record.after:
            text += " after " + ", ".join(self.names[id(each)] for each in record.after)
        return text


def program_text(launch: Launch, rolled: bool = True) -> str:
    """The whole program; `rolled`: what repeats itself as loops."""
    with keeping_records():
        for trace in launch.traces:
            drop_needless_zeros(trace)
        make_room(launch)
        share_out_loads(launch)
        return ProgramText(launch, rolled).finish()


def lines_of(records: Iterable[Record]) -> List[str]:
    """For tests: the instructions alone."""
    writer = ProgramText.__new__(ProgramText)
    writer.names, writer.roll, writer.loops = {}, None, []
    return [writer.instruction(each) for each in records if isinstance(each, Record)]
