# SPDX-License-Identifier: Apache-2.0
"""Loops whose bounds the device computes: launches on two cores, programs without values, `nsim nki`, runs that fail."""
import contextlib
import io
import json
import os
import tempfile
import unittest

import nki
import nki.isa as nisa
import nki.language as nl
import numpy as np
from ahead_test import F, doubled, loaded, numbers_of, reduced, summed, twice
from command_line import Command
from devices import normal, on, tile


class Launches(unittest.TestCase):
    @on("trn2", "trn3")
    def test_two_cores_find_numbers_of_their_own(self):
        @nki.jit
        def kernel(x, numbers):
            core = nl.program_id(0)
            out = nl.ndarray(x.shape, x.dtype, nl.shared_hbm)
            nisa.dma_copy(out[nl.ds(core * 8, 8)], x[nl.ds(core * 8, 8)])
            for i in nl.dynamic_range(nisa.register_alloc(reduced(loaded(numbers[nl.ds(core, 1)])))):
                twice(out, x, core * 8 + i)
            return out
        x = normal(16, F)
        want = np.concatenate([doubled(x[:8], 3), doubled(x[8:], 6)])
        np.testing.assert_array_equal(kernel[2](x, np.array([[1, 2], [2, 4]], np.float32)), want)

    @on("trn2", "trn3")
    def test_numbers_that_the_other_core_computes(self):
        @nki.jit
        def kernel(x, numbers):
            core = nl.program_id(0)
            mine, theirs = tile(1, numbers.shape[1]), tile(1, numbers.shape[1])
            out = nl.ndarray(x.shape, x.dtype, nl.shared_hbm)
            nisa.dma_copy(out[nl.ds(core * 8, 8)], x[nl.ds(core * 8, 8)])
            nisa.dma_copy(mine, numbers[nl.ds(core, 1)])
            for _ in range(2):  # what one core has been told decides how often the other one adds to it
                nisa.sendrecv(src=mine, dst=theirs, send_to_rank=1 - core, recv_from_rank=1 - core)
                for i in nl.dynamic_range(nisa.register_alloc(reduced(theirs))):
                    nisa.tensor_scalar(mine, mine, nl.add, 1.0)
            for i in nl.dynamic_range(nisa.register_alloc(reduced(mine))):
                twice(out, x, core * 8 + i)
            return out
        x, sums = normal(16, F), [1, 0]
        for _ in range(2):
            sums = [sums[core] + 2 * sums[1 - core] for core in range(2)]  # each of the two elements grows
        got = kernel[2](x, np.array([[1, 0], [0, 0]], np.float32))
        np.testing.assert_array_equal(got, np.concatenate([doubled(x[:8], sums[0]), doubled(x[8:], sums[1])]))

    @on("trn2")
    def test_memory_that_both_cores_share(self):
        @nki.jit
        def kernel(x):
            core = nl.program_id(0)
            out, shared = nl.ndarray(x.shape, x.dtype, nl.shared_hbm), nl.ndarray((2, 1), nl.float32, nl.shared_hbm)
            nisa.dma_copy(out[nl.ds(core * 8, 8)], x[nl.ds(core * 8, 8)])
            held = tile(1, 1)
            nisa.memset(held, core + 2)
            nisa.dma_copy(shared[core:core + 1], held)
            nisa.core_barrier(shared, (0, 1))
            for i in nl.dynamic_range(nisa.register_alloc(reduced(loaded(shared.reshape((1, 2)))))):
                twice(out, x, core * 8 + i)
            return out
        x = normal(16, F)
        np.testing.assert_array_equal(kernel[2](x), np.concatenate([doubled(x[:8], 5), doubled(x[8:], 5)]))

    @on("trn2")
    def test_cores_that_do_not_meet(self):
        def kernel(x, looped):
            core = nl.program_id(0)
            if looped:
                for _ in nl.dynamic_range(2):
                    nisa.core_barrier(x, (0, 1))
            elif core == 0:
                nisa.core_barrier(x, (0, 1))
            for _ in nl.dynamic_range(nisa.register_alloc(reduced(loaded(x)))):
                pass
            return x
        for looped, error, rule in ((True, NotImplementedError, "behind a barrier of both cores in a loop that the device runs"),
                                    (False, nki.NkiValidationError, r"ahead_launch_test.py:\d+: nl.dynamic_range: the cores pass different numbers of barriers")):
            with self.subTest(looped=looped), self.assertRaisesRegex(error, rule):
                nki.jit(kernel)[2](numbers_of(2), looped)

    @on("trn2")
    def test_what_a_kernel_prints(self):
        @nki.jit
        def kernel(x, numbers):
            nl.device_print("numbers", loaded(numbers))
            for i in nl.dynamic_range(nisa.register_alloc(reduced(loaded(numbers)))):
                twice(x, x, i)
            return x
        x, said = normal(9, F), io.StringIO()
        with contextlib.redirect_stdout(said):
            np.testing.assert_array_equal(kernel(x.copy(), numbers_of(1, 2)), doubled(x, 3))
        self.assertEqual(said.getvalue(), "numbers [[1. 2.]]\n")

    @on("trn2")
    def test_programs_that_need_values_and_have_none(self):
        x, numbers = normal(4, F), numbers_of(1, 2)
        with tempfile.TemporaryDirectory() as folder:
            for ask in (lambda: summed.trace(x, numbers), lambda: summed.text(x, numbers),
                        lambda: summed.save(os.path.join(folder, "k.neff"), x, numbers)):
                with self.assertRaisesRegex(NotImplementedError, r"ahead_test.py:\d+: nl.dynamic_range cannot be simulated: .*only the device knows"
                                            r".*call the kernel with arrays.*nsim nki.*--arg"):
                    ask()

    @on("trn2")
    def test_numerics_that_are_off(self):
        with variable("NSIM_SET", "instance.numerics=off"), self.assertRaisesRegex(NotImplementedError, "numerics are off"):
            summed(normal(4, F), numbers_of(1, 2))

    @on("trn2")
    def test_what_a_report_of_the_session_says(self):
        x = normal(4, F)
        with tempfile.TemporaryDirectory() as folder, variable("NSIM_OUT", folder):
            summed(x, numbers_of(1, 2))
            nki.close()
            with open(os.path.join(folder, "summary.json"), encoding="utf-8") as file:
                self.assertEqual([each["name"] for each in json.load(file)["models"]], ["summed.ahead", "summed"])

    @on("trn2")
    def test_benchmarks(self):
        def time(*values):
            measured = nki.benchmark(summed.func, warmup=0, iters=1)
            measured(normal(9, F), numbers_of(*values))
            return measured.benchmark_result.nc_latency.get_latency_percentile(50)
        self.assertLess(time(1, 1) + 1, time(4, 4))

    @on("trn2")
    def test_a_run_that_fails_says_where_it_was_going(self):
        @nki.jit
        def kernel(x, numbers):
            held = tile(1, F)
            nisa.dma_copy(held, x[nl.ds(nisa.register_alloc(reduced(loaded(numbers))), 1)])
            for _ in nl.dynamic_range(nisa.register_alloc(reduced(held))):
                pass
            return x
        with self.assertRaisesRegex(RuntimeError, r"ahead_launch_test.py:\d+: nl.dynamic_range: .*(?i:out of bounds|oob)"):
            kernel(normal(4, F), numbers_of(4))
        np.testing.assert_array_equal(summed(normal(4, F), numbers_of(1)), doubled(normal(4, F), 1))  # a new device


class Commands(Command):
    COUNT = '''
import nki
import nki.isa as nisa
import nki.language as nl

@nki.jit
def count(x):
    held, total, whole = nl.load(x), nl.ndarray((1, 1), nl.float32, nl.sbuf), nl.ndarray((1, 1), nl.int32, nl.sbuf)
    nisa.tensor_reduce(total, nl.add, held, axis=1)
    nisa.tensor_copy(whole, total)
    for i in nl.dynamic_range(nisa.register_alloc(whole)):
        nisa.tensor_scalar(held, held, nl.add, 1.0)
    nl.store(x, held)
'''

    def test_the_program_is_for_the_values_of_the_arguments(self):
        self.put("count.py", self.COUNT)
        code, said, errors = self.nsim("nki", "count.py", "-a", "x=1x4:f32:ones", "--check", "x + 4", "--config", "trn2")
        self.assertEqual(code, 0, errors)
        self.assertIn("x: passed", said)
        self.assertRegex(errors, r"\Anote: \S*count.py:11: nl.dynamic_range: its end is 4 with the values of these arguments, and the program is for that\n\Z")

    def test_without_values_there_is_no_program(self):
        self.put("count.py", self.COUNT)
        self.refused("only the device knows", "count.py", "-a", "x=1x4:f32:ones", "--numerics", "off")


@contextlib.contextmanager
def variable(name, value):
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        os.environ.pop(name)
        if before is not None:
            os.environ[name] = before


if __name__ == "__main__":
    unittest.main()
