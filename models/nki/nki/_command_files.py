# SPDX-License-Identifier: Apache-2.0
"""Files of kernels as modules: a file by itself sees what lies beside it, one of a package its package."""
from __future__ import annotations

import ast
import importlib
import importlib.util
import os
import sys
from types import ModuleType
from typing import Dict, Optional

_loaded: Dict[str, ModuleType] = {}  # by path


def _levels(path: str) -> int:
    """How far up the relative imports of a file go; 0 without any."""
    with open(path, encoding="utf-8") as file:
        tree = ast.parse(file.read(), path)
    return max((each.level for each in ast.walk(tree) if isinstance(each, ast.ImportFrom)), default=0)


def _packages(folder: str) -> int:
    """How many folders from this one up have an __init__.py."""
    count = 0
    while os.path.isfile(os.path.join(folder, "__init__.py")):
        folder, count = os.path.dirname(folder), count + 1
    return count


def _up(folder: str, levels: int) -> str:
    for _ in range(levels):
        folder = os.path.dirname(folder)
    return folder


def _of_package(path: str, levels: int) -> ModuleType:
    """The file as a module of the package that begins `levels` folders up; further up when imports of what it imports ask for that."""
    root = _up(os.path.dirname(path), levels)
    name = os.path.splitext(os.path.relpath(path, root))[0].replace(os.sep, ".")
    first = name.partition(".")[0]
    if os.path.join(root, first) not in getattr(sys.modules.get(first), "__path__", [os.path.join(root, first)]) and os.path.dirname(root) != root:
        return _of_package(path, levels + 1)  # the name is another's, as nki is ours
    if root not in sys.path:
        sys.path.insert(0, root)
    try:
        return importlib.import_module(name)
    except ImportError as error:
        _forget(name)
        if "beyond top-level package" in str(error) and os.path.dirname(root) != root:
            sys.path.remove(root)
            return _of_package(path, levels + 1)
        try:
            return _without_init(name, root)
        except ImportError:
            raise error from None


def _forget(name: str) -> None:
    """The package that the module is of is no longer imported."""
    first = name.partition(".")[0]
    for each in [each for each in sys.modules if each.partition(".")[0] == first]:
        del sys.modules[each]


def _without_init(name: str, root: str) -> ModuleType:
    """The module without what the __init__.py of its packages import, which may need what is not installed."""
    parts = name.split(".")[:-1]
    for count in range(1, len(parts) + 1):
        made = ModuleType(".".join(parts[:count]))
        made.__path__ = [os.path.join(root, *parts[:count])]
        sys.modules[made.__name__] = made
    return importlib.import_module(name)


def _by_itself(path: str) -> Optional[ModuleType]:
    """A file as `python3 FILE.py` sees it, but for its name; None when it is no Python file."""
    name, folder = os.path.splitext(os.path.basename(path))[0], os.path.dirname(os.path.realpath(path))
    for each in (_up(folder, _packages(folder)), folder):  # absolute imports of its own package too
        if each not in sys.path:
            sys.path.insert(0, each)
    spec = importlib.util.spec_from_file_location(name if name not in sys.modules else f"kernels_of_{name}", path)
    if spec is None or spec.loader is None:
        return None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def module_of(path: str) -> Optional[ModuleType]:
    """The file, imported once; None when it is no Python file."""
    real = os.path.realpath(path)
    known = _loaded.get(real) or sys.modules.get(os.path.splitext(os.path.basename(path))[0])
    if known is not None and os.path.realpath(getattr(known, "__file__", None) or "") == real:
        return known
    levels = _levels(path) if path.endswith(".py") else 0
    found = _of_package(real, max(levels, _packages(os.path.dirname(real)))) if levels else _by_itself(path)
    if found is not None:
        _loaded[real] = found
    return found
