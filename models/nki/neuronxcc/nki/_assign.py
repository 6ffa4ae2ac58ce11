# SPDX-License-Identifier: Apache-2.0
"""t[...] = value and psum += product. A result that nothing else can see yet is not copied: the instruction that writes
it is made to write the destination instead (AWS NKI documentation: the first dialect's functions return tiles)."""
from __future__ import annotations

import sys
from typing import Optional, Tuple

import numpy as np

from nki import _checks as check
from nki import _isa_matrix as matrix
from nki import _language as basic
from nki import _language_math as core
from nki import _trace
from nki._errors import fail
from nki._isa_data import tensor_copy_predicated
from nki._memory import constant_tensor
from nki._operators import Operator
from nki._tensor import Tensor

from ._area import Area
from ._tile import Tile, as_tile, checked

# Instructions whose first operand alone says where the result goes.
_MOVABLE = frozenset(["tensor_copy", "tensor_tensor", "tensor_scalar", "scalar_tensor_tensor", "tensor_tensor_scan", "activation",
                      "activation_reduce", "reciprocal", "tensor_reduce", "dma_copy", "memset", "bn_aggr", "bn_stats", "max8", "select_reduce",
                      "range_select", "tensor_scalar_reduce", "nc_find_index8", "dropout", "tensor_partition_reduce", "nc_transpose",
                      "local_gather", "nc_n_gather", "dma_gather"])


# Those that may write what they read, element by element.
_IN_PLACE = frozenset(["tensor_copy", "tensor_tensor", "tensor_scalar", "scalar_tensor_tensor", "tensor_tensor_scan", "activation",
                       "activation_reduce", "reciprocal", "tensor_scalar_reduce", "select_reduce", "range_select", "dropout"])


class _Probe:
    """Counts the references that Python itself holds on the right side of `p[0] = v` and `p += v`."""

    def __setitem__(self, key, value):
        self.count = sys.getrefcount(value)

    def __iadd__(self, value):
        self.count = sys.getrefcount(value)
        return self

    def counts(self, assign: bool):
        """(of a value that nothing else refers to, of one that a variable refers to)."""
        held, probe, seen = Tensor.__new__(Tensor), self, []
        if assign:
            self[0] = Tensor.__new__(Tensor)
            seen.append(self.count)
            self[0] = held
        else:
            probe += Tensor.__new__(Tensor)
            seen.append(self.count)
            probe += held
        return seen[0], self.count


class _Holder:
    """The same of an attribute."""

    def __init__(self, value):
        self.value = value

    def count(self) -> int:
        return sys.getrefcount(self.value)


def _lonely(assign: bool) -> int:
    alone, held = _Probe().counts(assign)
    return alone if alone < held else -1  # -1: this Python cannot tell them apart, everything is copied


_ASSIGNED, _ADDED = _lonely(True), _lonely(False)
HELD = _Holder(Tensor.__new__(Tensor)).count()


def _unseen(value: Tensor, references: int, alone: int) -> bool:
    """Whether only the trace and the running assignment refer to a value."""
    records = _trace.current().records
    if records and records[-1].__class__ is _trace.Record:
        for each in records[-1].operands:
            if each is value:
                references -= 1
    if value.storage.accumulated:
        for each in value.storage.accumulated.values():
            if each is value:
                references -= 1
    return references <= alone


def _producer(value: Tensor) -> Optional[_trace.Record]:
    """The last instruction, when it alone wrote all of `value` and nothing has read it."""
    records = _trace.current().records
    begin = value.storage.begin
    if not isinstance(value, Tile) or begin is None or len(records) <= begin or len(records) - begin > 64:
        return None
    record = records[-1]
    if record.__class__ is not _trace.Record or not record.operands or value.dynamic or value.vector:
        return None
    dst, storage = record.operands[0], value.storage
    if dst.__class__ is str or dst.storage is not storage or value.elems != storage.row or value.shape[0] != storage.parts:
        return None
    if (dst is not value or value.area is not None) and dst.text() != (value if value.area is None else value.area.cut(value)).text():
        return None
    for at in range(begin, len(records) - 1):
        if records[at].__class__ is not _trace.Record or _sees(records[at], storage):
            return None
    return record if _sees(record, storage) == 1 else None


def _sees(record: _trace.Record, storage) -> int:
    """How many operands are in a storage."""
    count = 0
    for operand in record.operands:
        if operand.__class__ is not str and operand.storage is storage:
            count += 1
    for _, value in record.attributes:
        if isinstance(value, Tensor) and value.storage is storage:
            count += 1
    return count


def _forget(value: Tensor) -> None:
    """The storage that a result would have had."""
    storages = _trace.current().storages
    if storages and storages[-1] is value.storage:
        storages.pop()
        return
    for at in range(len(storages) - 1, max(-1, len(storages) - 65), -1):  # it is among the last ones
        if storages[at] is value.storage:
            del storages[at]
            return


def _fits(value: Tensor, target: Tensor) -> bool:
    return (value.space == target.space and target.dynamic is None and target.vector is None and value.shape[0] == target.shape[0]
            and value.elems == target.elems and (value.dtype is target.dtype or value.dtype.name == "float32" and target.dtype.is_float))


def _span(view: Tensor) -> Optional[Tuple[int, int, int, int]]:
    """First and last partition and element of a view; None when the device alone knows them."""
    if view.dynamic is not None or view.offset.__class__ is not int or view.part.__class__ is not int:
        return None
    ends = [step * (count - 1) for count, step in view.free_dims()]
    return (view.part, view.part + view.parts - 1, view.offset + sum(min(0, each) for each in ends),
            view.offset + sum(max(0, each) for each in ends))


def _clash(record: _trace.Record, target: Tensor) -> bool:
    """Whether the instruction reads what it would overwrite before it has read all of it."""
    storage, first = target.storage, True
    read = []
    for view in record.operands:
        if not first and view.__class__ is not str and view.storage is storage:
            read.append(view)
        first = False
    for _, value in record.attributes:
        if isinstance(value, Tensor) and value.storage is storage:
            read.append(value)
    for view in read:
        if view.dtype is not target.dtype:
            return True
        if view.text() == target.text() and record.opcode in _IN_PLACE:
            continue
        one, two = _span(view), _span(target)
        if one is None or two is None or not (one[1] < two[0] or two[1] < one[0] or one[3] < two[2] or two[3] < one[2]):
            return True
    return False


def redirect(target: Tensor, value: Tensor, references: int, alone: int = _ASSIGNED) -> bool:
    """Makes what wrote `value` write `target`; False when it has to be copied, as when something else refers to it."""
    if target.reach is not None or not _unseen(value, references, alone):
        return False
    record = _producer(value)
    if record is None:
        return False
    area = value.area
    if area is not None and (area.box is None or value.shape != target.shape):
        return False
    records = _trace.current().records
    if record.opcode == "nc_transpose" and record.engine == "tensor" and target.space == "psum" and target.dtype.name == "float32" \
            and value.dtype is not target.dtype and value.dtype.is_float and value.elems == target.elems and value.shape[0] == target.shape[0]:
        records.pop()
        _forget(value)
        data = record.operands[1]
        matrix.nc_matmul(target, data, basic.shared_identity_matrix(data.shape[0], data.dtype), accumulate=False)
        return True
    if not _fits(value, target) or _clash(record, target):
        return False
    to = target if area is None else area.cut(target)
    if not record.opcode.startswith("dma_"):  # transfers begin at any partition
        check.chip("tensor", "the destination", to)
    if value.again is not None:
        records.pop()
        value.again(to)
    elif record.opcode == "nc_matmul":
        matrix.move_product(record, to, False)
    elif record.opcode in _MOVABLE and not (record.engine == "gpsimd" and to.space == "psum"):
        if record.opcode == "memset" and to.space == "psum":
            return False
        record.operands[0] = to
    else:
        return False
    _forget(value)
    return True


def assign(tensor: Tensor, key, value, references: int) -> None:
    """tensor[key] = value; `references` to the value as sys.getrefcount tells."""
    target = tensor[key]
    take = getattr(value, "take_into", None)
    if take is not None:
        take(target)
        return
    if not isinstance(value, Tensor):
        known = getattr(value, "nki_tensor", None)
        if known is None:
            _fill(target, value)
            return
        value = known()
    if value.storage is target.storage and (_same_place(value, target) or value.part == target.part and value.dynamic is target.dynamic
                                            and value.text() == target.text()):
        return
    area = value.area if isinstance(value, Tile) else None
    if area is not None and area.empty:
        return
    if target.space == "hbm":
        from ._language import store
        store(target, value)
    elif not redirect(target, value, references):
        copy_into(target, value)


def _fill(target: Tensor, value) -> None:
    if isinstance(value, (int, float, np.number, bool)):
        target = checked("tensor", target)
        basic.store(target, float(value)) if target.space == "hbm" else basic.memset(target, float(value))
    else:
        fail("tensor", f"cannot be assigned {value!r}: tiles and numbers are possible", TypeError)


def fitted(value: Tensor, shape, function: str = "tensor") -> Tensor:
    """`value` seen as `shape`: dimensions of 1 more or less, other free dimensions, or repeated."""
    if value.shape == shape:
        return value
    size = 1
    for each in shape:
        size *= each
    if value.size == size:
        return value.reshape(shape) if value.space == "hbm" or value.shape[0] == shape[0] else value
    return as_tile(basic.broadcast_to(value, shape, function=function))


def copy_into(target: Tensor, value: Tensor) -> None:
    """A copy with a cast, of what the value's mask kept."""
    area: Optional[Area] = value.area if isinstance(value, Tile) else None
    value = fitted(value, target.shape)
    if area is not None and area.box is None:
        predicated(target, value, area)
        return
    target, value = checked("tensor", target, area), checked("tensor", value, area)
    if value.space == "hbm":
        basic.dma_copy(target, value)
    else:
        basic.tensor_copy(target, value)


def predicated(target: Tensor, value: Tensor, area: Area) -> None:
    """A copy through a mask that is no box: the mask is a constant."""
    kept = np.broadcast_to(area.kept, target.shape).astype(np.uint8)
    mask = basic.load(constant_tensor(kept.reshape(target.shape[0], -1)))
    if value.dtype is not target.dtype:
        value = basic.copy(value, target.dtype)
    tensor_copy_predicated(target, value, mask)


def add_in_place(target: Tile, value, references: int) -> Tile:
    """target += value: a product is accumulated by the Tensor engine."""
    if isinstance(value, Tile) and target.space == "psum" and value.space == "psum" and _unseen(value, references, _ADDED):
        record = _producer(value)
        if record is not None and record.opcode == "nc_matmul" and target.dtype is value.dtype and target.elems == value.elems \
                and target.shape[0] == value.shape[0]:
            area = value.area
            matrix.move_product(record, check.chip("tensor", "the destination", target if area is None else area.cut(target)), True)
            _forget(value)
            return target
    return in_place(core.OPERATORS["add"], target, value)


def in_place(op: Operator, target: Tile, value) -> Tile:
    """target = target op value."""
    area = value.area if isinstance(value, Tile) else None
    if area is not None and area.empty:
        return target
    if area is not None and area.box is None:
        return _in_place_predicated(op, target, value, area)
    part = checked("tensor", target, area)
    if isinstance(value, Tensor):
        value = checked("tensor", value, area)
    if op.name == "divide":
        op = core.OPERATORS["multiply"]
        value = core.OPERATORS["reciprocal"](value, "float32") if isinstance(value, Tensor) else 1.0 / float(value)
    core.binary(op, part, value, out=part)
    return target


def _in_place_predicated(op: Operator, target: Tile, value: Tile, area: Area) -> Tile:
    value.area = None
    both = core.binary(op, checked("tensor", target), value, target.dtype) if op.name != "divide" else core.divide(target, value, target.dtype)
    predicated(target, both, area)
    return target


def _set_item(self: Tile, key, value) -> None:
    if key is Ellipsis and value.__class__ is Tile and value.storage is self.storage and _same_place(self, value):
        return  # the end of self[...] += something
    references = sys.getrefcount(value)  # before the call below holds one
    assign(self, key, value, references)


def _same_place(one: Tile, two: Tile) -> bool:
    return (one.shape == two.shape and one.strides == two.strides and one.offset == two.offset and one.part == two.part
            and one.dtype is two.dtype and one.dynamic is two.dynamic and one.vector is two.vector)


Tile.__setitem__ = _set_item
