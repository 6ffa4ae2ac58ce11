# SPDX-License-Identifier: Apache-2.0
"""Loops whose bounds and conditions the device computes: the kernel is run up to there, and traced on with what it found."""
import unittest

import nki
import nki.isa as nisa
import nki.language as nl
import numpy as np
from devices import close, normal, on, tile

P, F = 128, 48
INT = nl.int32


def loaded(array):
    held = nl.ndarray(array.shape, array.dtype, nl.sbuf)
    nisa.dma_copy(held, array)
    return held


def reduced(held, op=nl.add):
    """One integer: the reduction of a row."""
    total, count = tile(1, 1), tile(1, 1, dtype=INT)
    nisa.tensor_reduce(total, op, held, axis=1)
    nisa.tensor_copy(count, total)
    return count


def twice(out, x, i):
    """Row i of out = 2 * row i of x."""
    row = tile(1, x.shape[1])
    nisa.dma_copy(row, x[nl.ds(i, 1)])
    nisa.tensor_scalar(row, row, nl.multiply, 2.0)
    nisa.dma_copy(out[nl.ds(i, 1)], row)


@nki.jit
def chosen(x, flags):
    """x with twice the values in the rows that have a flag."""
    held, found = tile(P, flags.shape[1]), tile(P, flags.shape[1] + 1, dtype=INT)
    nisa.memset(held, 0)
    nisa.dma_copy(held[0:1], flags)
    nisa.nonzero_with_count(found, held)
    out = nl.ndarray(x.shape, x.dtype, nl.shared_hbm)
    nisa.dma_copy(out, x)
    count = nisa.register_alloc(found[0:1, flags.shape[1]:])
    for i in nl.dynamic_range(count):
        row = nisa.register_alloc()
        nisa.register_load(row, found[0:1, nl.ds(i, 1)])
        twice(out, x, row)
    return out


@nki.jit
def summed(x, numbers):
    """x with twice the values in as many rows as the numbers are together."""
    out = nl.ndarray(x.shape, x.dtype, nl.shared_hbm)
    nisa.dma_copy(out, x)
    for i in nl.dynamic_range(nisa.register_alloc(reduced(loaded(numbers)))):
        twice(out, x, i)
    return out


def doubled(x, count):
    want = x.copy()
    want[:max(0, count)] *= 2
    return want


def numbers_of(*values):
    return np.array([values], np.float32)


class Runs:
    """Counts what the session executes."""

    def __enter__(self):
        from nki import _session
        self.session, self.before, self.count = _session.Session, _session.Session.execute, 0

        def execute(session, *given):
            self.count += 1
            return self.before(session, *given)
        self.session.execute = execute
        return self

    def __exit__(self, *_):
        self.session.execute = self.before


class Bounds(unittest.TestCase):
    @on("trn2", "trn3")
    def test_the_rows_that_an_instruction_finds(self):
        x = normal(40, F)
        for some in ([], [39], [0, 3, 4, 17], list(range(40))):
            flags, want = np.zeros((1, 40), np.float32), x.copy()
            flags[0, some] = 1
            want[some] *= 2
            np.testing.assert_array_equal(chosen(x, flags), want)

    @on()
    def test_a_sum(self):
        x = normal(9, F)
        for values in ((1, 2, 4), (0, 0), (3, -3), (4, 5)):
            with Runs() as runs:
                np.testing.assert_array_equal(summed(x, numbers_of(*values)), doubled(x, sum(values)))
            self.assertEqual(runs.count, 2)

    @on("trn2")
    def test_by_function_from_a_number_to_another(self):
        @nki.jit
        def kernel(x, numbers):
            out, held = nl.ndarray(x.shape, x.dtype, nl.shared_hbm), loaded(numbers)
            nisa.dma_copy(out, x)
            first, last = (nisa.register_alloc(reduced(held, op)) for op in (nl.minimum, nl.maximum))
            nl.fori_loop(first, last, lambda i: twice(out, x, i), step=2)
            return out
        x = normal(9, F)
        with Runs() as runs:
            want = x.copy()
            want[2:7:2] *= 2
            np.testing.assert_array_equal(kernel(x, numbers_of(7, 4, 2)), want)
        self.assertEqual(runs.count, 2)  # one found both

    @on("trn2")
    def test_what_the_kernel_wrote_counts(self):
        @nki.jit
        def kernel(x, numbers):
            held = loaded(numbers)
            nisa.tensor_scalar(held, held, nl.multiply, 2.0)
            nisa.dma_copy(numbers, held)
            out = nl.ndarray(x.shape, x.dtype, nl.shared_hbm)
            nisa.dma_copy(out, x)
            for i in nl.dynamic_range(nisa.register_alloc(reduced(loaded(numbers)))):
                twice(out, x, i)
            return out
        x, numbers = normal(9, F), numbers_of(1, 2)
        np.testing.assert_array_equal(kernel(x, numbers), doubled(x, 6))
        np.testing.assert_array_equal(numbers, numbers_of(2, 4))

    @on("trn2")
    def test_arguments_of_every_type(self):
        x = normal(9, F)
        for dtype in (nl.bfloat16, np.float16, np.int8, np.int64):
            np.testing.assert_array_equal(summed(x, np.array([[3, 2]]).astype(dtype)), doubled(x, 5))

    @on("trn2")
    def test_a_register_keeps_what_it_was_loaded_with(self):
        @nki.jit
        def kernel(x, numbers):
            out, count = nl.ndarray(x.shape, x.dtype, nl.shared_hbm), reduced(loaded(numbers))
            reg, other = nisa.register_alloc(count), nisa.register_alloc(7)
            nisa.register_move(other, reg)
            nisa.memset(count, 1)
            nisa.register_load(reg, count)
            nisa.dma_copy(out, x)
            for i in nl.dynamic_range(reg, other):
                twice(out, x, i)
            return out
        x = normal(9, F)
        want = x.copy()
        want[1:5] *= 2
        np.testing.assert_array_equal(kernel(x, numbers_of(2, 3)), want)

    @on("trn2")
    def test_tiles_that_lie_upon_each_other(self):
        @nki.jit
        def kernel(x, count):
            out = nl.ndarray(x.shape, x.dtype, nl.shared_hbm)
            under, over = (nl.ndarray((1, 1), INT, nl.sbuf, address=(0, 1024)) for _ in range(2))
            nisa.dma_copy(out, x)
            nisa.dma_copy(under, count)
            nisa.memset(over, 2)
            for i in nl.dynamic_range(nisa.register_alloc(under)):
                twice(out, x, i)
            return out
        x = normal(9, F)
        np.testing.assert_array_equal(kernel(x, np.array([[5]], np.int32)), doubled(x, 2))

    @on("trn2")
    def test_bounds_that_no_loop_can_have(self):
        x = normal(4, F)
        for values, rule in (((3e9,), "2147483647"), ((2e9,), "2000000000 iterations"), ((float("nan"),), None), ((-5,), None), ((float("-inf"),), None)):
            with self.subTest(values=values):
                if rule is None:
                    np.testing.assert_array_equal(summed(x, numbers_of(*values)), x)
                else:
                    with self.assertRaisesRegex(nki.NkiValidationError, rf"ahead_test.py:\d+: nl.dynamic_range: .*{rule}"):
                        summed(x, numbers_of(*values))

    @on("trn2")
    def test_what_is_no_bound(self):
        def copied():
            reg = nisa.register_alloc()
            nisa.register_move(reg, nisa.register_alloc())
            return reg, 4
        for error, rule, made in ((nki.NkiValidationError, "its end is r0, to which nothing was loaded", lambda: (nisa.register_alloc(),)),
                                  (nki.NkiValidationError, "its start is r0, to which nothing was loaded", copied),
                                  (nki.NkiValidationError, "its step is 0, must be at least 1", lambda: (0, 4, 0)),
                                  (nki.NkiValidationError, "its start is -2147483649: registers hold", lambda: (-2 ** 31 - 1, 4)),
                                  (TypeError, "its end is a tensor, must be an integer or a register", lambda: (tile(1, 1),)),
                                  (TypeError, "its end is 2.5, must be an integer or a register", lambda: (2.5,))):
            @nki.jit
            def kernel(x):
                for _ in nl.dynamic_range(*made()):
                    pass
                return x
            with self.subTest(rule=rule), self.assertRaisesRegex(error, r"ahead_test.py:\d+: nl.dynamic_range: " + rule):
                kernel(normal(4, F))

    @on("trn2")
    def test_integers_of_numpy_are_bounds(self):
        @nki.jit
        def kernel(x):
            out = nl.ndarray(x.shape, x.dtype, nl.shared_hbm)
            nisa.dma_copy(out, x)
            for i in nl.dynamic_range(np.int64(1), np.int32(3), 1.0):
                twice(out, x, i)
            return out
        x = normal(4, F)
        np.testing.assert_array_equal(kernel(x), np.concatenate([x[:1], 2 * x[1:3], x[3:]]))


class Conditions(unittest.TestCase):
    @staticmethod
    def _start(numbers):
        left, steps = reduced(loaded(numbers)), tile(1, 1, dtype=INT)
        nisa.memset(steps, 0)
        return left, steps, nisa.register_alloc(left)

    @staticmethod
    def _step(left, steps, reg):
        nisa.tensor_scalar(left, left, nl.right_shift, 1)
        nisa.tensor_scalar(steps, steps, nl.add, 1)
        nisa.register_load(reg, left)
        return reg

    @staticmethod
    def _stored(held):
        out = nl.ndarray(held.shape, held.dtype, nl.shared_hbm)
        nisa.dma_copy(out, held)
        return out

    @on("trn2")
    def test_halving_until_nothing_is_left(self):
        @nki.jit
        def by_statement(numbers):
            left, steps, reg = self._start(numbers)
            while reg:
                self._step(left, steps, reg)
            return self._stored(steps)

        @nki.jit
        def by_function(numbers):
            left, steps, reg = self._start(numbers)
            nl.while_loop(reg, lambda held: self._step(left, steps, held))
            return self._stored(steps)
        for kernel in (by_statement, by_function):
            for values, count in (((0, 0), 0), ((1, 0), 1), ((500, 500), 10)):
                with Runs() as runs:
                    np.testing.assert_array_equal(kernel(numbers_of(*values)), [[count]])
                self.assertEqual(runs.count, 2)  # the rest follows from what the first one found

    @on("trn2")
    def test_a_value_that_has_to_be_computed_every_time(self):
        @nki.jit
        def kernel(numbers):
            held, reg = loaded(numbers), nisa.register_alloc()
            nisa.register_load(reg, reduced(held))
            while reg:
                nisa.activation(held, nl.sqrt, held)
                nisa.tensor_scalar(held, held, nl.subtract, 1.0)
                nisa.activation(held, nl.relu, held)
                nisa.register_load(reg, reduced(held))
            return self._stored(held)
        want = np.array([[50.0, 9.0]])
        while np.rint(want.sum()):
            want = np.maximum(np.sqrt(want) - 1, 0)
        close(self, kernel(np.array([[50, 9]], np.float32)), want, 1e-3)

    @on("trn2")
    def test_one_that_never_ends(self):
        @nki.jit
        def kernel(numbers):
            reg = nisa.register_alloc(reduced(loaded(numbers)))
            while reg:
                pass
        with self.assertRaisesRegex(nki.NkiValidationError, r"ahead_test.py:\d+: while register: has not ended after 65536"):
            kernel(numbers_of(1))


class Nested(unittest.TestCase):
    """Loops of the device in others."""

    @on("trn2")
    def test_both_bounds_are_computed_before(self):
        @nki.jit
        def kernel(x, rows, columns):
            out = nl.ndarray(x.shape, x.dtype, nl.shared_hbm)
            nisa.dma_copy(out, x)
            high, wide = (nisa.register_alloc(reduced(loaded(each))) for each in (rows, columns))
            for i in nl.dynamic_range(high):
                for j in nl.dynamic_range(wide):
                    twice(out[:, nl.ds(j, 1)], x[:, nl.ds(j, 1)], i)
            return out
        x = normal(5, 6)
        for high, wide in ((2, 3), (0, 3), (2, 0), (5, 6)):
            want = x.copy()
            want[:high, :wide] *= 2
            with Runs() as runs:
                np.testing.assert_array_equal(kernel(x, numbers_of(high), numbers_of(wide)), want)
            self.assertEqual(runs.count, 2)

    def experts(self, x, sizes):
        """Each expert has as many rows, one after the other, as its size says; all sizes are doubled by the device first."""
        out, counts, held = nl.ndarray(x.shape, x.dtype, nl.shared_hbm), tile(1, sizes.shape[1], dtype=INT), loaded(sizes)
        nisa.activation(held, nl.square, held)
        nisa.tensor_copy(counts, held)
        nisa.dma_copy(out, x)
        return out, counts

    @on("trn2")
    def test_every_iteration_has_a_bound_of_its_own(self):
        @nki.jit
        def kernel(x, sizes):
            out, counts = self.experts(x, sizes)
            for e in nl.dynamic_range(sizes.shape[1]):
                size = nisa.register_alloc()
                nisa.register_load(size, counts[0:1, nl.ds(e, 1)])
                for i in nl.dynamic_range(size):
                    twice(out[nl.ds(e * 10, 10)], x[nl.ds(e * 10, 10)], i)
            return out
        x, sizes = normal(40, F), np.array([[1, 3, 0, 2]], np.float32)
        want = x.copy()
        for e, size in enumerate(sizes[0].astype(int) ** 2):
            want[e * 10:e * 10 + size] *= 2
        with Runs() as runs:
            np.testing.assert_array_equal(kernel(x, sizes), want)
        self.assertEqual(runs.count, 2)

    @on("trn2")
    def test_a_bound_that_each_iteration_computes_for_the_next(self):
        @nki.jit
        def kernel(x, numbers):
            out, count, total = nl.ndarray(x.shape, x.dtype, nl.shared_hbm), reduced(loaded(numbers)), loaded(x)
            reg = nisa.register_alloc(count)
            for i in nl.dynamic_range(3):
                for _ in nl.dynamic_range(reg):
                    nisa.tensor_scalar(total, total, nl.add, 1.0)
                nisa.activation(count, nl.square, count)
                nisa.register_load(reg, count)
            nisa.dma_copy(out, total)
            return out
        x = np.round(normal(4, F) * 8)
        np.testing.assert_array_equal(kernel(x, numbers_of(1, 1)), x + 2 + 4 + 16)

    @on("trn2")
    def test_what_a_loop_of_the_device_left_behind(self):
        @nki.jit
        def kernel(x, numbers):
            out, count, reg = nl.ndarray(x.shape, x.dtype, nl.shared_hbm), reduced(loaded(numbers)), nisa.register_alloc()
            nisa.dma_copy(out, x)
            for _ in nl.dynamic_range(3):
                nisa.tensor_scalar(count, count, nl.add, 2)
                nisa.register_load(reg, count)
            for i in nl.dynamic_range(reg):
                twice(out, x, i)
            return out
        x = normal(9, F)
        np.testing.assert_array_equal(kernel(x, numbers_of(1)), doubled(x, 7))

    @on("trn2")
    def test_a_constant_that_changes_within_a_loop(self):
        @nki.jit
        def kernel(x):
            out, total, reg = nl.ndarray(x.shape, x.dtype, nl.shared_hbm), loaded(x), nisa.register_alloc(3)
            for _ in nl.dynamic_range(2):
                for _ in nl.dynamic_range(reg):
                    nisa.tensor_scalar(total, total, nl.add, 1.0)
                nisa.register_move(reg, 5)
            nisa.dma_copy(out, total)
            return out
        x = np.round(normal(4, F) * 8)
        np.testing.assert_array_equal(kernel(x), x + 8)


if __name__ == "__main__":
    unittest.main()
