# SPDX-License-Identifier: Apache-2.0
"""nki.language functions that allocate and move tensors. Results are new tiles in SBUF unless said otherwise."""
from __future__ import annotations

import numpy as np

from . import _checks as check
from . import _memory, _trace
from ._dtypes import as_dtype
from ._errors import fail
from ._isa_data import memset, nc_stream_shuffle, tensor_copy
from ._isa_dma import dma_copy, dma_transpose
from ._isa_matrix import nc_matmul, nc_transpose
from ._isa_random import rand2, set_rng_seed
from ._target import PARTITIONS, PSUM_BANK_BYTES, PSUM_BANKS, current_target
from ._tensor import PSUM, SBUF, Tensor, whole


class TileSize:
    """nl.tile_size: limits of the device that is traced for. Elements are of 4 bytes, bytes are per partition."""

    pmax = PARTITIONS
    psum_fmax = psum_bank_fmax = PSUM_BANK_BYTES // 4
    psum_bank_fmax_bytes = PSUM_BANK_BYTES
    psum_fmax_bytes = PSUM_BANK_BYTES
    psum_num_banks = PSUM_BANKS
    gemm_stationary_fmax = 128
    gemm_moving_fmax = 512
    bn_stats_fmax = 512
    psum_min_align = 4
    sbuf_min_align = 1

    @property
    def sbuf_fmax_bytes(self) -> int:
        trace = _trace.active()
        return (trace.target if trace else current_target()).sbuf_bytes

    total_available_sbuf_size = sbuf_fmax_bytes

    @property
    def sbuf_fmax(self) -> int:
        return self.sbuf_fmax_bytes // 4

    @property
    def sbuf_size_bytes(self) -> int:
        return self.sbuf_fmax_bytes * PARTITIONS


tile_size = TileSize()


class _Allocation(type):
    def __call__(cls, shape, dtype, buffer=SBUF, name="", address=None, **_) -> Tensor:
        return _memory.allocate(shape, dtype, buffer, name, address)

    def __instancecheck__(cls, value) -> bool:
        return isinstance(value, Tensor)


class ndarray(metaclass=_Allocation):  # noqa: N801 (the public name)
    """A tensor whose contents are undefined; `address` is (partition, byte in it). A class, as kernels annotate tensors with it."""


def empty_like(x, dtype=None, buffer=None, name="") -> Tensor:
    return _memory.allocate(x.shape, dtype or x.dtype, buffer or x.buffer, name, function="nl.empty_like")


def full(shape, fill_value, dtype, buffer=SBUF, name="", **_) -> Tensor:
    """Every element is fill_value. In HBM a tile of SBUF is filled and stored as often as needed."""
    made = _memory.allocate(shape, dtype, buffer, name, function="nl.full")
    if made.space != "hbm":
        memset(made, fill_value)
        return made
    total, row = made.size, 1
    for count in reversed(made.shape):
        if row * count * made.itemsize > 16384:
            break
        row *= count
    flat = whole(made.storage).reshape((total // row, row))
    tile = _memory.allocate((min(PARTITIONS, total // row), row), made.dtype, SBUF, "fill", function="nl.full")
    memset(tile, fill_value)
    for first in range(0, total // row, PARTITIONS):
        rows = min(PARTITIONS, total // row - first)
        dma_copy(flat[first:first + rows], tile[0:rows])
    return made


def zeros(shape, dtype, buffer=SBUF, name="", **_) -> Tensor:
    return full(shape, 0.0, dtype, buffer, name)


def ones(shape, dtype, buffer=SBUF, name="", **_) -> Tensor:
    return full(shape, 1.0, dtype, buffer, name)


def zeros_like(x, dtype=None, buffer=None, name="", **_) -> Tensor:
    return full(x.shape, 0.0, dtype or x.dtype, buffer or x.buffer, name)


def shared_constant(constant, dtype=None) -> Tensor:
    """A tensor in HBM with contents known now: an array, or the path of an .npy file."""
    array = np.load(constant) if isinstance(constant, str) else np.asarray(constant)
    return _memory.constant_tensor(array, as_dtype(dtype if dtype is not None else array.dtype))


def shared_identity_matrix(n: int, dtype="uint8", dst=None) -> Tensor:
    """The identity of size n in SBUF, loaded once per type."""
    trace = _trace.current("nl.shared_identity_matrix")
    kind = as_dtype(dtype)
    key = ("identity", n, kind)
    if dst is None and key in trace.constants:
        return trace.constants[key]
    source = _memory.constant_tensor(np.eye(n, dtype=kind.dtype), kind)
    tile = _memory.allocate((n, n), kind, SBUF, "identity", function="nl.shared_identity_matrix") if dst is None else dst
    dma_copy(tile, source)
    if dst is None:
        trace.constants[key] = tile
    return tile


def load(src, dtype=None, mask=None, **_) -> Tensor:
    """src, in HBM, as a tile in SBUF. One dimension becomes one partition."""
    check.no_mask("nl.load", mask)
    src = check.tensor("nl.load", "src", src)
    shape = src.shape if src.ndim > 1 else (1, src.shape[0])
    tile = _memory.allocate(shape, dtype or src.dtype, SBUF, "load", function="nl.load")
    dma_copy(tile, src)
    return tile


def store(dst, value, mask=None, **_):
    """A tile, or a number, to HBM."""
    check.no_mask("nl.store", mask)
    dst = check.tensor("nl.store", "dst", dst)
    if isinstance(value, (int, float)):
        shape = dst.shape if dst.ndim > 1 else (1, dst.shape[0])
        value = full(shape, value, dst.dtype)
    value = check.tensor("nl.store", "value", value)
    if value.space == "psum":
        value = copy(value, dst.dtype)
    return dma_copy(dst, value)


def copy(x, dtype=None, **_) -> Tensor:
    x = check.chip("nl.copy", "x", x)
    made = result(x, dtype)
    tensor_copy(made, x)
    return made


def result(like: Tensor, dtype=None, shape=None, buffer=SBUF) -> Tensor:
    """A new tile for the result of a computation on `like`; lies at the same partitions."""
    return _memory.allocate(shape or like.shape, dtype or like.dtype, buffer, "result", function="nl", cls=type(like) if isinstance(
        like, Tensor) and type(like).__name__ != "Reshaped" else Tensor)


def load_transpose2d(src, dtype=None, **_) -> Tensor:
    """src[R, C] in HBM as a tile [C, R]."""
    src = check.tensor("nl.load_transpose2d", "src", src)
    if src.ndim != 2:
        fail("nl.load_transpose2d", f"src has {src.ndim} dimensions, must have 2")
    if src.itemsize in (2, 4) and _trace.current().target.version >= 3:
        tile = _memory.allocate((src.shape[1], src.shape[0]), src.dtype, SBUF, "load", function="nl.load_transpose2d")
        dma_transpose(tile, src)
        return tile if dtype is None else copy(tile, dtype)
    if src.shape[0] <= PARTITIONS:
        return transpose(load(src), dtype)
    return _transposed_in_blocks(src, dtype)


def _transposed_in_blocks(src: Tensor, dtype) -> Tensor:
    """By the Tensor engine, as many rows at a time as there are partitions."""
    rows, columns = src.shape
    if columns > PARTITIONS:
        fail("nl.load_transpose2d", f"src has {columns} columns, at most {PARTITIONS} can become partitions")
    tile = _memory.allocate((columns, rows), dtype or src.dtype, SBUF, "load", function="nl.load_transpose2d")
    for first in range(0, rows, PARTITIONS):
        block = load(src[first:min(first + PARTITIONS, rows)])
        turned = result(block, block.dtype, (columns, block.shape[0]), PSUM)
        nc_transpose(turned, block)
        tensor_copy(tile[:, first:first + block.shape[0]], turned)
    return tile


def transpose(x, dtype=None, **_) -> Tensor:
    """x[P, F] as [F, P], by the Tensor engine, in blocks of 128."""
    x = check.chip("nl.transpose", "x", x, ("sbuf", "psum"))
    if x.space == "psum":
        x = copy(x)
    if x.elems > PARTITIONS:
        fail("nl.transpose", f"x has {x.elems} elements per partition, at most {PARTITIONS} can become partitions")
    turned = result(x, x.dtype, (x.elems, x.shape[0]), PSUM)
    nc_transpose(turned, x)
    return copy(turned, dtype)


def matmul(x, y, transpose_x=False, **_) -> Tensor:
    """x[M, K] @ y[K, N], or x[K, M].T @ y with transpose_x, in PSUM."""
    x = check.chip("nl.matmul", "x", x)
    y = check.chip("nl.matmul", "y", y)
    stationary = x if transpose_x else transpose(x)
    stationary = copy(stationary) if stationary.space == "psum" else stationary
    moving = copy(y) if y.space == "psum" else y
    made = result(x, "float32", (stationary.elems, moving.elems), PSUM)
    nc_matmul(made, stationary, moving)
    return made


def expand_dims(x, axis: int) -> Tensor:
    return x.expand_dim(axis)


def broadcast_to(x, shape, dtype=None, function: str = "nl.broadcast_to", **_) -> Tensor:
    """Free dimensions by a view; one partition to many by a shuffle that takes partition 0 everywhere."""
    sizes = tuple(int(each) for each in shape)
    if x.ndim > len(sizes) or any(have not in (1, want) for have, want in zip(x.shape[::-1], sizes[::-1])):
        fail(function, f"{list(x.shape)} cannot be repeated to {list(sizes)}")
    if x.ndim < len(sizes):
        fixed = 1 if x.space != "hbm" and x.shape[0] == sizes[0] else 0
        view = x
        for _ in range(len(sizes) - x.ndim):
            view = view.expand_dim(fixed) if view.space == "hbm" or fixed else _partition_first(view, function)
        x = view
    if x.space != "hbm" and x.shape[0] == 1 and sizes[0] > 1:
        spread = result(x, dtype, (sizes[0],) + x.shape[1:])
        nc_stream_shuffle(spread, x if spread.dtype is x.dtype else copy(x, spread.dtype), [0] * 32)
        x = spread
    for dim, count in enumerate(sizes):
        if x.shape[dim] != count:
            x = x.broadcast(dim, count)
    return x


def _partition_first(x: Tensor, function: str) -> Tensor:
    """A leading dimension for a tile of one partition."""
    if x.shape[0] != 1:
        fail(function, f"{list(x.shape)}: dimension 0 counts partitions and stays where it is")
    return x.__class__(x.storage, x.dtype, (1,) + x.shape, (x.strides[0],) + (0,) + x.strides[1:], x.offset, x.part)


def rand(shape, dtype="float32", **_) -> Tensor:
    """Uniform between 0 and 1."""
    tile = _memory.allocate(shape, dtype, SBUF, "rand", function="nl.rand")
    rand2(tile, 0.0, 1.0)
    return tile


def random_seed(seed, **_) -> None:
    """Seeds the generators: one integer, or a tile of one per partition."""
    if isinstance(seed, int):
        tile = _memory.allocate((PARTITIONS, 1), "int32", SBUF, "seed", function="nl.random_seed")
        memset(tile, seed)
        seed = tile
    set_rng_seed(seed)


def device_print(print_prefix, x, **_) -> None:
    """Prints the values of a tensor after the run."""
    trace = _trace.current("nl.device_print")
    held = _memory.allocate(x.shape, x.dtype, _memory.HBM, "print", function="nl.device_print")
    held.storage.kind = "output"
    store(held, x) if x.space != "hbm" else dma_copy(held, x)
    trace.launch.prints.append((print_prefix, held))


def is_sbuf(buffer) -> bool:
    return getattr(buffer, "space", None) == "sbuf"


def is_psum(buffer) -> bool:
    return getattr(buffer, "space", None) == "psum"


def is_hbm(buffer) -> bool:
    return getattr(buffer, "space", None) == "hbm"


def is_on_chip(buffer) -> bool:
    return is_sbuf(buffer) or is_psum(buffer)

