# SPDX-License-Identifier: Apache-2.0
"""The kernels of models/kernels against numpy, on every device and in every type they are stated for."""
import os
import sys
import unittest

import nki.language as nl
import numpy as np
from devices import close, device

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "models", "kernels"))
import run  # noqa: E402
from gallery import DEVICES  # noqa: E402


class Gallery(unittest.TestCase):
    def test_every_kernel_gets_what_numpy_gets(self):
        for example in run.examples():
            for dtype in example.dtypes:
                for name in DEVICES:
                    with self.subTest(kernel=example.name, dtype=str(dtype), device=name), device(name):
                        arrays = example.arrays(example.small, dtype)
                        result = example.kernel(*arrays, **example.options)
                        close(self, result, example.reference(*arrays), relative=example.error(dtype), absolute=0)


if __name__ == "__main__":
    unittest.main()
