# SPDX-License-Identifier: Apache-2.0
"""The same bytes under another element type: tensor.view(dtype), ap(dtype=), in HBM and on chip."""
import unittest

import nki
import nki.isa as nisa
import nki.language as nl
import numpy as np
from devices import normal, on, on_tiles, refused

P, F = 128, 32


class Reinterpreted(unittest.TestCase):
    @on()
    def test_bytes_of_a_tile(self):
        x = normal(P, F)
        got = on_tiles(lambda out, a: nisa.tensor_copy(out, a.view(nl.uint32)), (x,), [((P, F), nl.uint32)])
        np.testing.assert_array_equal(got, x.view(np.uint32))
        got = on_tiles(lambda out, a: nisa.tensor_copy(out, a.view(nl.uint8)[:, 3:8]), (x,), [((P, 5), nl.uint8)])
        np.testing.assert_array_equal(got, x.view(np.uint8)[:, 3:8])

    @on()
    def test_writing_through_another_type(self):
        x = normal(P, 2 * F).astype(np.float16)
        got = on_tiles(lambda out, a: nisa.tensor_copy(out.view(nl.uint16), a.view(nl.uint16)), (x,), [((P, 2 * F), nl.float16)])
        np.testing.assert_array_equal(got, x)

    @on()
    def test_access_patterns_count_in_the_type_they_name(self):
        x = normal(P, F)
        got = on_tiles(lambda out, a: nisa.tensor_copy(out, a.ap([[4 * F, P], [4, F]], offset=3, dtype=nl.uint8)), (x,), [((P, F), nl.uint8)])
        np.testing.assert_array_equal(got, x.view(np.uint8)[:, 3::4])

    @on()
    def test_bytes_in_hbm(self):
        @nki.jit
        def kernel(x):
            out = nl.ndarray((P, F), nl.uint32, nl.shared_hbm)
            nisa.dma_copy(out, x.view(nl.uint32))
            return out
        x = normal(P, F)
        np.testing.assert_array_equal(kernel(x), x.view(np.uint32))
        packed = np.arange(P * F * 4, dtype=np.uint8).reshape(P, F * 4)
        np.testing.assert_array_equal(kernel(packed), packed.view(np.uint32))

    @on("trn2")
    def test_what_is_refused(self):
        refused(self, "the last dimension must be contiguous", lambda a: a[:, 0:3].view(nl.float32), np.zeros((P, F), np.uint8))
        refused(self, "the last dimension must be contiguous", lambda a: a[:, ::2].view(nl.uint8), normal(P, F))


if __name__ == "__main__":
    unittest.main()
