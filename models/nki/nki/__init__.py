# SPDX-License-Identifier: Apache-2.0
"""NKI kernels on a simulated NeuronCore: `import nki` traces a kernel and runs it on the simulator's device."""
from . import isa, language
from ._errors import NkiValidationError
from ._kernel import Kernel, jit

__version__ = "0.6.0"
__all__ = ["isa", "language", "jit", "Kernel", "NkiValidationError"]
