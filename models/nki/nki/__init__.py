# SPDX-License-Identifier: Apache-2.0
"""NKI kernels on a simulated NeuronCore: `import nki` traces a kernel and runs it on the simulator's device."""
from . import collectives, compiler, dtype, isa, language, meta, tensor, typing
from ._entry import ENTRY as _ENTRY
from ._errors import NkiValidationError, NkiWarning
from ._kernel import Kernel
from ._session import close

__version__ = "0.6.0"
jit = _ENTRY.jit
trace = _ENTRY.trace
baremetal = _ENTRY.baremetal
simulate = _ENTRY.simulate
simulate_kernel = _ENTRY.simulate_kernel
benchmark = _ENTRY.benchmark
profile = _ENTRY.profile

__all__ = ["collectives", "compiler", "dtype", "isa", "language", "meta", "tensor", "typing", "jit", "trace", "baremetal", "simulate",
           "simulate_kernel", "benchmark", "profile", "Kernel", "NkiValidationError", "NkiWarning", "close"]
