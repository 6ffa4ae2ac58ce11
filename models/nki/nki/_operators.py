# SPDX-License-Identifier: Apache-2.0
"""Operators and activation functions: objects that are tokens where nki.isa takes an `op`, and that compute when they
are called as nki.language functions (AWS NKI documentation, nki.language and nki.api.shared)."""
from __future__ import annotations

from typing import Callable, Optional

from ._errors import fail

BITWISE = frozenset(["bitwise_and", "bitwise_or", "bitwise_xor", "left_shift", "right_shift"])
COMPARISONS = frozenset(["equal", "not_equal", "less", "less_equal", "greater", "greater_equal"])
UNARY = frozenset(["abs", "square", "rsqrt", "reciprocal"])
REDUCTIONS = frozenset(["bitwise_and", "bitwise_or", "bitwise_xor", "add", "subtract", "multiply", "maximum", "minimum",
                        "logical_and", "logical_or", "logical_xor", "abs_max", "abs_min"])

ACCUMULATIONS = frozenset(["add", "multiply", "maximum", "minimum", "abs_max", "abs_min"])  # by accumulators of the engines


class Operator:
    """`alu`: its name as an operator of Vector and GpSimd, `activation`: as a function of Scalar; in program text."""

    __slots__ = ("name", "alu", "activation", "compute", "__name__")

    def __init__(self, name: str, alu: Optional[str] = None, activation: Optional[str] = None):
        self.name = self.__name__ = name
        self.alu = alu
        self.activation = activation
        self.compute: Optional[Callable] = None

    def __call__(self, *args, **kwargs):
        if self.compute is None:
            fail(f"nl.{self.name}", "is a token for `op` arguments; it computes nothing by itself")
        return self.compute(*args, **kwargs)

    def __repr__(self) -> str:
        return f"nl.{self.name}"


_ALU = ["add", "subtract", "multiply", "divide", "maximum", "minimum", "power", "abs_max", "abs_min", "equal", "not_equal",
        "less", "less_equal", "greater", "greater_equal", "logical_and", "logical_or", "logical_xor", "bitwise_and",
        "bitwise_or", "bitwise_xor", "left_shift", "right_shift", "bypass", "average"]
_ACTIVATIONS = ["sigmoid", "relu", "prelu", "gelu", "gelu_dx", "gelu_apprx_tanh", "gelu_apprx_sigmoid", "gelu_apprx_sigmoid_dx",
                "silu", "silu_dx", "tanh", "softplus", "mish", "erf", "erf_dx", "exp", "log", "sin", "arctan", "sqrt", "sign"]
_BOTH = ["square", "abs", "rsqrt", "reciprocal"]
_COMPUTED = ["mod", "fmod", "invert", "logical_not", "negative", "cos", "tan", "ceil", "floor", "trunc"]

OPERATORS = {name: Operator(name, alu=name) for name in _ALU}
OPERATORS.update({name: Operator(name, activation=name) for name in _ACTIVATIONS})
OPERATORS.update({name: Operator(name, alu=name, activation=name) for name in _BOTH})
OPERATORS["copy"] = Operator("copy", activation="copy")
OPERATORS["relu"].alu = None  # as an operator of Vector it is maximum with 0
# Functions that reduce, which older kernels also pass where an operator is meant.
OPERATORS.update({name: Operator(name, alu=alu) for name, alu in
                  (("max", "maximum"), ("min", "minimum"), ("sum", "add"), ("prod", "multiply"), ("mean", "average"))})
OPERATORS.update({name: Operator(name) for name in _COMPUTED})

# numpy's functions by name, and Python's.
_BY_NAME = dict(OPERATORS)
_BY_NAME.update({"amax": OPERATORS["max"], "amin": OPERATORS["min"], "absolute": OPERATORS["abs"], "mul": OPERATORS["multiply"],
                 "true_divide": OPERATORS["divide"], "sub": OPERATORS["subtract"], "identity": OPERATORS["copy"],
                 "copyto": OPERATORS["copy"], "arctan": OPERATORS["arctan"]})


def _named(op) -> Optional[Operator]:
    return _BY_NAME.get(op if isinstance(op, str) else getattr(op, "__name__", ""))


def alu(function: str, op, what: str = "op") -> str:
    """Program text's name of an operator of Vector or GpSimd."""
    found = op if op.__class__ is Operator else _named(op)
    if found is None or found.alu is None:
        fail(function, f"{what} {op!r} is no operator of the Vector and GpSimd engines")
    return found.alu


def activation(function: str, op) -> str:
    """Program text's name of a function of Scalar."""
    found = op if op.__class__ is Operator else _named(op)
    if found is None or found.activation is None:
        fail(function, f"op {op!r} is no function of the Scalar engine")
    return found.activation
