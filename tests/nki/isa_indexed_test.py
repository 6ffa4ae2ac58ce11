# SPDX-License-Identifier: Apache-2.0
"""nki.isa: transfers whose rows an index tensor picks, against numpy."""
import unittest

import nki
import nki.isa as nisa
import nki.language as nl
import numpy as np
from devices import close, normal, on, refused, tile

P, F = 128, 48
SKIP = nisa.oob_mode.skip


def picks(count, rows, seed=4):
    """Different rows in some order."""
    return np.random.default_rng(seed).permutation(rows)[:count].astype(np.int32)[:, None]


def loaded(array):
    held = nl.ndarray(array.shape, array.dtype, nl.sbuf)
    nisa.dma_copy(held, array)
    return held


@nki.jit
def gather(table, index, columns=None, skip=False, start=0):
    """Rows of a table, or some columns of them, counted from row `start`; 7 where there is no row."""
    begin, width = columns or (0, table.shape[1])
    n = index.shape[0]
    out = nl.ndarray((n, width), table.dtype, nl.shared_hbm)
    held, idx = tile(n, width, dtype=table.dtype), loaded(index)
    nisa.memset(held, 7)
    nisa.dma_copy(held, table.ap([[table.shape[1], n], [1, width]], offset=start * table.shape[1] + begin, vector_offset=idx),
                  oob_mode=SKIP if skip else nisa.oob_mode.error)
    nisa.dma_copy(out, held)
    return out


@nki.jit
def scatter(table, index, data, skip=False, add=False, old=False):
    """table[index] = data, or += data, also in the form before 0.3."""
    idx, held = loaded(index), loaded(data)
    rows = table.ap([[table.shape[1], index.shape[0]], [1, table.shape[1]]], vector_offset=idx)
    if old:
        nisa.dma_copy(rows, held, dst_rmw_op=nl.add)
    elif add:
        nisa.dma_compute(rows, [held, rows], nl.add)
    else:
        nisa.dma_copy(rows, held, oob_mode=SKIP if skip else nisa.oob_mode.error)
    return table


class Rows(unittest.TestCase):
    @on()
    def test_gathers(self):
        table, index = normal(300, F), picks(100, 300)
        np.testing.assert_array_equal(gather(table, index), table[index[:, 0]])
        np.testing.assert_array_equal(gather(table, index, (5, 11)), table[index[:, 0], 5:16])
        np.testing.assert_array_equal(gather(table, index // 4, start=33), table[33 + index[:, 0] // 4])

    @on()
    def test_gathers_of_more_than_a_row(self):
        table, index = normal(300, F), picks(100, 290)
        places = index * F + 40 + np.arange(100)
        np.testing.assert_array_equal(gather(table, index, (40, 100)), table.reshape(-1)[places])

    @on()
    def test_gathers_of_every_type(self):
        index = picks(77, 300)
        for dtype in (nl.bfloat16, np.float16, np.int32, np.int8):
            table = np.round(normal(300, F) * 9).astype(dtype)
            np.testing.assert_array_equal(gather(table, index), table[index[:, 0]])

    @on()
    def test_gathers_skip_rows_that_do_not_exist(self):
        table, index = normal(50, F), np.arange(-20, 80).astype(np.int32)[:, None]
        inside = (index >= 0) & (index < 50)
        want = np.where(inside, table[index[:, 0] % 50], np.float32(7))
        np.testing.assert_array_equal(gather(table, index, skip=True), want)

    @on("trn2")
    def test_rows_that_do_not_exist_end_the_execution(self):
        with self.assertRaisesRegex(RuntimeError, r"NRT_EXEC_OOB: an index or offset is outside .*: isa_indexed_test.py:\d+ \(table, \[50, 48\]\)$"):
            gather(normal(50, F), np.full((4, 1), 50, np.int32))

    @on()
    def test_gathers_that_convert(self):
        def body(out, idx):
            nisa.dma_copy(out, self.table.ap([[F, P], [1, F]], vector_offset=idx))

        @nki.jit
        def kernel(table, index):
            self.table = table
            out = nl.ndarray((P, F), nl.float32, nl.shared_hbm)
            held = tile(P, F)
            body(held, loaded(index))
            nisa.dma_copy(out, held)
            return out
        table, index = (np.round(normal(300, F) * 16) / 16).astype(nl.bfloat16), picks(P, 300)
        np.testing.assert_array_equal(kernel(table, index), np.asarray(table, np.float32)[index[:, 0]])

    @on()
    def test_scatters(self):
        table, index, data = normal(300, F), picks(100, 300), normal(100, F, seed=1)
        want = table.copy()
        want[index[:, 0]] = data
        np.testing.assert_array_equal(scatter(table.copy(), index, data), want)

    @on()
    def test_scatters_skip_rows_that_do_not_exist(self):
        table, data = normal(50, F), normal(P, F, seed=1)
        index = (np.arange(P) * 3 - 40).astype(np.int32)[:, None]
        want = table.copy()
        inside = (index[:, 0] >= 0) & (index[:, 0] < 50)
        want[index[inside, 0]] = data[inside]
        np.testing.assert_array_equal(scatter(table.copy(), index, data, skip=True), want)

    @on()
    def test_scatters_that_add(self):
        table, index, data = normal(300, F), picks(P, 300), normal(P, F, seed=1)
        want = table.copy()
        want[index[:, 0]] += data
        np.testing.assert_array_equal(scatter(table.copy(), index, data, add=True), want)
        np.testing.assert_array_equal(scatter(table.copy(), index, data, old=True), want)

    @on()
    def test_gathers_that_add(self):
        @nki.jit
        def kernel(table, index, data):
            out = nl.ndarray(data.shape, data.dtype, nl.shared_hbm)
            idx, held, total = loaded(index), loaded(data), tile(*data.shape)
            nisa.dma_compute(total, [held, table.ap([[F, P], [1, F]], vector_offset=idx)], nl.add)
            nisa.dma_copy(out, total)
            return out
        table, index, data = normal(300, F), picks(P, 300), normal(P, F, seed=1)
        np.testing.assert_array_equal(kernel(table, index, data), data + table[index[:, 0]])

    @on()
    def test_scatters_that_add_several_times_to_a_row(self):
        @nki.jit
        def kernel(table, index, data):
            idx, held = loaded(index), loaded(data)
            rows = table.ap([[F, 40], [1, F]], vector_offset=idx)
            nisa.dma_compute(rows, [held, rows], nl.add, unique_indices=False)
            return table
        table, data, index = normal(30, F), normal(40, F, seed=1), np.random.default_rng(6).integers(0, 9, (40, 1)).astype(np.int32)
        want = table.copy()
        np.add.at(want, index[:, 0], data)
        close(self, kernel(table.copy(), index, data), want)

    @on()
    def test_rows_move_from_places_to_places(self):
        @nki.jit
        def kernel(table, other, source, target):
            nisa.dma_copy(other.ap([[F, 50], [1, F]], vector_offset=loaded(target)), table.ap([[F, 50], [1, F]], vector_offset=loaded(source)))
            return other
        table, other, source, target = normal(300, F), normal(90, F, seed=1), picks(50, 300), picks(50, 90, seed=2)
        want = other.copy()
        want[target[:, 0]] = table[source[:, 0]]
        np.testing.assert_array_equal(kernel(table, other.copy(), source, target), want)

    @on("trn2")
    def test_a_scatter_is_seen_by_loads_behind_it(self):
        @nki.jit
        def kernel(index, data):
            table = nl.ndarray((P, F), nl.float32, nl.private_hbm)
            out = nl.ndarray((P, F), nl.float32, nl.shared_hbm)
            held, idx, back = loaded(data), loaded(index), tile(P, F)
            nisa.dma_copy(table.ap([[F, P], [1, F]], vector_offset=idx), held)
            nisa.dma_copy(back, table)
            nisa.dma_copy(out, back)
            return out
        index, data = picks(P, P), normal(P, F)
        want = np.empty_like(data)
        want[index[:, 0]] = data
        np.testing.assert_array_equal(kernel(index, data), want)

    @on("trn2")
    def test_gpsimd_pays_for_every_row(self):
        @nki.jit
        def kernel(table, index):
            idx, held = loaded(index), tile(index.shape[0], 8 * F)
            for i in range(8):
                nisa.dma_copy(held[:, i * F:(i + 1) * F], table.ap([[F, index.shape[0]], [1, F]], vector_offset=idx))
            return table

        def time(rows):
            measured = nki.benchmark(kernel, warmup=1, iters=1)
            measured(normal(300, F), picks(rows, 300))
            return measured.benchmark_result.nc_latency.get_latency_percentile(50)
        self.assertGreater(time(128), time(16))

    @on("trn2")
    def test_what_is_refused(self):
        x, index = normal(P, F), np.zeros((P, 1), np.int32)
        refused(self, "must be int32", lambda a, i: nisa.dma_copy(a, self._hbm().ap([[F, P], [1, F]], vector_offset=a[:, 0:1])), x, index)
        refused(self, "64 rows and the index tensor 128", lambda a, i: nisa.dma_copy(a[0:64], self._hbm().ap(
            [[F, 64], [1, F]], vector_offset=i)), x, index)
        refused(self, "only add", lambda a, i: nisa.dma_compute(a, [a, self._hbm().ap(
            [[F, P], [1, F]], vector_offset=i)], nl.maximum), x, index)

    @staticmethod
    def _hbm():
        return nl.ndarray((300, F), nl.float32, nl.private_hbm)


if __name__ == "__main__":
    unittest.main()
