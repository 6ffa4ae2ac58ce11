# SPDX-License-Identifier: Apache-2.0
"""What a kernel did: one Record per instruction, in program order.

Data flow: a kernel runs as ordinary Python -> every call of nki.isa checks its operands and adds a Record to the
trace of the physical core it is traced for -> _program.py writes the traces of a Launch as program text. Values of
tensors are not known here.
"""
from __future__ import annotations

import gc
import re
from contextlib import contextmanager
from sys import _getframe
from typing import Callable, Dict, List, NamedTuple, Optional, Set, Tuple

from ._errors import _labels, _short, fail, kernel_frame, label
from ._registers import Source, VirtualRegister
from ._target import Target


class Record:
    """An instruction. `operands` are views, the destination first; `attributes` are (keyword, value) pairs as program
    text has them, whose values may be views. It is also the handle that calls of nki.isa return."""

    name: Optional[str] = None
    after: Optional[list] = None
    ordered = False
    open_queue = False  # a load for which the kernel names neither engine nor who makes the descriptors
    dropped = False

    def __init__(self, label: str, opcode: str, engine: str, operands: list, attributes: tuple, name: Optional[str]):
        self.label = label
        self.opcode = opcode
        self.engine = engine
        self.operands = operands
        self.attributes = attributes
        if name is not None:
            self.name = name

    def depends_on(self, *others: "Record") -> "Record":
        """This instruction starts when those are complete, whatever they access."""
        self.after = (self.after or []) + [each for each in others if isinstance(each, Record)]
        return self

    def views(self) -> list:
        """Operands, then values of attributes, that are views."""
        found = [each for each in self.operands if each.__class__ is not str]
        return found + [value for _, value in self.attributes if hasattr(value, "storage")] if self.attributes else found

    def __repr__(self) -> str:
        return f"<{self.engine}.{self.opcode} of {self.label}>"


class LoopBegin:
    """The body that follows is run by the device; `variable` is the counter's name in program text."""

    __slots__ = ("variable", "begin", "end", "step", "label", "at", "place", "runs")
    at: int  # its place in the trace
    place: str  # that of the kernel, path and line
    runs: int  # ahead before it, see _ahead.py

    def __init__(self, variable: str, begin: int, end: int, step: int, label: str):
        self.variable, self.begin, self.end, self.step, self.label = variable, begin, end, step, label


class LoopEnd:
    __slots__ = ()


class Trace:
    """What is traced for one physical core: one program, or several of a grid one after the other."""

    def __init__(self, launch: "Launch", core: int):
        self.launch = launch
        self.target = launch.target
        self.core = core
        self.records: list = []
        self.storages: list = []  # SBUF, PSUM and private HBM, in order of allocation
        self.program_ids: Tuple[int, ...] = ()
        self.shared_index = 0  # shared allocations of the running program so far
        self.allowed: Dict[tuple, tuple] = {}  # (shape, name of the type, buffer) that can be allocated -> shape as integers, strides
        self.open_loops: List[LoopBegin] = []
        self.constants: Dict[object, object] = {}  # on-chip tiles that several instructions share, e.g. identities
        self.caches: Dict[str, object] = {}  # of dialects
        self.ordered = 0  # depth of no_reorder
        self.registers = 0  # given out so far
        self.free_registers: List[int] = []  # of those
        self.sources: Dict[int, Source] = {}  # what was set last, by number
        self.snapshots: Dict[object, tuple] = {}  # tile -> (records before it was read, contents)
        self.values: Dict[tuple, object] = {}  # (record, element of its result) -> its value as far as it is known, see _known.py
        self.turns: Dict[str, int] = {}  # iterations of loops without bounds, by place
        self.moving = False  # some view has an offset that only the device knows
        self.exchanges = 0  # sendrecv calls so far
        self.barriers: List[int] = []  # of both cores: records up to each, with it
        self.loops_meet = False  # some are in loops that the device runs
        self.most_barriers = 0  # up to which this core is traced, see _ahead.py; 0: all
        self.accumulators: Set[str] = set()  # "Scalar", "Vector": something was reduced there

    def begin_program(self, ids: Tuple[int, ...]) -> None:
        self.program_ids = ids
        self.shared_index = 0


class Above(NamedTuple):
    """What recording asks of modules that are built on it. A launch is given them, so that these may import what records."""

    lowered: Callable  # _moved.py: an instruction with operands whose place only the device knows, by others
    settled: Callable  # _moved.py: a view at the place it has with the values of the arguments
    partition: Callable  # _moved.py: the first partition, likewise
    iota_from: Callable  # _moved.py: an iota from what a register holds
    picked: Callable  # _picked.py: .indirect() of a view
    condition: Callable  # _ahead.py: whether a loop over a register goes on
    run_ahead: Callable  # _ahead_run.py: the answer to a question of _ahead.py


class Launch:
    """One call of a kernel: its device, its grid, the HBM tensors that all programs share, the trace of each core."""

    def __init__(self, target: Target, grid: Tuple[int, ...], cores: int, name: str, ahead, above: Above):
        self.target = target
        self.ahead = ahead  # an Ahead, see _ahead.py
        self.above = above
        self.grid = grid
        self.name = name
        self.inputs: list = []  # storages
        self.shared: list = []  # storages, by index of allocation
        self.constants: list = []  # storages with contents known when tracing
        self.traces = [Trace(self, core) for core in range(cores)]
        self.variables = 0
        self.exchanges: dict = {}  # (number of the exchange, core that sends) -> storage
        self.schedule: list = []  # (later, earlier) names of kernel.with_schedule
        self.spilled_bytes = 0  # written to HBM because a tile did not fit, see _spill.py
        self.prints: list = []  # (prefix, storage, trace) of device_print
        self.names: Dict[str, int] = {}
        self.unnamed = 0

    def numbered(self, kind: str) -> str:
        """A name for what the kernel did not name."""
        self.unnamed += 1
        return f"{kind}_{self.unnamed}"

    def unique(self, name: str) -> str:
        """`name` as a word of program text, with a number when it was taken before."""
        name = _NOT_WORD.sub("_", name)[:200]
        name = name if name[:1].isalpha() else "t_" + name
        count = self.names.get(name, 0)
        self.names[name] = count + 1
        if count == 0 and not _NUMBERED.match(name):
            return name
        return self.unique(f"{name}_{count}")


_NUMBERED = re.compile(r"(sbuf|psum|private_hbm|hbm)_[0-9]+\Z")  # as Launch.numbered makes them
_NOT_WORD = re.compile(r"[^A-Za-z0-9_]")


@contextmanager
def keeping_records():
    """Records live on while a kernel is traced and written: looking for garbage among them takes longer than all the rest."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


_active: List[Trace] = []


def push(trace: Trace) -> None:
    _active.append(trace)


def pop() -> None:
    _active.pop()


def active() -> Optional[Trace]:
    return _active[-1] if _active else None


def current(function: str = "nki") -> Trace:
    """The trace that instructions go to; refuses calls outside of a kernel."""
    if not _active:
        fail(function, "is device code: call it in a function with @nki.jit")
    return _active[-1]


def _unplaced(opcode: str, operands: list, attributes: tuple) -> bool:
    """Whether an operand has an offset that the instruction does not take."""
    if any(getattr(each, "snake", None) is not None for each in operands + [value for _, value in attributes]):
        return True
    found = [getattr(each, "dynamic", None) for each in operands]
    if opcode in ("dma_copy", "tensor_copy"):
        return any(each is not None and each[0].__class__ is not VirtualRegister for each in found)
    return any(each is not None for each in found) or any(getattr(value, "dynamic", None) is not None for _, value in attributes)


def add(opcode: str, engine: str, operands: list, attributes: tuple = (), name: Optional[str] = None) -> Record:
    """Records an instruction that has been checked. `name` is the kernel's own."""
    if not _active:
        fail("nki.isa." + opcode, "is device code: call it in a function with @nki.jit")
    trace = _active[-1]
    if trace.moving and _unplaced(opcode, operands, attributes):
        return trace.launch.above.lowered(opcode, engine, operands, attributes, name)
    frame = _getframe(2)  # of what called the function of nki.isa: the kernel, or something of this package
    code = frame.f_code
    short = _short.get(code.co_filename)
    while short == "":
        frame = frame.f_back
        code = frame.f_code
        short = _short.get(code.co_filename)
    if short is None:  # a file that was not met before
        frame = kernel_frame(2)
        code = frame.f_code
    found = _labels.get((id(code), frame.f_lasti))
    record = Record(label(2) if found is None else found[0], opcode, engine, operands, attributes, name)
    if trace.ordered:
        record.ordered = True
    trace.records.append(record)
    return record
