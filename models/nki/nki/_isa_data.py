# SPDX-License-Identifier: Apache-2.0
"""Instructions that move data on chip: copies, fills, shuffles, gathers. Rules: AWS NKI documentation, nki.isa."""
from __future__ import annotations

from . import _checks as check
from . import _trace
from ._ahead import at_barrier
from ._enums import UNKNOWN
from ._errors import fail
from ._isa_matrix import forget_products
from ._memory import allocate
from ._tensor import SBUF, Tensor
from ._trace import Record, add

_UNSIGNED = ("uint8", "uint16", "uint32", "int8", "int16", "int32", "bool")


def tensor_copy(dst, src, engine=UNKNOWN, name=None, dtype=None) -> Record:
    """dst = src with a cast; on Vector unless another engine is named. `dtype` of older kernels has no effect."""
    function = "nki.isa.tensor_copy"
    dst = check.chip(function, "dst", dst)
    src = check.chip(function, "src", src)
    check.same(function, dst, src, "src")
    which = "vector" if engine is UNKNOWN else check.engine(function, engine, ("vector", "scalar", "gpsimd"), "vector", dst, src)
    if dst.dtype.is_packed is not src.dtype.is_packed:
        fail(function, f"src is {src.dtype} and dst {dst.dtype}: packed elements are only copied as they are")
    return add("tensor_copy", which, [dst, src], (), name)


def memset(dst, value, engine=UNKNOWN, name=None) -> Record:
    """Every element of dst = value."""
    function = "nki.isa.memset"
    dst = check.chip(function, "dst", dst)
    which = check.engine(function, engine, ("vector", "gpsimd"), "vector", dst)
    value = float(value)
    if dst.dtype.is_packed and value != 0:
        fail(function, f"{dst.dtype} can only be set to 0")
    if dst.dtype.is_int and value != int(value):
        fail(function, f"value {value} is no integer, dst is {dst.dtype}")
    record = add("memset", which, [dst], (("value", value),), name)
    if value == 0 and dst.space == "psum":
        forget_products(dst, len(_trace.current(function).open_loops))
        if dst.elems == dst.storage.row and dst.shape[0] == dst.storage.parts and dst.storage.zeros is None:
            dst.storage.zeros = record
    return record


def filled(like: Tensor, value: float, dtype=None) -> Tensor:
    """A tile in SBUF as large as `like` with one value everywhere; one per value and size."""
    trace = _trace.current()
    dtype = dtype or like.dtype
    key = ("filled", like.shape[0], like.elems, dtype, float(value), like.part)
    if key not in trace.constants:
        tile = allocate((like.shape[0], like.elems), dtype, SBUF, "filled")
        memset(tile, value)
        trace.constants[key] = tile
    return trace.constants[key]


def tensor_copy_predicated(dst, src, predicate, reverse_pred=False, name=None) -> Record:
    """dst = src where predicate is not 0 (is 0, with reverse_pred); src is a tensor or a number."""
    function = "nki.isa.tensor_copy_predicated"
    dst = check.chip(function, "dst", dst)
    predicate = check.chip(function, "predicate", predicate)
    if isinstance(src, (int, float)):
        src = filled(dst, src)
    src = check.chip(function, "src", src)
    check.same(function, dst, src, "src")
    check.same(function, dst, predicate, "predicate")
    check.one_in_psum(function, src, predicate)
    check.dtype(function, "predicate", predicate, _UNSIGNED)
    if src.dtype is not dst.dtype:
        fail(function, f"src is {src.dtype} and dst {dst.dtype}: they must be equal")
    return add("tensor_copy_predicated", "vector", [dst, src, predicate], (("reverse_pred", bool(reverse_pred)),), name)


def nc_stream_shuffle(dst, src, shuffle_mask, name=None) -> Record:
    """Per quadrant q of 32 partitions: dst[32q + i] = src[32q + mask[i]]; 255 keeps dst."""
    function = "nki.isa.nc_stream_shuffle"
    dst = check.chip(function, "dst", dst)
    src = check.chip(function, "src", src)
    mask = [int(each) for each in shuffle_mask]
    if len(mask) != 32 or any(not (0 <= each < 32 or each == 255) for each in mask):
        fail(function, f"shuffle_mask is {mask}, must have 32 entries of 0 to 31, or 255")
    if src.elems != dst.elems:
        fail(function, f"dst has {dst.elems} elements per partition and src {src.elems}: they must be equal")
    if src.shape[0] != dst.shape[0] and src.shape[0] >= 32:
        fail(function, f"src has {src.shape[0]} partitions and dst {dst.shape[0]}: they must be equal, or src less than a quadrant")
    return add("nc_stream_shuffle", "vector", [dst, src], (("shuffle_mask", mask),), name)


def local_gather(dst, src_buffer, index, num_elem_per_idx=1, num_valid_indices=None, name=None) -> Record:
    """Per group of 16 partitions: indices of the group, column by column, name elements that each partition takes."""
    function = "nki.isa.local_gather"
    dst, src, index = (check.chip(function, what, each, ("sbuf",)) for what, each in
                       (("dst", dst), ("src_buffer", src_buffer), ("index", index)))
    check.dtype(function, "index", index, ("uint16",))
    if num_elem_per_idx not in (1, 2, 4, 8, 16, 32):
        fail(function, f"num_elem_per_idx {num_elem_per_idx} is not a power of two up to 32")
    if not dst.shape[0] == src.shape[0] == index.shape[0]:
        fail(function, f"dst, src_buffer and index have {dst.shape[0]}, {src.shape[0]} and {index.shape[0]} partitions: they must be equal")
    named = min(16, dst.shape[0]) * index.elems
    valid = named if num_valid_indices is None else int(num_valid_indices)
    if not 0 < valid <= named or dst.elems < valid * num_elem_per_idx:
        fail(function, f"{valid} of {named} indices, {num_elem_per_idx} elements each, do not fit dst with {dst.elems} elements per partition")
    attributes = (("num_elem_per_idx", int(num_elem_per_idx)), ("num_valid_indices", None if num_valid_indices is None else valid))
    return add("local_gather", "gpsimd", [dst, src, index], attributes, name)


def nc_n_gather(dst, data, indices, name=None) -> Record:
    """dst[p, j] = data[p, indices[p, j]]."""
    function = "nki.isa.nc_n_gather"
    dst, data, indices = (check.chip(function, what, each, ("sbuf",)) for what, each in
                          (("dst", dst), ("data", data), ("indices", indices)))
    check.same(function, dst, indices, "indices")
    check.dtype(function, "indices", indices, ("uint32",))
    if data.shape[0] != dst.shape[0]:
        fail(function, f"dst has {dst.shape[0]} partitions and data {data.shape[0]}: they must be equal")
    return add("nc_n_gather", "gpsimd", [dst, data, indices], (), name)


def core_barrier(data=None, cores=None, engine=UNKNOWN, name=None) -> Record:
    """All cores of the logical core reach it before any goes on; orders accesses to `data` in shared HBM."""
    function = "nki.isa.core_barrier"
    which = check.engine(function, engine, ("tensor", "vector", "scalar", "gpsimd", "sync"), "gpsimd")
    record = add("core_barrier", which, [], (), name)
    at_barrier(_trace.current())
    return record
