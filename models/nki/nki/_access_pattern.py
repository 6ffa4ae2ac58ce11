# SPDX-License-Identifier: Apache-2.0
"""tensor.ap and its relatives: accesses spelled out as steps and counts (AWS NKI documentation, tensor access
patterns), and those whose place the device finds out (dynamic: one offset for all; vector: one per partition)."""
from __future__ import annotations

from math import prod

from . import _trace
from ._dtypes import as_dtype
from ._errors import fail
from ._registers import Affine, VirtualRegister


def access_pattern(view, pattern, offset, scalar_offset, vector_offset, indirect_dim: int, dtype):
    """`pattern` is [[step, count], ...] in elements of `dtype` (the view's if None), outermost first; `offset` counts
    from the begin of the storage, partitions before elements; None keeps the view's."""
    wanted = view.dtype if dtype is None else as_dtype(dtype)
    base = view if wanted is view.dtype else _retyped(view, wanted)
    pairs = [(int(step), int(count)) for step, count in pattern]
    if not pairs or min(count for _, count in pairs) < 1:
        fail("tensor.ap", f"the pattern {pattern} has no elements")
    part, free = base.part, base.offset
    chip = view.space != "hbm"
    row = base.row_elements() if chip else 0
    if offset is not None and chip:
        part, free = _split(offset, row)
    elif offset is not None:
        free = offset if isinstance(offset, Affine) else int(offset)
    if chip:
        step, count = pairs[0]
        if step != row and count > 1:
            fail("tensor.ap", f"the first step is {step}; on chip it must be that of partitions, {row} elements")
        if isinstance(part, int) and part + count > view.storage.parts:
            fail("tensor.ap", f"partitions {part} to {part + count - 1} are not all in {view.name}, which has "
                 f"{view.storage.parts}", IndexError)
        if len(pairs) == 1:
            pairs.append((1, 1))
    shape = tuple(count for _, count in pairs)
    strides = tuple(step for step, _ in pairs)
    made = base.__class__(view.storage, wanted, shape, strides, free, part, base.base_shape)
    if scalar_offset is None and vector_offset is None:
        _check_reach(made, pairs[1:] if chip else pairs, row if chip else view.storage.bytes // wanted.itemsize)
        return made
    step = prod(base.base_shape[indirect_dim + 1:])
    if isinstance(scalar_offset, (Affine, int)):  # the counter of a loop
        if chip and indirect_dim == 0:
            made.part = made.part + scalar_offset
        else:
            made.offset = made.offset + scalar_offset * step
    elif scalar_offset is not None:
        dynamic = _scalar(scalar_offset, step)
        if chip and indirect_dim == 0:
            made.part = made.part + _trace.current("tensor.ap").launch.above.partition("tensor.ap", made, scalar_offset, shape[0])
        else:
            made.dynamic = dynamic
            _trace.current("tensor.ap").moving = True
    if vector_offset is not None:
        made.vector = _vector(view, vector_offset, step)
    return made


def _retyped(view, dtype):
    """The storage as a whole under another type, at the view's place; shapes are given by the pattern."""
    old, new = view.dtype.itemsize, dtype.itemsize
    base = list(view.base_shape)
    base[-1] = base[-1] * old // new
    offset = view.offset * old
    offset = offset // new if isinstance(offset, int) else Affine(offset.constant // new, {
        name: each // new for name, each in offset.terms.items()})
    return view.__class__(view.storage, dtype, view.shape, view.strides, offset, view.part, tuple(base))


def _split(offset, row: int):
    """An offset in elements of the storage as partition and offset within it."""
    if isinstance(offset, Affine):
        return offset.constant // row, Affine(offset.constant % row, offset.terms)
    return int(offset) // row, int(offset) % row


def _check_reach(made, pairs, room: int) -> None:
    """Every element lies in the storage: within a partition on chip."""
    low = high = made.offset
    if low.__class__ is not int:
        return
    for step, count in pairs:
        if step < 0:
            low += step * (count - 1)
        else:
            high += step * (count - 1)
    if low < 0 or high >= room:
        fail("tensor.ap", f"reaches element {low if low < 0 else high} of {made.name}, which has {room}"
             f"{'' if made.space == 'hbm' else ' per partition'}", IndexError)


def _scalar(value, step: int):
    if not isinstance(value, VirtualRegister) and getattr(value, "size", 0) != 1:
        fail("tensor.ap", "scalar_offset is a register or a tensor of one element")
    return value, step


def _vector(view, index, step: int):
    if view.space != "hbm":
        fail("tensor.ap", "vector_offset is for tensors in HBM, that DMA accesses")
    if index.space != "sbuf":
        fail("tensor.ap", "the index tensor of vector_offset is in SBUF")
    return index, step


def vector_select(view, dim: int, index):
    """Row index[p] of a tensor in HBM for partition p."""
    if dim != 0:
        fail("tensor.vector_select", f"selects along dimension 0, not {dim}")
    shape = (index.size,) + view.shape[1:]
    made = view.__class__(view.storage, view.dtype, shape, view.strides, view.offset, view.part, view.base_shape)
    made.vector = _vector(view, index, view.strides[0])
    return made
