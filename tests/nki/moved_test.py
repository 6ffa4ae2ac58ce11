# SPDX-License-Identifier: Apache-2.0
"""Operands whose place registers, tensors of one element or index tiles say, of instructions that do not take them as they are."""
import unittest

import nki
import nki.isa as nisa
import nki.language as nl
import numpy as np
from devices import close, normal, on, on_tiles, refused, tile

P, F = 128, 48
INT, FLOAT = nl.int32, nl.float32
FIVE = np.array([[5]], np.int32)


def loaded(array):
    held = nl.ndarray(array.shape, array.dtype, nl.sbuf)
    nisa.dma_copy(held, array)
    return held


def computed(at):
    """A register with what only the device knows: 4 * at / 4."""
    held, whole = tile(1, 1), tile(1, 1, dtype=INT)
    nisa.activation(held, nl.copy, at, scale=4.0)
    nisa.activation(whole, nl.copy, held, scale=0.25)
    return nisa.register_alloc(whole)


class Destinations(unittest.TestCase):
    """What an instruction leaves as it is stays, and all that it writes arrives."""

    @on()
    def test_predicated_copies(self):
        def body(out, a, where, at):
            nisa.memset(out, 7)
            nisa.tensor_copy_predicated(out[:, nl.ds(nisa.register_alloc(at), F)], a, where)
        x, where = normal(P, F), (np.arange(P * F).reshape(P, F) % 3).astype(np.uint8)
        want = np.full((P, 64), 7, np.float32)
        want[:, 5:5 + F] = np.where(where != 0, x, 7)
        np.testing.assert_array_equal(on_tiles(body, (x, where, FIVE), [((P, 64), FLOAT)]), want)

    @on()
    def test_shuffles_that_keep_partitions(self):
        def body(out, a, at):
            nisa.memset(out, 7)
            nisa.nc_stream_shuffle(out[:, nl.ds(nisa.register_alloc(at), F)], a, [255 if i % 2 else i for i in range(32)])
        x = normal(P, F)
        want = np.full((P, 64), 7, np.float32)
        want[::2, 5:5 + F] = x[::2]
        np.testing.assert_array_equal(on_tiles(body, (x, FIVE), [((P, 64), FLOAT)]), want)

    @on()
    def test_sums_beside_the_result(self):
        def body(out, sums, more, a, at):
            reg = nisa.register_alloc(at)
            nisa.memset(sums, 0)
            nisa.memset(more, 0)
            nisa.activation_reduce(out, nl.square, a, nl.add, sums[:, nl.ds(reg, 1)])
            nisa.tensor_scalar_reduce(out, a, nl.multiply, 2.0, nl.add, more[:, nl.ds(reg, 1)])
        x = normal(P, F)
        out, sums, more = on_tiles(body, (x, FIVE), [((P, F), FLOAT), ((P, 8), FLOAT), ((P, 8), FLOAT)])
        want, twice = np.zeros((P, 8)), np.zeros((P, 8))
        want[:, 5], twice[:, 5] = (x ** 2).sum(1), 2 * x.sum(1)
        close(self, sums, want)
        close(self, more, twice, 1e-5, 1e-4)
        close(self, out, 2 * x)

    @on("trn2", "trn3")
    def test_counts_that_are_in_some_partitions(self):
        def body(out, a, at):
            nisa.memset(out, 7)
            nisa.nonzero_with_count(out[:, nl.ds(nisa.register_alloc(at), F + 1)], a)
        x = np.zeros((P, F), np.float32)
        x[:, 3] = 1
        want = np.full((P, 64), 7, np.int32)
        want[::16, 5:5 + F + 1] = np.r_[3, np.full(F - 1, -1), 1]
        np.testing.assert_array_equal(on_tiles(body, (x, FIVE), [((P, 64), INT)]), want)

    @on()
    def test_gathers_that_are_smaller(self):
        def body(out, a, index, at):
            nisa.memset(out, 7)
            nisa.local_gather(out[:, nl.ds(nisa.register_alloc(at), 20)], a, index)
        x, index = normal(P, F), np.zeros((P, 1), np.uint16)
        want = np.full((P, 64), 7, np.float32)
        want[:, 5:21] = x[:, :1]
        np.testing.assert_array_equal(on_tiles(body, (x, index, FIVE), [((P, 64), FLOAT)]), want)

    @on()
    def test_seeds_are_read(self):
        def body(one, two, seeds, at):
            nisa.set_rng_seed(seeds[:, nl.ds(nisa.register_alloc(at), 1)])
            nisa.rng(one)
            nisa.set_rng_seed(seeds[:, 5:6])
            nisa.rng(two)
        seeds = np.arange(P * 8).reshape(P, 8).astype(np.int32)
        one, two = on_tiles(body, (seeds, FIVE), [((P, F), nl.uint32), ((P, F), nl.uint32)])
        np.testing.assert_array_equal(one, two)

    @on()
    def test_products(self):
        def body(out, a, b, at):
            acc = tile(64, 128, buffer=nl.psum)
            nisa.memset(acc, 0)
            nisa.nc_matmul(acc[:, nl.ds(nisa.register_alloc(at), F)], a, b, accumulate=False)
            nisa.tensor_copy(out, acc)
        a, b = normal(P, 64, dtype=np.float16), normal(P, F, seed=1, dtype=np.float16)
        want = np.zeros((64, 128))
        want[:, 5:5 + F] = a.astype(np.float64).T @ b.astype(np.float64)
        close(self, on_tiles(body, (a, b, FIVE), [((64, 128), FLOAT)]), want)

    @on("trn2")
    def test_what_is_refused(self):
        a, b = normal(P, 64), normal(P, F, seed=1)

        def product(**options):
            return lambda a, b, at: nisa.nc_matmul(tile(64, 128, buffer=nl.psum)[:, nl.ds(nisa.register_alloc(at), F)], a, b, **options)
        refused(self, "without accumulate=", product(), a, b, FIVE, error=NotImplementedError)
        refused(self, "added to a place", product(accumulate=True), a, b, FIVE, error=NotImplementedError)


class Transfers(unittest.TestCase):
    """Those that no register moves begin where the values of the arguments say."""

    @on("trn2", "trn3")
    def test_transposes(self):
        @nki.jit
        def kernel(x, at):
            out, held = nl.ndarray((F, 32), x.dtype, nl.shared_hbm), tile(F, 32, dtype=x.dtype)
            nisa.dma_transpose(held, x[nl.ds(computed(loaded(at)), 32)])
            nisa.dma_copy(out, held)
            return out
        x = normal(64, F)
        np.testing.assert_array_equal(kernel(x, FIVE), x[5:37].T)

    @on()
    def test_sums(self):
        @nki.jit
        def kernel(x, y, at):
            reg = computed(loaded(at))
            nisa.dma_compute(y[nl.ds(reg, 4)], [x[nl.ds(reg, 4)], y[0:4]], nl.add)
            return y
        x, y = normal(16, F), normal(16, F, seed=1)
        want = y.copy()
        want[5:9] = x[5:9] + y[:4]
        np.testing.assert_array_equal(kernel(x, y, FIVE), want)

    @on()
    def test_rows_of_a_part_of_a_table(self):
        @nki.jit
        def kernel(table, index, at):
            out, held = nl.ndarray((20, F), table.dtype, nl.shared_hbm), tile(20, F)
            nisa.dma_copy(held, table.ap([[F, 20], [1, F]], scalar_offset=loaded(at), vector_offset=loaded(index)))
            nisa.dma_copy(out, held)
            return out
        table, index = normal(64, F), np.random.default_rng(3).integers(0, 50, (20, 1)).astype(np.int32)
        np.testing.assert_array_equal(kernel(table, index, FIVE), table[5 + index[:, 0]])

    @on("trn2")
    def test_in_a_loop_of_the_device(self):
        @nki.jit
        def kernel(x, order):
            out, at = nl.ndarray(x.shape, x.dtype, nl.shared_hbm), loaded(order)
            for i in nl.dynamic_range(4):
                reg, held = nisa.register_alloc(), tile(F, 32, dtype=x.dtype)
                nisa.register_load(reg, at[0:1, nl.ds(i, 1)])
                nisa.dma_transpose(held, x[nl.ds(reg, 32)])
                nisa.dma_copy(out[nl.ds(i * 32, 32)].reshape((F, 32)), held)
            return out
        x, order = normal(128, F), np.array([[9, 0, 96, 41]], np.int32)
        got = kernel(x, order).reshape(4, F, 32)
        np.testing.assert_array_equal(got, np.stack([x[each:each + 32].T for each in order[0]]))

    @on("trn2")
    def test_without_values(self):
        @nki.jit
        def kernel(x, at):
            nisa.dma_transpose(tile(F, 32, dtype=x.dtype), x[nl.ds(computed(loaded(at)), 32)])
        with self.assertRaisesRegex(NotImplementedError, "nki.isa.dma_transpose cannot be simulated: an offset of src is a number that only the device knows"):
            kernel.text(normal(64, F), FIVE)


class Partitions(unittest.TestCase):
    """Which partition it is follows from the arguments, as no register moves an operand over partitions."""

    @on("trn2")
    def test_a_row_of_a_tile(self):
        @nki.jit
        def kernel(x, at):
            out, held, place = nl.ndarray((4, F), x.dtype, nl.shared_hbm), loaded(x), loaded(at)
            rows = (held[nl.ds(nisa.register_alloc(place), 1)], held.select(0, place), held.ap([[F, 1], [1, F]], scalar_offset=place, indirect_dim=0),
                    held[nl.ds(computed(place), 1), :])
            for i, row in enumerate(rows):
                nisa.dma_copy(out[i:i + 1], row)
            return out
        x = normal(64, F)
        np.testing.assert_array_equal(kernel(x, FIVE), x[[5, 5, 5, 5]])
        with self.assertRaisesRegex(IndexError, r"moved_test.py:\d+: tensor: partitions 70 to 70 are not all in .*, which has 64"):
            kernel(x, np.array([[70]], np.int32))

    @on("trn2")
    def test_in_a_loop_of_the_device(self):
        @nki.jit
        def kernel(x, order):
            out, held, at = nl.ndarray(x.shape, x.dtype, nl.shared_hbm), loaded(x), loaded(order)
            for i in nl.dynamic_range(4):
                reg = nisa.register_alloc(at[0:1, nl.ds(i, 1)])
                nisa.tensor_scalar(held[nl.ds(reg, 32)], held[nl.ds(reg, 32)], nl.add, 1.0)
            nisa.dma_copy(out, held)
            return out
        x = np.round(normal(128, F) * 9)
        np.testing.assert_array_equal(kernel(x, np.array([[96, 0, 0, 96]], np.int32)), x + np.repeat([2, 0, 0, 2], 32)[:, None])


class Registers(unittest.TestCase):
    @on()
    def test_are_loaded_from_where_others_say(self):
        @nki.jit
        def kernel(x, pages, at):
            out, table = nl.ndarray((2, F), x.dtype, nl.shared_hbm), loaded(pages)
            reg, row = nisa.register_alloc(loaded(at)), tile(1, F)
            for i, source in enumerate((table[0:1, nl.ds(reg, 1)], pages[1:2, nl.ds(reg, 1)])):
                page = nisa.register_alloc()
                nisa.register_load(page, source)
                nisa.dma_copy(row, x[nl.ds(page, 1)])
                nisa.dma_copy(out[i:i + 1], row)
            return out
        x, pages = normal(32, F), np.random.default_rng(2).integers(0, 32, (2, 9)).astype(np.int32)
        np.testing.assert_array_equal(kernel(x, pages, FIVE), x[pages[:, 5]])


class Picked(unittest.TestCase):
    """.indirect(): the Tensor engine reads indices of 32 partitions at a time, the others of 16."""

    @staticmethod
    def _picked(x, index, count):
        group = min(32, len(x))
        return np.stack([x[p, index[p // group * group:p // group * group + group].flatten("F")[:count]] for p in range(len(x))])

    @on("trn3")
    def test_operands_of_the_tensor_engine(self):
        def body(out, turned, a, b, i, j):
            acc, swapped = tile(40, 64, buffer=nl.psum), tile(40, a.shape[0], dtype=a.dtype, buffer=nl.psum)
            nisa.nc_matmul(acc, a.indirect(i, 40), b.indirect(j, 64))
            nisa.nc_transpose(swapped, a.indirect(i, 40))
            nisa.tensor_copy(out, acc)
            nisa.tensor_copy(turned, swapped)
        random = np.random.default_rng(8)
        for rows in (128, 32, 16):
            a, b = normal(rows, 200, dtype=np.float16), normal(rows, 100, seed=1, dtype=np.float16)
            i, j = random.integers(0, 200, (rows, 3)).astype(np.uint16), random.integers(0, 100, (rows, 4)).astype(np.uint16)
            left, right = self._picked(a, i, 40), self._picked(b, j, 64)
            out, turned = on_tiles(body, (a, b, i, j), [((40, 64), FLOAT), ((40, rows), nl.float16)])
            close(self, out, left.astype(np.float64).T @ right.astype(np.float64))
            np.testing.assert_array_equal(turned, left.T)

    @on("trn3")
    def test_what_is_refused(self):
        a, i = normal(48, 200), np.zeros((48, 4), np.uint16)
        refused(self, "48 partitions, neither a multiple of 32 nor up to 16", lambda a, i: nisa.nc_transpose(
            tile(40, 48, buffer=nl.psum), a.indirect(i, 40)), a, i, error=NotImplementedError)
        refused(self, "has groups of 16", lambda a, i: nisa.tensor_copy(tile(48, 80), a.indirect(i, 80)), a, i)


if __name__ == "__main__":
    unittest.main()
