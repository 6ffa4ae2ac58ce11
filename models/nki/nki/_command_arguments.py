# SPDX-License-Identifier: Apache-2.0
"""Arguments of a kernel as the command line says them (`nsim nki --arg NAME=VALUE`, docs/nki.md): tensors as
SHAPE:TYPE[:FILL] or @FILE.npy, and everything else as Python would write it, with words as strings."""
from __future__ import annotations

import ast
import inspect
import os
import re
from typing import Any, Dict, List, Optional, Tuple

import numpy as np

from . import language as nl
from ._command_hints import near
from ._dtypes import DType, as_dtype, marked


class CommandError(Exception):
    """Wrong input; `code` is the exit code."""

    def __init__(self, message: str, code: int = 2):
        super().__init__(message)
        self.code = code


_SHORT = {"f32": "float32", "f16": "float16", "tf32": "tfloat32", "bf16": "bfloat16", "f8e4": "float8_e4m3", "f8e5": "float8_e5m2",
          "i8": "int8", "i16": "int16", "i32": "int32", "u8": "uint8", "u16": "uint16", "u32": "uint32"}
_FILLS = "zeros, ones, arange, randn[:SEED], uniform[:SEED] or a number"
_WORDS = {"true": True, "false": False, "none": None}
_RANGE = 128  # of whole random numbers: every type of integers holds it


def _dtype(argument: str, text: str) -> DType:
    try:
        return as_dtype(_SHORT.get(text, text))
    except TypeError:
        raise CommandError(f"--arg {argument}: '{text}' is no element type; there are {', '.join(_SHORT)}, float8_e4m3fn, bool and "
                           "the names of nki.language") from None


def _shape(argument: str, text: str) -> Tuple[int, ...]:
    sizes = text.split("x")
    if not all(each.isdigit() and int(each) > 0 for each in sizes):
        raise CommandError(f"--arg {argument}: '{text}' is no shape: sizes of at least 1 joined by x, as in 128x512")
    return tuple(map(int, sizes))


def _values(argument: str, shape: Tuple[int, ...], dtype: DType, fill: str, position: int) -> np.ndarray:
    """Contents before they are rounded; the same ones every time. Without a seed each argument has its own."""
    kind, _, seed = fill.partition(":")
    if seed and (kind not in ("randn", "uniform") or not seed.isdigit()):
        raise CommandError(f"--arg {argument}: '{fill}' is no fill: {_FILLS}")
    generator = np.random.default_rng(int(seed) if seed else position)
    if kind == "randn":
        if not dtype.is_float:
            raise CommandError(f"--arg {argument}: randn makes no whole numbers: uniform (0 to {_RANGE - 1}), arange, zeros, ones or a number")
        return generator.standard_normal(shape, np.float32)
    if kind == "uniform":
        return generator.random(shape, np.float32) if dtype.is_float else generator.integers(0, 2 if dtype.name == "bool" else _RANGE, shape)
    if kind == "arange":
        return np.arange(int(np.prod(shape))).reshape(shape)
    if kind in ("zeros", "ones"):
        return np.full(shape, float(kind == "ones"))
    try:
        return np.full(shape, float(kind))
    except ValueError:
        raise CommandError(f"--arg {argument}: '{fill}' is no fill: {_FILLS}") from None


def _tensor(argument: str, value: str, numerics: bool, position: int) -> np.ndarray:
    shape_text, _, rest = value.partition(":")
    shape = _shape(argument, shape_text)
    type_text, _, fill = rest.partition(":")
    if not type_text:
        raise CommandError(f"--arg {argument}: a tensor needs an element type: {shape_text}:f32")
    dtype = _dtype(argument, type_text)
    if dtype.is_packed:
        raise CommandError(f"--arg {argument}: values of {dtype} come from a file: @FILE.npy:{dtype}")
    made = _values(argument, shape if numerics else (1,) * len(shape), dtype, fill or ("randn" if dtype.is_float else "uniform"), position)
    return marked(made, dtype) if numerics else np.broadcast_to(marked(made, dtype), shape)


def _from_file(argument: str, value: str) -> np.ndarray:
    path, _, type_text = value.partition(":")
    try:
        array = np.load(path, allow_pickle=False)
    except FileNotFoundError:
        raise CommandError(f"--arg {argument}: there is no file {path}") from None
    except (OSError, ValueError) as error:
        raise CommandError(f"--arg {argument}: {path} is no array that numpy.save wrote: {error}") from None
    if not isinstance(array, np.ndarray):
        raise CommandError(f"--arg {argument}: {path} holds several arrays: save the one with numpy.save")
    return marked(array, _dtype(argument, type_text)) if type_text else array


def _own(argument: str, value: str, names: Dict[str, Any]) -> Tuple[bool, Any]:
    """(whether it is an expression of the file's own names, like Mode.FAST or Config(eps=1e-6), its value)."""
    try:
        tree = ast.parse(value, mode="eval")
    except (SyntaxError, ValueError, MemoryError):
        return False, None
    used = {each.id for each in ast.walk(tree) if isinstance(each, ast.Name)}
    if isinstance(tree.body, ast.Name) or not used or not used <= set(names):
        return False, None
    try:
        return True, eval(compile(tree, "--arg", "eval"), dict(names))  # noqa: S307: it is the user's own
    except Exception as error:
        raise CommandError(f"--arg {argument}: '{value}': {type(error).__name__}: {error}") from None


def value_of(argument: str, value: str, numerics: bool, position: int, names: Dict[str, Any]) -> Any:
    """The argument; `position` is that of its parameter, `names` are those that the kernel's file sees."""
    if value.startswith("@"):
        return _from_file(argument, value[1:])
    if re.match(r"\d+(x\d*)*:|\d+x[\dx]*$", value):
        return _tensor(argument, value, numerics, position)
    if value.lower() in _WORDS:
        return _WORDS[value.lower()]
    if value.startswith("nl."):
        found = getattr(nl, value[3:], None)
        if found is None:
            raise CommandError(f"--arg {argument}: nki.language has no {value[3:]}")
        return found
    try:
        return ast.literal_eval(value)
    except (SyntaxError, ValueError, MemoryError):
        pass
    known, found = _own(argument, value, names)
    if known:
        return found
    if re.match(r"[-+\d.(\[{'\"]", value):
        raise CommandError(f"--arg {argument}: '{value}' is neither a number nor a tensor (128x512:f32), nor anything else that Python can read")
    return value  # a word


def _parameters(function) -> Dict[str, inspect.Parameter]:
    return dict(inspect.signature(function).parameters)


def _signature(name: str, function) -> str:
    return f"{name}{inspect.signature(function)}"


def bind(name: str, function, given: List[str], numerics: bool) -> Dict[str, Any]:
    """Arguments by name, in the order of the signature."""
    parameters = _parameters(function)
    takes_any = any(each.kind is inspect.Parameter.VAR_KEYWORD for each in parameters.values())
    named = [each.name for each in parameters.values() if each.kind not in (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)]
    texts: Dict[str, str] = {}
    for each in given:
        argument, equals, value = each.partition("=")
        if not equals or not argument:
            raise CommandError(f"--arg {each}: no NAME=VALUE, as in x=128x512:bf16 or scale=0.5")
        if argument in texts:
            raise CommandError(f"--arg {argument}: given twice")
        if argument not in named and not takes_any:
            meant = near(argument, named)
            raise CommandError(f"--arg {argument}: {_signature(name, function)} has no such parameter{meant and ', ' + meant}")
        texts[argument] = value
    missing = [each for each in named if each not in texts and parameters[each].default is inspect.Parameter.empty]
    if missing:
        raise CommandError(f"{_signature(name, function)} needs a value for {', '.join(missing)}: --arg {missing[0]}=128x512:bf16, say")
    order = [each for each in named if each in texts] + [each for each in texts if each not in named]
    return {each: value_of(each, texts[each], numerics, at, function.__globals__) for at, each in enumerate(order)}


def defaults(function) -> Dict[str, Any]:
    """Of its parameters."""
    return {name: each.default for name, each in _parameters(function).items() if each.default is not inspect.Parameter.empty}


def number(option: str, text: Optional[str]) -> Optional[float]:
    """A tolerance."""
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise CommandError(f"--{option}: '{text}' is no number of at least 0")
    return value


def grid_of(text: str, nc) -> Any:
    """What stands in kernel[...]; `nc` makes a dimension of cores."""
    def dimension(word: str):
        cores = word.startswith("nc")
        digits = word[2:] if cores else word
        if not digits.isdigit() or int(digits) < 1:
            raise CommandError(f"--grid: '{text}' is no grid: numbers joined by commas, as in 4 or 4,2; nc2 counts cores")
        if cores and nc is None:
            raise CommandError(f"--grid: '{text}': only kernels of neuronxcc.nki have nl.nc in their grid; here a number means cores")
        return nc(int(digits)) if cores else int(digits)
    sizes = [dimension(each) for each in text.split(",")]
    return sizes[0] if len(sizes) == 1 else tuple(sizes)


def kernel_path(text: str, option: str = "nsim nki") -> Tuple[str, str]:
    """FILE.py and what is wanted of it, "" when nothing is said."""
    path, colon, name = text.rpartition(":")
    if not colon or name.endswith(".py"):
        path, name = text, ""
    if not os.path.isfile(path):
        raise CommandError(f"{option}: there is no file {path}" + ("" if path.endswith(".py") else "; kernels are given as FILE.py:KERNEL"))
    return path, name
