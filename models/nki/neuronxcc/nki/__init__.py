# SPDX-License-Identifier: Apache-2.0
"""neuronxcc.nki: kernels of the first NKI generation (NKI 0.1), whose functions return tiles. They are bound to the same
instructions as those of `nki`, and both can be used in one process (docs/nki.md)."""
from nki._errors import NkiValidationError
from nki._kernel import Kernel
from nki._session import close

from . import collectives, compiler, dtype, isa, language, meta, nccl, tensor, typing
from ._launch import ENTRY as _ENTRY

__version__ = "0.1.0"
jit = _ENTRY.jit
trace = _ENTRY.trace
baremetal = _ENTRY.baremetal
simulate = _ENTRY.simulate
simulate_kernel = _ENTRY.simulate_kernel
benchmark = _ENTRY.benchmark
profile = _ENTRY.profile

__all__ = ["collectives", "compiler", "dtype", "isa", "language", "meta", "nccl", "tensor", "typing", "jit", "trace", "baremetal", "simulate",
           "simulate_kernel", "benchmark", "profile", "Kernel", "NkiValidationError", "close"]
