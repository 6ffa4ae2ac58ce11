# SPDX-License-Identifier: Apache-2.0
"""A kernel run for its report: summary, traces, critical path, and kernel.json, which holds the text of every line that
the report names. `nsim report --format lines` reads them; `nki.profile` and `nsim nki` both end there."""
from __future__ import annotations

import json
import linecache
import os
import subprocess
from typing import Any, Dict, Optional

import numpy as np

from . import _session
from ._dtypes import as_dtype
from ._errors import _labels
from ._kernel import Kernel, Traced, execute
from ._nkiobject import NKIObject
from ._trace import Launch, Record


def lines_of(launch: Launch) -> Dict[str, dict]:
    """By label ("kernel.py:12"): the file, the line's number and what stands there."""
    labels = {record.label for trace in launch.traces for record in trace.records if record.__class__ is Record}
    found = {}
    for text, code in _labels.values():
        if text in labels and text not in found:
            number = int(text.rpartition(":")[2])
            found[text] = {"file": os.path.abspath(code.co_filename), "line": number,
                           "source": linecache.getline(code.co_filename, number).strip()}
    return found


def run(traced: Traced, out: str, settings: str = "", container: Optional[str] = None, trace: bool = True) -> Any:
    """What the kernel returned; its report is in `out` when this returns."""
    results = execute(traced, settings, out, container=container, why=True, trace=trace)
    _session.close()  # writes it
    return results


def named(kernel: Kernel) -> str:
    """"softmax.py:softmax"."""
    return f"{os.path.basename(kernel.func.__code__.co_filename)}:{kernel.__name__}"


def described(arguments: Dict[str, Any]) -> Dict[str, str]:
    """Arguments as a report names them: "4096x8192 bfloat16", "0.5", "Config(x=128x64 float32, eps=1e-06)"."""
    def text(value: Any) -> str:
        if isinstance(value, np.ndarray):
            return f"{'x'.join(map(str, value.shape)) or 'scalar'} {as_dtype(value.dtype)}"
        if isinstance(value, (list, tuple)):
            inside = ", ".join(map(text, value))
            return f"[{inside}]" if isinstance(value, list) else f"({inside}{',' if len(value) == 1 else ''})"
        if isinstance(value, dict):
            return "{" + ", ".join(f"{key!r}: {text(each)}" for key, each in value.items()) + "}"
        if isinstance(value, NKIObject):
            return f"{type(value).__name__}({', '.join(f'{name}={text(each)}' for name, each in vars(value).items())})"
        return repr(value)
    return {name: text(value) for name, value in arguments.items()}


def write_kernel(traced: Optional[Traced], out: str, more: Dict[str, Any]) -> None:
    """kernel.json: `more`, and the lines."""
    about = {**more, "lines": lines_of(traced.launch) if traced is not None else {}}
    with open(os.path.join(out, "kernel.json"), "w", encoding="utf-8") as file:
        json.dump(about, file, indent=1)


def write_report(out: str) -> None:
    """report.txt, made by the nsim program that belongs to the library: by source line when there are traces."""
    for form in ("lines", "text"):
        made = subprocess.run([_session.program_path(), "report", out, "--format", form, "--out", os.path.join(out, "report.txt")],
                              stderr=subprocess.PIPE, encoding="utf-8", check=False)
        if made.returncode == 0:
            return
    raise RuntimeError(f"nsim report {out}: {made.stderr.strip()}")
