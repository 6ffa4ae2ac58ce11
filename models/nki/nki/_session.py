# SPDX-License-Identifier: Apache-2.0
"""Running programs on the simulated device: our libnrt.so.1 in this process, by ctypes.

A session (nrt_init .. nrt_close) is kept between calls as long as the same configuration is asked for. Where the library
is: NSIM_LIBRARY, else the build tree this package is part of, else the installation. The device is that of NSIM_CONFIG,
else of NEURON_PLATFORM_TARGET_OVERRIDE; the simulated clock is the repeatable one unless NSIM_CLOCK says otherwise.
"""
from __future__ import annotations

import atexit
import ctypes
import json
import os
import re
from typing import Dict, List, NamedTuple, Optional, Tuple

import numpy as np

from ._errors import NkiValidationError

_PACKAGE_ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_DEVICE = 0  # NRT_TENSOR_PLACEMENT_DEVICE
_NO_FRAMEWORK = 1  # NRT_FRAMEWORK_TYPE_NO_FW


def library_path() -> str:
    """Of libnrt.so.1."""
    given = os.environ.get("NSIM_LIBRARY")
    if given:
        return given
    tree = os.path.dirname(os.path.dirname(_PACKAGE_ROOT))  # of models/nki
    prefix = os.path.dirname(tree)  # of share/neuronsim/python
    places = [os.path.join(tree, "build", preset, "lib") for preset in ("release", "debug")]
    places += [os.path.join(prefix, lib) for lib in ("lib", "lib64", "lib/x86_64-linux-gnu")]
    for place in places:
        path = os.path.join(place, "libnrt.so.1")
        if os.path.exists(path):
            return path
    raise RuntimeError(f"libnrt.so.1 is in none of {', '.join(places)}: build the target nrt, or set NSIM_LIBRARY")


def program_path() -> str:
    """Of the nsim program that belongs to the library."""
    folder = os.path.dirname(library_path())
    for up in (".", ".."):  # lib, lib/x86_64-linux-gnu
        path = os.path.normpath(os.path.join(folder, up, "..", "bin", "nsim"))
        if os.path.exists(path):
            return path
    raise RuntimeError(f"the nsim program is not in the bin folder beside {folder}: build the target nsim")


class Config(NamedTuple):
    """What a session is opened with."""

    config: str
    settings: str
    out: str
    trace: str = ""
    why: str = ""


class Binding(NamedTuple):
    """A tensor of a program: its name, its bytes on the host, and whether the device reads and writes it. Without `values` only
    the size of the array matters."""

    name: str
    array: np.ndarray
    reads: bool
    writes: bool
    values: bool = True


class Session:
    """One open runtime. All methods raise RuntimeError with the status's text when the runtime refuses."""

    def __init__(self, config: Config):
        self.config = config
        self.nrt = ctypes.CDLL(library_path())
        self.nrt.nrt_get_status_as_str.restype = ctypes.c_char_p
        wanted = {"NSIM_CONFIG": config.config, "NSIM_SET": config.settings, "NSIM_OUT": config.out,
                  "NSIM_CLOCK": os.environ.get("NSIM_CLOCK", "step"), "NSIM_RECORDS": "1", "NSIM_TRACE": config.trace,
                  "NSIM_WHY": config.why,
                  "NEURON_LOGICAL_NC_CONFIG": ""}
        before = {name: os.environ.get(name) for name in wanted}
        try:
            for name, value in wanted.items():
                _set_variable(name, value or None)
            self._check(self.nrt.nrt_init(_NO_FRAMEWORK, b"", b""), f"the simulated device ({config.config}) cannot be opened")
        finally:
            for name, value in before.items():
                _set_variable(name, value)

    def _check(self, status: int, what: str) -> None:
        if status != 0:
            raise RuntimeError(f"{what}: {self.nrt.nrt_get_status_as_str(status).decode()}")

    def close(self) -> None:
        self.nrt.nrt_close()

    def load(self, text: str, name: str):
        """A model from program text; its errors name the kernel's line."""
        model, message = ctypes.c_void_p(), ctypes.c_void_p()
        source = text.encode()
        status = self.nrt.nsim_program_load(source, ctypes.c_size_t(len(source)), name.encode(), 0, ctypes.byref(model),
                                            ctypes.byref(message))
        if status != 0:
            self._refused(status, message, text)
        return model

    def assemble(self, text: str, name: str) -> bytes:
        """The container of a program."""
        container, size, message = ctypes.c_void_p(), ctypes.c_size_t(), ctypes.c_void_p()
        source = text.encode()
        status = self.nrt.nsim_program_assemble(source, ctypes.c_size_t(len(source)), name.encode(), None,
                                                ctypes.byref(container), ctypes.byref(size), ctypes.byref(message))
        if status != 0:
            self._refused(status, message, text)
        data = ctypes.string_at(container, size.value)
        self.nrt.nsim_program_free(container)
        return data

    def _refused(self, status: int, message: ctypes.c_void_p, text: str) -> None:
        said = self.nrt.nrt_get_status_as_str(status).decode()
        if message.value:
            said = ctypes.string_at(message).decode()
            self.nrt.nsim_program_free(message)
        raise NkiValidationError(_at_source(said, text))

    def execute(self, model, bindings: List[Binding], repeat: int = 1) -> None:
        """Runs the model `repeat` times, one after the other; arrays that it writes are filled."""
        inputs, outputs = ctypes.c_void_p(), ctypes.c_void_p()
        self._check(self.nrt.nrt_allocate_tensor_set(ctypes.byref(inputs)), "nrt_allocate_tensor_set")
        self._check(self.nrt.nrt_allocate_tensor_set(ctypes.byref(outputs)), "nrt_allocate_tensor_set")
        tensors: List[Tuple[Binding, ctypes.c_void_p]] = []
        try:
            for each in bindings:
                tensor = self._tensor(each)
                tensors.append((each, tensor))
                tensor_set = outputs if each.writes else inputs
                self._check(self.nrt.nrt_add_tensor_to_tensor_set(tensor_set, each.name.encode(), tensor), f"tensor {each.name}")
            for _ in range(repeat):
                self._check(self.nrt.nrt_execute(model, inputs, outputs), "the execution failed")
            for each, tensor in tensors:
                if each.writes and each.values:
                    self._check(self.nrt.nrt_tensor_read(tensor, each.array.ctypes.data_as(ctypes.c_void_p), ctypes.c_size_t(0),
                                                         ctypes.c_size_t(each.array.nbytes)), f"reading {each.name}")
        finally:
            for _, tensor in tensors:
                self.nrt.nrt_tensor_free(ctypes.byref(tensor))
            self.nrt.nrt_destroy_tensor_set(ctypes.byref(inputs))
            self.nrt.nrt_destroy_tensor_set(ctypes.byref(outputs))

    def _tensor(self, binding: Binding) -> ctypes.c_void_p:
        tensor = ctypes.c_void_p()
        size = ctypes.c_size_t(binding.array.nbytes)
        self._check(self.nrt.nrt_tensor_allocate(_DEVICE, 0, size, binding.name.encode(), ctypes.byref(tensor)),
                    f"allocating {binding.name}, {binding.array.nbytes} bytes")
        if binding.reads and binding.values:
            self._check(self.nrt.nrt_tensor_write(tensor, binding.array.ctypes.data_as(ctypes.c_void_p), ctypes.c_size_t(0), size),
                        f"writing {binding.name}")
        return tensor

    def unload(self, model) -> None:
        self.nrt.nrt_unload(model)

    def report(self) -> dict:
        """What summary.json of the session would say now."""
        text = ctypes.c_void_p()
        self._check(self.nrt.nsim_program_report(ctypes.byref(text)), "nsim_program_report")
        said = ctypes.string_at(text)
        self.nrt.nsim_program_free(text)
        return json.loads(said)


def _set_variable(name: str, value: Optional[str]) -> None:
    """Of this process, for C too."""
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value


def _at_source(message: str, text: str) -> str:
    """A message about a line of program text, with the kernel's line in its place; of a declaration, which has none, alone."""
    place = re.match(r"[^:\n]*:(\d+):\d+: ", message)
    if not place:
        return message
    lines = text.split("\n")
    for at in range(min(int(place.group(1)), len(lines)) - 1, -1, -1):
        found = re.match(r'label "(.*)"', lines[at])
        if found:
            return f"{found.group(1)}: {message[place.end():]} [{lines[int(place.group(1)) - 1].strip()}]"
    return message[place.end():]


_open: Dict[str, Session] = {}


def session(config: Config) -> Session:
    """The open session when it is the one asked for, else a new one in its place."""
    current = _open.get("session")
    if current is not None and current.config != config:
        close()
        current = None
    if current is None:
        current = _open["session"] = Session(config)
    return current


def close() -> None:
    """Ends the session; with NSIM_OUT its report is written now."""
    current = _open.pop("session", None)
    if current is not None:
        current.close()


atexit.register(close)
os.register_at_fork(after_in_child=_open.clear)  # a device does not come along


def config_for(target_name: str, version: int, lnc: int, settings: str = "", out: Optional[str] = None, trace: str = "",
               why: str = "") -> Config:
    """The session for a launch on `lnc` physical cores per logical core."""
    parts = [os.environ.get("NSIM_SET", ""), f"device.cores_per_logical={lnc}" if version > 2 else "", settings]
    return Config(os.environ.get("NSIM_CONFIG") or target_name, ";".join(each for each in parts if each),
                  os.environ.get("NSIM_OUT", "") if out is None else out, trace or os.environ.get("NSIM_TRACE", ""), why or os.environ.get("NSIM_WHY", ""))
