# SPDX-License-Identifier: Apache-2.0
"""Elementwise instructions, activations and reductions. Rules: AWS NKI documentation, nki.isa, each function's page.
`x <op> s` becomes `s <op> x` when the matching reverse flag is set."""
from __future__ import annotations

import warnings
from typing import Optional

from . import _checks as check
from . import _trace
from ._enums import UNKNOWN, reduce_cmd as commands
from ._errors import NkiWarning, fail, label, missing
from ._operators import ACCUMULATIONS, OPERATORS, REDUCTIONS, UNARY, Operator, activation as activation_name, alu
from ._tensor import Reshaped, Tensor, merged
from ._trace import Record, add

_INT32 = ("int32", "uint32")
IDLE = commands.idle
RESET_REDUCE = commands.reset_reduce


def tensor_tensor(dst, data1, data2, op, engine=UNKNOWN, name=None, dtype=None) -> Record:
    """dst = data1 op data2; 32-bit integers exactly, on GpSimd, when none is in PSUM."""
    function = "nki.isa.tensor_tensor"
    dst = check.chip(function, "dst", dst)
    data1 = check.chip(function, "data1", data1)
    data2 = check.chip(function, "data2", data2)
    check.same(function, dst, data1, "data1")
    check.same(function, dst, data2, "data2")
    if data1.space == "psum" and data2.space == "psum":
        check.one_in_psum(function, data1, data2)
    text = op.alu if op.__class__ is Operator and op.alu is not None else alu(function, op)
    if text in UNARY:
        fail(function, f"{text} takes one operand, not two")
    if data1.dtype.is_float is False or data2.dtype.is_float is False:
        check.bitwise_integers(function, text, dst, data1, data2)
        integers = dst.dtype.name in _INT32 and data1.dtype.name in _INT32 and data2.dtype.name in _INT32
    else:
        check.bitwise_integers(function, text, data1)
        integers = False
    on_gpsimd = integers and text in ("add", "subtract", "multiply") or text == "power"
    default = "gpsimd" if on_gpsimd and "psum" not in (dst.space, data1.space, data2.space) else "vector"
    which = default if engine is UNKNOWN else check.engine(function, engine, ("vector", "gpsimd"), default, dst, data1, data2)
    return add("tensor_tensor", which, [dst, data1, data2], (("op", text),), name)


def _scalar_capable(function: str, op0: str, op1: Optional[str]) -> None:
    if not (op0 == "multiply" and op1 in ("add", None) or op0 == "add" and op1 is None):
        fail(function, f"the Scalar engine has multiply, add, and multiply then add, not {op0} then {op1 or 'nothing'}")


# Operators of one operand that Vector has as one of two: operator, second operand, first NeuronCore.
_SPELLED = {"relu": ("maximum", 0.0, 4), "invert": ("bitwise_xor", -1.0, 2), "logical_not": ("equal", 0.0, 2)}


def _spelled(function: str, op, operand):
    """An operator and its operand as Vector and GpSimd have them."""
    name = getattr(op, "__name__", op)
    if name in ("bitwise_not", "bitwise_invert"):
        name = "invert"
    if name not in _SPELLED:
        return op, operand
    op, operand, since = _SPELLED[name]
    check.since(f"{function} with {name}", since)
    return OPERATORS[op], operand


def tensor_scalar(dst, data, op0, operand0, reverse0=False, op1=None, operand1=None, reverse1=False, engine=UNKNOWN, name=None,
                  dtype=None) -> Record:
    """dst = (data op0 operand0) op1 operand1; operands are numbers or one element per partition."""
    function = "nki.isa.tensor_scalar"
    dst = check.chip(function, "dst", dst)
    data = check.chip(function, "data", data)
    check.same(function, dst, data, "data")
    if op0.__class__ is Operator and op0.alu is not None:
        first = op0.alu
    else:
        op0, operand0 = _spelled(function, op0, operand0)
        first = alu(function, op0, "op0")
    attributes = [("op0", first)]
    if operand0 is not None:
        attributes.append(("operand0", check.scalar(function, "operand0", operand0, dst)))
    if reverse0:
        attributes.append(("reverse0", True))
    second = None
    if op1 is not None:
        op1, operand1 = _spelled(function, op1, operand1)
        second = alu(function, op1, "op1")
        attributes.append(("op1", second))
        if operand1 is not None:
            attributes.append(("operand1", check.scalar(function, "operand1", operand1, dst)))
        if reverse1:
            attributes.append(("reverse1", True))
        if (first in check.BITWISE) != (second in check.BITWISE):
            fail(function, f"{first} and {second}: both operators bitwise or both arithmetic")
    if first in check.BITWISE:
        check.bitwise_integers(function, first, dst, data)
    default = "gpsimd" if "rsqrt" in (first, second) and "psum" not in (dst.space, data.space) else "vector"
    which = default if engine is UNKNOWN else check.engine(function, engine, ("vector", "scalar", "gpsimd"), default, dst, data)
    if which == "scalar":
        return _scalar_engine(function, dst, data, first, second, attributes, name)
    return add("tensor_scalar", which, [dst, data], tuple(attributes), name)


def _scalar_engine(function: str, dst: Tensor, data: Tensor, op0: str, op1: Optional[str], attributes: list, name) -> Record:
    """On Scalar a multiply and an add; before NeuronCore-v4 an activation does it."""
    _scalar_capable(function, op0, op1)
    if _trace.current(function).target.version > 3:
        return add("tensor_scalar", "scalar", [dst, data], tuple(attributes), name)
    given = dict(attributes)
    scale = given.get("operand0", 0.0) if op0 == "multiply" else 1.0
    bias = given.get("operand0", 0.0) if op0 == "add" else given.get("operand1", 0.0)
    return add("activation", "scalar", [dst, data], (("function", "copy"), ("scale", scale), ("bias", bias)), name)


def scalar_tensor_tensor(dst, data, op0, operand0, op1, operand1, reverse0=False, reverse1=False, name=None, dtype=None) -> Record:
    """dst = (data op0 operand0) op1 operand1; operand1 is a tile like dst."""
    function = "nki.isa.scalar_tensor_tensor"
    dst = check.chip(function, "dst", dst)
    data = check.chip(function, "data", data)
    operand1 = check.chip(function, "operand1", operand1)
    check.same(function, dst, data, "data")
    check.same(function, dst, operand1, "operand1")
    check.one_in_psum(function, data, operand1)
    first, second = alu(function, op0, "op0"), alu(function, op1, "op1")
    check.no_bitwise(function, first, second)
    attributes = (("op0", first), ("op1", second), ("operand0", check.scalar(function, "operand0", operand0, dst)),
                  ("reverse0", bool(reverse0)), ("reverse1", bool(reverse1)))
    return add("scalar_tensor_tensor", "vector", [dst, data, operand1], attributes, name)


_OF_SCALAR = ("nki.isa.activation", "nki.isa.activate2")


def _accumulates(engine: str, command: str, reduce_res) -> None:
    """Warns of who reads an accumulator without having put anything there: `idle` is what activation does when not told."""
    accumulators = _trace.current().accumulators
    if command != "idle":
        accumulators.add(engine)
    elif reduce_res is not None and engine not in accumulators:
        warnings.warn(f"{label()}: reduce_res is what the accumulator of {engine} holds, and nothing was added to it: "
                      "reduce_cmd=nisa.reduce_cmd.reset_reduce reduces the result", NkiWarning, stacklevel=4)


def reduction(function: str, dst: Tensor, reduce_cmd, reduce_res, default: str, reduce_op=None, negate=False) -> list:
    """Attributes of what an instruction does with its engine's accumulator."""
    attributes: list = []
    command = check.command(function, reduce_cmd)
    _accumulates("Scalar" if function in _OF_SCALAR else "Vector", command, reduce_res)
    if reduce_op is not None:
        attributes.append(("reduce_op", _reduce_name(function, reduce_op, ACCUMULATIONS)))
    if command != default:
        attributes.append(("reduce_cmd", command))
    if reduce_res is not None:
        result = check.chip(function, "reduce_res", reduce_res)
        check.shape(function, "reduce_res", result, dst.shape[0], 1)
        attributes.append(("reduce_res", result))
    if negate:
        attributes.append(("reduce_res_negate", True))
    return attributes


def _reduce_name(function: str, op, possible=REDUCTIONS) -> str:
    text = alu(function, op, "reduce_op")
    if text not in possible:
        fail(function, f"cannot reduce by {text}")
    return text


def tensor_scalar_reduce(dst, data, op0, operand0, reduce_op, reduce_res=None, reverse0=False, reduce_cmd=RESET_REDUCE,
                         reduce_init=None, reduce_res_negate=False, name=None) -> Record:
    """dst = data op0 operand0; the accumulator of Vector reduces it over the free elements."""
    function = "nki.isa.tensor_scalar_reduce"
    dst = check.chip(function, "dst", dst)
    data = check.chip(function, "data", data)
    check.same(function, dst, data, "data")
    text = alu(function, op0, "op0")
    check.no_bitwise(function, text)
    attributes = [("op0", text), ("operand0", check.scalar(function, "operand0", operand0, dst)), ("reverse0", bool(reverse0))]
    attributes += reduction(function, dst, reduce_cmd, reduce_res, "reset_reduce", reduce_op, reduce_res_negate)
    if reduce_init is not None:
        attributes.append(("reduce_init", check.scalar(function, "reduce_init", reduce_init, dst)))
    return add("tensor_scalar_reduce", "vector", [dst, data], tuple(attributes), name)


def _kept(function: str, data: Tensor, axis, dst: Tensor) -> int:
    """How many free dimensions stay: the reduced ones are the last."""
    axes = [axis] if isinstance(axis, int) else [int(each) for each in axis]
    if axes == [1] and len(data.shape) == 2:
        return 0
    axes = sorted(each % data.ndim if -data.ndim <= each < data.ndim else data.ndim for each in axes)
    if not axes or axes[0] < 1 or axes[-1] >= data.ndim:
        fail(function, f"axis {axis} does not name free dimensions of {list(data.shape)}")
    if axes[-1] != data.ndim - 1 or axes != list(range(axes[0], axes[-1] + 1)):
        if axes == [1] and dst.elems * data.shape[-1] == data.elems:
            return data.ndim - 2  # older kernels: 1 is the innermost
        fail(function, f"axis {axis}: the reduced dimensions must be the last ones of {list(data.shape)}, without gaps")
    return axes[0] - 1


def tensor_reduce(dst, op, data, axis, negate=False, keepdims=False, name=None, dtype=None) -> Record:
    """dst = reduction of data by op over its last free dimensions."""
    function = "nki.isa.tensor_reduce"
    dst = check.chip(function, "dst", dst)
    data = check.chip(function, "data", data)
    text = _reduce_name(function, op)
    keep = _kept(function, data, axis, dst)
    free = data.free_dims()
    kept, reduced = merged(free[:keep]), merged(free[keep:]) or [(1, 1)]
    elements = 1
    for count, _ in kept:
        elements *= count
    check.shape(function, "dst", dst, data.shape[0], elements)
    check.bitwise_integers(function, text, dst, data)
    if negate:
        check.no_bitwise(function + " with negate", text)
    attributes = (("op", text), ("keep", len(kept) or None), ("negate", bool(negate)))
    if len(kept) + len(reduced) > 4:
        missing(function, f"{list(data.shape)} with these strides needs more than 4 free dimensions")
    return add("tensor_reduce", "vector", [dst, Reshaped(data, kept + reduced) if kept else data], attributes, name)


def tensor_partition_reduce(dst, op, data, name=None) -> Record:
    """dst[0] = reduction of data over its partitions, on GpSimd."""
    function = "nki.isa.tensor_partition_reduce"
    dst = check.chip(function, "dst", dst, ("sbuf",))
    data = check.chip(function, "data", data, ("sbuf",))
    text = alu(function, op)
    if text not in ("add", "average", "maximum", "bitwise_or", "bitwise_and"):
        fail(function, f"cannot reduce by {text}: add, average, maximum, bitwise_or and bitwise_and are possible")
    check.shape(function, "dst", dst, 1, data.elems)
    check.bitwise_integers(function, text, dst, data)
    return add("tensor_partition_reduce", "gpsimd", [dst, data], (("op", text),), name)


def tensor_scalar_cumulative(dst, src, op0, op1, imm0, imm1=None, reduce_cmd=RESET_REDUCE, name=None) -> Record:
    """register = op1(op0(x, imm0), register); dst[i] = register."""
    function = "nki.isa.tensor_scalar_cumulative"
    dst = check.chip(function, "dst", dst)
    src = check.chip(function, "src", src)
    check.same(function, dst, src, "src")
    first, second = alu(function, op0, "op0"), alu(function, op1, "op1")
    check.no_bitwise(function, first)
    if second not in ("add", "subtract", "multiply", "maximum", "minimum"):
        fail(function, f"cannot cumulate by {second}")
    for what, each in (("dst", dst), ("src", src)):
        if each.dtype.name in _INT32:
            fail(function, f"{what} is {each.dtype}: 32-bit integers are not possible")
    command = check.command(function, reduce_cmd)
    if command in ("idle", "reset"):
        fail(function, f"reduce_cmd {command}: reduce, reset_reduce and load_reduce are possible")
    attributes = [("op0", first), ("op1", second), ("imm0", check.scalar(function, "imm0", imm0, dst))]
    if imm1 is not None:
        attributes.append(("imm1", check.scalar(function, "imm1", imm1, dst)))
    elif command == "load_reduce":
        fail(function, "load_reduce needs imm1, the value to start from")
    attributes.append(("reduce_cmd", command))
    return add("tensor_scalar_cumulative", "vector", [dst, src], tuple(attributes), name)


def tensor_tensor_scan(dst, data0, data1, initial, op0, op1, reverse0=False, reverse1=False, name=None, dtype=None) -> Record:
    """s = op1(op0(data0[i], s), data1[i]); dst[i] = s; in fp32."""
    function = "nki.isa.tensor_tensor_scan"
    dst = check.chip(function, "dst", dst)
    data0 = check.chip(function, "data0", data0)
    data1 = check.chip(function, "data1", data1)
    check.same(function, dst, data0, "data0")
    check.same(function, dst, data1, "data1")
    check.one_in_psum(function, data0, data1)
    first, second = alu(function, op0, "op0"), alu(function, op1, "op1")
    check.no_bitwise(function, first, second)
    attributes = (("initial", check.scalar(function, "initial", initial, dst)), ("op0", first), ("op1", second),
                  ("reverse0", bool(reverse0)), ("reverse1", bool(reverse1)))
    return add("tensor_tensor_scan", "vector", [dst, data0, data1], attributes, name)


def activation(dst, op, data, bias=None, scale=1.0, reduce_op=None, reduce_res=None, reduce_cmd=IDLE, relu_param=None, name=None,
               dtype=None) -> Record:
    """dst = op(data * scale + bias); the accumulator of Scalar may add the results up."""
    function = "nki.isa.activation"
    dst = check.chip(function, "dst", dst)
    data = check.chip(function, "data", data)
    check.same(function, dst, data, "data")
    text = op.activation if op.__class__ is Operator and op.activation is not None else activation_name(function, op)
    attributes = [("function", text)]
    if scale.__class__ is not float or scale != 1.0:
        attributes.append(("scale", check.scalar(function, "scale", scale, dst)))
    if bias is not None:
        attributes.append(("bias", check.scalar(function, "bias", bias, dst)))
    if reduce_res is not None or reduce_cmd is not IDLE:
        _only_add(function, reduce_op)
        attributes += reduction(function, dst, reduce_cmd, reduce_res, "idle")
    if relu_param:
        attributes.append(("relu_param", float(relu_param)))
    return add("activation", "scalar", [dst, data], tuple(attributes), name)


def _only_add(function: str, reduce_op) -> None:
    if reduce_op is not None and alu(function, reduce_op, "reduce_op") != "add":
        fail(function, f"the Scalar engine reduces by add only, not by {alu(function, reduce_op)}")


def activation_reduce(dst, op, data, reduce_op=None, reduce_res=None, bias=None, scale=1.0, name=None, dtype=None) -> Record:
    """activation, and reduce_res = the sum of the results of each partition."""
    function = "nki.isa.activation_reduce"
    if reduce_res is None:
        fail(function, "needs reduce_res, where the sums go")
    _only_add(function, reduce_op)
    dst = check.chip(function, "dst", dst)
    data = check.chip(function, "data", data)
    result = check.chip(function, "reduce_res", reduce_res)
    _accumulates("Scalar", "reset_reduce", result)
    check.same(function, dst, data, "data")
    check.shape(function, "reduce_res", result, dst.shape[0], 1)
    attributes = [("function", activation_name(function, op)), ("scale", check.scalar(function, "scale", scale, dst))]
    if bias is not None:
        attributes.append(("bias", check.scalar(function, "bias", bias, dst)))
    return add("activation_reduce", "scalar", [dst, result, data], tuple(attributes), name)


def activate2(dst, op, data, imm0=None, imm1=None, op0=None, op1=None, relu_param=0.0, reverse0=False, reverse1=False, reduce_op=None,
              reduce_res=None, reduce_cmd=IDLE, name=None) -> Record:
    """dst = op((data op0 imm0) op1 imm1); NeuronCore-v4."""
    function = "nki.isa.activate2"
    check.since(function, 4)
    dst = check.chip(function, "dst", dst)
    data = check.chip(function, "data", data)
    check.same(function, dst, data, "data")
    first = "bypass" if op0 is None else alu(function, op0, "op0")
    second = "bypass" if op1 is None else alu(function, op1, "op1")
    if (first, second) not in (("multiply", "add"), ("multiply", "subtract"), ("multiply", "bypass"), ("add", "bypass"),
                               ("subtract", "bypass"), ("bypass", "bypass")):
        fail(function, f"has multiply, add, subtract, and multiply with one of the others, not {first} then {second}")
    attributes = [("function", activation_name(function, op)), ("op0", first)]
    if imm0 is not None:
        attributes.append(("imm0", check.scalar(function, "imm0", imm0, dst)))
    attributes.append(("reverse0", bool(reverse0)))
    if second != "bypass":
        attributes += [("op1", second), ("imm1", check.scalar(function, "imm1", imm1, dst)), ("reverse1", bool(reverse1))]
    if relu_param:
        attributes.append(("relu_param", float(relu_param)))
    attributes += reduction(function, dst, reduce_cmd, reduce_res, "idle", reduce_op)
    return add("activate2", "scalar", [dst, data], tuple(attributes), name)


def exponential(dst, src, max_value=0.0, reduce_res=None, reduce_cmd=IDLE, reduce_init=0.0, name=None) -> Record:
    """dst = exp(src - max_value) on Vector; NeuronCore-v4."""
    function = "nki.isa.exponential"
    check.since(function, 4)
    dst = check.chip(function, "dst", dst)
    src = check.chip(function, "src", src)
    check.same(function, dst, src, "src")
    attributes = [("max_value", check.scalar(function, "max_value", max_value, dst))]
    attributes += reduction(function, dst, reduce_cmd, reduce_res, "idle")
    if reduce_cmd is commands.load_reduce:
        attributes.append(("reduce_init", check.scalar(function, "reduce_init", reduce_init, dst)))
    return add("exponential", "vector", [dst, src], tuple(attributes), name)


def reciprocal(dst, data, name=None, dtype=None) -> Record:
    """dst = 1 / data on Vector."""
    function = "nki.isa.reciprocal"
    dst = check.chip(function, "dst", dst)
    data = check.chip(function, "data", data)
    check.same(function, dst, data, "data")
    return add("reciprocal", "vector", [dst, data], (), name)
