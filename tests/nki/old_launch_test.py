# SPDX-License-Identifier: Apache-2.0
"""How kernels of the first dialect are launched, and the dialects beside each other in one process."""
import os
import tempfile
import unittest

import neuronxcc.nki as old
import neuronxcc.nki.isa as old_isa
import neuronxcc.nki.language as old_nl
import nki
import nki.isa as nisa
import nki.language as nl
import numpy as np
from devices import close, device, normal, on

P, F = 128, 64


def ids(out):
    """Every program writes its ids into its own row."""
    row = old_nl.program_id(0) * old_nl.num_programs(1) + old_nl.program_id(1)
    tile = old_nl.full((1, 2), float(old_nl.program_id(0)), dtype=np.float32)
    tile[:, 1] = float(old_nl.program_id(axis=1))
    assert old_nl.program_ndim() == 2 and old_nl.num_programs(axes=(0, 1)) == (2, 4) and old_nl.num_programs() == 8
    old_nl.store(out[row:row + 1, :], tile)


def double(x):
    out = old_nl.ndarray(x.shape, dtype=x.dtype, buffer=old_nl.shared_hbm)
    old_nl.store(out, old_nl.load(x) * 2)
    return out


def double_rows(x):
    """One row of tiles per program."""
    out = old_nl.ndarray(x.shape, dtype=x.dtype, buffer=old_nl.shared_hbm)
    i_p, i_f = old_nl.mgrid[0:P, 0:F]
    at = old_nl.program_id(0) * P + i_p
    old_nl.store(out[at, i_f], old_nl.load(x[at, i_f]) * 2)
    return out


class Grids(unittest.TestCase):
    @on()
    def test_programs_of_a_grid_run_one_after_another(self):
        out = np.zeros((8, 2), np.float32)
        old.jit(ids)[2, 4](out)
        np.testing.assert_array_equal(out, np.stack(np.mgrid[0:2, 0:4], axis=-1).reshape(8, 2))

    @on()
    def test_one_number_is_a_grid_and_not_a_count_of_cores(self):
        x = normal(3 * P, F)
        np.testing.assert_array_equal(old.jit(double_rows)[3](x), 2 * x)
        np.testing.assert_array_equal(old.jit(double_rows)[(3,)](x), 2 * x)
        self.assertNotIn("cores", old.jit(double_rows)[2].text(normal(2 * P, F)))

    @on("trn2", "trn3")
    def test_grids_spread_over_two_cores(self):
        x = normal(4 * P, F)
        for grid, first in (((old_nl.nc(2) * 2,), (0, 1)), ((2 * old_nl.nc(2),), (0, 2)), ((old_nl.spmd_dim(2, old_nl.nc(2)),), (0, 2)),
                            ((old_nl.spmd_dim(old_nl.nc(2), 2),), (0, 1))):
            kernel = old.jit(double_rows)[grid]
            np.testing.assert_array_equal(kernel(x), 2 * x)
            text = kernel.text(x)
            begin, end = text.index("core 0 {"), text.index("core 1 {")
            for program in range(4):
                place = text.index(f"x[{program * P * F} +:" if program else "x[0 +:", begin)
                self.assertEqual(place < end, program in first, (grid, program))

    @on("trn2", "trn3")
    def test_cores_in_one_of_two_dimensions(self):
        out = np.zeros((8, 2), np.float32)
        old.jit(ids)[old_nl.nc(2), 4](out)
        np.testing.assert_array_equal(out, np.stack(np.mgrid[0:2, 0:4], axis=-1).reshape(8, 2))
        out[...] = 0
        old.jit(ids)[2, old_nl.spmd_dim(2, old_nl.nc(2))](out)
        np.testing.assert_array_equal(out, np.stack(np.mgrid[0:2, 0:4], axis=-1).reshape(8, 2))

    def test_two_cores_where_there_is_one(self):
        with device("trn1"), self.assertRaisesRegex(nki.NkiValidationError, "trn1 has one physical core"):
            old.jit(double_rows)[old_nl.nc(2)](normal(2 * P, F))

    @on("trn2")
    def test_without_a_grid_there_is_one_program(self):
        def body(x):
            assert old_nl.program_ndim() == 0 and old_nl.program_id(0) == 0 and old_nl.num_programs(0) == old_nl.num_programs() == 1
            return old_nl.load(x)
        x = normal(P, F)
        np.testing.assert_array_equal(old.jit(body)(x), x)


class EntryPoints(unittest.TestCase):
    @on()
    def test_jit_in_every_form(self):
        x = normal(P, F)
        for kernel in (old.jit(double), old.jit()(double), old.jit(mode="simulation")(double), old.jit(mode="baremetal")(double),
                       old.jit(mode="jax")(double), old.jit(mode="torchxla")(double), old.jit(mode="trace")(double), old.trace(double),
                       old.jit(additional_compile_opt="--model-type=transformer", show_compiler_tb=True)(double), old.jit(old.jit(double)),
                       old.baremetal(double), old.baremetal()(double), old.baremetal(save_neff_name="file.neff", save_trace_name="p.ntff")(double)):
            np.testing.assert_array_equal(kernel(x), 2 * x)
            self.assertEqual(kernel.__name__, "double")

    @on()
    def test_simulate(self):
        x = normal(P, F)
        np.testing.assert_array_equal(old.simulate_kernel(old.jit(double), x), 2 * x)
        np.testing.assert_array_equal(old.simulate_kernel(double, x), 2 * x)
        np.testing.assert_array_equal(old.simulate(old.jit(double))(x), 2 * x)
        y = normal(2 * P, F)
        np.testing.assert_array_equal(old.simulate_kernel(old.jit(double_rows)[2], y), 2 * y)

    @on()
    def test_benchmark_as_decorator_and_as_function(self):
        @old.benchmark(warmup=1, iters=4)
        def decorated(x):
            return double(x)

        @old.benchmark(warmup=1, iters=4)
        @old.jit
        def twice(x):
            return double(x)

        x = normal(P, F)
        for measured in (decorated, twice, old.benchmark(old.jit(double), warmup=1, iters=4), old.benchmark(double, warmup=1, iters=4),
                         old.jit(mode="benchmark", warmup=1, iters=4)(double)):
            measured(x)
            latency = measured.benchmark_result.nc_latency
            self.assertGreater(latency.get_latency_percentile(50), 0)
            self.assertLessEqual(latency.get_latency_percentile(50), latency.get_latency_percentile(99))
            self.assertEqual(len(latency.values), 4)

    @on("trn2")
    def test_the_result_of_a_benchmark_on_a_grid(self):
        measured = old.benchmark(warmup=0, iters=2)(double_rows)
        measured[2](normal(2 * P, F))
        self.assertGreater(measured.benchmark_result.nc_latency.get_latency_percentile(99), 0)

    @on("trn2")
    def test_profile(self):
        x = normal(P, F)
        with tempfile.TemporaryDirectory() as out:
            profiled = old.profile(working_directory=out, save_neff_name="k.neff", save_trace_name="k.ntff", profile_nth=2)(double)
            profiled(x)
            self.assertIn("summary.json", os.listdir(out))
            self.assertIn("k.neff", os.listdir(out))

    @on("trn2")
    def test_tiles_may_be_returned(self):
        def body(x):
            tile = old_nl.load(x)
            return tile, [old_nl.matmul(tile, tile, transpose_x=True), {"sum": old_nl.sum(tile, axis=1)}]
        x = normal(P, F)
        tile, (product, rest) = old.jit(body)(x)
        np.testing.assert_array_equal(tile, x)
        close(self, product, x.T.astype(np.float64) @ x)
        close(self, rest["sum"], x.sum(1, keepdims=True))


@nki.jit
def new_exp(x, out):
    tile = nl.ndarray(x.shape, x.dtype, nl.sbuf)
    nisa.dma_copy(tile, x)
    nisa.activation(dst=tile, op=nl.exp, data=tile)
    nisa.dma_copy(out, tile)


class Dialects(unittest.TestCase):
    @on()
    def test_kernels_of_both_in_one_process(self):
        x, out = normal(P, F), np.zeros((P, F), np.float32)
        np.testing.assert_array_equal(old.jit(double)(x), 2 * x)
        new_exp(x, out)
        close(self, out, np.exp(x))
        np.testing.assert_array_equal(old.jit(double)(x), 2 * x)

    @on("trn2")
    def test_one_calls_the_other(self):
        inner = old.jit(double_rows)

        @nki.jit
        def outer(x):
            out = nl.ndarray(x.shape, x.dtype, nl.shared_hbm)
            new_exp(inner(x), out)
            return out

        @old.jit
        def reverse(x):
            out = old_nl.ndarray(x.shape, x.dtype, buffer=old_nl.shared_hbm)
            new_exp(x, out)
            i_p, i_f = old_nl.mgrid[0:P, 0:F]
            return old_nl.load(out[i_p, i_f]) + 1
        x = normal(P, F)
        close(self, outer(x), np.exp(2 * x))
        close(self, reverse(x), np.exp(x) + 1)

    @on()
    def test_calls_with_a_destination_in_the_old_package(self):
        def body(x):
            tile = old_nl.ndarray(x.shape, x.dtype, buffer=old_nl.sbuf)
            old_isa.dma_copy(dst=tile, src=x)
            two = old_nl.ndarray(x.shape, x.dtype, buffer=old_nl.sbuf)
            old_isa.tensor_tensor(two, tile, tile, old_nl.add)
            old_isa.tensor_scalar(dst=two, data=two, op0=old_nl.multiply, operand0=0.5)
            old_isa.activation(dst=two, op=old_nl.square, data=two)
            acc = old_nl.ndarray((F, F), np.float32, buffer=old_nl.psum)
            old_isa.nc_matmul(acc, tile, two)
            old_isa.memset(tile[0:1, 0:1], 0)
            out = old_nl.ndarray((F, F), np.float32, buffer=old_nl.shared_hbm)
            old_isa.dma_copy(dst=out, src=acc)
            return out
        x = normal(P, F)
        close(self, old.jit(body)(x), x.T.astype(np.float64) @ np.square(x))

    @on("trn2")
    def test_modules_that_kernels_import(self):
        import neuronxcc.nki.collectives  # noqa: F401 (they must exist)
        import neuronxcc.nki.dtype
        import neuronxcc.nki.isa.constants
        import neuronxcc.nki.meta
        import neuronxcc.nki.nccl
        import neuronxcc.nki.tensor
        import neuronxcc.nki.typing as nt
        from neuronxcc.nki.compiler import enable_stack_allocator, skip_middle_end_transformations  # noqa: F401
        from neuronxcc.nki.isa.constants import dge_mode, engine, oob_mode, reduce_cmd  # noqa: F401
        from neuronxcc.nki.language import nc, par_dim, spmd_dim  # noqa: F401
        from neuronxcc.starfish.support.dtype import bfloat16
        self.assertIs(bfloat16, nl.bfloat16)
        self.assertEqual(np.ones(3, dtype=bfloat16).dtype.metadata["nki"], "bfloat16")
        self.assertIsNotNone(nt.tensor[P, F] or nt.mutable_tensor)
        self.assertEqual(old_nl.fp32.min, np.finfo(np.float32).min)
        self.assertEqual(old_nl.finfo(np.float32).max, np.finfo(np.float32).max)
        self.assertEqual(old_isa.get_nc_version(), old_isa.nc_version.gen3)

    def test_errors_name_the_line_of_the_kernel(self):
        def body(x):
            return old_isa.nc_matmul(old_nl.load(x), old_nl.load(x[0:64]))
        with device("trn2"), self.assertRaisesRegex(nki.NkiValidationError, r"old_launch_test.py:\d+: nki.isa.nc_matmul: .*128 partitions and moving 64"):
            old.jit(body)(normal(P, F))


if __name__ == "__main__":
    unittest.main()
