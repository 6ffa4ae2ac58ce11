# SPDX-License-Identifier: Apache-2.0
"""Transfers by DMA. Loads are triggered by Sync, stores by Scalar (so that a store that waits for its data does not
hold up the loads behind it), software descriptors by GpSimd. Rules: AWS NKI documentation, nki.isa, and the deep dives on
DMA and DGE."""
from __future__ import annotations

from itertools import product
from typing import List, Optional, Tuple

from . import _checks as check
from . import _trace
from ._ahead import at_barrier
from ._enums import UNKNOWN, dge_mode as modes, dma_engine as dma_engines, oob_mode as bounds
from ._errors import fail, missing
from ._memory import allocate, exchanged
from ._operators import OPERATORS, alu
from ._tensor import PRIVATE_HBM, SBUF, Reshaped, Tensor, merged
from ._trace import Record, add

# Which engine's queue triggers a transfer when the kernel does not say: into SBUF, out of it, within a memory.
LOAD_ENGINE, STORE_ENGINE, OTHER_ENGINE = "sync", "scalar", "sync"
_MOST_DIMS = {"hbm": 5, "sbuf": 4}  # free dimensions of an operand
DGE_UNKNOWN, OOB_ERROR = modes.unknown, bounds.error
_ADD = OPERATORS["add"]


def _operand(function: str, what: str, value) -> Tensor:
    view = value if isinstance(value, Tensor) else check.tensor(function, what, value)
    if view.space == "psum":
        fail(function, f"{what} is in PSUM, which DMA does not reach: copy it to SBUF first")
    return view


def _count(view: Tensor) -> int:
    return view.elems if view.space == "hbm" else view.shape[0] * view.elems


def _trigger(function: str, dst: Tensor, src: Tensor, engine, mode) -> Tuple[str, list]:
    """The engine whose queue it is, and the attributes that say who makes the descriptors."""
    mode = DGE_UNKNOWN if mode is None else check.member(function, "dge_mode", mode, modes)
    attributes: list = [] if mode is DGE_UNKNOWN else [("dge", mode.name)]
    which = None if engine is UNKNOWN or engine is None else getattr(engine, "name", engine)
    if which == "dma":
        which = None
    if (dst.dynamic or src.dynamic) and not attributes and which is None:
        version = _trace.current(function).target.version
        if version < 3 or dst.dtype is not src.dtype:  # no hardware that could follow the offset
            mode, attributes = modes.swdge, [("dge", "swdge")]
    if mode is modes.hwdge:
        target = _trace.current(function).target
        if target.version < 3:
            fail(function, f"dge_mode hwdge came with NeuronCore-v3, {target.name} has NeuronCore-v{target.version}")
        if dst.dtype is not src.dtype:
            fail(function, f"hwdge does not convert {src.dtype} to {dst.dtype}")
        if which not in (None, "sync", "scalar"):
            fail(function, f"hwdge is commanded by sync or scalar, not by {which}")
    if mode is modes.swdge:
        if which not in (None, "gpsimd"):
            fail(function, f"swdge is done by gpsimd, not by {which}")
        which = "gpsimd"
    if which is None:
        if dst.space == "sbuf":
            which = LOAD_ENGINE if src.space == "hbm" else OTHER_ENGINE
        else:
            which = STORE_ENGINE if src.space == "sbuf" else OTHER_ENGINE
    elif which not in ("sync", "scalar", "gpsimd", "vector", "tensor"):
        fail(function, f"engine {which} triggers no transfers")
    return which, attributes


def dma_copy(dst, src, priority=None, oob_mode=OOB_ERROR, dge_mode=DGE_UNKNOWN, engine=UNKNOWN, name=None, dst_rmw_op=None,
             unique_indices=True) -> Record:
    """dst = src, element by element in row-major order of the two views, in HBM or SBUF. The last two are of NKI 0.2: dst += src."""
    function = "nki.isa.dma_copy"
    if dst_rmw_op is not None:
        return dma_compute(dst, [dst, src], dst_rmw_op, None, unique_indices, oob_mode, engine, name)
    dst = _operand(function, "dst", dst)
    src = _operand(function, "src", src)
    to, since = _count(dst), _count(src)
    if to != since:
        fail(function, f"dst has {to} elements and src {since}: they must be equal")
    if dst.dtype is not src.dtype and (dst.dtype.is_packed or src.dtype.is_packed):
        fail(function, f"src is {src.dtype} and dst {dst.dtype}: packed elements are only copied as they are")
    if oob_mode is not OOB_ERROR:
        oob_mode = check.member(function, "oob_mode", oob_mode, bounds)
    if dst.vector is not None or src.vector is not None:
        return _indirect(function, _settled(function, "dst", dst), _settled(function, "src", src), oob_mode, name)
    which, attributes = _trigger(function, dst, src, engine, dge_mode)
    if priority is not None:
        attributes += _priority(function, priority)
    if oob_mode is bounds.skip and (dst.dynamic or src.dynamic):
        attributes.append(("oob", "skip"))
    record = _copy(dst, src, which, tuple(attributes), name)
    if engine is UNKNOWN and dge_mode is DGE_UNKNOWN and src.space == "hbm" and dst.space == "sbuf":
        record.open_queue = True
    return record


def _priority(function: str, priority) -> list:
    """Classes of traffic exist from NeuronCore-v4 on; before, a priority has no effect."""
    if _trace.current(function).target.version < 4:
        return []
    value = int(getattr(priority, "value", priority))
    if not 0 <= value <= 3:
        fail(function, f"priority {priority} is not 0 to 3")
    return [("qos", value)]


def _copy(dst: Tensor, src: Tensor, engine: str, attributes: tuple, name: Optional[str]) -> Record:
    """One transfer, or several when an operand has more dimensions than one can have."""
    for view in (dst, src):
        if len(view.shape) > 4 and len(merged(view.free_dims())) > _MOST_DIMS[view.space]:
            record = None
            for to, since in _pieces(dst, src):
                record = _copy(to, since, engine, attributes, name)
            return record
    return add("dma_copy", engine, [dst, src], attributes, name)


def _pieces(dst: Tensor, src: Tensor) -> List[Tuple[Tensor, Tensor]]:
    """The transfer cut along the outermost dimension that both sides have in common."""
    for axis in range(min(dst.ndim, src.ndim)):
        if dst.shape[axis] != src.shape[axis]:
            break
        if dst.shape[axis] > 1 and not (axis == 0 and "sbuf" in (dst.space, src.space) and dst.shape[0] > 16):
            where = [slice(None)] * axis
            return [(dst.index(tuple(where + [slice(i, i + 1)])), src.index(tuple(where + [slice(i, i + 1)])))
                    for i in range(dst.shape[axis])]
    missing("nki.isa.dma_copy", f"a transfer from {list(src.shape)} to {list(dst.shape)} with more dimensions than a descriptor has")


def _settled(function: str, what: str, view: Tensor) -> Tensor:
    """The view at the place it has with the values of the arguments: no register moves it in this transfer."""
    return view if view.dynamic is None else _trace.current(function).launch.above.settled(function, what, view)


def _rows(view: Tensor) -> Tensor:
    """What a vector of offsets picks from: the access of one row, that of index 0."""
    dims = merged(view.free_dims()[1:]) or [(1, 1)]
    return Reshaped(view, dims)


def _picked(function: str, table: Tensor, oob) -> Tuple[Tensor, list]:
    """The index tensor of an access with a vector of offsets, and the attributes that say how rows lie."""
    index, step = table.vector
    if index.size != table.shape[0]:
        fail(function, f"the access has {table.shape[0]} rows and the index tensor {index.size} elements: they must be equal")
    check.dtype(function, "the index tensor", index, ("int32", "uint32"))
    memory = table.storage.shape
    # Rows as the table is declared, from its first one on.
    plain = (len(memory) == 2 and step == memory[1] and table.dtype is table.storage.dtype and table.offset.__class__ is int
             and table.offset + sum(each * (count - 1) for count, each in table.free_dims()[1:]) < step)
    return index, ([] if plain else [("step", step)]) + ([("oob", "skip")] if oob is bounds.skip else [])


def _indirect(function: str, dst: Tensor, src: Tensor, oob, name: Optional[str], op: Optional[str] = None) -> Record:
    """A transfer with a vector of offsets: software makes its descriptors. With `op`, rows are added to what is there."""
    if dst.vector is not None and src.vector is not None:
        held = allocate((src.shape[0], src.size // src.shape[0]), src.dtype, SBUF, "between", function=function)
        _indirect(function, held, src, oob, None)
        return _indirect(function, dst, held, oob, name, op)
    gathers = src.vector is not None
    table, tile = (src, dst) if gathers else (dst, src)
    index, attributes = _picked(function, table, oob)
    if op is not None:
        attributes.insert(0, ("op", op))
    operands = [tile, _rows(table), index] if gathers else [_rows(table), tile, index]
    return add("dma_gather" if gathers else "dma_scatter", "gpsimd", operands, tuple(attributes), name)


_AXES = {2: (1, 0), 3: (2, 1, 0), 4: (3, 1, 2, 0)}


def dma_transpose(dst, src, axes=None, priority=None, dge_mode=DGE_UNKNOWN, oob_mode=OOB_ERROR, engine=UNKNOWN, name=None) -> Record:
    """dst = src with its first and last dimensions exchanged: axes (1, 0), (2, 1, 0) or (3, 1, 2, 0)."""
    function = "nki.isa.dma_transpose"
    dst = _operand(function, "dst", dst)
    src = _operand(function, "src", src)
    dst, src = _settled(function, "dst", dst), _settled(function, "src", src)
    wanted = _AXES.get(src.ndim)
    if wanted is None or axes is not None and tuple(axes) != wanted:
        fail(function, f"axes {axes} of {src.ndim} dimensions: (1, 0), (2, 1, 0) and (3, 1, 2, 0) are possible")
    if dst.space != "sbuf":
        fail(function, "dst is in HBM, must be in SBUF")
    if dst.shape != tuple(src.shape[each] for each in wanted):
        fail(function, f"dst is {list(dst.shape)}, must be {[src.shape[each] for each in wanted]}")
    if dst.dtype is not src.dtype or src.dtype.itemsize not in (2, 4):
        fail(function, f"cannot transpose {src.dtype} to {dst.dtype}: equal types of 2 or 4 bytes")
    target = _trace.current(function).target
    if target.version < 3:
        fail(function, f"{target.name} cannot transpose by DMA; nki.isa.nc_transpose can, from SBUF to PSUM")
    if src.vector is not None:
        return _gathered_transpose(function, dst, src, oob_mode, name)
    if dge_mode is modes.hwdge and (src.dtype.itemsize != 2 or src.shape[0] not in (1, 2, 4, 8, 16) or src.shape[-1] > 128
                                    or src.ndim == 2 and src.shape[0] != 16):
        fail(function, f"hwdge transposes 2-byte elements, 1, 2, 4, 8 or 16 rows (16 in 2 dimensions) of at most 128; src is "
             f"{list(src.shape)} of {src.dtype}")
    which, attributes = _trigger(function, dst, src, engine, dge_mode)
    if priority is not None:
        attributes += _priority(function, priority)
    record = None
    for middle in product(*(range(each) for each in src.shape[1:-1])):
        to, since = _plane(dst, middle), _plane(src, middle)
        record = add("dma_transpose", which, [to, since], tuple(attributes), name)
    return record


def _gathered_transpose(function: str, dst: Tensor, src: Tensor, oob, name: Optional[str]) -> Record:
    """Rows of a table in the order of the index tensor's columns, transposed: a gather and a transpose for each column."""
    index = src.vector[0]
    if src.ndim != 2 or index.ndim != 2 or src.itemsize != 2:
        fail(function, f"a source with a vector of offsets has 2 dimensions of 2-byte elements, this is {list(src.shape)} of {src.dtype}")
    if index.size != src.shape[0]:
        fail(function, f"the access has {src.shape[0]} rows and the index tensor {index.size} elements: they must be equal")
    rows, record = index.shape[0], None
    for column in range(index.shape[1]):
        held = allocate((rows, src.shape[1]), src.dtype, SBUF, "gathered", function=function)
        some = src.index((slice(0, rows),))
        some.vector = (index.index((slice(None), slice(column, column + 1))), src.vector[1])
        _indirect(function, held, some, oob, None)
        to = dst.index((slice(None), slice(column * rows, (column + 1) * rows)))
        record = add("dma_transpose", "gpsimd", [to, held], (("dge", "swdge"),), name)
    return record


def _plane(view: Tensor, middle: Tuple[int, ...]) -> Tensor:
    """The matrix of the first and last dimensions at one place of those between."""
    offset = view.offset
    for index, step in zip(middle, view.strides[1:-1]):
        offset = offset + index * step
    rows, columns = view.shape[0], view.shape[-1]
    plane = view.__class__(view.storage, view.dtype, (rows, columns), (view.strides[0], view.strides[-1]), offset, view.part,
                           view.base_shape, view.dynamic)
    if view.space == "hbm":
        return Reshaped(plane, [(rows, view.strides[0]), (columns, view.strides[-1])])
    return plane


def dma_compute(dst, srcs, reduce_op=_ADD, scales=None, unique_indices=True, oob_mode=OOB_ERROR, engine=UNKNOWN, name=None) -> Record:
    """dst = the sum of up to 16 sources, in fp32; with a vector of offsets: rows read, added to and written."""
    function = "nki.isa.dma_compute"
    if isinstance(reduce_op, (list, tuple)) or reduce_op is None or hasattr(scales, "alu"):
        reduce_op, scales = scales, reduce_op  # the order before 0.3
    dst = _settled(function, "dst", _operand(function, "dst", dst))
    sources = [_settled(function, f"srcs[{i}]", _operand(function, f"srcs[{i}]", each)) for i, each in enumerate(srcs)]
    if reduce_op is not None and alu(function, reduce_op, "reduce_op") != "add":
        fail(function, "the DMA engines can only add")
    if scales is not None and any(float(each) != 1.0 for each in scales):
        fail(function, f"scales are {list(scales)}, only 1 is possible")
    if not 1 <= len(sources) <= 16:
        fail(function, f"has {len(sources)} sources, 1 to 16 are possible")
    if any(each.vector is not None for each in [dst] + sources):
        return _indirect_compute(function, dst, sources, unique_indices, oob_mode, name)
    for i, each in enumerate(sources):
        if _count(each) != _count(dst):
            fail(function, f"dst has {_count(dst)} elements and srcs[{i}] {_count(each)}: they must be equal")
    if len(sources) == 1:
        return dma_copy(dst, sources[0], engine=engine, name=name)
    return _sum(function, dst, sources, engine, name)


def _sum(function: str, dst: Tensor, sources: List[Tensor], engine, name: Optional[str]) -> Record:
    """Two sources at a time; what lies between is kept in fp32."""
    which, _ = _trigger(function, dst, sources[0], engine, None)
    total = sources[0]
    record = None
    for position, each in enumerate(sources[1:]):
        last = position == len(sources) - 2
        to = dst
        if not last and dst.dtype.name != "float32":
            to = allocate(dst.shape, "float32", PRIVATE_HBM, "partial", function=function)
        if total.dtype is not each.dtype:
            converted = allocate(each.shape, total.dtype, PRIVATE_HBM, "converted", function=function)
            dma_copy(converted, each)
            each = converted
        record = add("dma_compute", which, [to, total, each], (("op", "add"),), name)
        total = to
    return record


def _indirect_compute(function: str, dst: Tensor, sources: List[Tensor], unique: bool, oob, name: Optional[str]) -> Record:
    """rows of dst += source (scatter), or dst = rows + source (gather), where an index tensor says which rows. Additions
    to rows that may be the same follow each other, one transfer each: those of one transfer do not see each other."""
    if len(sources) != 2:
        fail(function, f"with a vector of offsets there are 2 sources, not {len(sources)}")
    tables = [each for each in sources if each.vector is not None]
    others = [each for each in sources if each.vector is None]
    if len(tables) != 1 or dst.vector is not None and tables[0].storage is not dst.storage:
        fail(function, "one source is what the vector of offsets picks, the other is added to it")
    if dst.vector is not None and not unique:
        return _row_by_row(function, dst, others[0], oob, name)
    if dst.vector is not None:
        return _indirect(function, dst, others[0], oob, name, "add")
    if others[0].storage is not dst.storage or others[0].text() != dst.text():
        dma_copy(dst, others[0])
    return _indirect(function, dst, tables[0], oob, name, "add")


def _row_by_row(function: str, dst: Tensor, source: Tensor, oob, name: Optional[str]) -> Record:
    index, step = dst.vector
    if index.elems != 1:
        fail(function, f"the index tensor is {list(index.shape)}: one column is possible with unique_indices=False")
    record = None
    for row in range(index.shape[0]):
        one = (slice(row, row + 1),)
        to = dst.index(one)
        to.offset, to.vector = dst.offset, (index.index(one), step)
        record = _indirect(function, to, source.index(one), oob, name, "add")
    return record


# Bytes per partition that the DMA engine of GpSimd exchanges, by the size of an element.
_GPSIMD_BYTES = {4: 1024, 2: 512, 1: 256}


def sendrecv(src, dst, send_to_rank, recv_from_rank, pipe_id=0, dma_engine=dma_engines.dma, name=None, use_gpsimd_dma=False) -> Record:
    """The cores of a logical core exchange tiles: src goes to one core's dst, dst comes from another's src. By way of shared HBM, behind
    a barrier of both. Calls of the two programs meet in their order. `use_gpsimd_dma` was dma_engine before 0.3."""
    function = "nki.isa.sendrecv"
    src = check.chip(function, "src", src, ("sbuf",))
    dst = check.chip(function, "dst", dst, ("sbuf",))
    trace = _trace.current(function)
    other = 1 - trace.core
    if len(trace.launch.traces) != 2:
        fail(function, "needs the two cores of a launch with kernel[2]")
    if int(send_to_rank) != other or int(recv_from_rank) != other:
        fail(function, f"core {trace.core} exchanges with core {other}, not with {send_to_rank} and {recv_from_rank}")
    check.same(function, dst, src, "src")
    if src.dtype is not dst.dtype:
        fail(function, f"src is {src.dtype} and dst {dst.dtype}: they must be equal")
    if (use_gpsimd_dma or dma_engine in (dma_engines.gpsimd_dma, True)) and src.elems * src.itemsize > _GPSIMD_BYTES[src.itemsize]:
        fail(function, f"gpsimd_dma exchanges at most {_GPSIMD_BYTES[src.itemsize]} bytes per partition of {src.dtype}, "
             f"these are {src.elems * src.itemsize}")
    mine, theirs = (exchanged(trace, core, src.shape[0], src.elems, src.dtype) for core in (trace.core, other))
    trace.exchanges += 1
    add("dma_copy", STORE_ENGINE, [mine, src], (), None)
    add("core_barrier", "gpsimd", [], (), None)
    at_barrier(trace)
    return add("dma_copy", LOAD_ENGINE, [dst, theirs], (), name)
