# SPDX-License-Identifier: Apache-2.0
"""nki.isa of the first dialect: functions that compute. Without `dst` they return the result as a new tile, of type `dtype`
or that of the operands (AWS NKI documentation, nki.isa of NKI 0.1)."""
from __future__ import annotations

from typing import List, Tuple

from nki import isa
from nki._dtypes import as_dtype
from nki._enums import UNKNOWN, matmul_perf_mode
from nki._errors import fail, missing
from nki._memory import allocate
from nki._target import PARTITIONS

from ._bind import PSUM, Call, bound, column, in_sbuf, promoted, spread, tile_of
from ._tile import Tile

IDLE, RESET_REDUCE = isa.reduce_cmd.idle, isa.reduce_cmd.reset_reduce


@bound(1, isa.activation)
def activation(op, data, *, bias=None, scale=1.0, reduce_op=None, reduce_res=None, reduce_cmd=IDLE, mask=None, dtype=None, dst=None, **_):
    data = tile_of("nki.isa.activation", "data", data)
    call = Call("nki.isa.activation", mask, data.shape)
    source, bias, scale, res = (call.part(what, each) for what, each in
                                (("data", data), ("bias", bias), ("scale", scale), ("reduce_res", reduce_res)))
    return call.result(lambda to: isa.activation(to, op, source, column(bias, source), column(scale, source), reduce_op, res, reduce_cmd),
                       dtype or data.dtype, dst)


@bound(1, isa.activation_reduce)
def activation_reduce(op, data, *, reduce_op=None, reduce_res=None, bias=None, scale=1.0, mask=None, dtype=None, dst=None, **_):
    data = tile_of("nki.isa.activation_reduce", "data", data)
    call = Call("nki.isa.activation_reduce", mask, data.shape)
    source, bias, scale, res = (call.part(what, each) for what, each in
                                (("data", data), ("bias", bias), ("scale", scale), ("reduce_res", reduce_res)))
    return call.result(lambda to: isa.activation_reduce(to, op, source, reduce_op, res, column(bias, source), column(scale, source)),
                       dtype or data.dtype, dst)


def _common(one: Tuple[int, ...], two: Tuple[int, ...]) -> Tuple[int, ...]:
    """The shape that both operands are repeated to."""
    if len(one) != len(two) or any(a != b and 1 not in (a, b) for a, b in zip(one, two)):
        return one
    return tuple(map(max, one, two))


@bound(2, isa.tensor_tensor)
def tensor_tensor(data1, data2, op, *, dtype=None, mask=None, engine=UNKNOWN, dst=None, **_):
    function = "nki.isa.tensor_tensor"
    data1, data2 = tile_of(function, "data1", data1), tile_of(function, "data2", data2)
    call = Call(function, mask, _common(data1.shape, data2.shape))
    one, two = (call.part("data", spread(function, each, call.shape)) for each in (data1, data2))
    if one.space == "psum" and two.space == "psum":
        two = in_sbuf(two)
    return call.result(lambda to: isa.tensor_tensor(to, one, two, op, engine), dtype or promoted(data1.dtype, data2.dtype), dst)


@bound(1, isa.tensor_scalar)
def tensor_scalar(data, op0, operand0=None, reverse0=False, op1=None, operand1=None, reverse1=False, *, dtype=None, mask=None,
                  engine=UNKNOWN, dst=None, **_):
    function = "nki.isa.tensor_scalar"
    data = tile_of(function, "data", data)
    call = Call(function, mask, data.shape)
    source, first, second = (call.part(what, each) for what, each in (("data", data), ("operand0", operand0), ("operand1", operand1)))
    return call.result(lambda to: isa.tensor_scalar(to, source, op0, column(first, source), reverse0, op1, column(second, source), reverse1,
                                                    engine), dtype or data.dtype, dst)


def tensor_scalar_reduce(*, data, op0, operand0, reduce_op, reduce_res=None, reverse0=False, dtype=None, mask=None, dst=None, **more):
    function = "nki.isa.tensor_scalar_reduce"
    data = tile_of(function, "data", data)
    call = Call(function, mask, data.shape)
    source, first, res = (call.part(what, each) for what, each in (("data", data), ("operand0", operand0), ("reduce_res", reduce_res)))
    return call.result(lambda to: isa.tensor_scalar_reduce(to, source, op0, column(first, source), reduce_op, res, reverse0, **more),
                       dtype or data.dtype, dst)


@bound(1, isa.scalar_tensor_tensor)
def scalar_tensor_tensor(data=None, op0=None, operand0=None, op1=None, operand1=None, reverse0=False, reverse1=False, *, dtype=None,
                         mask=None, dst=None, **_):
    function = "nki.isa.scalar_tensor_tensor"
    data, other = tile_of(function, "data", data), tile_of(function, "operand1", operand1)
    call = Call(function, mask, data.shape)
    source, first, second = (call.part(what, each) for what, each in
                             (("data", data), ("operand0", operand0), ("operand1", spread(function, other, data.shape))))
    if source.space == "psum" and second.space == "psum":
        second = in_sbuf(second)
    return call.result(lambda to: isa.scalar_tensor_tensor(to, source, op0, column(first, source), op1, second, reverse0, reverse1),
                       dtype or promoted(data.dtype, other.dtype), dst)


@bound(2, isa.tensor_tensor_scan, then="initial")
def tensor_tensor_scan(data0, data1, initial, op0, op1, reverse0=False, reverse1=False, *, dtype=None, mask=None, dst=None, **_):
    function = "nki.isa.tensor_tensor_scan"
    data0, data1 = tile_of(function, "data0", data0), tile_of(function, "data1", data1)
    call = Call(function, mask, _common(data0.shape, data1.shape))
    one, two = (call.part("data", spread(function, each, call.shape)) for each in (data0, data1))
    start = call.part("initial", initial)
    return call.result(lambda to: isa.tensor_tensor_scan(to, one, two, column(start, one), op0, op1, reverse0, reverse1),
                       dtype or promoted(data0.dtype, data1.dtype), dst)


@bound(1, isa.reciprocal)
def reciprocal(data, *, dtype=None, mask=None, dst=None, **_):
    data = tile_of("nki.isa.reciprocal", "data", data)
    call = Call("nki.isa.reciprocal", mask, data.shape)
    source = call.part("data", data)
    return call.result(lambda to: isa.reciprocal(to, source), dtype or data.dtype, dst)


def reduced_axes(function: str, data, axis) -> List[int]:
    axes = [axis] if not isinstance(axis, (list, tuple)) else list(axis)
    if axes == [1] and len(data.shape) == 2:
        return axes
    if any(not -data.ndim <= int(each) < data.ndim for each in axes) or not axes:
        fail(function, f"axis {axis}: {list(data.shape)} has no such dimension")
    axes = sorted(int(each) % data.ndim for each in axes)
    if axes[0] == 0:
        fail(function, f"axis {axis}: dimension 0 counts partitions; free dimensions can be reduced")
    return axes


@bound(1, isa.tensor_reduce)
def tensor_reduce(op, data, axis, *, mask=None, dtype=None, negate=False, keepdims=False, dst=None, **_):
    """Any free dimensions, as numpy: those to reduce are walked last."""
    function = "nki.isa.tensor_reduce"
    data = tile_of(function, "data", data)
    axes = reduced_axes(function, data, axis)
    call = Call(function, mask, data.shape)
    source = call.part("data", data)
    if data.ndim == 2 and call.area is None:  # the most frequent form
        return call.result(lambda to: isa.tensor_reduce(to, op, source, 1, negate), dtype or data.dtype, dst, (data.shape[0], 1))
    kept = [dim for dim in range(data.ndim) if dim not in axes]
    last = source.permute(kept + axes) if axes != list(range(kept[-1] + 1, data.ndim)) else source
    shape = tuple(1 if dim in axes else size for dim, size in enumerate(data.shape)) if keepdims else tuple(data.shape[dim] for dim in kept)
    shape = shape if len(shape) > 1 else shape + (1,)
    area = call.area.without(axes, shape) if call.area is not None else None
    over = list(range(len(kept), data.ndim))
    return call.result(lambda to: isa.tensor_reduce(to, op, last, over, negate), dtype or data.dtype, dst, shape, area=area)


@bound(1, isa.tensor_partition_reduce)
def tensor_partition_reduce(op, data, *, mask=None, dtype=None, dst=None, **_):
    function = "nki.isa.tensor_partition_reduce"
    data = in_sbuf(tile_of(function, "data", data))
    call = Call(function, mask, data.shape)
    source = call.part("data", data)
    shape = (1,) + tuple(data.shape[1:])
    area = call.area
    if area is not None:
        area = call.area.without([0], shape)
    return call.result(lambda to: isa.tensor_partition_reduce(to, op, source), dtype or data.dtype, dst, shape, area=area)


def tensor_scalar_cumulative(*, src, dst=None, op0, op1, imm0, imm1=None, reduce_cmd=RESET_REDUCE, mask=None, dtype=None, **_):
    function = "nki.isa.tensor_scalar_cumulative"
    src = tile_of(function, "src", src)
    call = Call(function, mask, src.shape)
    source, first, second = (call.part(what, each) for what, each in (("src", src), ("imm0", imm0), ("imm1", imm1)))
    return call.result(lambda to: isa.tensor_scalar_cumulative(to, source, op0, op1, first, second, reduce_cmd), dtype or src.dtype, dst)


# Matrices.
_PRODUCT = as_dtype("float32")


def _plain(view) -> bool:
    """A tile that can be an operand as it is."""
    return view.__class__ is Tile and view.space == "sbuf" and view.reach is None


def _mode(perf_mode):
    """perf_mode="double_row_gen3" and the like as the enumeration."""
    if isinstance(perf_mode, str):
        if perf_mode and not perf_mode.startswith("double_row"):
            missing("nki.isa.nc_matmul", f"perf_mode {perf_mode!r}")
        return matmul_perf_mode.double_row if perf_mode else matmul_perf_mode.none
    return matmul_perf_mode.none if perf_mode is None else perf_mode


def _operand(function: str, what: str, value) -> Tile:
    view = tile_of(function, what, value)
    if view.space == "hbm":
        fail(function, f"{what} is in HBM: load it first, with nl.load")
    return in_sbuf(view)


def _check_columns(function: str, stationary: Tile, rows: int) -> None:
    if stationary.elems > rows * PARTITIONS:
        fail(function, f"stationary has {stationary.elems // rows} columns, at most {PARTITIONS} are possible")


@bound(2, isa.nc_matmul)
def nc_matmul(stationary, moving, *, is_stationary_onezero=False, is_moving_onezero=False, is_transpose=False, tile_position=(), tile_size=(),
              mask=None, perf_mode=matmul_perf_mode.none, dst=None, accumulate=None, **_):
    """A mask keeps rows of the contraction, and columns of the moving operand."""
    function = "nki.isa.nc_matmul"
    if mask is None and dst is None and perf_mode is matmul_perf_mode.none and not is_transpose and _plain(stationary) and _plain(moving):
        _check_columns(function, stationary, 1)
        made = allocate((stationary.elems,) + moving.shape[1:], _PRODUCT, PSUM, "", function=function, cls=Tile)
        isa.nc_matmul(made, stationary, moving, is_stationary_onezero, is_moving_onezero, False, accumulate, tile_position, tile_size)
        return made
    stationary, moving = (_operand(function, what, each) for what, each in (("stationary", stationary), ("moving", moving)))
    mode = _mode(perf_mode)
    call = Call(function, mask, moving.shape)
    left, right = call.part("stationary", stationary), call.part("moving", moving)
    if call.area is not None and call.area.box is not None and left.shape[0] != right.shape[0]:
        left = left.index((slice(*call.area.box[0]),))
    rows = 2 if mode is not matmul_perf_mode.none else 1
    _check_columns(function, stationary, rows)
    shape = (stationary.elems // rows,) + (tuple(moving.shape[1:]) if rows == 1 else (moving.elems // 2,))
    area = call.area
    if area is not None:
        area = type(area)(shape, [(0, shape[0] if not area.empty else 0)] + (area.box or [(0, 0)] * 2)[1:])
    kind = moving.dtype if is_transpose else "float32"
    return call.result(lambda to: isa.nc_matmul(to, left, right, is_stationary_onezero, is_moving_onezero, is_transpose, accumulate,
                                                tile_position, tile_size, mode), kind, dst, shape, PSUM, area)


@bound(1, isa.nc_transpose)
def nc_transpose(data, *, mask=None, dtype=None, engine=UNKNOWN, dst=None, **_):
    """On the Tensor engine into PSUM unless Vector is named; a tile in PSUM of up to 32 x 32 is done by Vector."""
    function = "nki.isa.nc_transpose"
    data = tile_of(function, "data", data)
    name = getattr(engine, "name", engine)
    on_vector = name == "vector" or name == "unknown" and data.space == "psum" and max(data.shape[0], data.elems) <= 32
    call = Call(function, mask, data.shape)
    source = call.part("data", data)
    source = source if on_vector else in_sbuf(source)
    shape = (data.elems, data.shape[0])
    area = call.area
    if area is not None:
        if area.box is None or len(area.box) != 2:
            fail(function, "the mask must keep a box of rows and columns")
        area = type(area)(shape, area.box[::-1])
    made = call.result(lambda to: isa.nc_transpose(to, source, engine), data.dtype, dst, shape, data.buffer if on_vector else PSUM, area)
    if dst is None and dtype is not None and made.dtype != dtype:
        from ._language import copy
        return copy(made, dtype=dtype)
    return made


# Statistics.
def _shaped(function: str, core, data, shape, dtype, mask, dst, *more):
    call = Call(function, mask, data.shape)
    source = call.part("data", data)
    area = None
    if call.area is not None:
        area = type(call.area)(shape, [(call.area.box or [(0, 0)])[0]] + [(0, size) for size in shape[1:]])
    return call.result(lambda to: core(to, source, *more), dtype, dst, shape, area=area)


@bound(1, isa.bn_stats)
def bn_stats(data, *, mask=None, dtype=None, dst=None, **_):
    data = tile_of("nki.isa.bn_stats", "data", data)
    return _shaped("nki.isa.bn_stats", isa.bn_stats, data, (data.shape[0], 6), dtype or data.dtype, mask, dst)


@bound(1, isa.bn_aggr)
def bn_aggr(data, *, mask=None, dtype=None, dst=None, **_):
    data = tile_of("nki.isa.bn_aggr", "data", data)
    return _shaped("nki.isa.bn_aggr", isa.bn_aggr, data, (data.shape[0], 2), dtype or data.dtype, mask, dst)


@bound(1, isa.max8)
def max8(src=None, *, mask=None, dtype=None, dst=None, **_):
    src = tile_of("nki.isa.max8", "src", src)
    return _shaped("nki.isa.max8", isa.max8, src, (src.shape[0], 8), dtype or src.dtype, mask, dst)


def nc_find_index8(*, data, vals, mask=None, dtype=None, dst=None, **_):
    data = tile_of("nki.isa.nc_find_index8", "data", data)
    return _shaped("nki.isa.nc_find_index8", isa.nc_find_index8, data, (data.shape[0], 8), dtype or "uint32", mask, dst, vals)


def nc_match_replace8(*, data, vals, imm, dst_idx=None, mask=None, dtype=None, dst=None, **_):
    function = "nki.isa.nc_match_replace8"
    data = tile_of(function, "data", data)
    call = Call(function, mask, data.shape)
    source = call.part("data", data)
    return call.result(lambda to: isa.nc_match_replace8(to, source, vals, imm, dst_idx), dtype or data.dtype, dst)


@bound(2, isa.dropout)
def dropout(data, prob, *later, mask=None, dtype=None, dst=None, **_):
    """(data, prob); (dst, data, prob) of later dialects."""
    if later:
        dst, data, prob = data, prob, later[0]
    data = tile_of("nki.isa.dropout", "data", data)
    call = Call("nki.isa.dropout", mask, data.shape)
    source, rate = call.part("data", data), call.part("prob", prob)
    return call.result(lambda to: isa.dropout(to, source, column(rate, source)), dtype or data.dtype, dst)

