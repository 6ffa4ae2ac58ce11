# SPDX-License-Identifier: Apache-2.0
"""nki.language functions that compute: each becomes the instructions a person would write. Importing this module makes
the operators of _operators.py callable and gives tensors Python's arithmetic."""
from __future__ import annotations

import math
import numbers
from typing import Optional

from . import _checks as check
from . import _language as basic
from ._dtypes import as_dtype
from ._errors import fail
from ._isa_data import nc_n_gather, tensor_copy, tensor_copy_predicated
from ._isa_elementwise import activation, reciprocal, tensor_reduce, tensor_scalar, tensor_tensor
from ._isa_random import dropout as _dropout
from ._isa_select import bn_aggr, bn_stats
from ._operators import COMPARISONS, OPERATORS, UNARY, Operator
from ._tensor import Tensor


def _is_number(value) -> bool:
    if value.__class__ is float or value.__class__ is int:
        return True
    if isinstance(value, Tensor):
        return False
    return isinstance(value, numbers.Real) or type(value).__module__ == "numpy" and getattr(value, "ndim", 1) == 0


def _tile(function: str, what: str, value) -> Tensor:
    value = check.tensor(function, what, value)
    if value.space == "hbm":
        fail(function, f"{what} is in HBM: load it first, with nl.load")
    return value


def _is_column(view: Tensor, other: Tensor) -> bool:
    """One element per partition, for an operand with more."""
    return view.elems == 1 and view.shape[0] == other.shape[0]


def broadcast_shapes(one: Tensor, two: Tensor, function: str = "nl") -> tuple:
    rank = max(one.ndim, two.ndim)
    left, right = (1,) * (rank - one.ndim) + one.shape, (1,) * (rank - two.ndim) + two.shape
    out = []
    for a, b in zip(left, right):
        if a != b and 1 not in (a, b):
            fail(function, f"{list(one.shape)} and {list(two.shape)} do not fit together")
        out.append(max(a, b))
    return tuple(out)


def binary(op: Operator, x, y, dtype=None, out: Optional[Tensor] = None) -> Tensor:
    """x op y for tiles and numbers, as tensor_tensor or tensor_scalar."""
    name = f"nl.{op.name}"
    if _is_number(x):
        y = _tile(name, "y", y)
        made = basic.result(y, dtype) if out is None else out
        tensor_scalar(made, y, op, float(x), reverse0=True)
        return made
    x = _tile(name, "x", x)
    if _is_number(y):
        made = basic.result(x, dtype) if out is None else out
        tensor_scalar(made, x, op, float(y))
        return made
    y = _tile(name, "y", y)
    if x.shape != y.shape and x.elems != y.elems or x.shape[0] != y.shape[0]:
        return _uneven(op, x, y, dtype, out)
    made = out if out is not None else basic.result(x if x.ndim >= y.ndim else y, dtype or x.dtype)
    if x.space == "psum" and y.space == "psum":
        x = basic.copy(x, "float32" if x.dtype.is_float else None)
    tensor_tensor(made, x, y, op)
    return made


def _uneven(op: Operator, x: Tensor, y: Tensor, dtype, out: Optional[Tensor]) -> Tensor:
    """Operands of different sizes: a column is a scalar per partition, the rest is repeated."""
    if _is_column(y, x):
        made = basic.result(x, dtype) if out is None else out
        tensor_scalar(made, x, op, y)
        return made
    if _is_column(x, y):
        made = basic.result(y, dtype or x.dtype) if out is None else out
        tensor_scalar(made, y, op, x, reverse0=True)
        return made
    shape = broadcast_shapes(x, y, f"nl.{op.name}")
    wide = [each if each.shape == shape else basic.broadcast_to(each, shape) for each in (x, y)]
    return binary(op, wide[0], wide[1], dtype or x.dtype, out)


def divide(x, y, dtype=None, **_) -> Tensor:
    """x / y as x * (1 / y): the hardware has no division."""
    if _is_number(y):
        return binary(OPERATORS["multiply"], x, 1.0 / float(y), dtype)
    y = _tile("nl.divide", "y", y)
    inverse = basic.result(y, "float32")
    reciprocal(inverse, y)
    if _is_number(x):
        return binary(OPERATORS["multiply"], inverse, x, dtype or y.dtype)
    return binary(OPERATORS["multiply"], x, inverse, dtype or x.dtype)


def unary(op: Operator, x, dtype=None) -> Tensor:
    """op(x) on Scalar."""
    x = _tile(f"nl.{op.name}", "x", x)
    made = basic.result(x, dtype)
    activation(made, op, x)
    return made


def _reciprocal(x, dtype=None, **_) -> Tensor:
    x = _tile("nl.reciprocal", "x", x)
    made = basic.result(x, dtype)
    reciprocal(made, x)
    return made


def _rsqrt(x, dtype=None, **_) -> Tensor:
    x = _tile("nl.rsqrt", "x", x)
    made = basic.result(x, dtype)
    if x.space == "psum":
        activation(made, OPERATORS["rsqrt"], x)
    else:
        tensor_scalar(made, x, OPERATORS["rsqrt"], None)
    return made


def negative(x, dtype=None, **_) -> Tensor:
    return binary(OPERATORS["multiply"], x, -1.0, dtype)


def logical_not(x, dtype=None, **_) -> Tensor:
    return binary(OPERATORS["equal"], x, 0.0, dtype)


def invert(x, dtype=None, **_) -> Tensor:
    """All bits of an integer flipped."""
    x = _tile("nl.invert", "x", x)
    ones = basic.result(x, x.dtype)
    basic.memset(ones, -1.0 if x.dtype.name.startswith("int") else float(2 ** (8 * x.itemsize) - 1))
    return binary(OPERATORS["bitwise_xor"], x, ones, dtype)


def _nearest(x: Tensor) -> Tensor:
    """Rounded to the nearest integer, as fp32: by way of int32."""
    whole_number = basic.result(x, "int32")
    tensor_copy(whole_number, x)
    made = basic.result(x, "float32")
    tensor_copy(made, whole_number)
    return made


def floor(x, dtype=None, **_) -> Tensor:
    x = _tile("nl.floor", "x", x)
    near = _nearest(x)
    above = binary(OPERATORS["greater"], near, x, "float32")
    return binary(OPERATORS["subtract"], near, above, dtype or x.dtype)


def ceil(x, dtype=None, **_) -> Tensor:
    x = _tile("nl.ceil", "x", x)
    near = _nearest(x)
    below = binary(OPERATORS["less"], near, x, "float32")
    return binary(OPERATORS["add"], near, below, dtype or x.dtype)


def trunc(x, dtype=None, **_) -> Tensor:
    x = _tile("nl.trunc", "x", x)
    size = floor(binary(OPERATORS["abs_max"], x, 0.0, "float32"))
    sign = unary(OPERATORS["sign"], x, "float32")
    return binary(OPERATORS["multiply"], size, sign, dtype or x.dtype)


def mod(x, y, dtype=None, **_) -> Tensor:
    """x - floor(x / y) * y: the sign of y."""
    quotient = floor(divide(x, y, "float32"))
    return binary(OPERATORS["subtract"], x, binary(OPERATORS["multiply"], quotient, y), dtype)


def fmod(x, y, dtype=None, **_) -> Tensor:
    """x - trunc(x / y) * y: the sign of x."""
    quotient = trunc(divide(x, y, "float32"))
    return binary(OPERATORS["subtract"], x, binary(OPERATORS["multiply"], quotient, y), dtype)


def _sine(x, shift: float, dtype) -> Tensor:
    """sin(x + shift): the hardware's is valid between -pi and pi, so whole turns are taken off before."""
    x = _tile("nl.sin", "x", x)
    moved = binary(OPERATORS["add"], x, shift, "float32") if shift else x
    turns = _nearest(binary(OPERATORS["multiply"], moved, 1 / (2 * math.pi), "float32"))
    rest = binary(OPERATORS["subtract"], moved, binary(OPERATORS["multiply"], turns, 2 * math.pi), "float32")
    rest = binary(OPERATORS["minimum"], binary(OPERATORS["maximum"], rest, -math.pi), math.pi)
    return unary(OPERATORS["sin"], rest, dtype or x.dtype)


def sin(x, dtype=None, **_) -> Tensor:
    return _sine(x, 0.0, dtype)


def cos(x, dtype=None, **_) -> Tensor:
    return _sine(x, math.pi / 2, dtype)


def tan(x, dtype=None, **_) -> Tensor:
    return divide(sin(x, "float32"), cos(x, "float32"), dtype or x.dtype)


def _axes(name: str, x: Tensor, axis) -> list:
    axes = [axis] if isinstance(axis, numbers.Integral) else list(axis)
    axes = sorted(int(each) % x.ndim for each in axes)
    if not axes or axes[0] == 0 or axes != list(range(axes[0], x.ndim)):
        fail(name, f"axis {axis}: the last dimensions of {list(x.shape)} can be reduced, not partitions")
    return axes


def reduce(op: Operator, x, axis, dtype=None, keepdims=False, negate=False) -> Tensor:
    """x reduced over its last dimensions; a result keeps two dimensions."""
    x = _tile(f"nl.{op.name}", "x", x)
    axes = _axes(f"nl.{op.name}", x, axis)
    shape = x.shape[:axes[0]] + ((1,) * len(axes) if keepdims else ())
    made = basic.result(x, dtype, shape if len(shape) > 1 else shape + (1,))
    tensor_reduce(made, op, x, axes, negate=negate)
    return made


def _count(x, axis) -> int:
    return math.prod(x.shape[each] for each in _axes("nl.mean", x, axis))


def mean(x, axis, dtype=None, keepdims=False, **_) -> Tensor:
    total = reduce(OPERATORS["add"], x, axis, "float32", keepdims)
    return binary(OPERATORS["multiply"], total, 1.0 / _count(x, axis), dtype or x.dtype)


def var(x, axis, dtype=None, keepdims=False, **_) -> Tensor:
    """Population variance over the free dimensions, by bn_stats."""
    x = _tile("nl.var", "x", x)
    if _axes("nl.var", x, axis)[0] != 1:
        fail("nl.var", f"axis {axis}: all free dimensions of {list(x.shape)} are taken together")
    flat = x.reshape((x.shape[0], x.elems))
    width = 512
    chunks = -(-x.elems // width)
    stats = basic.result(x, "float32", (x.shape[0], 6 * chunks))
    for i in range(chunks):
        bn_stats(stats[:, 6 * i:6 * i + 6], flat[:, i * width:min(x.elems, (i + 1) * width)])
    both = basic.result(x, "float32", (x.shape[0], 2))
    bn_aggr(both, stats)
    return basic.copy(both[:, 1:2], dtype or x.dtype)


def all(x, axis, dtype=None, **_) -> Tensor:  # noqa: A001 (the public name)
    """1 where no element is 0."""
    x = _tile("nl.all", "x", x)
    return reduce(OPERATORS["minimum"], binary(OPERATORS["not_equal"], x, 0.0), axis, dtype)


def softmax(x, axis=-1, dtype=None, **_) -> Tensor:
    """exp(x - max) / sum of it, over the last dimensions."""
    x = _tile("nl.softmax", "x", x)
    if _axes("nl.softmax", x, axis)[0] != 1:
        fail("nl.softmax", f"axis {axis}: all free dimensions of {list(x.shape)} are taken together")
    lowest = reduce(OPERATORS["maximum"], x, _axes("nl.softmax", x, axis), "float32", negate=True)
    exps = basic.result(x, "float32")
    total = basic.result(x, "float32", (x.shape[0], 1))
    from ._isa_elementwise import activation_reduce
    activation_reduce(exps, OPERATORS["exp"], x, reduce_op=OPERATORS["add"], reduce_res=total, bias=lowest)
    return binary(OPERATORS["multiply"], exps, _reciprocal(total), dtype or x.dtype)


def rms_norm(x, w, axis=-1, n=None, epsilon=1e-6, dtype=None, **_) -> Tensor:
    """x / sqrt(mean(x^2) + epsilon) * w."""
    x = _tile("nl.rms_norm", "x", x)
    squares = binary(OPERATORS["multiply"], x, x, "float32")
    total = reduce(OPERATORS["add"], squares, axis)
    scaled = basic.result(total, "float32")
    tensor_scalar(scaled, total, OPERATORS["multiply"], 1.0 / (n or _count(x, axis)), op1=OPERATORS["add"], operand1=float(epsilon))
    normal = binary(OPERATORS["multiply"], x, _rsqrt(scaled), "float32")
    return binary(OPERATORS["multiply"], normal, w, dtype or x.dtype)


def where(condition, x, y, dtype=None, **_) -> Tensor:
    """x where condition is not 0, else y."""
    condition = _tile("nl.where", "condition", condition)
    like = next((each for each in (x, y) if isinstance(each, Tensor)), None)
    kind = as_dtype(dtype) if dtype is not None else like.dtype if like is not None else as_dtype("float32")
    made = basic.result(condition, kind)
    if _is_number(y):
        basic.memset(made, float(y))
    else:
        tensor_copy(made, basic.broadcast_to(y, condition.shape) if y.shape != condition.shape else y)
    if condition.dtype.is_float:
        condition = binary(OPERATORS["not_equal"], condition, 0.0, "uint8")
    if not _is_number(x) and x.dtype is not kind:
        x = basic.copy(x, kind)
    tensor_copy_predicated(made, x, condition)
    return made


def dropout(x, rate, dtype=None, **_) -> Tensor:
    x = _tile("nl.dropout", "x", x)
    made = basic.result(x, dtype)
    _dropout(made, x, rate)
    return made


def gather_flattened(data, indices, dtype=None, **_) -> Tensor:
    """made[p, j] = data[p, indices[p, j]], free dimensions flattened."""
    made = basic.result(data, dtype, indices.shape)
    nc_n_gather(made, data, indices)
    return made


# Operators become callable.
def _binary_of(op: Operator):
    return check.without_mask(lambda x, y, dtype=None, **_: binary(op, x, y, dtype), f"nl.{op.name}")


def _unary_of(op: Operator):
    return check.without_mask(lambda x, dtype=None, **_: unary(op, x, dtype), f"nl.{op.name}")


def _reduction_of(op: Operator):
    return check.without_mask(lambda x, axis, dtype=None, keepdims=False, **_: reduce(op, x, axis, dtype, keepdims), f"nl.{op.name}")


for _op in OPERATORS.values():
    if _op.alu is not None and _op.alu not in UNARY and _op.alu not in ("bypass", "average"):
        _op.compute = _binary_of(_op)
    elif _op.activation is not None:
        _op.compute = _unary_of(_op)
for _name in ("max", "min", "sum", "prod"):
    OPERATORS[_name].compute = _reduction_of(OPERATORS[_name])
for _name, _function in (("mean", mean), ("divide", divide), ("mod", mod), ("fmod", fmod), ("invert", invert), ("floor", floor),
                         ("logical_not", logical_not), ("negative", negative), ("cos", cos), ("tan", tan), ("ceil", ceil),
                         ("trunc", trunc), ("sin", sin), ("reciprocal", _reciprocal), ("rsqrt", _rsqrt), ("copy", basic.copy)):
    OPERATORS[_name].compute = check.without_mask(_function, f"nl.{_name}")
OPERATORS["prelu"].compute = None


# Python's arithmetic on tiles.
def _assign(self: Tensor, key, value) -> None:
    """t[key] = value: a copy; nothing when the value is that very view."""
    target = self[key]
    if isinstance(value, Tensor) and value.storage is target.storage and value.text() == target.text():
        return
    if target.space == "hbm":
        basic.store(target, value)
    elif _is_number(value):
        basic.memset(target, float(value))
    else:
        value = check.tensor("tensor", "the value", value)
        if value.space == "hbm":
            basic.dma_copy(target, value)
        else:
            tensor_copy(target, value)


def _python_operator(name: str, op: str):
    token = OPERATORS[op]
    compute = divide if op == "divide" else (lambda x, y: binary(token, x, y))
    setattr(Tensor, f"__{name}__", lambda self, other: compute(self, other))
    if op not in COMPARISONS:
        setattr(Tensor, f"__r{name}__", lambda self, other: compute(other, self))

        def in_place(self, other):
            return binary(token, self, other, out=self) if op != "divide" else binary(OPERATORS["multiply"], self, _inverse(other), out=self)
        setattr(Tensor, f"__i{name}__", in_place)


def _inverse(value):
    return 1.0 / float(value) if _is_number(value) else _reciprocal(value, "float32")


for _name, _op in (("add", "add"), ("sub", "subtract"), ("mul", "multiply"), ("truediv", "divide"), ("pow", "power"), ("lt", "less"),
                   ("le", "less_equal"), ("gt", "greater"), ("ge", "greater_equal"), ("and", "bitwise_and"), ("or", "bitwise_or"),
                   ("xor", "bitwise_xor"), ("lshift", "left_shift"), ("rshift", "right_shift")):
    _python_operator(_name, _op)
Tensor.__neg__ = lambda self: negative(self)
Tensor.__invert__ = lambda self: invert(self)
Tensor.__setitem__ = _assign
