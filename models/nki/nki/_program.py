# SPDX-License-Identifier: Apache-2.0
"""From the traces of a launch to program text (docs/program-text.md): declarations, then every instruction with the
label of its source line. Placement, dependencies and semaphores are found by the simulator."""
from __future__ import annotations

import re
from typing import Iterable, List

import numpy as np

from ._dtypes import encode
from ._errors import fail
from ._registers import offset_text
from ._tensor import Storage, Tensor
from ._trace import Launch, LoopBegin, LoopEnd, Record, Trace

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
    kind = value.__class__
    if kind is str:
        return value
    if kind is int:
        return str(value)
    if kind is float or isinstance(value, np.floating):
        return number(value)
    if kind is list or kind is tuple:
        return "[" + ", ".join(map(str, value)) + "]"
    if isinstance(value, Tensor):
        return value.text()
    return offset_text(value)


def _dynamic(keyword: str, dynamic) -> str:
    """An offset that the device adds: the register, and elements per count."""
    return f" {keyword} [{dynamic[0].number}, {dynamic[1]}]"


class ProgramText:
    """Writes a launch; `finish` is called once."""

    def __init__(self, launch: Launch, transient: bool = True):
        self.launch = launch
        self.lines: List[str] = []
        self.label = ""
        self.names: dict = {}  # id of a record that others wait for -> its name
        self.transient = transient

    def finish(self) -> str:
        launch = self.launch
        self._name_dependencies()
        for trace in launch.traces:
            self._body(trace)
        body = self.lines  # operands say which memory they see under another type
        self.lines = [f"program {quoted(launch.name)}", f"target {launch.target.name}"]
        if len(launch.traces) > 1:
            self.lines.append(f"cores {len(launch.traces)}")
        self.lines.append("sync auto")
        for storage in launch.inputs + launch.shared + launch.constants + list(launch.exchanges.values()):
            self._tensor(storage)
        for trace in launch.traces:
            for storage in trace.storages:
                self._tensor(storage) if storage.space == "hbm" else self._buffer(storage)
        return "\n".join(self.lines + body) + "\n"

    def _tensor(self, storage: Storage) -> None:
        text = f"tensor {quoted(storage.name)} {storage.kind} {storage.dtype.text} {list(storage.shape)}"
        if storage.kind == "weight":
            text += f' = bytes("{np.ascontiguousarray(encode(storage.array, storage.dtype)).tobytes().hex()}")'
        self.lines.append(text)
        for dtype, name in storage.aliases.items():
            self.lines.append(f"tensor {quoted(name)} view {quoted(storage.name)} {dtype.text} "
                              f"[{storage.bytes // dtype.itemsize}] at 0")

    def _buffer(self, storage: Storage) -> None:
        text = f"{storage.space} {quoted(storage.name)} {storage.dtype.text} [{storage.parts}, {storage.row}]"
        if storage.address is not None:
            partition, byte = storage.address
            text += (f" partition {partition}" if partition else "") + f" address {byte}"
        elif self.transient:
            text += " transient"
        self.lines.append(text)
        for dtype, name in storage.aliases.items():
            self.lines.append(f"{storage.space} {quoted(name)} {dtype.text} [{storage.parts}, "
                              f"{storage.bytes // dtype.itemsize}] view {quoted(storage.name)} at 0")

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
        append = self.lines.append
        for record in trace.records:
            if record.__class__ is Record:
                if not record.dropped:
                    if record.label != self.label:
                        self.label = record.label
                        append(f'label "{record.label}"')
                    append(self.instruction(record))
            elif record.__class__ is LoopBegin:
                append(f"loop {record.variable} {record.begin}..{record.end} step {record.step} dynamic {{")
            elif record.__class__ is LoopEnd:
                append("}")
        if several:
            self.lines.append("}")

    def instruction(self, record: Record) -> str:
        """One line. Operands may be views or text."""
        text = f"{record.engine}.{record.opcode} " + ", ".join(
            each if each.__class__ is str else each.text() for each in record.operands)
        for keyword, value in record.attributes:
            if value is True:
                text += f" {keyword}"
            elif value is not None and value is not False:
                text += f" {keyword} {_value(value)}"
        return text + self._extras(record)

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


def program_text(launch: Launch, transient: bool = True) -> str:
    """The whole program."""
    from ._isa_matrix import drop_needless_zeros
    from ._queues import share_out_loads
    for trace in launch.traces:
        drop_needless_zeros(trace)
    share_out_loads(launch)
    return ProgramText(launch, transient).finish()


def lines_of(records: Iterable[Record]) -> List[str]:
    """For tests: the instructions alone."""
    writer = ProgramText.__new__(ProgramText)
    writer.names = {}
    return [writer.instruction(each) for each in records if isinstance(each, Record)]
