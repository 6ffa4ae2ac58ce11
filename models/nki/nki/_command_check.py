# SPDX-License-Identifier: Apache-2.0
"""What a kernel must return (`nsim nki --check`): a numpy expression over its arguments, or a function of a file."""
from __future__ import annotations

import inspect
import re
from typing import Any, Callable, Dict, List, Optional, Tuple

import numpy as np

from ._command_arguments import CommandError
from ._dtypes import as_dtype

# Largest error of an element, relative to the largest expected value, when no tolerance is given: rounding of the
# coarsest type among arguments and results.
_ROUNDING = {"float32": 1e-4, "tfloat32": 2.0 ** -10, "float16": 2.0 ** -10, "bfloat16": 2.0 ** -7, "float8_e4m3": 2.0 ** -3,
             "float8_e4m3fn": 2.0 ** -3, "float8_e5m2": 2.0 ** -2}


def is_function(text: str) -> bool:
    """FILE.py:FUNCTION rather than an expression."""
    return re.fullmatch(r"[^:]*\.py:[A-Za-z_]\w*", text) is not None


def from_expression(text: str, arguments: Dict[str, Any]) -> Any:
    names = {"np": np, **arguments}
    try:
        return eval(compile(text, "--check", "eval"), names)  # noqa: S307: it is the user's own
    except SyntaxError as error:
        raise CommandError(f"--check: '{text}' is no Python expression: {error.msg}") from None
    except NameError as error:
        raise CommandError(f"--check: {error}; there are {', '.join(['np', *arguments])}") from None
    except Exception as error:
        raise CommandError(f"--check: '{text}': {type(error).__name__}: {error}") from None


def from_function(function: Callable, given: Dict[str, Any], others: Dict[str, Any]) -> Any:
    """Called by name where its parameters have the names of the kernel's, else with what was given, in order."""
    parameters = inspect.signature(function).parameters
    needed = [each.name for each in parameters.values() if each.default is inspect.Parameter.empty]
    known = {**others, **given}
    if all(each in known for each in needed):
        return function(**{name: value for name, value in known.items() if name in parameters})
    return function(*given.values())


def _listed(value: Any) -> List[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return list(value) if isinstance(value, (tuple, list)) else [value]


def outputs_of(results: Any, written: Dict[str, np.ndarray]) -> Dict[str, np.ndarray]:
    """What the kernel returned; of one that returns nothing, the arguments that it wrote."""
    returned = [each for each in _listed(results) if isinstance(each, np.ndarray)]
    if not returned:
        return written
    return {"result" if len(returned) == 1 else f"result {at}": each for at, each in enumerate(returned)}


def _bound(got: np.ndarray, wanted: np.ndarray, arguments: Dict[str, Any], rtol: Optional[float],
           atol: Optional[float]) -> Tuple[np.ndarray, str]:
    """By how much each element may differ, and that in words."""
    if rtol is not None or atol is not None:
        rtol, atol = rtol or 0.0, atol or 0.0
        return atol + rtol * np.abs(wanted), f"tolerance {atol:g} + {rtol:g} of each value"
    arrays = [got, *(each for each in arguments.values() if isinstance(each, np.ndarray))]
    names = [as_dtype(each.dtype).name for each in arrays]
    relative = 0.0 if as_dtype(got.dtype).is_int else max(_ROUNDING.get(each, 0.0) for each in names)
    largest = float(np.max(np.abs(wanted[np.isfinite(wanted)]), initial=0))
    return np.full(wanted.shape, relative * largest), f"tolerance {relative * largest:.3g} ({relative:.3g} of the largest value)"


def _compare(name: str, got: np.ndarray, expected: Any, arguments: Dict[str, Any], rtol, atol) -> dict:
    """One row of the report: {output, passed, text}."""
    try:
        wanted = np.asarray(expected, np.float64)
    except (TypeError, ValueError):
        raise CommandError(f"--check: {name}: {type(expected).__name__} is no array of numbers") from None
    if wanted.shape != got.shape and wanted.ndim > 0:
        return {"output": name, "passed": False,
                "text": f"the kernel's has the shape {list(got.shape)}, the expected one {list(wanted.shape)}"}
    wanted = np.broadcast_to(wanted, got.shape)
    bound, tolerance = _bound(got, wanted, arguments, rtol, atol)
    values = np.asarray(got, np.float64)
    with np.errstate(invalid="ignore"):
        apart = np.abs(values - wanted)
    apart[(values == wanted) | (np.isnan(values) & np.isnan(wanted))] = 0  # infinities too
    wrong = ~(apart <= bound)  # NaN is wrong
    count = int(np.count_nonzero(wrong))
    largest = float(np.max(apart, initial=0))
    row = {"output": name, "passed": count == 0, "elements": got.size, "wrong_elements": count, "largest_difference": largest if np.isfinite(largest) else None}
    if count == 0:
        row["text"] = f"largest difference {largest:.3g}, {tolerance}"
        return row
    excess = np.where(np.isnan(apart), np.inf, apart - bound)
    at = np.unravel_index(int(np.argmax(np.where(wrong, excess, -np.inf))), got.shape)
    row["worst"] = [int(each) for each in at]
    row["text"] = (f"{count} of {got.size} elements differ, {tolerance}; the worst is [{', '.join(map(str, row['worst']))}]: "
                   f"{values[at]:.7g} instead of {wanted[at]:.7g}")
    return row


def compare(outputs: Dict[str, np.ndarray], expected: Any, arguments: Dict[str, Any], rtol: Optional[float],
            atol: Optional[float]) -> List[dict]:
    wanted = _listed(expected) if len(outputs) != 1 or isinstance(expected, (tuple, dict)) else [expected]
    if not outputs:
        raise CommandError("--check: the kernel returns nothing and writes none of its arguments")
    if len(wanted) != len(outputs):
        raise CommandError(f"--check: {len(wanted)} arrays are expected, the kernel has {len(outputs)}: {', '.join(outputs)}")
    return [_compare(name, got, value, arguments, rtol, atol) for (name, got), value in zip(outputs.items(), wanted)]
