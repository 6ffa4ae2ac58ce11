# SPDX-License-Identifier: Apache-2.0
"""nki.isa: matrix products and transposes, against numpy."""
import unittest

import nki
import nki.isa as nisa
import nki.language as nl
import numpy as np
from devices import close, normal, on, on_tiles, refused, tile

F32 = nl.float32


def product(stationary, moving, *, out_dtype=F32, **options):
    """stationary.T @ moving, evicted from PSUM."""
    columns = stationary.size // stationary.shape[0] // (2 if "perf_mode" in options else 1)
    width = moving.size // moving.shape[0] // (2 if "perf_mode" in options else 1)

    def body(out, s, m):
        acc = nl.ndarray((columns, width), F32, nl.psum)
        nisa.nc_matmul(acc, s, m, **options)
        nisa.tensor_copy(out, acc)
    return on_tiles(body, (stationary, moving), [((columns, width), out_dtype)])


class Matmul(unittest.TestCase):
    @on()
    def test_shapes_and_types(self):
        for k, m, n in ((128, 128, 512), (64, 32, 100), (1, 128, 7)):
            for dtype in (F32, nl.bfloat16, nl.float16):
                a, b = normal(k, m).astype(dtype), normal(k, n, seed=1).astype(dtype)
                close(self, product(a, b), a.astype(np.float64).T @ b.astype(np.float64), relative=2e-2 if dtype is not F32 else 1e-5)

    @on()
    def test_fp8(self):
        a, b = normal(128, 64).astype(nl.float8_e4m3), normal(128, 96, seed=1).astype(nl.float8_e5m2)
        exact_a, exact_b = nl.float8_e4m3, nl.float8_e5m2
        self.assertTrue(exact_a.is_float and exact_b.is_float)
        close(self, product(a, b), a.astype(np.float64).T @ b.astype(np.float64), relative=0.2)

    @on()
    def test_the_first_product_onto_a_region_overwrites_and_later_ones_add(self):
        a, b = normal(128, 64), normal(128, 96, seed=1)

        def body(out, s, m):
            acc = tile(64, 2, 96, buffer=nl.psum)
            for _ in range(3):
                nisa.nc_matmul(dst=acc[:, 0, :], stationary=s, moving=m)
            nisa.nc_matmul(dst=acc[:, 1, :], stationary=s, moving=m, accumulate=False)
            nisa.tensor_copy(out, acc)
        got = on_tiles(body, (a, b), [((64, 2, 96), F32)])
        want = a.T.astype(np.float64) @ b
        close(self, got, np.stack([3 * want, want], 1))

    @on()
    def test_a_region_of_which_a_part_was_written_before(self):
        a, b = normal(128, 64), normal(128, 96, seed=1)

        def body(out, s, m):
            acc = tile(64, 96, buffer=nl.psum)
            nisa.nc_matmul(acc[:, 32:64], s, m[:, 32:64])
            nisa.nc_matmul(acc, s, m)
            nisa.tensor_copy(out, acc)
        want = a.T.astype(np.float64) @ b
        want[:, 32:64] *= 2
        close(self, on_tiles(body, (a, b), [((64, 96), F32)]), want)

    @on()
    def test_a_region_of_which_some_partitions_were_written_before(self):
        a, b = normal(128, 96), normal(128, 96, seed=1)

        def body(out, s, m):
            acc = tile(96, 96, buffer=nl.psum)
            nisa.nc_matmul(acc[32:64, 16:48], s[:, 32:64], m[:, 16:48])
            nisa.nc_matmul(acc, s, m)
            nisa.tensor_copy(out, acc)
        want = a.T.astype(np.float64) @ b
        want[32:64, 16:48] *= 2
        close(self, on_tiles(body, (a, b), [((96, 96), F32)]), want)

    @on()
    def test_zeros_in_psum_start_a_sum(self):
        a, b = normal(128, 64), normal(128, 96, seed=1)

        def body(out, s, m):
            acc = nl.zeros((64, 96), F32, nl.psum)
            for _ in range(2):
                nisa.nc_matmul(acc, s, m)
            nisa.tensor_copy(out, acc)
        close(self, on_tiles(body, (a, b), [((64, 96), F32)]), 2 * (a.T.astype(np.float64) @ b))

    @on()
    def test_zeros_in_psum_that_are_read_stay_zeros(self):
        a, b = normal(128, 64), normal(128, 96, seed=1)

        def body(out, s, m):
            acc = nl.zeros((64, 2, 96), F32, nl.psum)
            nisa.nc_matmul(acc[:, 1, :], s, m)
            nisa.tensor_copy(out, acc)
        got = on_tiles(body, (a, b), [((64, 2, 96), F32)])
        want = a.T.astype(np.float64) @ b
        close(self, got, np.stack([0 * want, want], 1))

    @on()
    def test_explicit_accumulation_flags(self):
        a, b = normal(256, 64), normal(256, 96, seed=1)

        @nki.jit
        def kernel(x, y):
            acc = nl.ndarray((64, 96), F32, nl.psum)
            for k in range(2):
                s, m = nl.load(x[nl.ds(k * 128, 128)]), nl.load(y[nl.ds(k * 128, 128)])
                nisa.nc_matmul(acc, s, m, accumulate=k > 0)
            out = nl.ndarray((64, 96), F32, nl.shared_hbm)
            nl.store(out, acc)
            return out
        close(self, kernel(a, b), a.T.astype(np.float64) @ b)

    @on("trn2", "trn3")
    def test_two_rows_of_the_contraction_per_partition(self):
        a, b = np.rint(normal(128, 2, 64)).astype(nl.float8_e4m3), np.rint(normal(128, 2, 96, seed=1)).astype(nl.float8_e4m3)
        want = np.einsum("kim,kin->mn", a.astype(np.float64), b.astype(np.float64))
        close(self, product(a, b, perf_mode=nisa.matmul_perf_mode.double_row), want)

    @on()
    def test_tiles_of_the_array(self):
        a, b = normal(64, 64), normal(64, 96, seed=1)
        close(self, product(a, b, tile_position=(0, 0), tile_size=(64, 64)), a.T.astype(np.float64) @ b)

    @on("trn2")
    def test_what_is_refused(self):
        x = normal(128, 128)
        psum = lambda *shape: tile(*shape, buffer=nl.psum)
        refused(self, "dst is in sbuf, must be in psum", lambda a: nisa.nc_matmul(tile(128, 128), a, a), x)
        refused(self, "must be in sbuf", lambda a: nisa.nc_matmul(psum(128, 128), psum(128, 128), a), x)
        refused(self, "must be [128, 64]", lambda a: nisa.nc_matmul(psum(128, 128), a, a[:, 0:64]), x)
        refused(self, "the contraction must be equal", lambda a: nisa.nc_matmul(psum(128, 128), a[0:64], a), x)
        refused(self, "at most 128 are possible", lambda a: nisa.nc_matmul(psum(128, 128), a, a), normal(128, 200))
        refused(self, "at most 512 are possible", lambda a: nisa.nc_matmul(psum(128, 600), a[:, 0:128], a), normal(128, 600))
        refused(self, "both must be", lambda a: nisa.nc_matmul(psum(128, 128), a, tile(128, 128, dtype=nl.bfloat16)), x)
        refused(self, "PSUM accumulates float32", lambda a: nisa.nc_matmul(
            tile(128, 128, dtype=nl.bfloat16, buffer=nl.psum), a, a), x)
        refused(self, "a result lies in one bank", lambda a: nisa.nc_matmul(psum(128, 1024)[:, 448:576], a, a), x)
        refused(self, "must be floating point", lambda a: nisa.nc_matmul(psum(128, 128), a, a), x.astype(np.int32))
        refused(self, "each 32, 64 or 128", lambda a: nisa.nc_matmul(psum(128, 128), a, a, tile_size=(16, 128)), x)
        refused(self, "must be [K, 2, columns]", lambda a: nisa.nc_matmul(
            psum(128, 128), a, a, perf_mode=nisa.matmul_perf_mode.double_row), x.astype(nl.float8_e4m3))


class Transpose(unittest.TestCase):
    @on()
    def test_on_tensor_into_psum(self):
        for shape, dtype in (((128, 128), F32), ((96, 40), F32), ((64, 128), nl.bfloat16)):
            x = normal(*shape).astype(dtype)

            def body(out, a):
                turned = nl.ndarray((shape[1], shape[0]), a.dtype, nl.psum)
                nisa.nc_transpose(turned, a)
                nisa.tensor_copy(out, turned)
            got = on_tiles(body, (x,), [((shape[1], shape[0]), F32)])
            close(self, got, x.T, relative=2 ** -8 if dtype is not F32 else 1e-7)

    @on()
    def test_on_vector(self):
        x = normal(32, 20)
        got = on_tiles(lambda out, a: nisa.nc_transpose(dst=out, data=a, engine=nisa.vector_engine), (x,), [((20, 32), F32)])
        np.testing.assert_array_equal(got, x.T)

    @on()
    def test_by_a_product_with_the_identity(self):
        x = normal(128, 64).astype(nl.bfloat16)

        def body(out, a):
            identity = nl.shared_identity_matrix(128, nl.bfloat16)
            turned = nl.ndarray((64, 128), nl.bfloat16, nl.psum)
            nisa.nc_matmul(turned, a, identity, is_moving_onezero=True, is_transpose=True)
            nisa.tensor_copy(out, turned)
        close(self, on_tiles(body, (x,), [((64, 128), F32)]), x.T, relative=2 ** -8)

    @on("trn2")
    def test_what_is_refused(self):
        x = normal(128, 64)
        refused(self, "must be [64, 128]", lambda a: nisa.nc_transpose(tile(128, 64, buffer=nl.psum), a), x)
        refused(self, "at most [32, 32]", lambda a: nisa.nc_transpose(tile(64, 128), a), x)
        refused(self, "does not convert", lambda a: nisa.nc_transpose(
            tile(64, 128, dtype=nl.bfloat16, buffer=nl.psum), a), x)
        refused(self, "NeuronCore-v4", lambda a: nisa.quantize_mx(a, a, a), x)
        refused(self, "NeuronCore-v4", lambda a: nisa.nc_matmul_mx(tile(128, 64, buffer=nl.psum), a, a, a, a), x)


class Microscaling(unittest.TestCase):
    @on("trn3")
    def test_quantized_operands_multiply_to_about_the_same(self):
        k, m, n = 128, 64, 96
        a, b = normal(k, m * 4).astype(nl.bfloat16), normal(k, n * 4, seed=1).astype(nl.bfloat16)

        def quantized(x, columns):
            packed, scale = tile(k, columns, dtype=nl.float8_e4m3fn_x4), tile(k, columns, dtype=nl.uint8)
            nisa.quantize_mx(dst=packed, src=x, dst_scale=scale)
            return packed, scale

        def body(out, x, y):
            (s, s_scale), (t, t_scale) = quantized(x, m), quantized(y, n)
            acc = tile(m, n, buffer=nl.psum)
            nisa.nc_matmul_mx(acc, s, t, s_scale, t_scale)
            nisa.tensor_copy(out, acc)
        got = on_tiles(body, (a, b), [((m, n), F32)])
        want = np.einsum("kmi,kni->mn", a.reshape(k, m, 4).astype(np.float64), b.reshape(k, n, 4).astype(np.float64))
        close(self, got, want, relative=0.05)


if __name__ == "__main__":
    unittest.main()
