# SPDX-License-Identifier: Apache-2.0
"""Tensors of the first NKI dialect: indexing by nl.arange and nl.mgrid, by tiles of indices, and assignment. A view may
reach beyond its tensor as long as a mask keeps what lies within; that is looked at when the view is used."""
from __future__ import annotations

from typing import Dict, List, Optional, Tuple

from nki import _trace
from nki._errors import fail, missing
from nki._moved import partition
from nki._registers import Affine, DynSlice, VirtualRegister, both
from nki._tensor import Tensor

from ._area import Area
from ._index import Index


class Reach:
    """Where a view lies in the dimensions of its tensor, for one that leaves them somewhere: per dimension of the tensor
    its size, the constant and the steps per dimension of the view."""

    __slots__ = ("name", "dims")

    def __init__(self, name: str, dims: List[Tuple[int, int, Tuple[int, ...]]]):
        self.name, self.dims = name, dims

    def outside(self, box) -> Optional[str]:
        for dim, (size, constant, steps) in enumerate(self.dims):
            low = constant + sum(min(step * begin, step * (end - 1)) for step, (begin, end) in zip(steps, box))
            high = constant + sum(max(step * begin, step * (end - 1)) for step, (begin, end) in zip(steps, box))
            if low < 0 or high >= size:
                return f"element {low if low < 0 else high} of dimension {dim} of {self.name}, which has {size}"
        return None


_PLAIN = frozenset((slice, int, DynSlice))  # of keys that Views.__getitem__ takes
_part = Tensor.__getitem__
_WHOLE = (slice(None), slice(None))


class Tile(Tensor):
    """A view as kernels of the first dialect see it."""

    area: Optional[Area] = None  # of the result of a masked function: what of it was written
    reach: Optional[Reach] = None
    again = None  # of the result of a function: what writes it, called with another tile

    def __getitem__(self, key):
        if key is Ellipsis and len(self.shape) > 1:
            return self._make(self.shape, self.strides)
        if key.__class__ is tuple and len(key) == 2 == len(self.shape) and key[0].__class__ is slice is key[1].__class__ and key == _WHOLE:
            return self._make(self.shape, self.strides)
        for item in key if key.__class__ is tuple else (key,):
            if item.__class__ is Index or item.__class__ not in _PLAIN and isinstance(item, Tensor):
                return affine_view(self, key)
        try:
            return _part(self, key)
        except IndexError:
            return affine_view(self, key)

    # As numpy's.
    def reshape(self, *sizes, shape=()):
        sizes = sizes or (shape,)
        if self.space == "hbm" and self.base_shape == self.shape and not self.is_contiguous():
            fail("tensor.reshape", f"{list(self.shape)} is no contiguous part of {self.name}")
        return Tensor.reshape(self, *sizes)

    def expand_dims(self, axis: int):
        return self.expand_dim(axis)


def as_tile(view: Tensor) -> Tile:
    """The same view, of this dialect."""
    if isinstance(view, Tile):
        return view
    made = Tile(view.storage, view.dtype, view.shape, view.strides, view.offset, view.part, view.base_shape, view.dynamic, view.vector)
    made.snake = view.snake
    if view.storage.begin is None:
        view.storage.begin = len(_trace.current().records)
    return made


class _Place:
    """One dimension of the tensor in an index: constant + steps over the broadcast dimensions, or a dimension of its own
    (`own` is (count, step)), or what the device looks up."""

    __slots__ = ("constant", "index", "own", "dynamic", "vector")

    def __init__(self, constant=0, index: Optional[Index] = None, own=None, dynamic=None, vector: Optional[Tensor] = None):
        self.constant, self.index, self.own, self.dynamic, self.vector = constant, index, own, dynamic, vector


def _place(tile: Tensor, dim: int, item) -> _Place:
    size = tile.shape[dim]
    if isinstance(item, Index):
        return _Place(item.constant, item, dynamic=item.dynamic)
    if isinstance(item, slice):
        start = 0 if item.start is None else item.start
        stop = size if item.stop is None else item.stop
        step = 1 if item.step is None else int(item.step)
        start, stop = (each + size if isinstance(each, int) and each < 0 else each for each in (start, stop))
        length = stop - start
        if not isinstance(length, int) or length < 1 or step < 1:
            fail("tensor", f"the slice {item.start}:{item.stop}:{item.step} of dimension {dim} has no elements", IndexError)
        return _Place(start, own=((length + step - 1) // step, step))
    if isinstance(item, DynSlice):
        dynamic = (item.start, 1) if isinstance(item.start, (VirtualRegister, Tensor)) else None
        return _Place(0 if dynamic else item.start, own=(item.size, item.step), dynamic=dynamic)
    if isinstance(item, Tensor):
        item = _once(item)
        return _Place(dynamic=(item, 1)) if item.size == 1 else _Place(vector=item)
    if isinstance(item, (Affine, VirtualRegister)):
        return _Place(item) if isinstance(item, Affine) else _Place(dynamic=(item, 1))
    if hasattr(item, "__index__"):
        value = int(item)
        return _Place(value + size if value < 0 else value)
    fail("tensor", f"{item!r} is no index: integers, slices, nl.ds, nl.arange, nl.mgrid and tiles of indices are", IndexError)


def _once(indices: Tensor) -> Tensor:
    """A tile of indices without the free dimensions along which it repeats itself, as t[i_p, 0] of nl.mgrid does."""
    shape = tuple(1 if step == 0 and dim else count for dim, (count, step) in enumerate(zip(indices.shape, indices.strides)))
    if shape == indices.shape:
        return indices
    return Tile(indices.storage, indices.dtype, shape, indices.strides, indices.offset, indices.part, indices.base_shape)


def _expanded(tile: Tensor, key) -> list:
    items = list(key) if isinstance(key, tuple) else [key]
    if any(each is None for each in items):
        fail("tensor", "None belongs to nl.arange(n)[:, None], not among indices of a tensor", IndexError)
    if any(each is Ellipsis for each in items):
        at = next(i for i, each in enumerate(items) if each is Ellipsis)
        items[at:at + 1] = [slice(None)] * (len(tile.shape) - len(items) + 1)
    if len(items) > len(tile.shape):
        fail("tensor", f"has {len(tile.shape)} dimensions, the index has {len(items)}", IndexError)
    return items + [slice(None)] * (len(tile.shape) - len(items))


def _broadcast(places: List[_Place]) -> Tuple[int, ...]:
    shapes = [each.index.shape for each in places if each.index is not None] + [each.vector.shape for each in places if each.vector is not None]
    rank = max((len(each) for each in shapes), default=0)
    shapes = [(1,) * (rank - len(each)) + each for each in shapes]
    out = tuple(max(sizes) for sizes in zip(*shapes))
    if any(size not in (1, whole) for shape in shapes for size, whole in zip(shape, out)):
        fail("tensor", f"indices of {' and '.join(str(list(each)) for each in shapes)} do not fit together", IndexError)
    return out


def _steps(places: List[_Place], shared: Tuple[int, ...]) -> Tuple[Tuple[int, ...], List[Tuple[int, ...]]]:
    """The shape of the view, and per dimension of the tensor its steps per dimension of the view: the shared dimensions of
    index objects lie where the first of them is, as with numpy, and in front when a slice lies between them."""
    indexed = [at for at, each in enumerate(places) if each.index is not None or each.vector is not None]
    split = any(places[at].own for at in range(indexed[0], indexed[-1])) if indexed else False
    before = 0 if split or not indexed else sum(1 for each in places[:indexed[0]] if each.own)
    own = [each.own[0] for each in places if each.own]
    shape = tuple(own[:before]) + shared + tuple(own[before:])
    steps, seen = [], 0
    for each in places:
        row = [0] * len(shape)
        if each.own:
            row[seen if seen < before else seen + len(shared)] = each.own[1]
            seen += 1
        elif each.index is not None:
            _, inner = each.index.aligned(len(shared))
            row[before:before + len(shared)] = inner
        steps.append(tuple(row))
    return shape, steps


class _Form:
    """What keys of one form make of tensors of one shape: everything but where the view begins. `dims` are, per dimension of
    the tensor, its size, its stride (0 for partitions), and the smallest and largest distance from where the key begins."""

    __slots__ = ("shape", "strides", "rows", "dims")

    def __init__(self, tile: Tensor, places: List[_Place]):
        shape, rows = _steps(places, _broadcast(places))
        chip = tile.space != "hbm"
        if chip:
            shape, rows = _partitions_first(tile, places, shape, rows)
        strides = [sum(row[at] * tile.strides[dim] for dim, row in enumerate(rows) if dim or not chip) for at in range(len(shape))]
        if chip:
            strides[0] = tile.strides[0]
        self.shape, self.strides, self.rows = tuple(shape), tuple(strides), rows
        self.dims = []
        for dim, row in enumerate(rows):
            spans = [step * (size - 1) for step, size in zip(row, shape)]
            self.dims.append((tile.shape[dim], 0 if chip and dim == 0 else tile.strides[dim], sum(min(0, each) for each in spans),
                              sum(max(0, each) for each in spans)))


_forms: Dict[tuple, _Form] = {}
_MOST_FORMS = 10000


def affine_view(tile: Tensor, key) -> Tile:
    """tile[key] with index objects, with tiles of indices, or reaching beyond the tensor."""
    items = key if key.__class__ is tuple and len(key) == len(tile.shape) else _expanded(tile, key)
    signature, begins = [tile.shape, tile.strides, tile.space], []
    for item in items:
        if item.__class__ is Index:
            begin = item.constant
            signature.append((item.shape, item.steps))
            if item.dynamic is not None:
                return _view(tile, key)
        elif item.__class__ is int and item >= 0:
            begin = item
            signature.append(None)
        elif item.__class__ is slice and item.start is None and item.stop is None and item.step is None:
            begin = 0
            signature.append(0)
        elif item.__class__ is DynSlice:
            begin = item.start
            signature.append((item.size, item.step))
        else:
            return _view(tile, key)
        if begin.__class__ is not int:
            return _view(tile, key)
        begins.append(begin)
    form = _forms.get(tuple(signature))
    if form is None:
        if len(_forms) >= _MOST_FORMS:
            _forms.clear()
        form = _forms[tuple(signature)] = _Form(tile, [_place(tile, dim, item) for dim, item in enumerate(items)])
    offset, inside = tile.offset, True
    for begin, (size, stride, low, high) in zip(begins, form.dims):
        offset = offset + begin * stride
        if begin + low < 0 or begin + high >= size:
            inside = False
    made = Tile(tile.storage, tile.dtype, form.shape, form.strides, offset, tile.part + begins[0] if tile.space != "hbm" else tile.part,
                tile.base_shape, tile.dynamic, tile.vector)
    if not inside:
        made.reach = _reach(tile, form, begins)
    return made


def _view(tile: Tensor, key) -> Tile:
    """affine_view where the key has parts that only the device knows, or that are rare."""
    places = [_place(tile, dim, item) for dim, item in enumerate(_expanded(tile, key))]
    form, chip = _Form(tile, places), tile.space != "hbm"
    offset, part, dynamic, vector = tile.offset, tile.part, tile.dynamic, tile.vector
    for dim, each in enumerate(places):
        if chip and dim == 0:
            part = part + each.constant
            if each.vector is not None or each.dynamic is not None and each.dynamic[1] != 1:
                missing("tensor", "a tile of indices of partitions")
            if each.dynamic is not None:
                part = part + partition("tensor", tile, each.dynamic[0], form.shape[0])
            continue
        offset = offset + each.constant * tile.strides[dim]
        if each.dynamic is not None:
            dynamic = both(dynamic, (_integers(each.dynamic[0]), each.dynamic[1] * tile.strides[dim]))
            _trace.current("tensor").moving = True
        if each.vector is not None:
            if chip or vector is not None:
                missing("tensor", "a tile of indices for a tensor on chip, or two of them")
            vector = (_integers(each.vector), tile.strides[dim])
    made = Tile(tile.storage, tile.dtype, form.shape, form.strides, offset, part, tile.base_shape, dynamic, vector)
    # What counters add to where it begins is checked by the simulator.
    made.reach = _reach(tile, form, [each.constant if isinstance(each.constant, int) else 0 for each in places])
    return made


def _integers(index):
    """A tile of indices in a type that transfers look up."""
    if isinstance(index, Tensor) and index.dtype.name not in ("int32", "uint32"):
        from nki._language import copy
        return copy(index, "int32")
    return index


def _partitions_first(tile: Tensor, places: List[_Place], shape, steps):
    """On chip the first dimension of the view is that of partitions; leading dimensions of 1 give way."""
    at = next((i for i, step in enumerate(steps[0]) if step and shape[i] > 1), None)
    if at is not None and steps[0][at] != 1:
        missing("tensor", f"every {steps[0][at]}th partition of {tile.name}")
    if sum(1 for i, step in enumerate(steps[0]) if step and shape[i] > 1) > 1:
        missing("tensor", f"partitions of {tile.name} in more than one dimension")
    if at is not None and any(row[at] for row in steps[1:]):
        missing("tensor", f"a diagonal of {tile.name}")
    if at is None:
        drop = 0
        if not shape or shape[0] != 1:
            shape, steps = (1,) + tuple(shape), [(0,) + row for row in steps]
    else:
        drop = at
        if any(size != 1 for size in shape[:at]):
            fail("tensor", f"partitions of {tile.name} are dimension {at} of {list(shape)}, must be the first", IndexError)
    shape, steps = tuple(shape[drop:]), [row[drop:] for row in steps]
    if len(shape) == 1:
        shape, steps = shape + (1,), [row + (0,) for row in steps]
    return shape, steps


def _reach(tile: Tensor, form: _Form, begins: List[int]) -> Optional[Reach]:
    """None for a view that stays within its tensor."""
    if all(begin + low >= 0 and begin + high < size for begin, (size, _, low, high) in zip(begins, form.dims)):
        return None
    return Reach(tile.name, [(each[0], begin, row) for each, begin, row in zip(form.dims, begins, form.rows)])


def checked(function: str, view: Tensor, area: Optional[Area] = None) -> Tensor:
    """The part of an operand in `area`, which lies within its tensor."""
    reach = view.reach if isinstance(view, Tile) else None
    if area is not None and area.empty:
        return view
    if reach is not None:
        box = [(0, size) for size in view.shape]
        if area is not None and area.box is not None:
            more = len(area.box) - len(box)
            box = [area.box[at + more] if at + more >= 0 and area.shape[at + more] == size else (0, size) for at, size in enumerate(view.shape)]
        where = reach.outside(box)
        if where:
            fail(function, f"reaches {where}", IndexError)
    return view if area is None else area.cut(view)
