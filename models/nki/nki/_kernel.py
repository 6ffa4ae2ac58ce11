# SPDX-License-Identifier: Apache-2.0
"""nki.jit: a function as a kernel. Called with numpy arrays it is traced, run on the simulated device, and returns
numpy arrays; called inside another kernel it is an ordinary function. kernel[lnc] launches it on that many physical
cores of a logical core, each of which is traced as a program of its own."""
from __future__ import annotations

import functools
import inspect
from itertools import product
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

import numpy as np

from . import _memory, _session, _trace
from ._ahead import Ahead, Anew, Elsewhere, Enough, condition
from ._ahead_run import run as run_ahead
from ._dtypes import decode, encode, storage_type
from ._errors import NkiValidationError
from ._moved import iota_from, lowered, partition, settled
from ._nkiobject import NKIObject
from ._outside import explained
from ._picked import picked
from ._program import program_text
from ._target import current_target
from ._tensor import Storage, Tensor
from ._trace import Above, Launch
from ._unwritten import warn_of_unwritten

_ABOVE = Above(lowered, settled, partition, iota_from, picked, condition, run_ahead)


class Traced(NamedTuple):
    """A kernel traced for given arguments."""

    launch: Launch
    results: Any  # what it returned: tensors, or tuples, lists, dicts of them
    arrays: List[Tuple[Storage, np.ndarray]]  # arguments and the inputs they became


class Dialect:
    """How a dialect of the language launches kernels; the Old one has its own."""

    tensor = Tensor

    def grid(self, index) -> Tuple[Tuple[int, ...], int]:
        """What kernel[index] means: the grid of programs, and physical cores."""
        cores = index[0] if isinstance(index, tuple) and len(index) == 1 else index
        if not isinstance(cores, (int, np.integer)) or cores not in (1, 2):
            raise NkiValidationError(f"kernel[{index}]: a launch names the cores of a logical core, 1 or 2")
        return (int(cores),), int(cores)

    def programs(self, grid: Tuple[int, ...], cores: int) -> List[Tuple[int, Tuple[int, ...]]]:
        """(core, program ids) in the order in which they are traced."""
        ids = list(product(*(range(each) for each in grid)))
        return [(at * cores // max(1, len(ids)), each) for at, each in enumerate(ids)]

    def argument(self, value: Any) -> Any:
        """An argument of a kernel that another kernel calls, perhaps one of another dialect."""
        return value

    def result(self, tensor: Tensor) -> Tensor:
        """The tensor in HBM that is returned for one that the kernel returns."""
        return tensor


NEW = Dialect()


class Kernel:
    """A function with @nki.jit."""

    def __init__(self, function: Callable, grid: Optional[Tuple[int, ...]] = None, cores: int = 1, dialect: Dialect = NEW,
                 schedule: Tuple = (), options: Optional[Dict[str, Any]] = None):
        functools.update_wrapper(self, function)
        self.func = function
        self.grid = grid
        self.cores = cores
        self.dialect = dialect
        self.schedule = schedule
        self.options = options or {}

    def _with(self, **changes) -> "Kernel":
        made = Kernel(self.func, self.grid, self.cores, self.dialect, self.schedule, self.options)
        made.__dict__.update(changes)
        return made

    def __getitem__(self, index) -> "Kernel":
        grid, cores = self.dialect.grid(index)
        return self._with(grid=grid, cores=cores)

    def __get__(self, instance, owner=None):
        return self if instance is None else functools.partial(self.__call__, instance)

    def with_schedule(self, edges) -> "Kernel":
        """Extra order between instructions by their names: (later, earlier or a list of those)."""
        pairs = tuple((later, tuple(earlier) if isinstance(earlier, (list, tuple)) else (earlier,)) for later, earlier in edges)
        return self._with(schedule=self.schedule + pairs)

    def __call__(self, *args, **kwargs):
        if _trace.active() is not None:
            convert = self.dialect.argument
            return self.func(*(convert(each) for each in args), **{name: convert(each) for name, each in kwargs.items()})
        return self.run(args, kwargs)

    # Tracing.
    def trace(self, *args, **kwargs) -> Traced:
        """The instructions for these arguments; nothing is run."""
        return self.trace_with(Ahead(), args, kwargs)

    def trace_with(self, ahead: Ahead, args, kwargs) -> Traced:
        """The instructions for these arguments; numbers that only the device knows are found as `ahead` says."""
        with _trace.keeping_records():
            while True:
                try:
                    return self._trace(ahead, args, kwargs)
                except Anew as anew:
                    ahead.again(anew)

    def _trace(self, ahead: Ahead, args, kwargs) -> Traced:
        target = current_target(self.options.get("platform_target"))
        if self.cores > 1 and target.version < 3:
            raise NkiValidationError(f"{self.__name__}[{self.cores}]: {target.name} has one physical core per logical core")
        launch = Launch(target, self.grid or (), self.cores, _word(self.__name__), ahead, _ABOVE)
        launch.schedule = list(self.schedule)
        arrays: List[Tuple[Storage, np.ndarray]] = []
        args, kwargs = self._bind(launch, args, kwargs, arrays)
        results = None
        programs = self.dialect.programs(self.grid or (1,), self.cores)
        for at, (core, ids) in enumerate(programs):
            try:
                returned = self._program(launch.traces[core], ids, args, kwargs)
            except Elsewhere as need:
                self._meet(need, [each for each in programs[at + 1:] if each[0] != core], args, kwargs)
                raise Anew from None
            results = returned if at == 0 else results
        _mark_outputs(launch, results, self.func)
        _check_barriers(launch)
        warn_of_unwritten(launch)
        return Traced(launch, results, arrays)

    def _program(self, trace: _trace.Trace, ids: Tuple[int, ...], args, kwargs):
        """Traces one program of the grid; what it returned."""
        trace.begin_program(ids if self.grid else ())
        _trace.push(trace)
        try:
            returned = _mapped(self.func(*args, **kwargs), Tensor, self.dialect.result)
        finally:
            _trace.pop()
        if trace.open_loops:
            raise NkiValidationError(f"{trace.open_loops[-1].label}: this loop was left by break or return; a loop that the "
                                     "device runs ends at its condition")
        return returned

    def _meet(self, need: Elsewhere, programs, args, kwargs) -> None:
        """Traces another core up to the barrier that a question stands behind, and answers it."""
        question = need.question
        launch = question.trace.launch
        try:
            for core, ids in programs:
                launch.traces[core].most_barriers = need.barriers
                self._program(launch.traces[core], ids, args, kwargs)
        except Enough:
            launch.ahead.found[question.trace.core].append(run_ahead(question))
            return
        raise NkiValidationError(f"{question.place}: the cores pass different numbers of barriers: this one {need.barriers}, the other one less")

    def _bind(self, launch: Launch, args, kwargs, arrays):
        """Numpy arrays become tensors in HBM, named like their parameters; everything else stays as it is."""
        try:
            bound = inspect.signature(self.func).bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{self.__name__}: {error}") from None

        def convert(name: str):
            def one(array):
                for storage, given in zip((each for each, _ in arrays), known):
                    if given is array:
                        return _memory.whole(storage, self.dialect.tensor)
                held = np.asarray(array)
                made = _memory.input_tensor(launch, name, held, self.dialect.tensor)
                arrays.append((made.storage, held))
                known.append(array)
                return made
            return one

        known: list = []
        for name, value in bound.arguments.items():
            bound.arguments[name] = _mapped(value, _Array, convert(name))
        return bound.args, bound.kwargs

    # Running.
    def run(self, args, kwargs, settings: str = "", out: Optional[str] = None, repeat: int = 1):
        """Traces, runs and returns what the kernel returned, as arrays."""
        traced = self.trace_with(Ahead((settings, out)), args, kwargs)
        return execute(traced, settings, out, repeat)

    def text(self, *args, **kwargs) -> str:
        """The program text for these arguments."""
        return program_text(self.trace(*args, **kwargs).launch)

    def save(self, path: str, *args, **kwargs) -> None:
        """Writes the program for these arguments as a container that nrt_load and `nsim run` take."""
        save(self.trace(*args, **kwargs), path)


class _Arrays(type):
    def __instancecheck__(cls, value) -> bool:
        return isinstance(value, np.ndarray) or (hasattr(value, "__array__") and hasattr(value, "shape") and hasattr(value, "dtype")
                                                 and not isinstance(value, (np.generic, type)))


class _Array(metaclass=_Arrays):
    """numpy's, and those of other libraries that numpy reads."""


def _word(name: str) -> str:
    return "".join(each if each.isalnum() or each == "_" else "_" for each in name) or "kernel"


def _mapped(value, kind: type, change: Callable):
    """`value` with every instance of `kind` in it changed; tuples, lists, dicts and a kernel's own classes are walked."""
    if isinstance(value, kind):
        return change(value)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(_mapped(each, kind, change) for each in value))
    if isinstance(value, (tuple, list)):
        return type(value)(_mapped(each, kind, change) for each in value)
    if isinstance(value, dict):
        return {key: _mapped(each, kind, change) for key, each in value.items()}
    if isinstance(value, NKIObject):
        made = object.__new__(type(value))
        for name, each in vars(value).items():
            object.__setattr__(made, name, _mapped(each, kind, change))
        return made
    return value


def _check_barriers(launch: Launch) -> None:
    """A core that is alone at a barrier waits forever."""
    if len(launch.traces) != 2:
        return
    met = [[each.label for each in trace.records if each.__class__ is _trace.Record and each.opcode == "core_barrier"] for trace in launch.traces]
    few, many = sorted((0, 1), key=lambda core: len(met[core]))
    if len(met[few]) != len(met[many]):
        count = len(met[many])
        raise NkiValidationError(f"{met[many][len(met[few])]}: nki.isa: core {many} gets to {count} barrier{'s' if count > 1 else ''} and core {few} to "
                                 f"{len(met[few]) or 'none'}: both wait for each other at every core_barrier and sendrecv")


def _mark_outputs(launch: Launch, results, func: Callable) -> None:
    """Tensors the caller will see: those returned, and inputs that the kernel wrote."""
    def mark(tensor: Tensor):
        if tensor.space != "hbm":
            code = func.__code__
            raise NkiValidationError(f"{code.co_filename}:{code.co_firstlineno}: {launch.name} returns {tensor!r}; results are in "
                                     "shared_hbm, where dma_copy or nl.store put them")
        if tensor.storage.kind == "internal":
            tensor.storage.kind = "output"
        return tensor
    _mapped(results, Tensor, mark)
    for trace in launch.traces:
        for record in trace.records:
            if record.__class__ is _trace.Record and record.operands:
                dst = record.operands[0]
                if dst.__class__ is not str and dst.space == "hbm" and dst.storage.kind == "input":
                    dst.storage.kind = "output"


def save(traced: Traced, path: str) -> None:
    """Writes the program as a container."""
    launch = traced.launch
    open_session = _session.session(_session.config_for(launch.target.name, launch.target.version, len(launch.traces)))
    with open(path, "wb") as file:
        file.write(open_session.assemble(program_text(launch), launch.name))


def execute(traced: Traced, settings: str = "", out: Optional[str] = None, repeat: int = 1, container: Optional[str] = None,
            why: bool = False, trace: bool = True):
    """The results as arrays. `container`: the program's goes to this file; `why`: the session records what every request waited
    for; `trace`: with `out`, it leaves traces."""
    launch = traced.launch
    held = {id(storage): np.ascontiguousarray(encode(np.asarray(array), storage.dtype)) for storage, array in traced.arrays}
    for storage in _all_hbm(launch):
        if storage.kind == "output" and id(storage) not in held:
            held[id(storage)] = np.zeros(storage.shape, storage_type(storage.dtype))
    bindings = [_session.Binding(each.name, held[id(each)], each.array is not None, each.kind == "output") for each in _bound(launch)]
    _run(launch, settings, out, lambda session, model: session.execute(model, bindings, repeat), container, "" if trace else "0",
         "1" if why else "")
    for storage, array in traced.arrays:
        if storage.kind == "output" and isinstance(array, np.ndarray) and array.flags.writeable:
            array[...] = decode(held[id(storage)].view(storage_type(storage.dtype)), storage.dtype).reshape(array.shape)
    _show_prints(launch, held)
    return _mapped(traced.results, Tensor, lambda view: _array_of(view, held))


def measure(traced: Traced, repeat: int) -> dict:
    """The session's report of `repeat` executions without values: what tensors hold is neither written nor read."""
    launch = traced.launch
    bindings = [_session.Binding(each.name, np.broadcast_to(np.zeros((), storage_type(each.dtype)), each.shape), each.array is not None,
                                 each.kind == "output", values=False) for each in _bound(launch)]

    def body(session: _session.Session, model) -> dict:
        session.execute(model, bindings, repeat)
        return session.report()
    return _run(launch, "instance.numerics=off", None, body)


def _run(launch: Launch, settings: str, out: Optional[str], body: Callable, container: Optional[str] = None, trace: str = "", why: str = ""):
    """body(session, model) with the launch's program loaded."""
    session = _session.session(_session.config_for(launch.target.name, launch.target.version, len(launch.traces), settings, out, trace, why))
    text = program_text(launch)
    model = session.load(text, launch.name)
    if container:
        with open(container, "wb") as file:
            file.write(session.assemble(text, launch.name))
    try:
        said = body(session, model)
        session.unload(model)
    except RuntimeError as error:
        _session.close()  # a unit that failed accepts nothing more: the next call has a new device
        raise RuntimeError(explained(str(error), launch)) from None
    return said


def _bound(launch: Launch) -> List[Storage]:
    """The tensors that an execution is given."""
    return launch.inputs + [each for each in _all_hbm(launch) if each.kind == "output" and each not in launch.inputs]


def _all_hbm(launch: Launch) -> List[Storage]:
    private = [each for trace in launch.traces for each in trace.storages if each.space == "hbm"]
    return launch.inputs + launch.shared + private


def _array_of(view: Tensor, held: Dict[int, np.ndarray]) -> np.ndarray:
    """The values of a view of an output."""
    stored = held[id(view.storage)].reshape(-1).view(storage_type(view.storage.dtype))
    if view.dtype is not view.storage.dtype:
        stored = stored.view(np.uint8).view(storage_type(view.dtype))
    strided = np.lib.stride_tricks.as_strided(stored[int(view.offset):], view.shape,
                                              tuple(each * stored.itemsize for each in view.strides))
    return decode(np.ascontiguousarray(strided), view.dtype)


def _show_prints(launch: Launch, held: Dict[int, np.ndarray]) -> None:
    for prefix, view in launch.prints:
        print(prefix, _array_of(view, held))
