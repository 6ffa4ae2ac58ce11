# SPDX-License-Identifier: Apache-2.0
"""Allocation: what nl.ndarray makes, and the rules of each memory."""
from __future__ import annotations

from typing import Optional, Tuple

import numpy as np

from . import _trace
from ._dtypes import DType, as_dtype, float8_e4m3, float8_e4m3fn
from ._errors import fail
from ._target import PARTITIONS, PSUM_BYTES
from ._tensor import PRIVATE_HBM, SBUF, SHARED_HBM, Buffer, Storage, Tensor, row_major, whole


_MOST_DIMS = 8  # of a tensor that the runtime describes


def _checked_shape(function: str, shape, buffer: Buffer) -> Tuple[int, ...]:
    if not isinstance(shape, (tuple, list)):
        shape = (shape,)
    try:
        sizes = tuple(map(int, shape))
    except TypeError:
        sizes = None
    if sizes != tuple(shape):
        fail(function, f"the shape {shape} does not consist of integers", TypeError)
    if not sizes or min(sizes) < 1:
        fail(function, f"the shape {list(sizes)} has no elements")
    if buffer.space == "hbm":
        if len(sizes) > _MOST_DIMS:
            fail(function, f"the shape {list(sizes)} has {len(sizes)} dimensions, a tensor in HBM has at most {_MOST_DIMS}")
    else:
        if len(sizes) < 2:
            fail(function, f"the shape {list(sizes)} has no free dimension: tensors on chip have at least 2 dimensions")
        if sizes[0] > PARTITIONS:
            fail(function, f"the shape {list(sizes)} has {sizes[0]} partitions, {buffer.space} has {PARTITIONS}")
    return sizes


def _check_room(function: str, storage: Storage, trace: _trace.Trace) -> None:
    if storage.space == "sbuf" and storage.bytes > trace.target.sbuf_total:
        fail(function, f"{list(storage.shape)} of {storage.dtype} needs {storage.bytes} bytes per partition of SBUF, "
             f"{trace.target.name} has {trace.target.sbuf_total}")
    if storage.space == "psum" and storage.bytes > PSUM_BYTES:
        fail(function, f"{list(storage.shape)} of {storage.dtype} needs {storage.bytes} bytes per partition of PSUM, "
             f"which has 8 banks of 2048")


def _check_address(function: str, storage: Storage, trace: _trace.Trace) -> None:
    partition, byte = storage.address
    room = trace.target.sbuf_total if storage.space == "sbuf" else PSUM_BYTES
    if byte < 0 or byte + storage.bytes > room:
        fail(function, f"the address {storage.address} and {storage.bytes} bytes per partition leave {storage.space}, "
             f"which has {room}")
    if partition < 0 or partition + storage.parts > PARTITIONS:
        fail(function, f"the address {storage.address} and {storage.parts} partitions leave {storage.space}, which has {PARTITIONS}")


def allocate(shape, dtype, buffer: Buffer, name: str = "", address=None, function: str = "nl.ndarray", cls=Tensor) -> Tensor:
    """A new tensor; its contents are undefined. `address` is (partition, byte within the partition)."""
    trace = _trace.current(function)
    if dtype.__class__ is not DType:
        try:
            dtype = as_dtype(dtype)
        except TypeError:
            pass  # told below
    plain = shape.__class__ is tuple and dtype.__class__ is DType and address is None and not name and buffer is not SHARED_HBM
    if plain:
        known = trace.allowed.get((shape, dtype.name, buffer))
        if known is not None:  # checked before
            return _plain(trace, known[0], known[1], dtype, buffer, cls)
    buffer = SBUF if buffer is None else buffer
    if not isinstance(buffer, Buffer):
        fail(function, f"{buffer!r} is no buffer: nl.sbuf, nl.psum, nl.hbm, nl.private_hbm and nl.shared_hbm are")
    if dtype.__class__ is not DType:
        try:
            dtype = as_dtype(dtype)
        except TypeError as error:
            fail(function, str(error), TypeError)
    sizes = _checked_shape(function, shape, buffer)
    if buffer is SHARED_HBM:
        return whole(_shared(trace, sizes, dtype, name, function), cls)
    storage = Storage(trace.launch.unique(name) if name else trace.launch.numbered(buffer.space), buffer, dtype, sizes)
    if trace.open_loops:
        storage.loops = len(trace.open_loops)
    if storage.space != "hbm":
        _check_room(function, storage, trace)
        if address is not None:
            storage.address = (int(address[0]), int(address[1]))
            _check_address(function, storage, trace)
    trace.storages.append(storage)
    if cls is not Tensor:
        storage.begin = len(trace.records)
    if plain:
        trace.allowed[(shape, dtype.name, buffer)] = (sizes, row_major(sizes))
    return whole(storage, cls)


def _plain(trace: _trace.Trace, sizes: Tuple[int, ...], strides: Tuple[int, ...], dtype: DType, buffer: Buffer, cls) -> Tensor:
    """A tensor without name and address, of a shape and type that another one had."""
    launch = trace.launch
    launch.unnamed += 1
    storage = Storage(f"{buffer.space}_{launch.unnamed}", buffer, dtype, sizes)
    if trace.open_loops:
        storage.loops = len(trace.open_loops)
    trace.storages.append(storage)
    if cls is not Tensor:
        storage.begin = len(trace.records)
    return cls(storage, dtype, sizes, strides)


def _shared(trace: _trace.Trace, shape: Tuple[int, ...], dtype: DType, name: str, function: str) -> Storage:
    """The n-th shared allocation of every program is the same tensor."""
    launch = trace.launch
    index = trace.shared_index
    trace.shared_index += 1
    if index < len(launch.shared):
        storage = launch.shared[index]
        if storage.shape != shape or storage.dtype is not dtype:
            fail(function, f"shared tensor number {index} is {list(shape)} of {dtype} here and {list(storage.shape)} of "
                 f"{storage.dtype} in another program: programs of a grid allocate the same shared tensors in the same order")
        return storage
    storage = Storage(launch.unique(name or "hbm"), SHARED_HBM, dtype, shape)
    launch.shared.append(storage)
    return storage


def input_tensor(launch: _trace.Launch, name: str, array: np.ndarray, cls=Tensor) -> Tensor:
    """An argument of the kernel as a tensor in HBM. 8-byte numbers become 4-byte ones; before NeuronCore-v4 there is one e4m3."""
    dtype = as_dtype(array.dtype)
    if dtype is float8_e4m3fn and launch.target.version < 4:
        dtype = float8_e4m3
    storage = Storage(launch.unique(name), SHARED_HBM, dtype, array.shape or (1,))
    storage.kind = "input"
    storage.array = array
    launch.inputs.append(storage)
    return whole(storage, cls)


def constant_tensor(array: np.ndarray, dtype: Optional[DType] = None, cls=Tensor) -> Tensor:
    """A tensor in HBM whose contents are known when tracing; equal arrays of a launch are one tensor."""
    launch = _trace.current("nl.shared_constant").launch
    dtype = as_dtype(array.dtype) if dtype is None else dtype
    for storage in launch.constants:
        if storage.dtype is dtype and storage.shape == array.shape and (storage.array is array or np.array_equal(storage.array, array)):
            return whole(storage, cls)
    storage = Storage(launch.unique("constant"), SHARED_HBM, dtype, array.shape)
    storage.kind = "weight"
    storage.array = np.array(array)
    launch.constants.append(storage)
    return whole(storage, cls)


def exchanged(trace: _trace.Trace, core: int, partitions: int, elements: int, dtype: DType) -> Tensor:
    """Where `core` leaves the tile of the next exchange between the cores, in HBM."""
    held = trace.launch.exchanges
    key = (trace.exchanges, core)
    if key not in held:
        held[key] = Storage(trace.launch.unique("exchange"), SHARED_HBM, dtype, (partitions, elements))
    storage = held[key]
    if storage.shape != (partitions, elements) or storage.dtype is not dtype:
        fail("nki.isa.sendrecv", f"exchange number {trace.exchanges} is [{partitions}, {elements}] of {dtype} here and {list(storage.shape)} of "
             f"{storage.dtype} on the other core")
    return whole(storage)


HBM = PRIVATE_HBM
