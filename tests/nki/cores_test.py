# SPDX-License-Identifier: Apache-2.0
"""kernel[2]: a program for each of the two physical cores of a logical core; tensors in shared HBM are those of both."""
import unittest

import nki
import nki.isa as nisa
import nki.language as nl
import numpy as np
from devices import close, normal, on

P = 128


@nki.jit
def add_rows(x, y):
    """Each core its part of the rows."""
    n, core = nl.num_programs(0), nl.program_id(0)
    rows = x.shape[0] // n
    out = nl.ndarray(x.shape, x.dtype, nl.shared_hbm)
    for i in range(rows // P):
        here = nl.ds(core * rows + i * P, P)
        a, b = nl.load(x[here]), nl.load(y[here])
        nisa.tensor_tensor(a, a, b, nl.add)
        nisa.dma_copy(out[here], a)
    return out


@nki.jit
def exchange(x):
    """Each core writes half of a tensor in shared HBM and, behind a barrier, reads what the other wrote."""
    core = nl.program_id(axis=0)
    between = nl.ndarray(x.shape, x.dtype, nl.shared_hbm)
    out = nl.ndarray(x.shape, x.dtype, nl.shared_hbm)
    mine, other = nl.ds(core * P, P), nl.ds((1 - core) * P, P)
    held = nl.load(x[mine])
    nisa.tensor_scalar(held, held, nl.multiply, 2.0)
    nisa.dma_copy(between[mine], held)
    nisa.core_barrier(between, (0, 1))
    nisa.dma_copy(out[other], nl.load(between[other]))
    return out


@nki.jit
def private(x):
    """hbm tensors are one per core."""
    core = nl.program_id(0)
    scratch = nl.ndarray((P, x.shape[1]), x.dtype, nl.private_hbm)
    out = nl.ndarray(x.shape, x.dtype, buffer=nl.shared_hbm)
    nisa.dma_copy(scratch, x[nl.ds(core * P, P)])
    nl.store(out[nl.ds(core * P, P)], nl.load(scratch) + float(core))
    return out


class Cores(unittest.TestCase):
    @on("trn2", "trn3")
    def test_programs_share_hbm(self):
        x, y = normal(512, 64), normal(512, 64, seed=1)
        np.testing.assert_array_equal(add_rows[2](x, y), x + y)
        np.testing.assert_array_equal(add_rows[1](x, y), x + y)
        np.testing.assert_array_equal(add_rows(x, y), x + y)

    @on("trn2", "trn3")
    def test_two_cores_are_faster_than_one(self):
        times = []
        for cores in (1, 2):
            measured = nki.benchmark(warmup=0, iters=1)(add_rows[cores])
            measured(normal(1024, 512), normal(1024, 512))
            times.append(measured.benchmark_result.nc_latency.get_latency_percentile(50))
        self.assertLess(times[1], times[0])

    @on("trn2", "trn3")
    def test_a_barrier_orders_what_the_cores_do_in_hbm(self):
        x = normal(256, 64)
        np.testing.assert_array_equal(exchange[2](x), 2 * x)

    @on("trn2", "trn3")
    def test_cores_exchange_tiles(self):
        @nki.jit
        def kernel(x):
            core = nl.program_id(0)
            mine, got = nl.load(x[nl.ds(core * P, P)]), nl.ndarray((P, x.shape[1]), x.dtype, nl.sbuf)
            out = nl.ndarray(x.shape, x.dtype, nl.shared_hbm)
            for pipe in range(2):
                nisa.sendrecv(src=mine, dst=got, send_to_rank=1 - core, recv_from_rank=1 - core, pipe_id=pipe)
                nisa.tensor_tensor(mine, mine, got, nl.add)
            nl.store(out[nl.ds(core * P, P)], mine)
            return out
        x = normal(256, 64)
        both = 2 * (x[:P] + x[P:])
        close(self, kernel[2](x), np.concatenate([both, both]))
        with self.assertRaisesRegex(nki.NkiValidationError, "needs the two cores"):
            kernel(x)

    @on("trn2", "trn3")
    def test_private_memory(self):
        x = normal(256, 64)
        close(self, private[2](x), x + (np.arange(256)[:, None] // P))

    @on("trn2", "trn3")
    def test_each_core_has_all_of_its_sbuf(self):
        @nki.jit
        def kernel(x):
            here = nl.ds(nl.program_id(0) * P, P)
            out = nl.ndarray(x.shape, x.dtype, buffer=nl.shared_hbm)
            large = nl.ndarray((P, 40000), nl.float32, buffer=nl.sbuf)
            nisa.memset(large, 1.0)
            nisa.dma_copy(large[:, 39000:39000 + x.shape[1]], x[here])
            nisa.dma_copy(out[here], large[:, 39000:39000 + x.shape[1]])
            return out
        x = normal(256, 64)
        np.testing.assert_array_equal(kernel[2](x), x)

    @on("trn2")
    def test_both_cores_must_come_to_a_barrier(self):
        def barrier(x):
            for _ in range(1 + nl.program_id(0)):
                nisa.core_barrier(x, (0, 1))

        def exchange(x):
            held = nl.load(x)
            if nl.program_id(0) == 0:
                nisa.sendrecv(src=held, dst=held, send_to_rank=1, recv_from_rank=1, pipe_id=0)
        for kernel, rule in ((barrier, "core 1 gets to 2 barriers and core 0 to 1: both wait for each other at every core_barrier and sendrecv"),
                             (exchange, "core 0 gets to 1 barrier and core 1 to none")):
            with self.assertRaisesRegex(nki.NkiValidationError, r"cores_test.py:\d+: nki.isa: " + rule):
                nki.jit(kernel)[2](normal(128, 64))

    @on("trn2")
    def test_programs_must_allocate_alike(self):
        def kernel(x):
            nl.ndarray((128, 64 + nl.program_id(0)), x.dtype, nl.shared_hbm)
        with self.assertRaisesRegex(nki.NkiValidationError, "same shared tensors in the same order"):
            nki.jit(kernel)[2](normal(128, 64))


if __name__ == "__main__":
    unittest.main()
