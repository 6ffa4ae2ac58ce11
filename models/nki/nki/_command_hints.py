# SPDX-License-Identifier: Apache-2.0
"""What is probably meant where Python says that something does not exist."""
from __future__ import annotations

import difflib
import inspect
import re
from importlib import import_module
from types import ModuleType
from typing import Iterable, List

_KEYWORD = re.compile(r"(\w+)\(\) got an unexpected keyword argument '(\w+)'")
_MODULES = ("nki.language", "nki.isa", "neuronxcc.nki.language", "neuronxcc.nki.isa")


def near(name: str, names: Iterable[str]) -> str:
    found = difflib.get_close_matches(name, list(names), 1)
    return f"did you mean {found[0]}?" if found else ""


def _attribute(error: AttributeError) -> str:
    of, name = getattr(error, "obj", None), getattr(error, "name", None)
    if of is None or not name:
        return ""
    first = f"neuronxcc.{of.__name__}" if isinstance(of, ModuleType) else ""
    if first in _MODULES and hasattr(import_module(first), name):
        return f"{first} has it, the first dialect"
    return near(name, (each for each in dir(of) if each[:1] != "_"))


def _keyword(text: str) -> str:
    """Of a function of nki.isa or nki.language: its own parameters."""
    found = _KEYWORD.search(text)
    if not found:
        return ""
    for module in _MODULES:
        function = getattr(import_module(module), found[1], None)
        if not inspect.isfunction(function):
            continue
        names: List[str] = list(inspect.signature(function).parameters)
        if found[2] not in names:
            return near(found[2], names) or f"it takes {', '.join(names)}"
    return ""


def hint(error: BaseException) -> str:
    """"did you mean activation?", or ""."""
    if isinstance(error, AttributeError):
        return _attribute(error)
    if not isinstance(error, TypeError):
        return ""
    text = str(error)
    if "does not support ufuncs" in text:
        return "numpy cannot compute on a tensor of a kernel, whose values are made on the device: nki.isa and nki.language can"
    return _keyword(text)
