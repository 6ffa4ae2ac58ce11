# SPDX-License-Identifier: Apache-2.0
"""Instructions that select, search and generate. Rules: AWS NKI documentation, nki.isa, each function's page."""
from __future__ import annotations

import functools
from typing import List, Tuple

from . import _checks as check
from . import _trace

from ._errors import fail
from ._isa_elementwise import IDLE, RESET_REDUCE, reduction
from ._operators import COMPARISONS, OPERATORS, alu
from ._registers import Affine, VirtualRegister
from ._tensor import Reshaped, Tensor
from ._trace import Record, add

FP32_MIN = -3.4028234663852886e38
_EQUAL, _MAXIMUM = OPERATORS["equal"], OPERATORS["maximum"]


def _comparison(function: str, what: str, op) -> str:
    text = alu(function, op, what)
    if text not in COMPARISONS:
        fail(function, f"{what}: {text} does not compare")
    return text


def range_select(dst, on_true_tile, comp_op0, comp_op1, bound0, bound1, reduce_cmd=RESET_REDUCE, reduce_res=None, reduce_op=_MAXIMUM,
                 range_start=0, on_false_value=FP32_MIN, name=None) -> Record:
    """i = range_start + place in the row; (i comp0 bound0) and (i comp1 bound1) ? on_true_tile : on_false_value."""
    function = "nki.isa.range_select"
    check.since(function, 3)
    dst = check.chip(function, "dst", dst)
    source = check.chip(function, "on_true_tile", on_true_tile)
    check.same(function, dst, source, "on_true_tile")
    if alu(function, reduce_op, "reduce_op") != "maximum":
        fail(function, "reduces by maximum only")
    attributes = [("comp_op0", _comparison(function, "comp_op0", comp_op0)), ("comp_op1", _comparison(function, "comp_op1", comp_op1)),
                  ("bound0", check.scalar(function, "bound0", bound0, dst)), ("bound1", check.scalar(function, "bound1", bound1, dst)),
                  ("range_start", int(range_start) or None)]
    if abs(float(on_false_value) - FP32_MIN) > 1e31:
        attributes.append(("fill", float(on_false_value)))
    attributes += reduction(function, dst, reduce_cmd, reduce_res, "reset_reduce")
    return add("range_select", "vector", [dst, source], tuple(attributes), name)


def select_reduce(dst, predicate, on_true, on_false, reduce_res=None, reduce_cmd=IDLE, reduce_op=_MAXIMUM, reverse_pred=False,
                  name=None) -> Record:
    """dst = predicate ? on_true : on_false; on_false is a number or one element per partition."""
    function = "nki.isa.select_reduce"
    check.since(function, 3)
    dst = check.chip(function, "dst", dst)
    predicate = check.chip(function, "predicate", predicate)
    on_true = check.chip(function, "on_true", on_true)
    check.same(function, dst, predicate, "predicate")
    check.same(function, dst, on_true, "on_true")
    check.one_in_psum(function, predicate, on_true)
    check.dtype(function, "predicate", predicate, ("uint8", "int8", "uint16", "int16"))
    if alu(function, reduce_op, "reduce_op") != "maximum":
        fail(function, "reduces by maximum only")
    attributes = [("on_false", check.scalar(function, "on_false", on_false, dst)), ("reverse_pred", bool(reverse_pred))]
    attributes += reduction(function, dst, reduce_cmd, reduce_res, "idle")
    return add("select_reduce", "vector", [dst, predicate, on_true], tuple(attributes), name)


def refined(function: str, dims: List[Tuple[int, int]], pattern: List[Tuple[int, int]]):
    """`dims` ((count, step) of an operand) and `pattern` ((step, count) of values) cut alike: dims, and a step for each."""
    out_dims, out_steps = [], []
    left = [each for each in dims if each[0] != 1] or [(1, 1)]
    right = [(count, step) for step, count in pattern if count != 1] or [(1, 0)]
    while left or right:
        if not left or not right:
            fail(function, f"the pattern {[list(each) for each in pattern]} does not have the elements that dst has per partition")
        (a, a_step), (b, b_step) = left.pop(), right.pop()
        common = min(a, b)
        if a % common or b % common:
            fail(function, f"the pattern {[list(each) for each in pattern]} and dst do not divide alike: {a} and {b} elements")
        out_dims.append((common, a_step))
        out_steps.append(b_step)
        if a > common:
            left.append((a // common, a_step * common))
        if b > common:
            right.append((b // common, b_step * common))
    return out_dims[::-1], out_steps[::-1]


def _pattern(function: str, dst: Tensor, pattern) -> Tuple[List[Tuple[int, int]], List[int]]:
    pairs = [(int(step), int(count)) for step, count in pattern]
    if not 1 <= len(pairs) <= 4:
        fail(function, f"the pattern has {len(pairs)} dimensions, 1 to 4 are possible")
    count = 1
    for _, each in pairs:
        count *= each
    if count != dst.elems:
        fail(function, f"the pattern has {count} elements, dst has {dst.elems} per partition")
    dims, steps = refined(function, dst.free_dims(), pairs)
    if len(dims) > 4:
        fail(function, "the pattern and the strides of dst together need more than 4 dimensions")
    return dims, steps


def iota(dst, pattern, offset=0, channel_multiplier=0, name=None) -> Record:
    """dst[p, i...] = offset + p * channel_multiplier + sum of step * index; int32, then cast."""
    function = "nki.isa.iota"
    dst = check.chip(function, "dst", dst, ("sbuf",))
    if isinstance(offset, VirtualRegister):
        return _trace.current(function).launch.above.iota_from(dst, pattern, offset, channel_multiplier, name)
    dims, steps = _pattern(function, dst, pattern)
    base = offset if isinstance(offset, Affine) else int(offset)
    attributes = (("base", base if base.__class__ is not int or base else None), ("partition_step", int(channel_multiplier) or None),
                  ("pattern", steps))
    return add("iota", "gpsimd", [Reshaped(dst, dims)], attributes, name)


# Comparisons of v with 0 as "factor * v + term >= 0".
_AT_LEAST = {"greater_equal": (1, 0), "greater": (1, -1), "less": (-1, -1), "less_equal": (-1, 0)}


def _offset_third(function):
    """Also takes the order of NKI 0.2: dst, pattern, offset, channel_multiplier, on_true_tile, on_false_value, cmp_op."""
    @functools.wraps(function)
    def call(*args, **kwargs):
        if len(args) > 4 and isinstance(args[4], Tensor):
            kwargs["offset"] = args[2]
            args = args[:2] + args[3:]
        return function(*args, **kwargs)
    return call


@_offset_third
def affine_select(dst, pattern, channel_multiplier, on_true_tile, on_false_value, cmp_op=_EQUAL, offset=0, name=None) -> Record:
    """v = offset + p * channel_multiplier + sum of step * index; cmp_op(v, 0) ? on_true_tile : on_false_value."""
    function = "nki.isa.affine_select"
    dst = check.chip(function, "dst", dst, ("sbuf",))
    source = check.chip(function, "on_true_tile", on_true_tile, ("sbuf",))
    check.same(function, dst, source, "on_true_tile")
    compare = _comparison(function, "cmp_op", cmp_op)
    dims, steps = _pattern(function, dst, pattern)
    factor, term = _AT_LEAST.get(compare, (1, 0))
    base = offset * factor + term
    attributes = [("fill", float(on_false_value)), ("base", base if base.__class__ is not int or base else None),
                  ("partition_step", int(channel_multiplier) * factor or None), ("pattern", [each * factor for each in steps])]
    if compare not in _AT_LEAST:
        attributes.append(("op", compare))
    source_dims, _ = refined(function, source.free_dims(), [(0, count) for count, _ in dims])
    operands = [Reshaped(dst, dims), Reshaped(source, source_dims)]
    return add("affine_select", "gpsimd", operands, tuple(attributes), name)


def bn_stats(dst, data, name=None) -> Record:
    """[count, mean, variance * count] of the elements at even places, then of those at odd ones."""
    function = "nki.isa.bn_stats"
    dst = check.chip(function, "dst", dst)
    data = check.chip(function, "data", data)
    if data.elems > 512:
        fail(function, f"data has {data.elems} elements per partition, at most 512 are possible")
    check.shape(function, "dst", dst, data.shape[0], 6)
    return add("bn_stats", "vector", [dst, data], (), name)


def bn_aggr(dst, data, name=None) -> Record:
    """[mean, variance] of what triples of bn_stats describe."""
    function = "nki.isa.bn_aggr"
    dst = check.chip(function, "dst", dst)
    data = check.chip(function, "data", data)
    if data.elems % 3:
        fail(function, f"data has {data.elems} elements per partition, triples of bn_stats are needed")
    check.shape(function, "dst", dst, data.shape[0], 2)
    return add("bn_aggr", "vector", [dst, data], (), name)


def _searched(function: str, what: str, data) -> Tensor:
    data = check.chip(function, what, data)
    if not 8 <= data.elems <= 16384:
        fail(function, f"{what} has {data.elems} elements per partition, 8 to 16384 are possible")
    return data


def max8(dst, src, name=None) -> Record:
    """The eight largest elements of each partition, in descending order."""
    function = "nki.isa.max8"
    dst = check.chip(function, "dst", dst)
    src = _searched(function, "src", src)
    check.shape(function, "dst", dst, src.shape[0], 8)
    return add("max8", "vector", [dst, src], (), name)


def nc_find_index8(dst, data, vals, name=None) -> Record:
    """Where each of eight values is; the k-th repetition of a value gets its k-th occurrence."""
    function = "nki.isa.nc_find_index8"
    dst = check.chip(function, "dst", dst)
    data = _searched(function, "data", data)
    vals = check.chip(function, "vals", vals)
    check.shape(function, "vals", vals, data.shape[0], 8)
    check.shape(function, "dst", dst, data.shape[0], 8)
    check.dtype(function, "dst", dst, ("uint32", "uint16"))
    return add("nc_find_index8", "vector", [dst, data, vals], (), name)


def nc_match_replace8(dst, data, vals, imm, dst_idx=None, name=None) -> Record:
    """data with the first remaining occurrence of each of eight values replaced by imm; where they were, in dst_idx."""
    function = "nki.isa.nc_match_replace8"
    dst = check.chip(function, "dst", dst)
    data = _searched(function, "data", data)
    vals = check.chip(function, "vals", vals)
    check.same(function, dst, data, "data")
    check.shape(function, "vals", vals, data.shape[0], 8)
    attributes = [("imm", float(imm))]
    if dst_idx is not None:
        places = check.chip(function, "dst_idx", dst_idx)
        check.shape(function, "dst_idx", places, data.shape[0], 8)
        check.dtype(function, "dst_idx", places, ("uint32", "uint16"))
        attributes.append(("dst_idx", places))
    return add("nc_match_replace8", "vector", [dst, data, vals], tuple(attributes), name)


def nonzero_with_count(dst, src, index_offset=0, padding_val=-1, name=None) -> Record:
    """Of partitions 0, 16, .. 112: places of what is not zero, padding, and their number as the last element."""
    function = "nki.isa.nonzero_with_count"
    check.since(function, 3)
    dst = check.chip(function, "dst", dst, ("sbuf",))
    src = check.chip(function, "src", src, ("sbuf",))
    check.shape(function, "dst", dst, src.shape[0], src.elems + 1)
    check.dtype(function, "dst", dst, ("int32",))
    attributes = (("index_offset", int(index_offset) or None), ("padding_val", int(padding_val)))
    return add("nonzero_with_count", "gpsimd", [dst, src], attributes, name)


def topk(val_dst, idx_dst, src, n, name=None) -> Record:
    """The largest of n elements that lie in snake order over 16 partitions, ascending, and their places."""
    function = "nki.isa.topk"
    val, idx, src = (check.chip(function, what, each, ("sbuf",)) for what, each in
                     (("val_dst", val_dst), ("idx_dst", idx_dst), ("src", src)))
    check.dtype(function, "src", src, ("bfloat16",))
    check.dtype(function, "idx_dst", idx, ("uint32",))
    check.same(function, val, idx, "idx_dst")
    if src.shape[0] % 16 or src.shape[0] != val.shape[0]:
        fail(function, f"src has {src.shape[0]} partitions and val_dst {val.shape[0]}: they must be equal, a multiple of 16")
    if not 0 < n <= 16 * src.elems or val.elems > n:
        fail(function, f"n is {n}: 16 partitions have {16 * src.elems} elements, val_dst {val.elems} per partition")
    return add("topk", "gpsimd", [val, idx, src], (("n", int(n)),), name)


def sequence_bounds(dst, segment_ids, name=None) -> Record:
    """dst[0, 0, i] and dst[0, 1, i]: begin and end of the run of equal ids around element i; (n, -1) for id 0."""
    function = "nki.isa.sequence_bounds"
    dst = check.chip(function, "dst", dst, ("sbuf",))
    ids = check.chip(function, "segment_ids", segment_ids, ("sbuf",))
    check.shape(function, "segment_ids", ids, 1, ids.elems)
    check.shape(function, "dst", dst, 1, 2 * ids.elems)
    return add("sequence_bounds", "gpsimd", [dst, ids], (), name)
