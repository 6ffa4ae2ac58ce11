# SPDX-License-Identifier: Apache-2.0
"""nki.isa: transfers whose rows an index tensor picks, and accesses whose place a register says, against numpy."""
import unittest

import nki
import nki.isa as nisa
import nki.language as nl
import numpy as np
from devices import close, normal, on, on_tiles, refused, tile

P, F = 128, 48
SKIP = nisa.oob_mode.skip


def picks(count, rows, seed=4):
    """Different rows in some order."""
    return np.random.default_rng(seed).permutation(rows)[:count].astype(np.int32)[:, None]


def loaded(array, name=""):
    held = nl.ndarray(array.shape, array.dtype, nl.sbuf, name)
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
def scatter(table, index, data, skip=False, add=False):
    """table[index] = data, or += data."""
    idx, held = loaded(index), loaded(data)
    rows = table.ap([[table.shape[1], index.shape[0]], [1, table.shape[1]]], vector_offset=idx)
    if add:
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
        with self.assertRaisesRegex(Exception, "(?i)out of bounds|oob"):
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


class Registers(unittest.TestCase):
    @on()
    def test_copies_that_begin_where_a_register_says(self):
        @nki.jit
        def kernel(data, place):
            out = nl.ndarray((4, 64), data.dtype, nl.shared_hbm)
            reg = nisa.register_alloc()
            nisa.register_load(reg, loaded(place))
            held = tile(4, 64, dtype=data.dtype)
            nisa.dma_copy(held, data.select(0, reg))
            nisa.dma_copy(out, held)
            return out
        for dtype in (np.float32, nl.bfloat16, np.int32):
            data = np.round(normal(9, 4, 64) * 9).astype(dtype)
            np.testing.assert_array_equal(kernel(data, np.array([[6]], np.int32)), data[6])

    @on()
    def test_offsets_that_are_elements_of_tensors(self):
        @nki.jit
        def kernel(cache, place, row):
            at, held = loaded(place), loaded(row)
            nisa.dma_copy(cache.ap([[F, 1], [1, F]], scalar_offset=at[0:1, 0:1]), held)
            return cache
        cache, row = normal(32, F), normal(1, F, seed=1)
        for place in (0, 17, 31):
            want = cache.copy()
            want[place] = row
            np.testing.assert_array_equal(kernel(cache.copy(), np.array([[place]], np.int32), row), want)

    @on()
    def test_an_offset_in_any_partition(self):
        @nki.jit
        def kernel(cache, places):
            at, held = loaded(places), tile(4, F)
            for row in range(4):
                nisa.dma_copy(held[row:row + 1], cache.select(0, at[row:row + 1, 0:1]).reshape((1, F)))
            out = nl.ndarray((4, F), cache.dtype, nl.shared_hbm)
            nisa.dma_copy(out, held)
            return out
        cache, places = normal(32, F), np.array([[9], [0], [31], [4]], np.int32)
        np.testing.assert_array_equal(kernel(cache, places), cache[places[:, 0]])

    @on()
    def test_columns_of_a_tile(self):
        def body(out, back, a, at):
            reg = nisa.register_alloc(at)
            nisa.tensor_copy(out, a[:, nl.ds(reg, 8)])
            nisa.memset(back, 0)
            nisa.tensor_copy(back[:, nl.ds(reg, 8)], out)
        x = normal(P, 64)
        got, back = on_tiles(body, (x, np.array([[13]], np.int32)), [((P, 8), nl.float32), ((P, 64), nl.float32)])
        np.testing.assert_array_equal(got, x[:, 13:21])
        want = np.zeros_like(x)
        want[:, 13:21] = x[:, 13:21]
        np.testing.assert_array_equal(back, want)

    @on()
    def test_every_instruction_takes_moved_operands(self):
        def body(out, total, a, at):
            reg = nisa.register_alloc(at)
            nisa.memset(out, 0)
            nisa.tensor_scalar(out[:, nl.ds(reg, 8)], a[:, nl.ds(reg, 8)], nl.multiply, 2.0)
            nisa.activation(total, nl.square, a[:, nl.ds(reg, 1)], bias=a[:, nl.ds(reg, 1)])
        x = normal(P, 64)
        got, total = on_tiles(body, (x, np.array([[5]], np.int32)), [((P, 64), nl.float32), ((P, 1), nl.float32)])
        want = np.zeros_like(x)
        want[:, 5:13] = 2 * x[:, 5:13]
        np.testing.assert_array_equal(got, want)
        close(self, total, (2 * x[:, 5:6]) ** 2)

    @on()
    def test_registers_are_loaded_from_memory_and_stored_there(self):
        @nki.jit
        def kernel(numbers):
            out = nl.ndarray((1, 1), nl.int32, nl.shared_hbm)
            reg = nisa.register_alloc()
            nisa.register_load(reg, numbers[0:1, 3:4])
            nisa.register_store(out, reg)
            return out
        numbers = np.arange(100, 108, dtype=np.int32)[None]
        np.testing.assert_array_equal(kernel(numbers), [[103]])

    @on()
    def test_as_many_iterations_as_an_argument_says(self):
        @nki.jit
        def kernel(x, counts):
            out = nl.ndarray(x.shape, x.dtype, nl.shared_hbm)
            nisa.dma_copy(out, x)
            held, reg = loaded(counts), nisa.register_alloc()
            nisa.register_load(reg, held[0:1, 1:2])
            for i in nl.dynamic_range(0, reg):
                part = tile(16, F)
                nisa.dma_copy(part, x[nl.ds(i * 16, 16)])
                nisa.tensor_scalar(part, part, nl.multiply, 2.0)
                nisa.dma_copy(out[nl.ds(i * 16, 16)], part)
            return out
        x = normal(64, F)
        for count in (0, 1, 3):
            want = x.copy()
            want[:16 * count] *= 2
            np.testing.assert_array_equal(kernel(x, np.array([[7, count]], np.int32)), want)

    @on("trn2")
    def test_a_number_of_iterations_that_is_computed(self):
        @nki.jit
        def kernel(counts):
            held = loaded(counts)
            nisa.tensor_scalar(held, held, nl.add, 1.0)
            nl.fori_loop(0, nisa.register_alloc(held), lambda i: None)
            return counts
        with self.assertRaisesRegex(NotImplementedError, r"isa_indexed_test.py:\d+: .*a bound that only the device knows"):
            kernel(np.array([[3]], np.int32))

    @on("trn2")
    def test_registers_are_used_again(self):
        @nki.jit
        def kernel(x, order):
            out, at = nl.ndarray(x.shape, x.dtype, nl.shared_hbm), loaded(order)
            for i in range(100):
                reg, row = nisa.register_alloc(at[0:1, i:i + 1]), tile(1, F)
                nisa.dma_copy(row, x[nl.ds(reg, 1)])
                nisa.dma_copy(out[i:i + 1], row)
            return out
        x, order = normal(100, F), picks(100, 100)
        np.testing.assert_array_equal(kernel(x, order.T.copy()), x[order[:, 0]])

    @on("trn2")
    def test_offsets_beyond_the_tensor(self):
        @nki.jit
        def kernel(data, place, skip):
            out = nl.ndarray((1, F), data.dtype, nl.shared_hbm)
            held = tile(1, F)
            nisa.memset(held, 3)
            nisa.dma_copy(held, data.ap([[F, 1], [1, F]], scalar_offset=loaded(place)), oob_mode=SKIP if skip else nisa.oob_mode.error)
            nisa.dma_copy(out, held)
            return out
        data = normal(8, F)
        np.testing.assert_array_equal(kernel(data, np.array([[8]], np.int32), True), np.full((1, F), 3, np.float32))
        with self.assertRaisesRegex(Exception, "(?i)out of bounds|oob"):
            kernel(data, np.array([[8]], np.int32), False)


class Order(unittest.TestCase):
    @on("trn2")
    def test_an_instruction_starts_when_those_it_depends_on_are_complete(self):
        def time(ordered):
            @nki.jit
            def kernel(x):
                out = nl.ndarray((P, 2048), nl.float32, nl.shared_hbm)
                a, b = tile(P, 2048), tile(P, 2048)
                first = nisa.dma_copy(a, x)
                second = nisa.dma_copy(b, x, engine=nisa.engine.scalar)
                if ordered:
                    second.depends_on(first)
                nisa.tensor_tensor(a, a, b, nl.add)
                nisa.dma_copy(out, a)
                return out
            measured = nki.benchmark(kernel, warmup=1, iters=1)
            measured(normal(P, 2048))
            return measured.benchmark_result.nc_latency.get_latency_percentile(50)
        self.assertGreater(time(True), time(False))


if __name__ == "__main__":
    unittest.main()
