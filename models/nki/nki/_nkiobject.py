# SPDX-License-Identifier: Apache-2.0
"""nl.NKIObject: classes whose constructor takes all names of the class, annotated or not, in order (AWS NKI
documentation, language guide). Python's @dataclass knows annotated ones only; so its __init__ is not used."""
from __future__ import annotations

import dataclasses
import functools
import inspect

_MISSING = object()


@functools.lru_cache(None)
def _owners(cls) -> dict:
    """Name -> class that names it last, of everything that the classes name, in order; base classes first."""
    found: dict = {}
    for base in reversed(cls.__mro__):
        if isinstance(base, _Meta):
            # Annotated names without a value are not in __dict__; the source's order is that of both.
            found.update((name, base) for name in _in_order(base, base.__dict__.get("__annotations__", {})))
    return found


def _default_of(base, name: str):
    """What a class says a field is when it is not given."""
    default = base.__dict__.get(name, _MISSING)
    if default is _MISSING:
        return getattr(base, "__dataclass_fields__", {}).get(name, _MISSING)
    return default


def _in_order(base, annotations: dict) -> list:
    valued = [name for name, value in base.__dict__.items() if not name.startswith("__") and not _is_code(value)
              and not name.startswith("_nki")]
    order = list(getattr(base, "_nki_order", ()))
    names = [name for name in order if name in annotations or name in valued]
    return names + [name for name in list(annotations) + valued if name not in names]


def _is_code(value) -> bool:
    return inspect.isroutine(value) or isinstance(value, (property, staticmethod, classmethod, type)) or hasattr(value, "__set_name__")


class _Namespace(dict):
    """Remembers in which order a class body names things, annotated ones included."""

    def __init__(self):
        super().__init__()
        self.order: list = []
        super().__setitem__("__annotations__", _Annotations(self))

    def __setitem__(self, name, value):
        if name == "__annotations__":
            return
        if name not in self.order and not name.startswith("__"):
            self.order.append(name)
        super().__setitem__(name, value)


class _Annotations(dict):
    def __init__(self, namespace: _Namespace):
        super().__init__()
        self.namespace = namespace

    def __setitem__(self, name, value):
        if name not in self.namespace.order:
            self.namespace.order.append(name)
        super().__setitem__(name, value)


class _Meta(type):
    @classmethod
    def __prepare__(mcs, name, bases, **kwargs):
        return _Namespace()

    def __new__(mcs, name, bases, namespace, **kwargs):
        plain = dict(namespace)
        plain["__annotations__"] = dict(plain.get("__annotations__", {}))
        plain["_nki_order"] = tuple(namespace.order)
        return super().__new__(mcs, name, bases, plain)

    def __call__(cls, *args, **kwargs):
        init = getattr(cls, "__init__", object.__init__)
        own = init is not object.__init__ and not _made_by_dataclass(cls, init)
        if own:
            return super().__call__(*args, **kwargs)
        return _construct(cls, args, kwargs)


def _made_by_dataclass(cls, init) -> bool:
    """Whether @dataclass wrote this __init__: its code comes from no file."""
    return dataclasses.is_dataclass(cls) and getattr(init, "__code__", None) is not None and init.__code__.co_filename == "<string>"


def _construct(cls, args, kwargs):
    fields = _owners(cls)
    if len(args) > len(fields):
        raise TypeError(f"{cls.__name__}() takes {len(fields)} values, {len(args)} were given")
    values = dict(zip(fields, args))
    for name, value in kwargs.items():
        if name not in fields:
            raise TypeError(f"{cls.__name__}() has no field '{name}'; fields are {', '.join(fields)}")
        if name in values:
            raise TypeError(f"{cls.__name__}() got '{name}' twice")
        values[name] = value
    made = object.__new__(cls)
    for name, base in fields.items():
        if name not in values:
            values[name] = _default(cls, name, _default_of(base, name))
        object.__setattr__(made, name, values[name])
    post = getattr(made, "__post_init__", None)
    if post is not None:
        post()
    return made


def _default(cls, name: str, default):
    if isinstance(default, dataclasses.Field):
        if default.default is not dataclasses.MISSING:
            return default.default
        if default.default_factory is not dataclasses.MISSING:
            return default.default_factory()
        default = _MISSING
    if default is _MISSING:
        raise TypeError(f"{cls.__name__}() needs a value for '{name}'")
    return default


class NKIObject(metaclass=_Meta):
    """Base class of a kernel's own classes."""
