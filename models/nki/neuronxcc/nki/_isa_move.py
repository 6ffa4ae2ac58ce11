# SPDX-License-Identifier: Apache-2.0
"""nki.isa of the first dialect: functions that move, select and generate."""
from __future__ import annotations

from typing import Callable, Optional

from nki import _memory, isa
from nki import _language as basic
from nki._enums import UNKNOWN
from nki._errors import fail
from nki._operators import OPERATORS, alu
from nki._tensor import SBUF, Tensor

from . import _blocks
from ._bind import Call, bound, in_sbuf, tile_of
from ._index import Index, Mask
from ._tile import Tile, checked

IDLE, RESET_REDUCE = isa.reduce_cmd.idle, isa.reduce_cmd.reset_reduce
_INTEGERS = ("uint8", "uint16", "uint32", "int8", "int16", "int32", "bool")


@bound(1, isa.tensor_copy)
def tensor_copy(src=None, *, mask=None, dtype=None, engine=UNKNOWN, dst=None, **_):
    src = tile_of("nki.isa.tensor_copy", "src", src)
    call = Call("nki.isa.tensor_copy", mask, src.shape)
    source = call.part("src", src)
    return call.result(lambda to: isa.tensor_copy(to, source, engine), dtype or src.dtype, dst)


tensor_copy_dynamic_src = tensor_copy


def tensor_copy_dynamic_dst(*, dst, src, mask=None, dtype=None, engine=UNKNOWN, **_):
    return tensor_copy(src, mask=mask, engine=engine, dst=dst)


def memset(shape=None, value=0, dtype=None, *, mask=None, engine=UNKNOWN, dst=None, **_):
    """A new tile; with a tensor in the first place or as `dst` that one is filled."""
    function = "nki.isa.memset"
    if isinstance(shape, Tensor):
        dst = shape
    if dst is not None:
        dst = tile_of(function, "dst", dst)
        call = Call(function, mask, dst.shape)
        return call.result(lambda to: isa.memset(to, value, engine), dst.dtype, dst)
    made = _blocks.allocate(function, shape, dtype)
    if isinstance(made, Tile):
        call = Call(function, mask, made.shape)
        return call.result(lambda to: isa.memset(to, value, engine), dtype, shape=made.shape) if mask is not None else _filled(made, value, engine)
    made[...] = value
    return made


def _filled(made: Tile, value, engine) -> Tile:
    isa.memset(made, value, engine)
    return made


def tensor_copy_predicated(*, src, dst, predicate, mask=None, dtype=None, reverse_pred=False, **_):
    function = "nki.isa.tensor_copy_predicated"
    dst, predicate = tile_of(function, "dst", dst), tile_of(function, "predicate", predicate)
    call = Call(function, mask, dst.shape)
    if call.area is not None and (call.area.empty or call.area.box is None):
        if not call.area.empty:
            fail(function, "the mask must keep a box")
        return None
    to, source, condition = call.part("dst", dst), call.part("src", src), call.part("predicate", predicate)
    if condition.dtype.name not in _INTEGERS:
        condition = OPERATORS["not_equal"](condition, 0.0, "uint8")
    if isinstance(source, Tensor) and source.dtype is not to.dtype:
        source = basic.copy(source, to.dtype)
    return isa.tensor_copy_predicated(to, source, condition, reverse_pred)


def nc_stream_shuffle(src, dst, shuffle_mask, *, dtype=None, mask=None, **_):
    """The source comes first in this dialect."""
    function = "nki.isa.nc_stream_shuffle"
    dst, src = checked(function, tile_of(function, "dst", dst)), checked(function, tile_of(function, "src", src))
    if Call(function, mask, dst.shape).area is None:
        return isa.nc_stream_shuffle(dst, src, shuffle_mask)
    whole = _memory.allocate(dst.shape, dst.dtype, SBUF, "", function=function, cls=Tile)
    isa.nc_stream_shuffle(whole, src, shuffle_mask)
    return tensor_copy(whole, mask=mask, dst=dst)


@bound(2, isa.local_gather)
def local_gather(src_buffer, index, num_elem_per_idx=1, num_valid_indices=None, *, mask=None, dst=None, **_):
    function = "nki.isa.local_gather"
    src, index = tile_of(function, "src_buffer", src_buffer), tile_of(function, "index", index)
    valid = num_valid_indices if num_valid_indices is not None else min(16, index.shape[0]) * index.elems
    shape = (src.shape[0], int(valid) * int(num_elem_per_idx))
    if num_elem_per_idx > 1:
        shape = (src.shape[0], int(valid), int(num_elem_per_idx))
    call = Call(function, mask, shape)
    return call.result(lambda to: isa.local_gather(to, src, index, num_elem_per_idx, num_valid_indices), src.dtype, dst)


# Transfers.
def staged(dst: Tensor, emit: Callable):
    """emit(destination) for one that transfers do not reach: by way of SBUF."""
    if dst.space != "psum":
        return emit(dst)
    between = _memory.allocate(dst.shape, dst.dtype, SBUF, "", function="nki.isa.dma_copy", cls=Tile)
    emit(between)
    return isa.tensor_copy(dst, between)


def dma_copy(dst=None, src=None, *, mask=None, dst_rmw_op=None, oob_mode=isa.oob_mode.error, dge_mode=isa.dge_mode.unknown, engine=UNKNOWN,
             priority=None, **_):
    """Also from and to PSUM, by way of SBUF; with dst_rmw_op (addition) into what the destination holds."""
    function = "nki.isa.dma_copy"
    dst, src = tile_of(function, "dst", dst), tile_of(function, "src", src)
    call = Call(function, mask, dst.shape)
    if call.area is not None and call.area.empty:
        return None
    record = None
    boxes = [None] if call.area is None else list(call.area.boxes())
    for box in boxes:
        part = None if box is None else type(call.area)(call.area.shape, box)
        to, source = checked(function, dst, part), in_sbuf(checked(function, src, part))
        if dst_rmw_op is not None:
            if alu(function, dst_rmw_op, "dst_rmw_op") != "add":
                fail(function, f"dst_rmw_op {dst_rmw_op!r}: the DMA engines can only add")
            record = isa.dma_compute(to, [source, to], OPERATORS["add"])
        else:
            record = staged(to, lambda each: isa.dma_copy(each, source, priority, oob_mode, dge_mode, engine))
    return record


@bound(1, isa.dma_transpose)
def dma_transpose(src=None, *, axes=None, mask=None, dtype=None, dst=None, **more):
    function = "nki.isa.dma_transpose"
    src = in_sbuf(tile_of(function, "src", src))
    order = {2: (1, 0), 3: (2, 1, 0), 4: (3, 1, 2, 0)}.get(src.ndim)
    if order is None:
        fail(function, f"src has {src.ndim} dimensions, 2 to 4 are possible")
    call = Call(function, mask, src.shape)
    if call.area is not None and not call.area.empty and call.area.box is None:
        fail(function, "the mask must keep a box")
    source = call.part("src", src)
    shape = tuple(src.shape[each] for each in order)
    area = call.area and type(call.area)(shape, [call.area.box[each] for each in order])
    return call.result(lambda to: isa.dma_transpose(to, source, axes, **more), dtype or src.dtype, dst, shape, area=area)


def dma_compute(dst, srcs, *rest, reduce_op=None, scales=None, **more):
    """(dst, srcs, scales, reduce_op); lists are scales wherever they are."""
    for each in rest:
        if isinstance(each, (list, tuple)):
            scales = each
        elif each is not None:
            reduce_op = each
    return isa.dma_compute(dst, srcs, reduce_op or OPERATORS["add"], scales, **more)


def sendrecv(*, src, dst, send_to_rank, recv_from_rank, pipe_id=0, use_gpsimd_dma=False, **_):
    which = isa.dma_engine.gpsimd_dma if use_gpsimd_dma else isa.dma_engine.dma
    return isa.sendrecv(src, dst, send_to_rank, recv_from_rank, pipe_id, which)


# Generated values and selections.
def _pattern(function: str, index: Index, shape):
    """(pattern, channel_multiplier, offset) of nki.isa for the values of an index over a tile."""
    sizes, steps = index.aligned(len(shape))
    if index.dynamic is not None:
        fail(function, "has a part that only the device knows")
    more = len(steps) - len(shape)
    if any(step and size > 1 for step, size in zip(steps[:more], sizes[:more])):
        fail(function, f"the index is {list(index.shape)}, the tile {list(shape)}")
    steps = steps[more:]
    return [[step, count] for step, count in zip(steps[1:], shape[1:])] or [[0, 1]], steps[0], index.constant


def iota(expr=None, dtype=None, *, mask=None, dst=None, **more):
    """The values of an index as a tile."""
    function = "nki.isa.iota"
    if isinstance(expr, Tensor) or not isinstance(expr, (Index, int)):
        return isa.iota(*(each for each in (expr, dtype) if each is not None), **({"dst": dst} if dst is not None else {}), **more)
    if isinstance(expr, int):
        expr = Index((1, 1), expr, (0, 0))
    shape = expr.shape if expr.ndim > 1 else expr.shape + (1,)
    expr = expr if expr.ndim > 1 else expr[:, None]
    call = Call(function, mask, shape)

    def emit(to: Tensor):
        at = call.area.box if call.area is not None and call.area.box is not None else [(0, 0)] * len(shape)
        moved = Index(to.shape, expr.constant + sum(step * begin for step, (begin, _) in zip(expr.steps, at)), expr.steps)
        pattern, multiplier, offset = _pattern(function, moved, to.shape)
        return isa.iota(to, pattern, offset, multiplier)
    return call.result(emit, dtype or "int32", dst, again=call.area is None)


def affine_select(pred=None, on_true_tile=None, on_false_value=None, *rest, mask=None, dtype=None, dst=None, **more):
    """Where a comparison of indices holds the tile, else the value. Several comparisons follow each other."""
    function = "nki.isa.affine_select"
    if not isinstance(pred, (Mask, bool)):
        given = [each for each in (pred, on_true_tile, on_false_value) if each is not None]
        more.update({"dst": dst} if dst is not None else {})
        return isa.affine_select(*given, *rest, **more)
    data = tile_of(function, "on_true_tile", on_true_tile)
    call = Call(function, mask, data.shape)
    source = in_sbuf(call.part("on_true_tile", data))
    if isinstance(pred, bool):
        return call.result(lambda to: isa.tensor_copy(to, source) if pred else isa.memset(to, on_false_value), dtype or data.dtype, dst)
    if pred.terms is None:
        fail(function, "pred must be comparisons of indices, joined by &")

    def emit(to: Tensor):
        if to.space == "psum":
            return staged(to, emit)
        begins = [begin for begin, _ in call.area.box] if call.area is not None and call.area.box is not None else [0] * len(to.shape)
        record, current = None, source
        for index, comparison in pred.terms:
            _, steps = index.aligned(len(data.shape))
            steps = steps[len(steps) - len(data.shape):]
            moved = Index(to.shape, index.constant + sum(step * begin for step, begin in zip(steps, begins)), steps)
            pattern, multiplier, offset = _pattern(function, moved, to.shape)
            record = isa.affine_select(to, pattern, multiplier, current, on_false_value, OPERATORS[comparison], offset)
            current = to
        return record
    return call.result(emit, dtype or data.dtype, dst, again=call.area is None and len(pred.terms) == 1)


def range_select(*, on_true_tile, comp_op0, comp_op1, bound0, bound1, reduce_cmd=RESET_REDUCE, reduce_res=None, reduce_op=OPERATORS["maximum"],
                 range_start=0, mask=None, dtype=None, dst=None, **more):
    function = "nki.isa.range_select"
    data = tile_of(function, "on_true_tile", on_true_tile)
    call = Call(function, mask, data.shape)
    source, low, high, res = (call.part("operand", each) for each in (data, bound0, bound1, reduce_res))
    return call.result(lambda to: isa.range_select(to, source, comp_op0, comp_op1, low, high, reduce_cmd, res, reduce_op, range_start, **more),
                       dtype or data.dtype, dst)


def select_reduce(*, dst=None, predicate, on_true, on_false, reduce_res=None, reduce_cmd=IDLE, reduce_op=OPERATORS["maximum"],
                  reverse_pred=False, mask=None, dtype=None, **_):
    function = "nki.isa.select_reduce"
    data = tile_of(function, "on_true", on_true)
    call = Call(function, mask, data.shape)
    source, condition, other, res = (call.part("operand", each) for each in (data, predicate, on_false, reduce_res))
    return call.result(lambda to: isa.select_reduce(to, condition, source, other, res, reduce_cmd, reduce_op, reverse_pred),
                       dtype or data.dtype, dst)


def sequence_bounds(*, segment_ids, dtype=None, dst: Optional[Tensor] = None, **_):
    function = "nki.isa.sequence_bounds"
    ids = tile_of(function, "segment_ids", segment_ids)
    call = Call(function, None, (1, 2, ids.elems))
    return call.result(lambda to: isa.sequence_bounds(to, ids), dtype or ids.dtype, dst)
