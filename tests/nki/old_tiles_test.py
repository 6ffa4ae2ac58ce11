# SPDX-License-Identifier: Apache-2.0
"""Tiles of the first dialect: operators and methods, block dimensions, allocators, directives."""
import unittest

import neuronxcc.nki as nki
import neuronxcc.nki.compiler as ncc
import neuronxcc.nki.isa as nisa
import neuronxcc.nki.language as nl
import neuronxcc.nki.typing as nt
import numpy as np
from devices import close, normal, on
from nki._program import program_text

P, F = 128, 48


def run(body, *arrays):
    """What body(*tensors in HBM) returns, tiles included."""
    return nki.jit(body)(*arrays)


class Operators(unittest.TestCase):
    @on()
    def test_tiles_numbers_and_columns(self):
        def body(x, y, c):
            a, b, d = nl.load(x), nl.load(y), nl.load(c)
            assert d.shape == (P, 1)
            r = (a + b) * 2.0 - d / b
            r = r + d - 1
            r = -r + (a > b) + (a <= d) + 1.0 / b
            r = 2 * r - r / 3
            return np.float32(0.5) * r ** 2
        x, y, c = normal(P, F), np.abs(normal(P, F, seed=1)) + 0.5, normal(P, seed=2).reshape(P, 1)
        r = -((x + y) * 2 - c / y + c - 1) + (x > y) + (x <= c) + 1 / y
        close(self, run(body, x, y, c), 0.5 * (2 * r - r / 3) ** 2, relative=1e-4)

    @on()
    def test_rows_columns_and_psum(self):
        def body(x, y):
            a, b = nl.load(x), nl.load(y)
            product = nl.matmul(a, b, transpose_x=True)
            row = nl.sum(nl.transpose(a), axis=1)
            return product + row + product * product - nl.copy(b[0:1, :])
        x, y = normal(64, 32), normal(64, 32, seed=1)
        m = x.T.astype(np.float64) @ y
        close(self, run(body, x, y), m + x.sum(0)[:, None] + m * m - y[0:1], relative=1e-4)

    @on()
    def test_methods_of_tiles(self):
        def body(x):
            t = nl.load(x)
            half = t.astype(nl.bfloat16)
            assert half.dtype == nl.bfloat16
            bits = t.view(nl.int32)
            assert bits.shape == (P, F) and t.view(dtype=nl.uint16).shape == (P, 2 * F)
            cube = t.reshape((P, 4, F // 4))
            assert t.reshape([P, 4, F // 4]).shape == t.reshape(shape=(P, 4, F // 4)).shape == x.reshape(shape=cube.shape).shape == cube.shape
            first = cube[:, 0:1, :].broadcast_to((P, 4, F // 4))
            total = nl.add(cube, first)
            assert nl.expand_dims(t, 1).shape == (P, 1, F)
            return nl.add(total.reshape((P, F)), nl.broadcast_to(t[:, 0:1], shape=(P, F))) + nl.copy(half, dtype=np.float32)
        x = normal(P, F)
        want = x + np.tile(x[:, :F // 4], 4) + x[:, 0:1] + x
        close(self, run(body, x), want, relative=2 ** -8)

    @on("trn2")
    def test_host_arrays_are_cast(self):
        x = nl.static_cast(normal(P, F), nl.bfloat16)
        self.assertEqual(x.dtype.metadata["nki"], "bfloat16")
        np.testing.assert_array_equal(run(lambda x: nl.static_cast(nl.load(x), np.float32), x), x.astype(np.float32))


class Blocks(unittest.TestCase):
    @on()
    def test_block_dimensions(self):
        def body(x):
            tiles = nl.ndarray((2, 3, nl.par_dim(P), F), dtype=x.dtype, buffer=nl.sbuf)
            assert tiles.shape == (2, 3, P, F) and len(tiles) == 2 and tiles.dtype == x.dtype
            i_p, i_f = nl.mgrid[0:P, 0:F]
            for i in nl.affine_range(2):
                for j in nl.affine_range(3):
                    tiles[i, j, i_p, i_f] = nl.load(x[i, j, i_p, i_f])
            inner = tiles[1]
            out = nl.ndarray((P, F), dtype=x.dtype)
            out[...] = tiles[0, 0, :, :] - inner[2]
            out[:, 0:8] = tiles[0, 1, :, 8:16]
            out[:, 8:16] = inner[0, :, nl.ds(0, 8)]
            return out
        x = normal(2, 3, P, F)
        want = x[0, 0] - x[1, 2]
        want[:, :8], want[:, 8:16] = x[0, 1, :, 8:16], x[1, 0, :, :8]
        np.testing.assert_array_equal(run(body, x), want)

    @on("trn2")
    def test_par_dim_in_front_and_in_memory(self):
        def body(x: nt.tensor[P, F]) -> nt.tensor:
            t = nl.zeros((nl.par_dim(P), F), dtype=x.dtype, buffer=nl.sbuf)
            t[...] = nl.load(x)
            out = nl.ndarray((1, nl.par_dim(P), F), dtype=x.dtype, buffer=nl.shared_hbm)
            nl.store(out[0], t)
            return out
        x = normal(P, F)
        np.testing.assert_array_equal(run(body, x)[0], x)

    @on("trn2")
    def test_whole_blocks_are_refused(self):
        def body(x):
            return nl.exp(nl.zeros((2, nl.par_dim(P), F), dtype=np.float32))
        with self.assertRaisesRegex(nki.NkiValidationError, r"old_tiles_test.py:\d+: nl.exp: .*work on one block"):
            run(body, normal(P, F))

    @on()
    def test_a_kernel_that_places_its_tiles_in_all_banks_may_transpose_before(self):
        def body(x):
            turned = nl.transpose(nl.load(x))
            banks = nl.ndarray((8, nl.par_dim(P), P), dtype=np.float32, buffer=ncc.psum.mod_alloc(base_bank=0, num_bank_tiles=(8,)))
            total = nl.zeros((P, P), dtype=np.float32)
            for i in nl.affine_range(8):
                banks[i] = nisa.nc_matmul(turned, turned)
            for i in nl.affine_range(8):
                total += banks[i]
            return total
        x = normal(P, F)
        close(self, run(body, x), 8 * x.astype(np.float64) @ x.T)

    @on()
    def test_allocators(self):
        def body(x):
            tiles = nl.ndarray((4, nl.par_dim(P), F), dtype=x.dtype, buffer=ncc.sbuf.mod_alloc(base_addr=4096, num_free_tiles=(2,)))
            sums = nl.ndarray((2, nl.par_dim(F), F), dtype=np.float32, buffer=ncc.psum.mod_alloc(base_bank=3, num_bank_tiles=(2,)))
            placed = nl.ndarray((2, nl.par_dim(32), F), dtype=x.dtype, buffer=ncc.sbuf.alloc(lambda idx, pdim, fdim: (idx[0] * pdim, 8192)))
            free = nl.ndarray((P, F), dtype=x.dtype, buffer=ncc.sbuf.auto_alloc())
            bank = nl.ndarray((F, F), dtype=np.float32, buffer=ncc.psum.alloc(lambda idx, pdim, fdim: (7, 0, 0)))
            free[...] = nl.load(x)
            for i in nl.affine_range(4):
                tiles[i] = nl.multiply(free, float(i + 1))
                if i % 2:
                    sums[i // 2] = nisa.nc_matmul(tiles[i - 1], tiles[i])
            for i in range(2):
                placed[i, :, :] = nl.copy(tiles[2][0:32, :])
            bank[...] = nisa.nc_matmul(free, free)
            return sums[0] + nl.copy(sums[1]) + nl.copy(bank), placed[1]
        x = normal(P, F)
        got, placed = run(body, x)
        close(self, got, (2 + 12 + 1) * (x.T.astype(np.float64) @ x))
        close(self, placed, 3 * x[:32])
        text = program_text(nki.jit(body).trace(x).launch, rolled=False)
        self.assertEqual(text.count("address 4096"), 2)
        self.assertEqual(text.count(f"address {4096 + 4 * F}"), 2)
        self.assertIn("partition 32 address 8192", text)
        banks = [line.split(" address ")[1] for line in text.split("\n") if line.startswith("psum ")]
        self.assertEqual(sorted(map(int, banks)), [bank * 2048 for bank in (3, 4, 7)])

    @on("trn2")
    def test_directives_change_nothing(self):
        @nki.compiler.skip_middle_end_transformations
        @nki.compiler.enable_stack_allocator(log_level="debug")
        @nki.jit(additional_compile_opt="-O1")
        @ncc.force_auto_alloc
        def kernel(x):
            return nl.load(x)
        x = normal(P, F)
        np.testing.assert_array_equal(kernel(x), x)


if __name__ == "__main__":
    unittest.main()
