# SPDX-License-Identifier: Apache-2.0
"""Registers of the sequencers: offsets of views, bounds of loops; and the order of instructions, against numpy."""
import unittest

import nki
import nki.isa as nisa
import nki.language as nl
import numpy as np
from devices import close, normal, on, on_tiles, tile

P, F = 128, 48


def loaded(array):
    held = nl.ndarray(array.shape, array.dtype, nl.sbuf)
    nisa.dma_copy(held, array)
    return held


def doubled(x, *bounds):
    """x in HBM, with twice the values in those of its parts of 16 rows that a loop of the device counts."""
    out = nl.ndarray(x.shape, x.dtype, nl.shared_hbm)
    nisa.dma_copy(out, x)
    for i in nl.dynamic_range(*bounds):
        part = tile(16, F)
        nisa.dma_copy(part, x[nl.ds(i * 16, 16)])
        nisa.tensor_scalar(part, part, nl.multiply, 2.0)
        nisa.dma_copy(out[nl.ds(i * 16, 16)], part)
    return out


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
            held, reg = loaded(counts), nisa.register_alloc()
            nisa.register_load(reg, held[0:1, 1:2])
            return doubled(x, 0, reg)
        x = normal(64, F)
        for count in (0, 1, 3):
            want = x.copy()
            want[:16 * count] *= 2
            np.testing.assert_array_equal(kernel(x, np.array([[7, count]], np.int32)), want)

    @on()
    def test_as_many_iterations_as_follow_from_an_argument(self):
        @nki.jit
        def kernel(x, count):
            held, ones = loaded(count), tile(1, 1, dtype=nl.int32)
            nisa.memset(ones, 1)
            nisa.tensor_scalar(held, held, nl.add, 15)
            nisa.tensor_tensor(held, held, ones, nl.subtract)
            nisa.tensor_scalar(held, held, nl.add, ones)
            nisa.tensor_scalar(held, held, nl.right_shift, 4)
            return doubled(x, nisa.register_alloc(held))
        x = normal(64, F)
        for count in (0, 1, 16, 17):
            want = x.copy()
            want[:(count + 15) // 16 * 16] *= 2
            np.testing.assert_array_equal(kernel(x, np.array([[count]], np.int32)), want)

    @on("trn2")
    def test_loops_while_a_register_is_not_zero(self):
        def start(x, count):
            out, total, left = nl.ndarray(x.shape, x.dtype, nl.shared_hbm), loaded(x), loaded(count)
            return out, total, left, nisa.register_alloc(left)

        def step(total, left, reg):
            nisa.tensor_scalar(total, total, nl.add, 1.0)
            nisa.tensor_scalar(left, left, nl.subtract, 1)
            nisa.register_load(reg, left)
            return reg

        @nki.jit
        def by_function(x, count):
            out, total, left, reg = start(x, count)
            nl.while_loop(reg, lambda held: step(total, left, held))
            nisa.dma_copy(out, total)
            return out

        @nki.jit
        def by_statement(x, count):
            out, total, left, reg = start(x, count)
            while reg:
                step(total, left, reg)
            nisa.dma_copy(out, total)
            return out
        x = np.round(normal(P, F) * 8)
        for kernel in (by_function, by_statement):
            for count in (0, 1, 5):
                np.testing.assert_array_equal(kernel(x, np.array([[count]], np.int32)), x + count)

    @on("trn2", "trn3")
    def test_loops_while_the_element_that_a_counter_picks_is_not_zero(self):
        def loop(x, flags, advance):
            out, total = nl.ndarray(x.shape, x.dtype, nl.shared_hbm), loaded(x)
            flag, at, reg = tile(1, 1, dtype=nl.int32), tile(1, 1, dtype=nl.int32), nisa.register_alloc()
            for _ in nl.dynamic_range(3):  # has nothing to do with the loop that follows
                nisa.tensor_scalar(total, total, nl.add, 1.0)
            nisa.memset(at, 0)
            nisa.dma_copy(flag, flags.ap([[1, 1], [1, 1]]))
            nisa.register_load(reg, flag)
            while reg:
                nisa.tensor_scalar(total, total, nl.add, 1.0)
                nisa.tensor_scalar(at, at, nl.add, 1)
                advance(flag, at, reg)
            nisa.dma_copy(out, total)
            return out

        @nki.jit
        def in_hbm(x, flags):
            def advance(flag, at, reg):
                nisa.dma_copy(flag, flags.ap([[1, 1], [1, 1]], scalar_offset=at, indirect_dim=0))
                nisa.register_load(reg, flag)
            return loop(x, flags, advance)

        @nki.jit
        def on_chip(x, flags):
            held, place = loaded(flags.reshape((1, 8))), nisa.register_alloc()

            def advance(flag, at, reg):
                nisa.register_load(place, at)
                nisa.register_load(reg, held[:, nl.ds(place, 1)])
            return loop(x, flags, advance)
        x, flags = np.round(normal(P, F) * 8), np.array([1, 1, 7, 1, 0, 1, 1, 1], np.int32)
        for kernel in (in_hbm, on_chip):
            np.testing.assert_array_equal(kernel(x, flags), x + 7)

    @on("trn2")
    def test_a_number_of_iterations_that_is_computed(self):
        @nki.jit
        def kernel(counts):
            held = loaded(counts)
            nisa.iota(held, [[1, 1]])
            nl.fori_loop(0, nisa.register_alloc(held), lambda i: None)
            return counts
        counts = np.array([[3]], np.int32)
        np.testing.assert_array_equal(kernel(counts), counts)  # ahead_test.py
        with self.assertRaisesRegex(NotImplementedError, r"registers_test.py:\d+: .*a number that only the device knows"):
            kernel.text(counts)

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
        x, order = normal(100, F), np.random.default_rng(4).permutation(100).astype(np.int32)[:, None]
        np.testing.assert_array_equal(kernel(x, order.T.copy()), x[order[:, 0]])

    @on("trn2")
    def test_offsets_beyond_the_tensor(self):
        @nki.jit
        def kernel(data, place, skip):
            out = nl.ndarray((1, F), data.dtype, nl.shared_hbm)
            held = tile(1, F)
            nisa.memset(held, 3)
            nisa.dma_copy(held, data.ap([[F, 1], [1, F]], scalar_offset=loaded(place)), oob_mode=nisa.oob_mode.skip if skip else nisa.oob_mode.error)
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
