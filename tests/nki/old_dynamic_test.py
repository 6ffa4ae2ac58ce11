# SPDX-License-Identifier: Apache-2.0
"""Indices that the device looks up, in the first dialect: tiles of rows."""
import unittest

import neuronxcc.nki as nki
import neuronxcc.nki.isa as nisa
import neuronxcc.nki.language as nl
import numpy as np
from devices import normal, on

P, F = 128, 48


@nki.jit
def gather_rows(data, indices):
    """Rows of data in the order of indices."""
    n = indices.shape[0]
    out = nl.ndarray((n, data.shape[1]), dtype=data.dtype, buffer=nl.shared_hbm)
    i_p, i_f = nl.arange(n)[:, None], nl.arange(data.shape[1])[None, :]
    idx_tile = nl.load(indices[i_p])
    nl.store(out[i_p, i_f], value=nl.load(data[idx_tile[i_p, 0], i_f]))
    return out


def run(body, *arrays):
    return nki.jit(body)(*arrays)


class Dynamic(unittest.TestCase):
    @on()
    def test_rows_picked_by_a_tile_of_indices(self):
        data, indices = normal(300, 64), np.random.default_rng(2).integers(0, 300, 100).astype(np.int32)
        np.testing.assert_array_equal(gather_rows(data, indices), data[indices])

    @on()
    def test_rows_picked_by_computed_indices_and_a_part_of_them(self):
        def body(data):
            idx = nisa.iota(2 * nl.arange(64)[:, None], dtype=np.int32)
            return nl.load(data[idx, 8 + nl.arange(16)[None, :]])
        data = normal(300, 64)
        np.testing.assert_array_equal(run(body, data), data[0:128:2, 8:24])


if __name__ == "__main__":
    unittest.main()
