# SPDX-License-Identifier: Apache-2.0
"""What `nsim nki` runs (tools/nki.cpp): a kernel out of a file, with arguments as the command line says them.

    python3 -P -m nki._command ORDER

ORDER is a JSON object: kernel ("FILE.py:KERNEL"), args ("NAME=VALUE"), grid, check, rtol, atol (texts, "" when not
said), numerics, trace, out (a folder). The folder's kernel.json then says how it went: status (the exit code), error,
checks, and what a report names: the kernel, its arguments, its lines."""
from __future__ import annotations

import json
import os
import sys
import sysconfig
import traceback
import warnings
from typing import Any, Dict, List, Optional, Tuple

import numpy as np

from . import _command_check as checking
from . import _profile
from ._ahead import VALUES, Ahead
from ._ahead_run import RunFailed
from ._command_arguments import CommandError, bind, defaults, grid_of, kernel_path, number
from ._command_files import module_of
from ._command_hints import hint, near
from ._entry import Measured
from ._errors import _PACKAGES, NkiValidationError, NkiWarning
from ._kernel import NEW, Kernel, Traced

_LIBRARIES = tuple({sysconfig.get_path(each) + os.sep for each in ("stdlib", "platstdlib", "purelib", "platlib")})

_CALLERS = 8  # so many are shown


def _user_frames(error: BaseException) -> List[traceback.FrameSummary]:
    """Innermost first: the frames of files that are neither this package's nor Python's."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [each for each in frames if not os.path.abspath(each.filename).startswith(_PACKAGES + _LIBRARIES) and each.filename[:1] != "<"]
    return own[::-1]


def explained(error: BaseException) -> str:
    """"kernel.py:12: in softmax: ZeroDivisionError: ...", with the places it was called from below."""
    if isinstance(error, SyntaxError):
        return f"{error.filename}:{error.lineno}: {error.msg}"
    frames = _user_frames(error)
    if not frames and isinstance(error, (NkiValidationError, NotImplementedError)):
        return str(error)
    if not frames:
        return "".join(traceback.format_exception(type(error), error, error.__traceback__))
    innermost, message, meant = frames[0], str(error), hint(error)
    if meant:
        message += f"; {meant}"
    if not any(message.startswith(f"{each.filename}:") for each in frames):
        message = f"{innermost.filename}:{innermost.lineno}: in {innermost.name}: {type(error).__name__}{': ' if message else ''}{message}"
    callers = [f"  called from {each.filename}:{each.lineno}, in {each.name}" for each in frames[1:]]
    if len(callers) > _CALLERS:  # endless recursion
        callers[_CALLERS:] = [f"  ... and from {len(callers) - _CALLERS} more places"]
    return "\n".join([message] + callers)


def _load(path: str) -> Any:
    """The module that a file is."""
    try:
        module = module_of(path)
    except SystemExit:
        raise CommandError(f"{path} ends the program when it is imported: put what is no definition under if __name__ == \"__main__\"") from None
    except Exception as error:
        raise CommandError(explained(error)) from None
    if module is None:
        raise CommandError(f"{path} is no Python file: kernels are given as FILE.py:KERNEL")
    return module


def _listed(names: List[str]) -> str:
    return f"it has {', '.join(names)}" if names else "it has none: a kernel is a function with @nki.jit"


def find_kernel(text: str) -> Tuple[str, Kernel]:
    """(its file, the kernel)."""
    path, name = kernel_path(text)
    module = _load(path)
    kernels = {key: value.kernel if isinstance(value, Measured) else value for key, value in vars(module).items()
               if isinstance(value, (Kernel, Measured))}
    own = [key for key, value in kernels.items() if value.func.__module__ == module.__name__] or list(kernels)
    if not name and len(own) == 1:
        return path, kernels[own[0]]
    if not name:
        raise CommandError(f"{path}: which kernel, as in {path}:{own[0] if own else 'KERNEL'}? {_listed(own)}")
    if name in kernels:
        return path, kernels[name]
    if callable(getattr(module, name, None)):
        raise CommandError(f"{path}: {name} is no kernel: put @nki.jit in front of it")
    meant = near(name, own)
    raise CommandError(f"{path} has no kernel {name}{meant and ', ' + meant}; {_listed(own)}")


class Command:
    """One run."""

    def __init__(self, order: Dict[str, Any]):
        self.order = order
        self.about: Dict[str, Any] = {"status": 0, "error": "", "kernel": order["kernel"], "arguments": {}, "grid": order["grid"],
                                      "checks": []}
        self.traced: Optional[Traced] = None

    def run(self) -> None:
        """Fills `about`."""
        try:
            self._run()
        except CommandError as error:
            self.about.update(status=error.code, error=str(error))

    def _run(self) -> None:
        order = self.order
        numerics = order["numerics"] != "off"
        rtol, atol = number("rtol", order["rtol"]), number("atol", order["atol"])
        path, kernel = find_kernel(order["kernel"])
        reference = self._reference() if order["check"] else None
        self.about["kernel"] = _profile.named(kernel)
        if order["grid"]:
            kernel = self._launched(kernel)
        arguments = bind(kernel.__name__, kernel.func, order["args"], numerics)
        self.about["arguments"] = _profile.described(arguments)
        self.traced = self._traced(kernel, arguments, numerics)
        if not any(trace.records for trace in self.traced.launch.traces):
            raise CommandError(f"{kernel.__name__} does nothing: none of its calls runs on the device")
        expected = None
        if reference:  # its mistakes are told before anything takes time, and it cannot change what the kernel gets
            copies = {name: value.copy() if isinstance(value, np.ndarray) else value for name, value in arguments.items()}
            expected = reference(copies, defaults(kernel.func))
        results = self._execute(kernel.__name__)
        if reference:
            written = {storage.name: array for storage, array in self.traced.arrays if storage.kind == "output"}
            rows = checking.compare(checking.outputs_of(results, written), expected, arguments, rtol, atol)
            self.about["checks"] = rows
            if not all(each["passed"] for each in rows):
                raise CommandError("the outputs differ from what --check expects", 1)

    @staticmethod
    def _traced(kernel: Kernel, arguments: Dict[str, Any], numerics: bool) -> Traced:
        ahead = Ahead(VALUES if numerics else None)
        try:
            traced = kernel.trace_with(ahead, (), arguments)
        except RunFailed as error:
            raise CommandError(str(error), 1) from None
        except Exception as error:
            raise CommandError(explained(error)) from None
        for note in ahead.notes():
            print(f"note: {note}", file=sys.stderr)
        return traced

    def _launched(self, kernel: Kernel) -> Kernel:
        grid = self.order["grid"]
        nc = None
        if kernel.dialect is not NEW:
            from neuronxcc.nki._launch import nc
        try:
            return kernel[grid_of(grid, nc)]
        except ValueError as error:
            raise CommandError(f"--grid {grid}: {error}") from None

    def _reference(self):
        """From the arguments, and the defaults of those that were not given, to what must come out."""
        text = self.order["check"]
        if not checking.is_function(text):
            return lambda given, others: checking.from_expression(text, {**others, **given})
        path, name = kernel_path(text, "--check")
        function = getattr(_load(path), name, None)
        if not callable(function):
            raise CommandError(f"--check: {path} has no function {name}")

        def call(given, others):
            try:
                return checking.from_function(function, given, others)
            except CommandError:
                raise
            except Exception as error:
                raise CommandError(f"--check: {explained(error)}") from None
        return call

    def _execute(self, name: str) -> Any:
        """What the kernel returned."""
        order = self.order
        settings = f"instance.numerics={order['numerics']}" if order["numerics"] else ""
        container = os.path.join(order["out"], f"{name}.neff") if order["container"] else None
        try:
            return _profile.run(self.traced, order["out"], settings, container, order["trace"])
        except RuntimeError as error:  # of the device
            raise CommandError(str(error), 1) from None
        except ValueError as error:  # what the loader refuses
            raise CommandError(str(error), 2) from None


def _tell(message, category, filename, lineno, file=None, line=None) -> None:
    """A warning in one line; those about a kernel begin with its place, ours says nothing."""
    place = "" if issubclass(category, NkiWarning) else f"{filename}:{lineno}: {category.__name__}: "
    print(f"warning: {place}{message}", file=sys.stderr)


def main() -> int:
    warnings.showwarning = _tell
    command = Command(json.loads(sys.argv[1]))
    command.run()
    _profile.write_kernel(command.traced, command.order["out"], command.about)
    return command.about["status"]


if __name__ == "__main__":
    sys.exit(main())
