# SPDX-License-Identifier: Apache-2.0
"""neuronxcc.nki.compiler: where tiles lie (sbuf, psum), and directives, which change nothing here."""
from nki.compiler import enable_stack_allocator, force_auto_alloc, skip_middle_end_transformations

from .._blocks import PsumAllocators as _Psum
from .._blocks import SbufAllocators as _Sbuf

sbuf = _Sbuf()
psum = _Psum()
__all__ = ["sbuf", "psum", "enable_stack_allocator", "force_auto_alloc", "skip_middle_end_transformations"]
