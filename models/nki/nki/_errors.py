# SPDX-License-Identifier: Apache-2.0
"""Errors that name the kernel's own file and line, and how that line is found."""
from __future__ import annotations

import os
import sys
from typing import Dict, NoReturn, Tuple

_ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_PACKAGES = (os.path.join(_ROOT, "nki") + os.sep, os.path.join(_ROOT, "neuronxcc") + os.sep)

# Of every file that code came from: "" when it is part of this package, else its base name.
_short: Dict[str, str] = {}
# Of every place in code: its label. The code object is kept, so that no other gets its id.
_labels: Dict[Tuple[int, int], Tuple[str, object]] = {}


class NkiValidationError(ValueError):
    """A call that breaks a rule of the hardware or of the language."""


class NkiWarning(UserWarning):
    """Something in a kernel that is legal and looks wrong."""


def _short_name(filename: str) -> str:
    own = os.path.abspath(filename).startswith(_PACKAGES)
    name = _short[filename] = "" if own else os.path.basename(filename)
    return name


def kernel_frame(depth: int = 1):
    """The innermost frame that belongs to the kernel: the first one outside of this package."""
    frame = sys._getframe(depth)
    while frame is not None:
        filename = frame.f_code.co_filename
        short = _short.get(filename)
        if short or (short is None and _short_name(filename)):
            return frame
        frame = frame.f_back
    return sys._getframe(depth)


def asked_by_kernel() -> bool:
    """Whether what called the caller of this function is the kernel, and not this package."""
    return kernel_frame(3) is sys._getframe(2)


def label(depth: int = 2) -> str:
    """"kernel.py:12": the kernel's line that is being traced, for reports. Costs about half a microsecond."""
    frame = kernel_frame(depth)
    key = (id(frame.f_code), frame.f_lasti)
    found = _labels.get(key)
    if found is None:
        name = _short.get(frame.f_code.co_filename) or os.path.basename(frame.f_code.co_filename)
        found = _labels[key] = (f"{name}:{frame.f_lineno}", frame.f_code)
    return found[0]


def where(depth: int = 2) -> str:
    """"path/kernel.py:12" of the kernel's line that is being traced, for errors."""
    frame = kernel_frame(depth)
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def fail(function: str, rule: str, error=NkiValidationError) -> NoReturn:
    """Refuses a call: file, line, function and the rule that was broken."""
    raise error(f"{where(2)}: {function}: {rule}")


def no_mask(function: str, mask) -> None:
    """Only neuronxcc.nki cuts operands to a mask; ignoring one would compute, and store, too much."""
    if mask is not None:
        fail(function, "mask= is not of this dialect: slice the operands to what the mask leaves, as in x[0:n, :]")


def missing(function: str, why: str = "") -> NoReturn:
    """What this simulator cannot do."""
    raise NotImplementedError(f"{where(2)}: {function} cannot be simulated" + (f": {why}" if why else ""))
