# SPDX-License-Identifier: Apache-2.0
"""Tensors of a kernel: a Storage (memory that an allocation made) and views of it.

A Tensor is a view: element type, shape, strides and offset, in elements of its type. On chip dimension 0 counts
partitions: `part` is the first of them and `offset` counts within each partition. In HBM `offset` counts from the begin
of the storage. Views are free; nothing is copied (AWS NKI documentation, language guide and access patterns).
"""
from __future__ import annotations

from math import prod
from typing import Optional, Sequence, Tuple

from ._dtypes import DType
from ._errors import fail
from ._registers import offset_text
from ._views import Views


class Buffer:
    """A kind of memory: nl.sbuf, nl.psum, nl.hbm (one per program), nl.shared_hbm (one for all programs)."""

    __slots__ = ("name", "space", "shared")

    def __init__(self, name: str, space: str, shared: bool = False):
        self.name, self.space, self.shared = name, space, shared

    def __repr__(self) -> str:
        return self.name


SBUF = Buffer("sbuf", "sbuf")
PSUM = Buffer("psum", "psum")
PRIVATE_HBM = Buffer("private_hbm", "hbm")
SHARED_HBM = Buffer("shared_hbm", "hbm", True)


class Storage:
    """What an allocation made. `row`: elements per partition on chip, all elements in HBM. `kind` of a tensor in HBM:
    internal, weight, input, or output (which the caller sees: also an input that the kernel writes)."""

    address: Optional[Tuple[int, int]] = None  # (partition, byte within it)
    kind = "internal"
    array = None  # HBM: contents at the start
    aliases: dict = {}  # dtype -> name of the same memory under that type; replaced when there is one
    accumulated: Optional[dict] = None  # PSUM: regions that products were written to, see _isa_matrix.py
    loops = 0  # dynamic loops that were open when it was allocated, or last set to zero
    zeros = None  # PSUM: the Record that zeroed all of it
    begin: Optional[int] = None  # in the first dialect: how many instructions there were before its first view

    def __init__(self, name: str, buffer: Buffer, dtype: DType, shape: Tuple[int, ...]):
        self.name = name
        self.buffer = buffer
        self.space = space = buffer.space
        self.dtype = dtype
        self.shape = shape
        if space == "hbm":
            self.parts, self.row = 1, prod(shape)
        else:
            self.parts, self.row = shape[0], shape[1] if len(shape) == 2 else prod(shape[1:])

    @property
    def bytes(self) -> int:
        """Per partition on chip, all of them in HBM."""
        return self.row * self.dtype.itemsize

    def text_name(self, dtype: DType) -> str:
        """The name of this memory under an element type."""
        if dtype is self.dtype:
            return self.name
        if dtype not in self.aliases:
            self.aliases = {**self.aliases, dtype: f"{self.name}.{dtype.text}"}
        return self.aliases[dtype]


class Tensor(Views):
    """A view, see above. `dynamic` is (register or 1-element tensor, step): value * step elements are added to the
    offset when the instruction starts. `indirect` is (index tensor, step): row p starts at index[p] * step."""

    dynamic = None
    vector = None
    snake = None  # .indirect(): (view, index tile, elements)
    _text: Optional[str] = None

    def __init__(self, storage: Storage, dtype: DType, shape: Tuple[int, ...], strides: Tuple[int, ...], offset=0,
                 part=0, base_shape: Optional[Tuple[int, ...]] = None, dynamic=None, vector=None):
        self.storage = storage
        self.dtype = dtype
        self.shape = shape
        self.strides = strides
        self.offset = offset
        self.part = part
        self.base_shape = base_shape or shape
        if dynamic is not None:
            self.dynamic = dynamic
        if vector is not None:
            self.vector = vector
        self.space = space = storage.space
        if len(shape) == 2:
            elems = shape[1] if space != "hbm" else shape[0] * shape[1]
        else:
            elems = prod(shape if space == "hbm" else shape[1:])
        self.elems = elems  # per partition on chip, else all

    # What kernels look at.
    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return prod(self.shape)

    @property
    def buffer(self) -> Buffer:
        return self.storage.buffer

    @property
    def name(self) -> str:
        return self.storage.name

    @property
    def parts(self) -> int:
        """Partitions; 1 in HBM."""
        return 1 if self.space == "hbm" else self.shape[0]

    @property
    def itemsize(self) -> int:
        return self.dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def __iter__(self):
        fail("tensor", "is no sequence: give an index or a slice for each part", TypeError)

    def __repr__(self) -> str:
        return f"<{self.name} {self.dtype} {list(self.shape)} in {self.storage.buffer}>"

    def __bool__(self) -> bool:
        fail("tensor", "its values are not known when the kernel is traced: no `if`, `while` or `and` on it", TypeError)

    def _no_number(self):
        fail("tensor", "its values are not known when the kernel is traced: it is no Python number", TypeError)

    __int__ = __float__ = __index__ = _no_number

    def __eq__(self, other):
        return self is other

    def __ne__(self, other):
        return self is not other

    def __hash__(self) -> int:
        return id(self)

    __array_ufunc__ = None  # numpy leaves operators to us

    def text(self) -> str:
        """The operand as program text writes it."""
        if self._text is None:
            self._text = operand_text(self, self.storage.text_name(self.dtype), self.part, self.offset)
        return self._text

    def written_dims(self) -> list:
        """[(count, step)] as program text has them: adjacent dimensions merged."""
        return merged(self.free_dims())

    def free_dims(self) -> list:
        """[(count, step)], outermost first: all dimensions in HBM, those after the partition on chip."""
        dims = list(zip(self.shape, self.strides))
        return dims if self.space == "hbm" else dims[1:]

    def index(self, key) -> "Tensor":
        """The view that `self[key]` is, for keys that dialects do not see: New's rules."""
        return Views.__getitem__(self, key)


class Reshaped(Tensor):
    """A view whose dimensions are written as given, because their number has a meaning."""

    def __init__(self, view: Tensor, dims: Sequence[Tuple[int, int]]):
        Tensor.__init__(self, view.storage, view.dtype, view.shape, view.strides, view.offset, view.part, view.base_shape, view.dynamic,
                        view.vector)
        self.dims = tuple(dims)

    def written_dims(self) -> Sequence[Tuple[int, int]]:
        return self.dims


def merged(dims: Sequence[Tuple[int, int]]) -> list:
    """The same elements in the same order in as few dimensions as possible."""
    out: list = []
    for count, step in dims:
        if count == 1:
            continue
        if out and out[-1][1] == count * step:
            out[-1] = (out[-1][0] * count, step)
        else:
            out.append((count, step))
    return out


def operand_text(view: Tensor, name: str, part, offset) -> str:
    """Program text of what `view` accesses of the memory `name`, from that partition and offset on."""
    storage, dims = view.storage, view.written_dims()
    row = storage.row * storage.dtype.itemsize // view.dtype.itemsize
    whole = offset == 0 and (not dims and row == 1 or len(dims) == 1 and dims[0] == (row, 1))
    if view.space == "hbm":
        return name if whole else f"{name}[{_free_text(offset, dims)}]"
    parts = view.shape[0]
    if whole and parts == storage.parts:
        return name
    partition = ":" if parts == storage.parts else f"{offset_text(part)} +: {parts}"
    return f"{name}[{partition}, {':' if whole else _free_text(offset, dims)}]"


def _free_text(offset, dims: Sequence[Tuple[int, int]]) -> str:
    text = str(offset) if offset.__class__ is int else offset_text(offset)
    for count, step in dims:
        text += f" +: {count}" if step == 1 else f" +: {count} by {step}"
    return text


def row_major(shape: Sequence[int]) -> Tuple[int, ...]:
    """Strides of a tensor that lies in memory as it is written down."""
    if len(shape) == 2:
        return (shape[1], 1)
    strides, step = [], 1
    for count in reversed(shape):
        strides.append(step)
        step *= count
    return tuple(reversed(strides))


def whole(storage: Storage, cls=Tensor) -> Tensor:
    """The view that an allocation returns."""
    return cls(storage, storage.dtype, storage.shape, row_major(storage.shape))
