# SPDX-License-Identifier: Apache-2.0
"""Random numbers: generators of the Vector and GpSimd engines, one per partition. AWS NKI documentation, nki.isa."""
from __future__ import annotations

from . import _checks as check
from ._enums import UNKNOWN
from ._errors import fail
from ._trace import Record, add

_ENGINES = ("vector", "gpsimd")
_INTEGERS = ("int8", "uint8", "int16", "uint16", "int32", "uint32")


def rng(dst, engine=UNKNOWN, name=None) -> Record:
    """Random bits."""
    function = "nki.isa.rng"
    dst = check.chip(function, "dst", dst)
    check.dtype(function, "dst", dst, _INTEGERS)
    return add("rng", check.engine(function, engine, _ENGINES, "vector", dst), [dst], (), name)


def rand2(dst, min, max, engine=UNKNOWN, name=None) -> Record:  # noqa: A002 (the public names)
    """Uniform between min and max, numbers or one element per partition."""
    function = "nki.isa.rand2"
    dst = check.chip(function, "dst", dst)
    attributes = (("min", check.scalar(function, "min", min, dst)), ("max", check.scalar(function, "max", max, dst)))
    return add("rand2", check.engine(function, engine, _ENGINES, "vector", dst), [dst], attributes, name)


def set_rng_seed(src, engine=UNKNOWN, name=None) -> Record:
    """Generators from one integer per partition."""
    function = "nki.isa.set_rng_seed"
    src = check.chip(function, "src", src, ("sbuf",))
    check.shape(function, "src", src, src.shape[0], 1)
    check.dtype(function, "src", src, ("uint32", "int32"))
    return add("set_rng_seed", check.engine(function, engine, _ENGINES, "vector"), [src], (), name)


def rand_set_state(src, engine=UNKNOWN, name=None) -> Record:
    """Generators from what rand_get_state gave."""
    function = "nki.isa.rand_set_state"
    src = check.chip(function, "src", src, ("sbuf",))
    check.dtype(function, "src", src, ("uint32",))
    return add("rand_set_state", check.engine(function, engine, _ENGINES, "vector"), [src], (), name)


def rand_get_state(dst, engine=UNKNOWN, name=None) -> Record:
    """The state of the generators."""
    function = "nki.isa.rand_get_state"
    dst = check.chip(function, "dst", dst, ("sbuf",))
    check.dtype(function, "dst", dst, ("uint32",))
    return add("rand_get_state", check.engine(function, engine, _ENGINES, "vector"), [dst], (), name)


def dropout(dst, data, prob, name=None) -> Record:
    """dst = data, or 0 with probability prob (a number or one element per partition); not scaled."""
    function = "nki.isa.dropout"
    dst = check.chip(function, "dst", dst)
    data = check.chip(function, "data", data)
    check.same(function, dst, data, "data")
    if isinstance(prob, (int, float)) and not 0 <= prob <= 1:
        fail(function, f"prob {prob} is no probability")
    return add("dropout", "vector", [dst, data], (("prob", check.scalar(function, "prob", prob, dst)),), name)
