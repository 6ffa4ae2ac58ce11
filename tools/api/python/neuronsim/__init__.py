# SPDX-License-Identifier: Apache-2.0
"""Studies: a configuration, its values, runs of models, and their results.

    import neuronsim
    config = neuronsim.Config("trn2")
    config["hbm.bandwidth"] = "1432GB/s"
    print(config.run("models/gemm_1024.toml")["summary"]["time_per_request_ns"])

Runs take place in this process, by libneuronsim.so: that of NEURONSIM_LIBRARY, else of the build tree or the installation
which this package is part of.
"""
from __future__ import annotations

import ctypes
import json
import operator
import os
from typing import Any, Dict, Optional

__all__ = ["Config", "Error"]


class Error(RuntimeError):
    """What a call says when it fails. code: 1 a request failed, 2 the input was wrong, 70 a bug of the simulator."""

    def __init__(self, code: int, message: str):
        super().__init__(message)
        self.code = code


class _RunOptions(ctypes.Structure):
    _fields_ = [
        ("requests", ctypes.c_int),
        ("depth", ctypes.c_int),
        ("cores", ctypes.c_int),
        ("transfer_each", ctypes.c_int),
        ("numerics", ctypes.c_int),
        ("out", ctypes.c_char_p),
    ]


def _library_path() -> str:
    given = os.environ.get("NEURONSIM_LIBRARY")
    if given:
        return given
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    tree = os.path.dirname(os.path.dirname(os.path.dirname(here)))  # of tools/api/python
    prefix = os.path.dirname(os.path.dirname(os.path.dirname(here)))  # of share/neuronsim/python
    places = [os.path.join(tree, "build", preset, "lib") for preset in ("release", "debug")]
    places += [os.path.join(prefix, lib) for lib in ("lib", "lib64", "lib/x86_64-linux-gnu")]
    for place in places:
        path = os.path.join(place, "libneuronsim.so")
        if os.path.exists(path):
            return path
    raise RuntimeError(f"libneuronsim.so is in none of {', '.join(places)}: build the target neuronsim_study, or set NEURONSIM_LIBRARY")


_text = ctypes.POINTER(ctypes.c_char)
_loaded: Optional[ctypes.CDLL] = None


def _library() -> ctypes.CDLL:
    global _loaded
    if _loaded is None:
        library = ctypes.CDLL(_library_path())
        library.neuronsim_free.argtypes = [_text]
        library.neuronsim_free.restype = None
        library.neuronsim_config_close.argtypes = [ctypes.c_void_p]
        library.neuronsim_config_close.restype = None
        _loaded = library
    return _loaded


def _take(text: Any) -> str:
    """The text of a pointer that the library allocated."""
    if not text:
        return ""
    value = ctypes.cast(text, ctypes.c_char_p).value or b""
    _library().neuronsim_free(text)
    return value.decode("utf-8", "replace")


def _name(parameter: Any) -> bytes:
    if not isinstance(parameter, str):
        raise TypeError(f"the name of a parameter is a text, such as 'hbm.bandwidth', not {parameter!r}")
    return parameter.encode()


def _count(name: str, number: Any, most: int) -> int:
    try:
        whole = operator.index(number)
    except TypeError:
        whole = 0
    if not 1 <= whole <= most:
        raise Error(2, f"{name}: {number!r} is not a whole number from 1 to {most}")
    return whole


def _call(function: str, *arguments: Any) -> None:
    message = _text()
    code = getattr(_library(), function)(*arguments, ctypes.byref(message))
    problem = _take(message)
    if code != 0:
        raise Error(code, problem)


class Config:
    """The configuration of a device: a file, or the name of a shipped one."""

    def __init__(self, name: str, **values: Any):
        self._handle = ctypes.c_void_p()
        _call("neuronsim_config_open", os.fsencode(name), ctypes.byref(self._handle))
        for parameter, value in values.items():
            self[parameter] = value

    def __del__(self) -> None:
        if getattr(self, "_handle", None):
            _library().neuronsim_config_close(self._handle)

    def __setitem__(self, parameter: str, value: Any) -> None:
        text = str(value).lower() if isinstance(value, bool) else str(value)
        _call("neuronsim_config_set", self._handle, _name(parameter), text.encode())

    def __getitem__(self, parameter: str) -> str:
        value = _text()
        _call("neuronsim_config_get", self._handle, _name(parameter), ctypes.byref(value))
        return _take(value)

    __iter__ = None  # `in` and list() are refused, instead of asking for parameter 0

    def run(self, program: str, *, requests: int = 1, depth: int = 3, cores: int = 1, transfer: str = "once",
            numerics: bool = False, out: Optional[str] = None) -> Dict[str, Any]:
        """Executes a model file, program text or container; returns what summary.json says. `out`: a directory for it and
        the traces."""
        if transfer not in ("once", "each"):
            raise Error(2, f"transfer: '{transfer}' is neither once nor each")
        options = _RunOptions(_count("requests", requests, 1000000), _count("depth", depth, 1024),
                              _count("cores", cores, 1024), transfer == "each", bool(numerics),
                              None if out is None else os.fsencode(out))
        summary = _text()
        try:
            _call("neuronsim_run", self._handle, os.fsencode(program), ctypes.byref(options), ctypes.byref(summary))
        finally:
            text = _take(summary)
        return json.loads(text)
