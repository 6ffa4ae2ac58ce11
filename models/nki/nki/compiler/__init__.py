# SPDX-License-Identifier: Apache-2.0
"""nki.compiler: directives of the vendor's compiler as decorators; they change nothing here."""
from typing import Callable


def _directive(function=None, *_, **__) -> Callable:
    """Usable with and without arguments."""
    return function if callable(function) else (lambda each: each)


skip_middle_end_transformations = enable_stack_allocator = force_auto_alloc = _directive
__all__ = ["skip_middle_end_transformations", "enable_stack_allocator", "force_auto_alloc"]
