# SPDX-License-Identifier: Apache-2.0
"""Views of tensors: indexing and the methods of nl tensors that share storage (AWS NKI documentation: language guide,
tensor access patterns). On chip dimension 0 counts partitions and is neither moved, split, merged nor repeated."""
from __future__ import annotations

from math import prod
from typing import Optional, Sequence, Tuple

from . import _trace
from ._access_pattern import access_pattern, vector_select
from ._dtypes import as_dtype
from ._errors import fail
from ._registers import Affine, DynSlice, VirtualRegister, both


def _plain(shape) -> Tuple[int, ...]:
    if len(shape) == 1 and isinstance(shape[0], (tuple, list)):
        shape = shape[0]
    return tuple(int(each) for each in shape)


_ALL = slice(None)


class Views:
    """The methods; the fields are Tensor's."""

    def _make(self, shape, strides, offset=None, part=None, base_shape=None, dtype=None, dynamic=None, vector=None):
        return self.__class__(self.storage, dtype or self.dtype, shape, strides, self.offset if offset is None else offset,
                              self.part if part is None else part, base_shape or self.base_shape,
                              dynamic or self.dynamic, vector or self.vector)

    # Indexing.
    def __getitem__(self, key):
        if key is Ellipsis and len(self.shape) > 1:
            return self._make(self.shape, self.strides)
        if key.__class__ is not tuple:
            key = (key,)
        shape, strides, chip = self.shape, self.strides, self.space != "hbm"
        if len(key) != len(shape):
            if len(key) > len(shape) or any(each is Ellipsis or each is None for each in key):
                return self._expanded(key)
            key += (_ALL,) * (len(shape) - len(key))
        offset, part, dynamic = self.offset, self.part, self.dynamic
        out_shape, out_strides = [], []
        for dim, item in enumerate(key):
            size, stride = shape[dim], strides[dim]
            if item is _ALL:
                start, count, step = 0, size, 1
            elif item.__class__ is int and 0 <= item < size:
                start, count, step = item, 0, 1
            elif item.__class__ is slice:
                start, stop, step = item.start, item.stop, item.step
                if start is None and stop is None and step is None:
                    start, count, step = 0, size, 1
                elif step is None and start.__class__ is int and stop.__class__ is int and 0 <= start < stop <= size:
                    count, step = stop - start, 1
                else:
                    start, count, step = self._range(item, size, dim)
            elif item is Ellipsis or item is None:
                return self._expanded(key)
            else:
                start, count, step = self._place(item, size, dim)
                if start.__class__ is not int and not isinstance(start, Affine):
                    if dim == 0 and chip:
                        start = self._partition(start, count or 1)
                    else:
                        dynamic, start = both(dynamic, self._dynamic(start, dim)), 0
            if dim == 0 and chip:
                if step != 1 and count > 1:
                    fail("tensor", "partitions are taken without steps", IndexError)
                part = part + start
                count = count or 1
            else:
                offset = offset + start * stride
            if count:
                out_shape.append(count)
                out_strides.append(stride * step)
        if chip and len(out_shape) < 2 or not out_shape:
            out_shape.append(1)
            out_strides.append(1)
        return self.__class__(self.storage, self.dtype, tuple(out_shape), tuple(out_strides), offset, part, self.base_shape,
                              dynamic, self.vector)

    def _expanded(self, key: tuple):
        """Indexing with ..., None, or fewer indices than dimensions: as with one index for each dimension."""
        given = sum(1 for each in key if each is not None and each is not Ellipsis)
        missing_dims = len(self.shape) - given
        if missing_dims < 0:
            fail("tensor", f"has {len(self.shape)} dimensions, the index has more: {key}", IndexError)
        if Ellipsis not in key:
            key = key + (Ellipsis,)
        at = key.index(Ellipsis)
        full = key[:at] + (slice(None),) * missing_dims + key[at + 1:]
        new = [i for i, each in enumerate(full) if each is None]
        view = self[tuple(each for each in full if each is not None)]
        for place in new:  # None adds a dimension of one element, before those that indices behind it name
            dropped = sum(1 for each in full[:place] if isinstance(each, int))
            view = view.expand_dim(place - dropped)
        return view

    def _place(self, item, size: int, dim: int) -> Tuple:
        """Start, count and step of an index that is no slice; count 0: the dimension goes."""
        if item.__class__ is int and 0 <= item < size:
            return item, 0, 1
        if item.__class__ is not DynSlice:
            return self._single(item, size, dim), 0, 1
        start, count, step = item.start, item.size, item.step
        if start.__class__ is int and (start < 0 or start + (count - 1) * step >= size):
            fail("tensor", f"ds({start}, {count}) is outside of dimension {dim}, which has {size} elements", IndexError)
        return start, count, step

    def _range(self, item: slice, size: int, dim: int) -> Tuple[int, int, int]:
        """Start, count and step of a slice; ends beyond the dimension are refused."""
        step = 1 if item.step is None else int(item.step)
        start = 0 if item.start is None else item.start
        stop = size if item.stop is None else item.stop
        if isinstance(start, (Affine, VirtualRegister)) or isinstance(stop, (Affine, VirtualRegister)):
            return self._affine_range(start, stop, step, dim)
        if start != int(start) or stop != int(stop):
            fail("tensor", f"the slice {start}:{stop} does not begin and end at whole numbers", IndexError)
        start, stop = int(start), int(stop)
        start = start + size if start < 0 else start
        stop = stop + size if stop < 0 else stop
        if step < 1:
            fail("tensor", f"a slice has the step {step}, only positive ones are possible", IndexError)
        if start < 0 or stop > size or start >= stop:
            what = "is empty" if start >= stop else f"is outside of dimension {dim}, which has {size} elements"
            fail("tensor", f"the slice {start}:{stop} {what}", IndexError)
        return start, (stop - start + step - 1) // step, step

    def _affine_range(self, start, stop, step: int, dim: int):
        length = stop - start if isinstance(start, (Affine, int)) and isinstance(stop, (Affine, int)) else None
        if isinstance(length, Affine) and not any(length.terms.values()):
            length = length.constant
        if not isinstance(length, int):
            fail("tensor", f"the length of a slice of dimension {dim} must be known: use nl.ds(start, length)", IndexError)
        return start, (length + step - 1) // step, step

    def _single(self, item, size: int, dim: int):
        """One index: an integer within the dimension, or what the device knows alone."""
        if item.__class__ is int or hasattr(item, "__index__") and not isinstance(item, (Affine, VirtualRegister, Views)):
            value = int(item)
            if value < -size or value >= size:
                fail("tensor", f"index {value} is outside of dimension {dim}, which has {size} elements", IndexError)
            return value + size if value < 0 else value
        if isinstance(item, (Affine, VirtualRegister, Views)):
            return item
        fail("tensor", f"{item!r} is no index: integers, slices, nl.ds, registers and ... are", IndexError)

    def _dynamic(self, value, dim: int):
        """(value, elements per count) for an index that the device computes; counts in the base shape."""
        _trace.current("tensor").moving = True
        return value, self.strides[dim]

    def _partition(self, value, count: int) -> int:
        return _trace.current("tensor").launch.above.partition("tensor", self, value, count)

    # Views by name.
    def _dim(self, dim: int, what: str, movable: bool = True) -> int:
        rank = len(self.shape)
        if not -rank <= dim < rank:
            fail(f"tensor.{what}", f"there is no dimension {dim}, the tensor has {rank}")
        dim = dim % rank
        if movable and dim == 0 and self.space != "hbm":
            fail(f"tensor.{what}", "dimension 0 counts partitions and stays as it is")
        return dim

    def slice(self, dim: int, start: int, end: int, step: int = 1):
        dim = self._dim(dim, "slice", False)
        return Views.__getitem__(self, (_ALL,) * dim + (slice(start, end, step),))

    def select(self, dim: int, index):
        dim = self._dim(dim, "select", False)
        return Views.__getitem__(self, (_ALL,) * dim + (index,))

    def permute(self, dims: Sequence[int]):
        dims = tuple(d % len(self.shape) for d in dims)
        if sorted(dims) != list(range(len(self.shape))):
            fail("tensor.permute", f"{dims} does not name every dimension once")
        if self.space != "hbm" and dims[0] != 0:
            fail("tensor.permute", "dimension 0 counts partitions and stays where it is")
        return self._make(tuple(self.shape[d] for d in dims), tuple(self.strides[d] for d in dims))

    def broadcast(self, dim: int, size: int):
        dim = self._dim(dim, "broadcast", size != self.shape[dim])
        if self.shape[dim] not in (1, size):
            fail("tensor.broadcast", f"dimension {dim} has {self.shape[dim]} elements; only 1 can be repeated")
        if self.shape[dim] == size:
            return self
        return self._make(_with(self.shape, dim, size), _with(self.strides, dim, 0))

    def expand_dim(self, dim: int):
        rank = len(self.shape)
        dim = dim + rank + 1 if dim < 0 else dim
        if not 0 <= dim <= rank or dim == 0 and self.space != "hbm":
            fail("tensor.expand_dim", f"no dimension can be put at {dim}")
        step = self.shape[dim] * self.strides[dim] if dim < rank else 1
        return self._make(self.shape[:dim] + (1,) + self.shape[dim:], self.strides[:dim] + (step,) + self.strides[dim:])

    def squeeze_dim(self, dim: int):
        dim = self._dim(dim, "squeeze_dim")
        if self.shape[dim] != 1:
            fail("tensor.squeeze_dim", f"dimension {dim} has {self.shape[dim]} elements, not 1")
        return self._make(self.shape[:dim] + self.shape[dim + 1:], self.strides[:dim] + self.strides[dim + 1:])

    def reshape_dim(self, dim: int, shape: Sequence[int]):
        dim = self._dim(dim, "reshape_dim")
        sizes = _solved(shape, self.shape[dim], "tensor.reshape_dim")
        steps, step = [], self.strides[dim]
        for count in reversed(sizes):
            steps.insert(0, step)
            step *= count
        return self._make(self.shape[:dim] + sizes + self.shape[dim + 1:],
                          self.strides[:dim] + tuple(steps) + self.strides[dim + 1:])

    def flatten_dims(self, start_dim: int, end_dim: int):
        """Dimensions start_dim to end_dim, both included, become one."""
        first = self._dim(start_dim, "flatten_dims")
        last = self._dim(end_dim, "flatten_dims")
        shape = self.shape[:first] + (prod(self.shape[first:last + 1]),) + self.shape[last + 1:]
        return self._reshaped(shape, "tensor.flatten_dims")

    def reshape(self, *sizes, shape=None):
        sizes = _solved(_plain(sizes if shape is None else (shape,)), prod(self.shape), "tensor.reshape")
        if self.space != "hbm" and sizes[0] != self.shape[0]:
            fail("tensor.reshape", f"from {list(self.shape)} to {list(sizes)}: dimension 0 counts partitions and stays as it is")
        view = self._reshaped(sizes, "tensor.reshape")
        view.base_shape = sizes
        return view

    def _reshaped(self, shape: Tuple[int, ...], what: str):
        fixed = 0 if self.space == "hbm" else 1
        strides = _restride(self.shape[fixed:], self.strides[fixed:], shape[fixed:])
        if strides is None:
            fail(what, f"{list(self.shape)} with strides {list(self.strides)} cannot be seen as {list(shape)} without a copy")
        return self._make(shape, self.strides[:fixed] + strides)

    def rearrange(self, src=None, dst=None, fixed_sizes: Optional[dict] = None, src_pattern=None, dst_pattern=None):
        """Names of the dimensions before and after; a tuple of names in `src` is split, in `dst` merged."""
        src, dst = src_pattern if src is None else src, dst_pattern if dst is None else dst
        view, names = self, []
        for dim, name in reversed(list(enumerate(src))):
            if isinstance(name, (tuple, list)):
                sizes = [(fixed_sizes or {}).get(each, -1) for each in name]
                view = view.reshape_dim(dim, sizes)
            names = list(name if isinstance(name, (tuple, list)) else (name,)) + names
        flat = [each for name in dst for each in (name if isinstance(name, (tuple, list)) else (name,))]
        if sorted(flat) != sorted(names):
            fail("tensor.rearrange", f"{src} and {dst} do not name the same dimensions")
        view = view.permute([names.index(each) for each in flat])
        for dim, name in enumerate(dst):
            if isinstance(name, (tuple, list)) and len(name) > 1:
                view = view.flatten_dims(dim, dim + len(name) - 1)
        return view

    def view(self, dtype):
        """The same bytes as elements of another type; the last dimension scales."""
        dtype = as_dtype(dtype)
        old, new = self.dtype.itemsize, dtype.itemsize
        if old == new:
            return self._make(self.shape, self.strides, dtype=dtype)
        last, base = self.shape[-1] * old, self.base_shape[-1] * old
        strides = [each * old for each in self.strides[:-1]]
        offset = self.offset * old
        known = offset if isinstance(offset, int) else offset.constant
        if self.strides[-1] != 1 or last % new or known % new or any(each % new for each in strides):
            fail("tensor.view", f"{list(self.shape)} of {self.dtype} cannot be seen as {dtype}: the last dimension must be "
                 f"contiguous and all parts multiples of {new} bytes")
        offset = offset // new if isinstance(offset, int) else Affine(offset.constant // new, {
            name: each // new for name, each in offset.terms.items()})
        dynamic = self.dynamic and (self.dynamic[0], self.dynamic[1] * old // new)
        return self._make(self.shape[:-1] + (last // new,), tuple(each // new for each in strides) + (1,), offset,
                          base_shape=self.base_shape[:-1] + (base // new,), dtype=dtype, dynamic=dynamic)

    reinterpret_cast = view

    def ap(self, pattern, offset=None, scalar_offset=None, vector_offset=None, indirect_dim: int = 0, dtype=None):
        """Any access: [[step, count], ...] in elements of the storage, outermost first; see _access_pattern.py."""
        return access_pattern(self, pattern, offset, scalar_offset, vector_offset, indirect_dim, dtype)

    def vector_select(self, dim: int, index):
        return vector_select(self, dim, index)

    def indirect(self, index, num_elem: Optional[int] = None):
        return _trace.current("tensor.indirect").launch.above.picked(self, index, num_elem)

    # Queries.
    def get_pattern(self) -> list:
        """[[step, count], ...]; on chip the first step is that of partitions, in elements of the storage."""
        pairs = [[int(step), int(count)] for step, count in zip(self.strides, self.shape)]
        if self.space != "hbm":
            pairs[0][0] = self.row_elements()
        return pairs

    def row_elements(self) -> int:
        """Elements of this view's type per partition of the storage."""
        return self.storage.row * self.storage.dtype.itemsize // self.dtype.itemsize

    def is_contiguous(self) -> bool:
        step = 1
        for count, stride in zip(reversed(self.shape[1 if self.space != "hbm" else 0:]), reversed(self.strides)):
            if count != 1 and stride != step:
                return False
            step *= count
        return True

    def is_indirect(self) -> bool:
        return self.vector is not None or self.snake is not None


def _with(values: Tuple[int, ...], dim: int, value: int) -> Tuple[int, ...]:
    return values[:dim] + (value,) + values[dim + 1:]


def _solved(shape: Sequence[int], total: int, what: str) -> Tuple[int, ...]:
    """`shape` with its -1 replaced, of `total` elements."""
    sizes = [int(each) for each in shape]
    if sizes.count(-1) == 1:
        known = prod(each for each in sizes if each != -1)
        if known and total % known == 0:
            sizes[sizes.index(-1)] = total // known
    if prod(sizes) != total or any(each < 1 for each in sizes):
        fail(what, f"{list(shape)} does not have the {total} elements that there are")
    return tuple(sizes)


def _restride(shape: Sequence[int], strides: Sequence[int], wanted: Sequence[int]) -> Optional[Tuple[int, ...]]:
    """Strides with which `wanted` walks the same elements in the same order; None when there are none."""
    groups = []  # [count, step] of runs that are one dimension
    for count, step in zip(shape, strides):
        if count == 1:
            continue
        if groups and groups[-1][1] == count * step:
            groups[-1] = [groups[-1][0] * count, step]
        else:
            groups.append([count, step])
    out = []
    for count in reversed(wanted):
        if count == 1:
            out.append(out[-1] if out else 1)
            continue
        if not groups or groups[-1][0] % count:
            return None
        out.append(groups[-1][1])
        groups[-1] = [groups[-1][0] // count, groups[-1][1] * count]
        if groups[-1][0] == 1:
            groups.pop()
    return tuple(reversed(out))
