# SPDX-License-Identifier: Apache-2.0
"""What `nsim nki` adds to an error of Python: the name that was probably meant, and no more callers than one reads."""
import unittest

import nki
import nki.isa as nisa
import nki.language as nl
import numpy as np
from devices import normal, on
from nki._command import explained


def all_told(body):
    """The lines that are said of a kernel's mistake."""
    try:
        nki.jit(body).trace(normal(128, 64))
    except Exception as error:  # pylint: disable=broad-except
        return explained(error).split("\n")
    return [""]


def told(body):
    return all_told(body)[0]


class Hints(unittest.TestCase):
    @on("trn2")
    def test_the_nearest_name(self):
        self.assertRegex(told(lambda x: nl.expp), r"hints_test.py:\d+: in .*: AttributeError: .* 'expp'; did you mean exp\?$")
        self.assertRegex(told(lambda x: nisa.nc_matmull), r"did you mean nc_matmul\?$")
        self.assertRegex(told(lambda x: x.broadcast_to((128, 128))), r"'broadcast_to'; did you mean broadcast\?$")
        self.assertRegex(told(lambda x: nl.qqqq), r"no attribute 'qqqq'$")

    @on("trn2")
    def test_what_the_first_dialect_has(self):
        self.assertRegex(told(lambda x: nl.arange(128)), r"; neuronxcc.nki.language has it, the first dialect$")

    @on("trn2")
    def test_the_nearest_keyword_or_all_of_them(self):
        self.assertRegex(told(lambda x: nisa.activation(dst=x, op=nl.exp, dat=x)), r"argument 'dat'; did you mean data\?$")
        self.assertRegex(told(lambda x: nisa.dma_copy(dst=x, qqqq=x)), r"argument 'qqqq'; it takes dst, src, ")

    @on("trn2")
    def test_numpy_on_a_tensor(self):
        self.assertRegex(told(lambda x: np.exp(x)), r"numpy cannot compute on a tensor of a kernel")

    @on("trn2")
    def test_endless_recursion_is_told_in_a_few_lines(self):
        def again(x):
            return again(x)
        lines = all_told(again)
        self.assertRegex(lines[0], "RecursionError")
        self.assertRegex(lines[-1], r"^  \.\.\. and from \d+ more places$")
        self.assertEqual(len(lines), 10)


if __name__ == "__main__":
    unittest.main()
