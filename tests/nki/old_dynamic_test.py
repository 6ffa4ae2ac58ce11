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

    @on()
    def test_indices_of_a_grid_repeat_themselves(self):
        def body(data, indices):
            out = nl.ndarray((20, 2, 32), dtype=data.dtype, buffer=nl.shared_hbm)
            i = nl.mgrid[0:20, 0:32]
            idx = nl.load(indices)
            for at in range(2):
                nl.store(out[i.p, at, i.x], nl.load(data[idx[i.p, 0], at + 1, i.x]))
            return out
        data, indices = normal(64, 4, 32), np.random.default_rng(3).integers(0, 64, (20, 1)).astype(np.int32)
        np.testing.assert_array_equal(run(body, data, indices), data[indices[:, 0], 1:3])

    @on()
    def test_places_that_two_elements_say_together(self):
        def body(data, place):
            at, i_f = nl.load(place), nl.arange(40)[None, :]
            out = nl.ndarray((1, 40), dtype=data.dtype, buffer=nl.shared_hbm)
            nl.store(out, nl.load(data[at[0, 0], at[0, 1], i_f]))
            return out
        data = normal(5, 12, 40)
        np.testing.assert_array_equal(run(body, data, np.array([[3, 7]], np.int32)), data[3, 7:8])

    @on()
    def test_rows_stored_where_a_tile_of_indices_says(self):
        def body(data, indices):
            out = nl.ndarray((300, 64), dtype=data.dtype, buffer=nl.shared_hbm)
            i_p, i_f = nl.arange(100)[:, None], nl.arange(64)[None, :]
            for i in range(3):
                nl.store(out[i_p + 100 * i, i_f], value=nl.zeros((100, 64), data.dtype))
            idx = nl.load(indices[i_p])
            nl.store(out[idx[i_p, 0], i_f], value=nl.load(data[i_p, i_f]))
            return out
        data, indices = normal(100, 64), np.random.default_rng(2).permutation(300)[:100].astype(np.int32)
        want = np.zeros((300, 64), np.float32)
        want[indices] = data
        np.testing.assert_array_equal(run(body, data, indices), want)

    @on()
    def test_rows_out_of_bounds_are_skipped(self):
        def body(data, indices):
            out = nl.ndarray((P, 64), dtype=data.dtype, buffer=nl.shared_hbm)
            i_p, i_f = nl.arange(P)[:, None], nl.arange(64)[None, :]
            idx = nl.load(indices[i_p])
            held = nl.full((P, 64), -1.0, data.dtype)
            nisa.dma_copy(dst=held[i_p, i_f], src=data[idx[i_p, 0], i_f], oob_mode=nisa.oob_mode.skip)
            nl.store(out[i_p, i_f], held)
            return out
        data, indices = normal(80, 64), np.arange(-8, P - 8).astype(np.int32)
        inside = ((indices >= 0) & (indices < 80))[:, None]
        np.testing.assert_array_equal(run(body, data, indices), np.where(inside, data[indices % 80], np.float32(-1)))

    @on()
    def test_rows_added_where_a_tile_of_indices_says(self):
        def body(table, indices, data):
            i_p, i_f = nl.arange(P)[:, None], nl.arange(64)[None, :]
            idx = nl.load(indices[i_p])
            nisa.dma_copy(dst=table[idx[i_p, 0], i_f], src=nl.load(data), dst_rmw_op=np.add)
            return table
        table, data, indices = normal(300, 64), normal(P, 64, seed=1), np.random.default_rng(2).permutation(300)[:P].astype(np.int32)
        want = table.copy()
        want[indices] += data
        np.testing.assert_array_equal(run(body, table.copy(), indices, data), want)

    @on()
    def test_a_place_that_an_element_of_a_tile_says(self):
        def body(cache, place, row):
            at = nl.load(place)
            i_f = nl.arange(64)[None, :]
            nl.store(cache[at[0, 0], i_f], nl.load(row))
            return cache
        cache, row = normal(32, 64), normal(1, 64, seed=1)
        want = cache.copy()
        want[21] = row
        np.testing.assert_array_equal(run(body, cache.copy(), np.array([[21]], np.int32), row), want)

    @on()
    def test_columns_that_elements_of_a_tile_pick(self):
        def body(data, offsets):
            out = nl.ndarray((P, 16), dtype=data.dtype, buffer=nl.shared_hbm)
            x, at = nl.load(data), nl.load(offsets)
            picked = nl.ndarray((P, 16), dtype=data.dtype, buffer=nl.sbuf)
            i_p, i_f = nl.mgrid[0:P, 0:1]
            for i in nl.affine_range(16):
                picked[i_p, i] = nisa.tensor_copy_dynamic_src(x[i_p, at[0, i] + i_f])
            nl.store(out, picked)
            return out
        data, offsets = normal(P, 64), np.random.default_rng(5).integers(0, 64, (1, 16)).astype(np.int32)
        np.testing.assert_array_equal(run(body, data, offsets), data[:, offsets[0]])

    @on("trn2")
    def test_a_partition_that_an_element_of_a_tile_says(self):
        def body(data, place):
            out = nl.ndarray((1, 64), dtype=data.dtype, buffer=nl.shared_hbm)
            x, at = nl.load(data), nl.load(place)
            nl.store(out, x[at[0, 0], nl.arange(64)[None, :]])
            return out
        data = normal(P, 64)
        np.testing.assert_array_equal(run(body, data, np.array([[37]], np.int32)), data[37:38])


if __name__ == "__main__":
    unittest.main()
