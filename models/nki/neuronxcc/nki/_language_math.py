# SPDX-License-Identifier: Apache-2.0
"""nki.language of the first dialect: functions that compute. The core's functions do it; masks cut their operands and
results of mixed types have the larger one."""
from __future__ import annotations

import numbers
import sys
from typing import Callable, Dict, List

import numpy as np

from nki import _language_math as core
from nki import isa
from nki._errors import fail
from nki._operators import OPERATORS, Operator
from nki._tensor import Tensor

from . import _assign
from . import _isa_compute as compute
from ._area import Area
from ._bind import Call, promoted, tile_of
from ._index import Index
from ._language import _unmasked
from ._language import copy as _copied
from ._loop_reduce import LoopReduce
from ._tile import Tile, as_tile


class Function(Operator):
    """An operator of this dialect: a token for `op`, and a function of tiles."""

    __slots__ = ()

    def __init__(self, operator: Operator, compute_: Callable):
        Operator.__init__(self, operator.name, operator.alu, operator.activation)
        self.compute = compute_


def _is_number(value) -> bool:
    kind = value.__class__
    if kind is Tile or kind is float or kind is int:
        return kind is not Tile
    if isinstance(value, Tensor):
        return False
    return isinstance(value, (numbers.Real, np.number)) or isinstance(value, np.ndarray) and value.ndim == 0


def _operand(name: str, what: str, value):
    if value.__class__ is Tile and value.space != "hbm":
        return value
    if _is_number(value):
        return float(value)
    value = tile_of(name, what, value)
    if value.space == "hbm":
        fail(name, f"{what} is in HBM: load it first, with nl.load")
    return value


def _shape(name: str, x, y):
    if _is_number(x):
        return y.shape
    if _is_number(y):
        return x.shape
    if x.elems == y.elems and x.shape[0] == y.shape[0]:
        return x.shape if len(x.shape) >= len(y.shape) else y.shape
    if y.elems == 1 and x.shape[0] == y.shape[0] and len(x.shape) == len(y.shape):
        return x.shape
    return core.broadcast_shapes(x, y, name)


def _kind(dtype, *operands):
    return dtype if dtype is not None else promoted(*[each.dtype for each in operands if isinstance(each, Tensor)])


def binary(op: Operator, x, y, dtype=None, mask=None, **_):
    """x op y as tensor_tensor or tensor_scalar."""
    name = f"nl.{op.name}"
    x, y = _operand(name, "x", x), _operand(name, "y", y)
    if _is_number(x) and _is_number(y):
        return getattr(np, op.name)(x, y)
    call = Call(name, mask, _shape(name, x, y))
    one, two = call.part("x", x), call.part("y", y)
    return call.result(lambda to: core.binary(op, one, two, out=to), _kind(dtype, x, y))


def unary(op: Operator, x, dtype=None, mask=None, **_):
    x = _operand(f"nl.{op.name}", "x", x)
    call = Call(f"nl.{op.name}", mask, x.shape)
    source = call.part("x", x)
    return call.result(lambda to: isa.activation(to, op, source), dtype or x.dtype)


def composed(name: str, function: Callable, operands: int = 1) -> Callable:
    """A function of the core that takes several instructions. Under a mask it is done for the part, which is then placed."""
    def call_it(*args, dtype=None, mask=None, **more):
        tiles = [_operand(f"nl.{name}", "x", each) for each in args[:operands]]
        first = next(each for each in tiles if isinstance(each, Tensor))
        call = Call(f"nl.{name}", mask, first.shape)
        if dtype is not None:
            more["dtype"] = dtype
        if call.area is not None and call.area.empty:
            return call.result(lambda to: None, dtype or first.dtype)
        made = as_tile(function(*(call.part("x", each) for each in tiles), *args[operands:], **more))
        if call.area is None or call.area.box is None or made.shape[0] != call.area.cut(first).shape[0]:
            made.area = call.area if call.area is not None and call.area.box is None else None
            return made
        same = made.shape == call.area.cut(first).shape
        shape = first.shape if same else (first.shape[0],) + tuple(made.shape[1:])
        area = call.area if same else Area(shape, [call.area.box[0]] + [(0, size) for size in shape[1:]])
        return call.result(lambda to: isa.tensor_copy(to, made), made.dtype, shape=shape, area=area)
    return call_it


def reduction(op: Operator) -> Callable:
    def reduce(x, axis=None, dtype=None, mask=None, keepdims=False, negate=False, **_):
        x = _operand(f"nl.{op.name}", "x", x)
        axis = list(range(1, x.ndim)) if axis is None else axis
        return compute.tensor_reduce(op, x, axis, mask=mask, dtype=dtype, keepdims=keepdims, negate=negate)
    return reduce


def _count(x: Tile, axis, mask) -> int:
    axes = compute.reduced_axes("nl.mean", x, axis)
    area = Call("nl.mean", mask, x.shape).area
    box = area.box if area is not None and area.box is not None else [(0, size) for size in x.shape]
    return int(np.prod([box[each][1] - box[each][0] for each in axes]))


def mean(x, axis, dtype=None, mask=None, keepdims=False, **_):
    x = _operand("nl.mean", "x", x)
    total = compute.tensor_reduce(OPERATORS["add"], x, axis, mask=mask, dtype="float32", keepdims=keepdims)
    made = binary(OPERATORS["multiply"], _unmasked(total), 1.0 / _count(x, axis, mask), dtype or x.dtype)
    if total.area is None:
        return made
    call = Call("nl.mean", None, total.shape)
    return call.result(lambda to: isa.tensor_copy(to, made), made.dtype, area=total.area)


def divide(x, y, dtype=None, mask=None, **_):
    x, y = _operand("nl.divide", "x", x), _operand("nl.divide", "y", y)
    if _is_number(y):
        return binary(OPERATORS["multiply"], x, 1.0 / y, dtype, mask)
    call = Call("nl.divide", mask, _shape("nl.divide", x, y))
    inverse = OPERATORS["reciprocal"](call.part("y", y), "float32")
    return call.result(lambda to: core.binary(OPERATORS["multiply"], call.part("x", x), inverse, out=to), _kind(dtype, x, y))


def negative(x, dtype=None, mask=None, **_):
    return binary(OPERATORS["multiply"], x, -1.0, dtype, mask)


def rsqrt(x, dtype=None, mask=None, **_):
    x = _operand("nl.rsqrt", "x", x)
    call = Call("nl.rsqrt", mask, x.shape)
    source = call.part("x", x)

    def emit(to):
        if "psum" in (source.space, to.space):
            return isa.activation(to, OPERATORS["rsqrt"], source)
        return isa.tensor_scalar(to, source, OPERATORS["rsqrt"], None)
    return call.result(emit, dtype or x.dtype)


def reciprocal(x, dtype=None, mask=None, **_):
    return compute.reciprocal(_operand("nl.reciprocal", "x", x), dtype=dtype, mask=mask)


def copy(x, *more, dtype=None, mask=None, **_):
    return _copied(x, *more, dtype=dtype, mask=mask)


def where(condition, x, y, dtype=None, mask=None, **_):
    condition = _operand("nl.where", "condition", condition)
    made = as_tile(core.where(condition, x, y, dtype))
    made.area = Call("nl.where", mask, condition.shape).area
    return made


def rms_norm(x, w, axis=-1, n=None, epsilon=1e-6, dtype=None, compute_dtype=None, mask=None, **_):
    return composed("rms_norm", core.rms_norm, 2)(x, w, axis, n, epsilon, dtype=dtype, mask=mask)


def softmax(x, axis=-1, dtype=None, compute_dtype=None, mask=None, **_):
    return composed("softmax", core.softmax)(x, axis, dtype=dtype, mask=mask)


def var(x, axis, dtype=None, mask=None, **_):
    return composed("var", core.var)(x, axis, dtype=dtype, mask=mask)


def all_(x, axis, dtype=None, mask=None, **_):
    return composed("all", core.all)(x, axis, dtype=dtype, mask=mask)


def gather_flattened(data, indices, dtype=None, mask=None, **_):
    name = "nl.gather_flattened"
    made = as_tile(core.gather_flattened(_operand(name, "data", data), tile_of(name, "indices", indices), dtype))
    made.area = Call(name, mask, made.shape).area
    return made


def dropout(x, rate, dtype=None, mask=None, **_):
    return compute.dropout(_operand("nl.dropout", "x", x), rate, dtype=dtype, mask=mask)


def _functions() -> Dict[str, object]:
    own: Dict[str, Callable] = {
        "divide": divide, "mean": mean, "negative": negative, "rsqrt": rsqrt, "reciprocal": reciprocal, "copy": copy,
        **{name: reduction(OPERATORS[name]) for name in ("max", "min", "sum", "prod")},
        **{name: composed(name, OPERATORS[name].compute) for name in ("invert", "logical_not", "floor", "ceil", "trunc", "sin", "cos", "tan")},
        **{name: composed(name, OPERATORS[name].compute, 2) for name in ("mod", "fmod")}}
    made: Dict[str, object] = {}
    for name, op in OPERATORS.items():
        if name in own:
            made[name] = Function(op, own[name])
        elif op.compute is None:
            made[name] = op
        elif op.alu is not None and op.alu == name and op.activation is None:
            made[name] = Function(op, lambda x, y, dtype=None, mask=None, _op=op, **_: binary(_op, x, y, dtype, mask))
        else:
            made[name] = Function(op, lambda x, dtype=None, mask=None, _op=op, **_: unary(_op, x, dtype, mask))
    return made


FUNCTIONS = _functions()


# Python's operators. Comparisons give 1 and 0 in the type of what they compare: & | ^ ~ of floats are about truth.
_OF_TRUTH = {"bitwise_and": "logical_and", "bitwise_or": "logical_or", "bitwise_xor": "logical_xor", "invert": "logical_not"}


def _is_float(value) -> bool:
    return isinstance(value, Tensor) and value.dtype.is_float


def _operator(name: str, op: str, in_place: bool) -> None:
    def chosen(*operands):
        return OPERATORS[_OF_TRUTH[op] if op in _OF_TRUTH and any(_is_float(each) for each in operands) else op]

    def compute_it(self, other):
        if isinstance(other, Index):
            return other._plus(self, 1) if name == "add" else NotImplemented
        return FUNCTIONS[chosen(self, other).name].compute(self, other)
    setattr(Tile, f"__{name}__", compute_it)
    if in_place:
        setattr(Tile, f"__r{name}__", lambda self, other: FUNCTIONS[chosen(self, other).name].compute(other, self))
        setattr(Tile, f"__i{name}__", lambda self, other: _assign.in_place(chosen(self, other), self, _value(other)))


def _value(other):
    return other.nki_tensor() if isinstance(other, LoopReduce) else other


_NAMES: List = [("add", "add"), ("sub", "subtract"), ("mul", "multiply"), ("truediv", "divide"), ("pow", "power"), ("and", "bitwise_and"),
                ("or", "bitwise_or"), ("xor", "bitwise_xor"), ("lshift", "left_shift"), ("rshift", "right_shift"), ("mod", "mod")]
for _name, _op in _NAMES:
    _operator(_name, _op, _name != "mod")
for _name, _op in (("lt", "less"), ("le", "less_equal"), ("gt", "greater"), ("ge", "greater_equal")):
    _operator(_name, _op, False)
Tile.__neg__ = lambda self: negative(self)
Tile.__invert__ = lambda self: FUNCTIONS["logical_not" if _is_float(self) else "invert"](self)
Tile.__abs__ = lambda self: FUNCTIONS["abs"](self)
Tile.__floordiv__ = lambda self, other: FUNCTIONS["floor"](FUNCTIONS["divide"](self, other))
Tile.__rfloordiv__ = lambda self, other: FUNCTIONS["floor"](FUNCTIONS["divide"](other, self))


def _equality(op: str, same: bool) -> Callable:
    """Element by element with tiles and numbers; with anything else, as None, the question is whether it is the tile."""
    def compare(self: Tile, other):
        if isinstance(other, Tensor) or _is_number(other) and not isinstance(other, bool):
            return FUNCTIONS[op](self, other)
        return same if other is self else not same
    return compare


Tile.__eq__, Tile.__ne__, Tile.__hash__ = _equality("equal", True), _equality("not_equal", False), Tensor.__hash__


def _add_in_place(self: Tile, other) -> Tile:
    references = sys.getrefcount(other)  # before the call below holds one
    return _assign.add_in_place(self, _value(other), references)


Tile.__iadd__ = _add_in_place
