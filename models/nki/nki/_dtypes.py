# SPDX-License-Identifier: Apache-2.0
"""Element types. Those that numpy lacks travel in a carrier type whose metadata says what they are:
np.dtype('f4', metadata={'nki': 'bfloat16'}) survives slicing, copies, reshapes and arithmetic, so that
`array.astype(nl.bfloat16)` and `np.ones(shape, dtype=nl.bfloat16)` work; values are rounded on entry.

Formats: float8_e4m3 is the legacy variant of NeuronCore-v2 and -v3 (maximum 240, infinities), float8_e4m3fn that
of v4 (448, no infinities); AWS NKI documentation, data types.
"""
from __future__ import annotations

from typing import Dict, Optional, Tuple

import numpy as np


class DType:
    """An element type: `name` is that of nki.language and of program text, `itemsize` in bytes."""

    __slots__ = ("name", "itemsize", "dtype", "is_float", "is_int", "is_packed", "text", "_hash", "__name__")

    def __init__(self, name: str, itemsize: int, carrier: str, kind: str, text: Optional[str] = None):
        native = np.dtype(carrier)
        self.name = self.__name__ = name
        self.itemsize = itemsize
        self.is_float = kind == "f"
        self.is_int = kind in "iu"
        self.is_packed = kind == "x"
        self.text = text or name
        self.dtype = native if native.name == name else np.dtype(carrier, metadata={"nki": name})
        self._hash = hash(name)

    def __eq__(self, other) -> bool:
        if self is other:
            return True
        if isinstance(other, DType) or other is None:
            return False
        if isinstance(other, str):
            return other.rsplit(".", 1)[-1] in (self.name, _ALIAS_OF.get(self.name))
        try:
            return as_dtype(other) is self
        except TypeError:
            return False

    def __ne__(self, other) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        return self.name

    def __call__(self, value):
        """nl.float32(3): the value, rounded to this type."""
        return np.float32(decode(encode(np.asarray(value), self), self)) if self.is_float else int(value)

    @property
    def min(self) -> float:
        return -self.max if self.is_float else int(np.iinfo(self.dtype).min)

    @property
    def max(self) -> float:
        if not self.is_float:
            return int(np.iinfo(self.dtype).max)
        return float(np.finfo(self.dtype).max) if self.name in ("float32", "float16") else _largest(self)


NAMED: Dict[str, DType] = {}


def _add(*row) -> DType:
    made = DType(*row)
    NAMED[made.name] = made
    return made


float32 = _add("float32", 4, "f4", "f")
tfloat32 = _add("tfloat32", 4, "f4", "f")
bfloat16 = _add("bfloat16", 2, "f4", "f")
float16 = _add("float16", 2, "f2", "f")
float8_e4m3 = _add("float8_e4m3", 1, "f4", "f")
float8_e4m3fn = _add("float8_e4m3fn", 1, "f4", "f")
float8_e5m2 = _add("float8_e5m2", 1, "f4", "f")
float8_e8m0fnu = _add("float8_e8m0fnu", 1, "u1", "u", "uint8")
float8_e5m2_x4 = _add("float8_e5m2_x4", 4, "u4", "x")
float8_e4m3fn_x4 = _add("float8_e4m3fn_x4", 4, "u4", "x")
float4_e2m1fn_x4 = _add("float4_e2m1fn_x4", 2, "u2", "x")
int8 = _add("int8", 1, "i1", "i")
int16 = _add("int16", 2, "i2", "i")
int32 = _add("int32", 4, "i4", "i")
uint8 = _add("uint8", 1, "u1", "u")
uint16 = _add("uint16", 2, "u2", "u")
uint32 = _add("uint32", 4, "u4", "u")
bool_ = _add("bool", 1, "?", "u", "uint8")

_ALIASES = {"float8e4": float8_e4m3, "float8e5": float8_e5m2, "float8_e4": float8_e4m3, "float8_e5": float8_e5m2,
            "fp32": float32, "bf16": bfloat16, "fp16": float16, "tf32": tfloat32, "bool_": bool_,
            "float8_e4m3_legacy": float8_e4m3}
_ALIAS_OF = {"float8_e4m3": "float8e4", "float8_e5m2": "float8e5", "bool": "bool_"}
# 8-byte types of host arrays that the device does not have: what they become.
_NARROWED = {"float64": float32, "int64": int32, "uint64": uint32}
_cache: Dict[object, DType] = {}
_of_numpy: Dict[int, DType] = {}  # by the number of a numpy type without metadata


def as_dtype(what) -> DType:
    """The type that a DType, a numpy or ml_dtypes type, a name or an object with `dtype` stands for."""
    if what.__class__ is DType:
        return what
    if isinstance(what, np.dtype):  # equal ones may differ in metadata
        if what.metadata is not None:
            return _resolve(what)
        found = _of_numpy.get(what.num)
        if found is None:
            found = _of_numpy[what.num] = _resolve(what)
        return found
    try:
        found = _cache.get(what)
    except TypeError:
        return _resolve(what)
    if found is None:
        found = _cache[what] = _resolve(what)
    return found


def _resolve(what) -> DType:
    if isinstance(what, str):
        name = what.rsplit(".", 1)[-1]
    elif isinstance(what, np.dtype):
        name = what.metadata["nki"] if what.metadata and "nki" in what.metadata else what.name
    elif what is float or what is int or what is bool:
        return {float: float32, int: int32, bool: bool_}[what]
    elif isinstance(what, type):
        name = what.__name__
    elif hasattr(what, "dtype"):
        return as_dtype(what.dtype)
    else:
        raise TypeError(f"{what!r} is no element type")
    found = NAMED.get(name) or _ALIASES.get(name) or _NARROWED.get(name)
    if found is None:
        raise TypeError(f"'{name}' is no element type; there are {', '.join(NAMED)}")
    return found


# name: exponent bits, mantissa bits, bias, has infinities
_SMALL: Dict[str, Tuple[int, int, int, bool]] = {
    "float8_e4m3": (4, 3, 7, True), "float8_e4m3fn": (4, 3, 7, False), "float8_e5m2": (5, 2, 15, True)}
_tables: Dict[str, np.ndarray] = {}


def _table(dtype: DType) -> np.ndarray:
    """The values of the 256 codes of an 8-bit type, float32."""
    if dtype.name not in _tables:
        exponents, mantissas, bias, infinite = _SMALL[dtype.name]
        code = np.arange(256)
        exponent = (code >> mantissas) & ((1 << exponents) - 1)
        mantissa = (code & ((1 << mantissas) - 1)) / (1 << mantissas)
        value = np.where(exponent == 0, mantissa * 2.0 ** (1 - bias), (1 + mantissa) * 2.0 ** (exponent - bias))
        top = exponent == (1 << exponents) - 1
        if infinite:
            value = np.where(top, np.where(mantissa == 0, np.inf, np.nan), value)
        else:
            value = np.where((code & 127) == 127, np.nan, value)
        _tables[dtype.name] = np.where(code >= 128, -value, value).astype(np.float32)
    return _tables[dtype.name]


def _largest(dtype: DType) -> float:
    if dtype.name in ("bfloat16", "tfloat32"):
        return float(decode(np.array([0x7F7F], np.uint16), bfloat16)[0])
    table = _table(dtype)
    return float(table[np.isfinite(table)].max())


def _encode_small(values: np.ndarray, dtype: DType) -> np.ndarray:
    """To the nearest code, ties to the even one."""
    table = _table(dtype)
    positive = table[:128][np.isfinite(table[:128])].astype(np.float64)
    beyond = 2 * positive[-1] - positive[-2]  # what the next code would be worth
    levels = np.append(positive, beyond)
    size = np.abs(values.astype(np.float64))
    at = np.clip(np.searchsorted(levels, size), 1, len(levels) - 1)
    low, high = levels[at - 1], levels[at]
    up = (size - low > high - size) | ((size - low == high - size) & (at % 2 == 0))
    code = np.where(up, at, at - 1)
    code = np.where(size >= beyond, len(levels) - 1, code)
    over = 0x78 if dtype.name == "float8_e4m3" else 0x7C if dtype.name == "float8_e5m2" else 0x7F
    code = np.where(code == len(levels) - 1, over, code)
    code = np.where(np.isnan(values), 0x7F, code)
    return (code | np.where(np.signbit(values), 0x80, 0)).astype(np.uint8)


def _encode_bfloat16(values: np.ndarray) -> np.ndarray:
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    rounded = bits >> 16
    rounded &= 1
    rounded += 0x7FFF
    rounded += bits  # of numbers it does not overflow
    rounded >>= 16
    return np.where(np.isnan(values), np.uint16(0x7FC0), rounded.astype(np.uint16))


def _encode_tfloat32(values: np.ndarray) -> np.ndarray:
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32).astype(np.uint64)
    rounded = ((bits + 0xFFF + ((bits >> 13) & 1)) & 0xFFFFE000).astype(np.uint32)
    return np.where(np.isnan(values), np.uint32(0x7FC00000), rounded)


def encode(array: np.ndarray, dtype: DType) -> np.ndarray:
    """The bytes of `array` as the device stores `dtype`, as an array of the same shape."""
    name = dtype.name
    if array.dtype.itemsize == dtype.itemsize and array.dtype.name == name and not array.dtype.isbuiltin:
        return array.view(f"u{dtype.itemsize}")  # of another package with the same format
    if name == "bfloat16":
        return _encode_bfloat16(array.astype(np.float32, copy=False))
    if name == "tfloat32":
        return _encode_tfloat32(array.astype(np.float32))
    if name in _SMALL:
        return _encode_small(array.astype(np.float32), dtype)
    return np.ascontiguousarray(array.astype(np.dtype(dtype.dtype.str)))


def decode(stored: np.ndarray, dtype: DType) -> np.ndarray:
    """The inverse of encode: an array of the carrier type, marked as `dtype`."""
    if dtype.name == "bfloat16":
        values = (stored.astype(np.uint32) << 16).view(np.float32)
    elif dtype.name in _SMALL:
        values = _table(dtype)[stored]
    else:
        values = stored.view(np.dtype(dtype.dtype.str))
    return values.astype(dtype.dtype)


def storage_type(dtype: DType) -> np.dtype:
    """The numpy type of the bytes that encode makes."""
    if dtype.name == "bfloat16" or dtype.name in _SMALL:
        return np.dtype(f"u{dtype.itemsize}")
    return np.dtype(dtype.dtype.str)


def marked(array: np.ndarray, dtype: DType) -> np.ndarray:
    """`array` in the carrier type of `dtype`, rounded to what that can hold."""
    return decode(encode(np.asarray(array), dtype).view(storage_type(dtype)), dtype)
