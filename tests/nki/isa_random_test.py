# SPDX-License-Identifier: Apache-2.0
"""nki.isa: random numbers. Which ones is not documented; their distribution and that seeds repeat them is."""
import unittest

import nki.isa as nisa
import nki.language as nl
import numpy as np
from devices import normal, on, on_tiles, refused, tile

P, F = 128, 256


class Random(unittest.TestCase):
    @on()
    def test_rand2_is_uniform(self):
        got = on_tiles(lambda out: nisa.rand2(out, -1.0, 3.0), (), [((P, F), nl.float32)])
        self.assertTrue((got >= -1).all() and (got <= 3).all())
        self.assertAlmostEqual(float(got.mean()), 1.0, delta=0.05)
        self.assertAlmostEqual(float(got.var()), 16 / 12, delta=0.1)

    @on()
    def test_rng_gives_bits(self):
        got = on_tiles(lambda out: nisa.rng(out), (), [((P, F), nl.uint32)])
        self.assertGreater(len(np.unique(got)), P * F // 2)

    @on()
    def test_a_seed_repeats_the_numbers_and_so_does_a_state(self):
        seeds = np.arange(P, dtype=np.uint32)[:, None]

        def body(first, second, third, seed):
            nisa.set_rng_seed(seed)
            nisa.rng(first, engine=nisa.vector_engine)
            nisa.set_rng_seed(src=seed)
            state = tile(P, 24, dtype=nl.uint32)
            nisa.rand_get_state(state)
            nisa.rng(second)
            nisa.rand_set_state(state)
            nisa.rng(third)
        first, second, third = on_tiles(body, (seeds,), [((P, F), nl.uint32)] * 3)
        np.testing.assert_array_equal(first, second)
        np.testing.assert_array_equal(second, third)

    @on()
    def test_dropout_keeps_values_as_they_are(self):
        x = np.abs(normal(P, F)) + 1
        got = on_tiles(lambda out, a: nisa.dropout(out, a, 0.25), (x,), [((P, F), nl.float32)])
        kept = got != 0
        np.testing.assert_array_equal(got[kept], x[kept])
        self.assertAlmostEqual(float(kept.mean()), 0.75, delta=0.02)

    @on("trn2")
    def test_what_is_refused(self):
        x = normal(P, F)
        refused(self, "must be int8", lambda a: nisa.rng(a), x)
        refused(self, "is no probability", lambda a: nisa.dropout(a, a, 1.5), x)
        refused(self, "must be [128, 1]", lambda a: nisa.set_rng_seed(a), x)
        refused(self, "must be uint32", lambda a: nisa.rand_set_state(a), x)
        refused(self, "must be uint32", lambda a: nisa.rand_get_state(a), x)
        refused(self, "only on vector, gpsimd", lambda a: nisa.rand2(a, 0.0, 1.0, engine=nisa.scalar_engine), x)


if __name__ == "__main__":
    unittest.main()
