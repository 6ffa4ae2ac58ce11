# SPDX-License-Identifier: Apache-2.0
"""The kernels of models/kernels against numpy, on every device and in every type they are stated for."""
import os
import sys
import unittest

import nki.language as nl
from devices import close, device

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "models", "kernels"))
import run  # noqa: E402
from gallery import DEVICES  # noqa: E402


class Gallery(unittest.TestCase):
    def compare(self, kernel, example, dtype):
        arrays = example.arrays(example.small, dtype)
        results, expected = kernel(*arrays), example.reference(*arrays)
        if not isinstance(results, tuple):
            results, expected = (results,), (expected,)
        for result, each, bound in zip(results, expected, example.errors(dtype)):
            close(self, result, each, relative=bound, absolute=0)

    def test_every_kernel_gets_what_numpy_gets(self):
        for example in run.examples():
            for dtype in example.dtypes:
                for name in DEVICES:
                    with self.subTest(kernel=example.name, dtype=str(dtype), device=name), device(name):
                        self.compare(example.kernel, example, dtype)

    def test_cores_of_a_logical_core_share_rows(self):
        example = {each.name: each for each in run.examples()}["rmsnorm_quant"]
        for name in ("trn2", "trn3"):
            with device(name):
                self.compare(example.kernel[2], example, nl.float32)

    def test_docstrings_say_the_times_that_are_simulated(self):
        for example in run.examples():
            with self.subTest(kernel=example.name):
                self.assertEqual(run.said(example), run.sentence(example), "models/kernels/run.py --write puts it right")


if __name__ == "__main__":
    unittest.main()
