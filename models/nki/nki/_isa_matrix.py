# SPDX-License-Identifier: Apache-2.0
"""Instructions of the Tensor engine, and nc_transpose. Rules: AWS NKI documentation, nki.isa, each function's page."""
from __future__ import annotations

from typing import Optional, Tuple

import numpy as np

from . import _checks as check
from . import _trace
from ._enums import UNKNOWN, matmul_perf_mode
from ._errors import fail, missing
from ._regions import cells, region_of
from ._registers import Affine
from ._target import PSUM_BANK_BYTES
from ._tensor import Reshaped, Tensor, merged
from ._trace import Record, add

_WIDE = ("float32", "tfloat32")
_DOUBLE_ROW = ("float8_e4m3", "float8_e5m2", "float8_e4m3fn")
_STATIONARY_COLUMNS = 128


def accumulates(dst: Tensor) -> Optional[bool]:
    """Whether a product without `accumulate` adds: what products were written to before adds up, the rest is overwritten.
    None: a part was written before."""
    storage = dst.storage
    regions = storage.accumulated
    region = region_of(dst)
    if regions is None:
        storage.accumulated = {region: dst}
        return False
    if region in regions:
        return True
    if regions and dst.offset.__class__ is int and dst.part.__class__ is int and not storage.aliases:
        if _apart(dst, regions):
            regions[region] = dst
            return False
        before = _written(dst)
        if before.any() and not before.all():
            return None
        regions[region] = dst
        return bool(before.any())
    regions[region] = dst
    return False


def _apart(dst: Tensor, regions: dict) -> bool:
    """Whether the boxes around the view and around each region have nothing in common: so it is with products side by side."""
    first, last = dst.part, dst.part + dst.shape[0]
    begin, end = _span(dst)
    for each in regions.values():
        if each.part < last and first < each.part + each.shape[0]:
            start, stop = _span(each)
            if start < end and begin < stop:
                return False
    return True


def _span(view: Tensor) -> Tuple[int, int]:
    """The first element in a partition, and the one behind the last."""
    low = high = view.offset
    for count, step in zip(view.shape[1:], view.strides[1:]):
        if step < 0:
            low += step * (count - 1)
        else:
            high += step * (count - 1)
    return low, high + 1


def _written(dst: Tensor) -> np.ndarray:
    """Which elements of the view products were written to before: [partitions, elements]."""
    held = np.zeros((dst.storage.parts, dst.storage.row), bool)
    for each in dst.storage.accumulated.values():
        held |= cells(each)
    part = held[dst.part:dst.part + dst.shape[0]]
    view = np.lib.stride_tricks.as_strided(part[:, dst.offset:], dst.shape, (part.strides[0],) + dst.strides[1:])
    return view.reshape(dst.shape[0], dst.elems)


def _by_partitions(before: np.ndarray, dst: Tensor, stationary: Tensor, moving: Tensor, name: Optional[str], **options) -> Record:
    """The same where some partitions were written before: one for each run of partitions that are alike."""
    columns = stationary.reshape((stationary.shape[0], stationary.elems))
    edges = [0] + [i for i in range(1, len(before)) if (before[i] != before[i - 1]).any()] + [len(before)]
    record = None
    for first, last in zip(edges, edges[1:]):
        record = nc_matmul(dst.index((slice(first, last),)), columns.index((slice(None), slice(first, last))), moving, name=name, **options)
    return record


def _by_columns(dst: Tensor, stationary: Tensor, moving: Tensor, name: Optional[str], **options) -> Record:
    """A product onto a region of which some columns were written before: one for each run of columns that are alike."""
    before = _written(dst)
    if not (before == before[0]).all():
        return _by_partitions(before, dst, stationary, moving, name, **options)
    to, columns = dst.reshape((dst.shape[0], dst.elems)), moving.reshape((moving.shape[0], moving.elems))
    edges = [0] + [i for i in range(1, dst.elems) if before[0, i] != before[0, i - 1]] + [dst.elems]
    record = None
    for first, last in zip(edges, edges[1:]):
        run = (slice(None), slice(first, last))
        record = nc_matmul(to.index(run), stationary, columns.index(run), name=name, **options)
    return record


def _flag(trace: _trace.Trace, dst: Tensor, accumulate):
    """The value of `accumulate` in program text: 0 overwrites. In a dynamic loop around an older tensor the first
    iteration overwrites, later ones add."""
    if dst.dynamic is not None:
        if accumulate is None:
            missing("nki.isa.nc_matmul", "a product into a place that only the device knows, without accumulate=: whether one was written there before")
        return 1 if accumulate else 0
    before = accumulates(dst)
    if accumulate is not None:
        return 1 if accumulate else 0
    if before is None:
        return None
    if before:
        return 1
    around = trace.open_loops[dst.storage.loops:]
    return sum((Affine(-each.begin, {each.variable: 1}) for each in around), start=Affine(0, {})) if around else 0


def forget_products(dst: Tensor, open_loops: int = 0) -> None:
    """The region was set to zero: the next product starts anew."""
    dst.storage.loops = max(dst.storage.loops, open_loops)
    regions = dst.storage.accumulated
    if not regions:
        return
    if region_of(dst) in regions and len(regions) == 1 or dst.elems == dst.storage.row and dst.shape[0] == dst.storage.parts:
        regions.clear()
        return
    mask = cells(dst)
    for key, each in list(regions.items()):
        if (cells(each) & mask).any():
            del regions[key]


def _check_types(function: str, stationary: Tensor, moving: Tensor) -> None:
    one, two = stationary.dtype, moving.dtype
    if not (one.is_float and two.is_float):
        fail(function, f"cannot multiply {one} by {two}: both must be floating point")
    if (one.name in _WIDE) != (two.name in _WIDE):
        fail(function, f"cannot multiply {one} by {two}: when one is float32 or tfloat32, both must be")
    if one is not two and "float8_e4m3fn" in (one.name, two.name) and "float8_e4m3" in (one.name, two.name):
        fail(function, "float8_e4m3 and float8_e4m3fn cannot be multiplied")


def _check_result(function: str, dst: Tensor, version: int, moving_bytes: int) -> None:
    if dst.dtype.name != "float32" and not (version > 3 and dst.dtype.name == "bfloat16"):
        fail(function, f"dst is {dst.dtype}, PSUM accumulates float32" + (" or bfloat16" if version > 3 else ""))
    size = dst.dtype.itemsize
    if dst.elems * 4 > moving_bytes:
        fail(function, f"moving has {dst.elems} columns, at most {moving_bytes // 4} are possible")
    offset = dst.offset
    if version < 4 and offset.__class__ is int and dst.elems > 1:
        last = offset + sum(step * (count - 1) for count, step in zip(dst.shape[1:], dst.strides[1:]))
        address = dst.storage.address[1] if dst.storage.address else 0
        if (address + offset * size) // PSUM_BANK_BYTES != (address + last * size) // PSUM_BANK_BYTES:
            fail(function, f"dst reaches from bank {(address + offset * size) // PSUM_BANK_BYTES} of PSUM into bank "
                 f"{(address + last * size) // PSUM_BANK_BYTES}: a result lies in one bank of {PSUM_BANK_BYTES} bytes")


def nc_matmul(dst, stationary, moving, is_stationary_onezero=False, is_moving_onezero=False, is_transpose=False, accumulate=None,
              tile_position=(), tile_size=(), perf_mode=matmul_perf_mode.none, name=None) -> Record:
    """dst[M, N] (+)= stationary[K, M].T @ moving[K, N] in fp32; K <= 128 partitions, M <= 128, N <= 512."""
    function = "nki.isa.nc_matmul"
    dst = check.chip(function, "dst", dst, ("psum",))
    stationary = check.chip(function, "stationary", stationary, ("sbuf",))
    moving = check.chip(function, "moving", moving, ("sbuf",))
    trace = _trace.current(function)
    target = trace.target
    rows, columns, width = stationary.shape[0], stationary.elems, moving.elems
    if moving.shape[0] != rows:
        fail(function, f"stationary has {rows} partitions and moving {moving.shape[0]}: the contraction must be equal")
    attributes: list = []
    if perf_mode is not matmul_perf_mode.none and perf_mode is not None:
        columns, width = _double_row(function, stationary, moving, attributes)
    if columns > _STATIONARY_COLUMNS:
        fail(function, f"stationary has {columns} columns, at most {_STATIONARY_COLUMNS} are possible")
    check.shape(function, "dst", dst, columns, width)
    if is_transpose and not (dst.dtype.name == "float32" and stationary.dtype.name == "float32"):
        return _transpose_mode(function, dst, stationary, moving, name)
    _check_types(function, stationary, moving)
    _check_result(function, dst, target.version, target.moving_bytes)
    if tile_size:
        _check_tile(function, tile_size, tile_position, rows, columns)
        attributes.append(("tile_size", [int(each) for each in tile_size]))
    flag = _flag(trace, dst, accumulate)
    if flag is None:
        return _by_columns(dst, stationary, moving, name, is_stationary_onezero=is_stationary_onezero,
                           is_moving_onezero=is_moving_onezero, tile_position=tile_position, tile_size=tile_size)
    if flag.__class__ is not int or flag:
        attributes.append(("accumulate", flag))
    if is_stationary_onezero and stationary.dtype.name in _WIDE:
        attributes.append(("is_stationary_onezero", True))
    if is_moving_onezero and moving.dtype.name in _WIDE:
        attributes.append(("is_moving_onezero", True))
    if attributes and attributes[0][1] == "double_row":
        stationary, moving = _two_rows(stationary), _two_rows(moving)
    return add("nc_matmul", "tensor", [dst, stationary, moving], tuple(attributes), name)


def move_product(record: Record, dst: Tensor, adds: bool) -> None:
    """Makes a product that was just recorded go to dst instead: added to what products wrote there before, or in its place."""
    target = _trace.current().target
    _check_result("nki.isa.nc_matmul", dst, target.version, target.moving_bytes)
    before = accumulates(dst)
    record.operands[0] = dst
    if adds and before:
        record.attributes = tuple(record.attributes) + (("accumulate", 1),)


def _double_row(function: str, stationary: Tensor, moving: Tensor, attributes: list) -> Tuple[int, int]:
    """Columns of stationary and of moving when every partition holds two rows of the contraction."""
    check.since(function, 3)
    for what, each in (("stationary", stationary), ("moving", moving)):
        check.dtype(function, what, each, _DOUBLE_ROW)
        if each.ndim < 3 or each.shape[1] != 2:
            fail(function, f"double_row: {what} is {list(each.shape)}, must be [K, 2, columns]")
    attributes.append(("perf_mode", "double_row"))
    return stationary.elems // 2, moving.elems // 2


def _transpose_mode(function: str, dst: Tensor, data: Tensor, identity: Tensor, name: Optional[str]) -> Record:
    """A product with the identity whose elements pass unchanged: the same as nc_transpose."""
    if identity.elems != data.shape[0]:
        fail(function, f"is_transpose: moving is [{identity.shape[0]}, {identity.elems}], must be the identity of {data.shape[0]}")
    if dst.dtype is not data.dtype:
        fail(function, f"is_transpose: dst is {dst.dtype} and the data {data.dtype}: a transpose does not convert")
    return add("nc_transpose", "tensor", [dst, data], (), name)


def _two_rows(view: Tensor) -> Tensor:
    """The operand with its dimension of two rows written out."""
    free = view.free_dims()
    return Reshaped(view, [free[0]] + merged(free[1:]))


def _scale_rows(function: str, what: str, scale: Tensor, of: Tensor) -> Tensor:
    """The partitions that hold scales: four of each quadrant, so up to the fourth of the last one."""
    rows = (of.shape[0] // 32 - 1) * 32 + 4
    check.dtype(function, what, scale, ("uint8",))
    if scale.shape[0] < rows or scale.elems != of.elems:
        fail(function, f"{what} is [{scale.shape[0]}, {scale.elems}], must be [{rows}, {of.elems}]: four partitions of each quadrant")
    return scale if scale.shape[0] == rows else scale.index((slice(0, rows),))


def _check_tile(function: str, size, position, rows: int, columns: int) -> None:
    if len(size) != 2 or any(each not in (32, 64, 128) for each in size):
        fail(function, f"tile_size is {tuple(size)}, must be (rows, columns), each 32, 64 or 128")
    if rows > size[0] or columns > size[1]:
        fail(function, f"stationary is [{rows}, {columns}], the tile only {list(size)}")
    for at, extent in zip(position or (), size):
        if at % extent or at + extent > 128:
            fail(function, f"tile_position {tuple(position)} is no multiple of tile_size {tuple(size)} within 128 by 128")


def nc_matmul_mx(dst, stationary, moving, stationary_scale, moving_scale, tile_position=None, tile_size=None, accumulate=None,
                 name=None) -> Record:
    """nc_matmul of packed elements, each row of which holds four of the contraction; NeuronCore-v4."""
    function = "nki.isa.nc_matmul_mx"
    check.since(function, 4)
    dst = check.chip(function, "dst", dst, ("psum",))
    views = [check.chip(function, what, each, ("sbuf",)) for what, each in (("stationary", stationary), ("moving", moving))]
    scales = [check.chip(function, what, each, ("sbuf",)) for what, each in
              (("stationary_scale", stationary_scale), ("moving_scale", moving_scale))]
    for what, each in zip(("stationary", "moving"), views):
        if not each.dtype.is_packed:
            fail(function, f"{what} is {each.dtype}, must be a packed type such as float8_e4m3fn_x4")
        if each.shape[0] % 32 or each.shape[0] != views[0].shape[0]:
            fail(function, f"{what} has {each.shape[0]} partitions: both need the same multiple of 32")
    check.shape(function, "dst", dst, views[0].elems, views[1].elems)
    attributes = [("stationary_scale", _scale_rows(function, "stationary_scale", scales[0], views[0])),
                  ("moving_scale", _scale_rows(function, "moving_scale", scales[1], views[1]))]
    if tile_size:
        _check_tile(function, tile_size, tile_position, views[0].shape[0], views[0].elems)
        attributes.append(("tile_size", list(tile_size)))
    flag = _flag(_trace.current(function), dst, accumulate)
    if flag is None:
        missing(function, "a product onto a region of which only a part was written before")
    if flag.__class__ is not int or flag:
        attributes.append(("accumulate", flag))
    return add("nc_matmul_mx", "tensor", [dst] + views, tuple(attributes), name)


def nc_transpose(dst, data, engine=UNKNOWN, name=None) -> Record:
    """dst[F, P] = data[P, F].T; Tensor: up to 128 x 128 from SBUF to PSUM, Vector: up to 32 x 32."""
    function = "nki.isa.nc_transpose"
    dst = check.chip(function, "dst", dst)
    data = check.chip(function, "data", data)
    which = check.engine(function, engine, ("tensor", "vector"), "tensor" if dst.space == "psum" else "vector")
    most = 128 if which == "tensor" else 32
    if data.shape[0] > most or data.elems > most:
        fail(function, f"data is [{data.shape[0]}, {data.elems}], at most [{most}, {most}] can be transposed on {which}")
    if which == "tensor" and (data.space != "sbuf" or dst.space != "psum"):
        fail(function, f"the Tensor engine transposes from SBUF to PSUM, not from {data.space} to {dst.space}")
    check.shape(function, "dst", dst, data.elems, data.shape[0])
    if dst.dtype is not data.dtype:
        fail(function, f"data is {data.dtype} and dst {dst.dtype}: a transpose does not convert")
    return add("nc_transpose", which, [dst, data], (), name)


def quantize_mx(dst, src, dst_scale, name=None) -> Record:
    """Groups of 8 partitions x 4 elements become packed elements with one scale; NeuronCore-v4."""
    function = "nki.isa.quantize_mx"
    check.since(function, 4)
    dst, src, scale = (check.chip(function, what, each, ("sbuf",)) for what, each in
                       (("dst", dst), ("src", src), ("dst_scale", dst_scale)))
    check.dtype(function, "src", src, ("bfloat16", "float16"))
    check.dtype(function, "dst", dst, ("float8_e5m2_x4", "float8_e4m3fn_x4"))
    if src.shape[0] % 32 or src.shape[0] != dst.shape[0] or src.elems != 4 * dst.elems:
        fail(function, f"src is [{src.shape[0]}, {src.elems}] and dst [{dst.shape[0]}, {dst.elems}]: partitions must be equal, a "
             "multiple of 32, and src has four elements for each of dst")
    return add("quantize_mx", "vector", [dst, src, _scale_rows(function, "dst_scale", scale, dst)], (), name)
