# SPDX-License-Identifier: Apache-2.0
"""Whole kernels as the guides write them: vector addition, matrix product, softmax."""
import unittest

import nki
import nki.isa as nisa
import nki.language as nl
import numpy as np
from devices import close, normal, on


@nki.jit
def vector_add(a, b):
    assert a.shape == b.shape
    out = nl.ndarray(a.shape, dtype=a.dtype, buffer=nl.shared_hbm)
    for i in nl.affine_range(a.shape[0] // nl.tile_size.pmax):
        rows = nl.ds(i * 128, 128)
        a_tile = nl.ndarray((128, a.shape[1]), dtype=a.dtype, buffer=nl.sbuf)
        b_tile = nl.ndarray((128, a.shape[1]), dtype=a.dtype, buffer=nl.sbuf)
        nisa.dma_copy(dst=a_tile, src=a[rows, :])
        nisa.dma_copy(dst=b_tile, src=b[i * 128:(i + 1) * 128, :])
        c_tile = nl.ndarray(a_tile.shape, a.dtype, nl.sbuf)
        nisa.tensor_tensor(c_tile, a_tile, b_tile, nl.add)
        nisa.dma_copy(dst=out[rows], src=c_tile)
    return out


@nki.jit
def matmul(lhs_t, rhs):
    """lhs_t[K, M].T @ rhs[K, N] in tiles of 128 x 128 x 512."""
    k_size, m_size = lhs_t.shape
    n_size = rhs.shape[1]
    out = nl.ndarray((m_size, n_size), dtype=lhs_t.dtype, buffer=nl.shared_hbm)
    for m in nl.affine_range(m_size // 128):
        for n in nl.affine_range(n_size // 512):
            acc = nl.ndarray((128, 512), dtype=nl.float32, buffer=nl.psum)
            for k in nl.affine_range(k_size // 128):
                stationary = nl.ndarray((128, 128), dtype=lhs_t.dtype, buffer=nl.sbuf)
                moving = nl.ndarray((128, 512), dtype=rhs.dtype, buffer=nl.sbuf)
                nisa.dma_copy(dst=stationary, src=lhs_t[nl.ds(k * 128, 128), nl.ds(m * 128, 128)])
                nisa.dma_copy(dst=moving, src=rhs[nl.ds(k * 128, 128), nl.ds(n * 512, 512)])
                nisa.nc_matmul(dst=acc, stationary=stationary, moving=moving)
            evicted = nl.ndarray((128, 512), dtype=out.dtype, buffer=nl.sbuf)
            nisa.tensor_copy(dst=evicted, src=acc)
            nisa.dma_copy(dst=out[m * 128:(m + 1) * 128, n * 512:(n + 1) * 512], src=evicted)
    return out


@nki.jit
def softmax(x):
    rows, columns = x.shape
    out = nl.ndarray(x.shape, x.dtype, buffer=nl.shared_hbm)
    tile = nl.ndarray((rows, columns), x.dtype, buffer=nl.sbuf)
    nisa.dma_copy(dst=tile, src=x)
    lowest = nl.ndarray((rows, 1), nl.float32, buffer=nl.sbuf)
    nisa.tensor_reduce(dst=lowest, op=nl.maximum, data=tile, axis=1, negate=True)
    exps = nl.ndarray((rows, columns), nl.float32, buffer=nl.sbuf)
    total = nl.ndarray((rows, 1), nl.float32, buffer=nl.sbuf)
    nisa.activation_reduce(dst=exps, op=nl.exp, data=tile, reduce_op=nl.add, reduce_res=total, bias=lowest)
    nisa.reciprocal(dst=total, data=total)
    nisa.tensor_scalar(dst=tile, data=exps, op0=nl.multiply, operand0=total)
    nisa.dma_copy(dst=out, src=tile)
    return out


@nki.jit()
def add_in_place(x, out):
    tile = nl.load(x)
    nl.store(out, tile + 1.0)


class FirstKernels(unittest.TestCase):
    @on("trn1", "inf2", "trn2", "trn3")
    def test_vector_add(self):
        a, b = normal(256, 384), normal(256, 384, seed=1)
        result = vector_add(a, b)
        self.assertEqual(result.dtype, np.float32)
        np.testing.assert_array_equal(result, a + b)

    @on()
    def test_matmul_of_floats(self):
        a, b = normal(256, 256), normal(256, 512, seed=1)
        close(self, matmul(a, b), a.T.astype(np.float64) @ b)

    @on()
    def test_matmul_of_bfloat16_returns_bfloat16(self):
        a, b = normal(256, 128).astype(nl.bfloat16), normal(256, 512, seed=1).astype(nl.bfloat16)
        result = matmul(a, b)
        self.assertEqual(result.dtype.metadata["nki"], "bfloat16")
        close(self, result, a.T.astype(np.float64) @ b, relative=2 ** -6)

    @on()
    def test_softmax(self):
        x = normal(128, 500)
        exps = np.exp(x - x.max(axis=1, keepdims=True))
        close(self, softmax(x), exps / exps.sum(axis=1, keepdims=True))

    @on()
    def test_arguments_that_a_kernel_writes_are_updated_in_place(self):
        x, out = normal(64, 32), np.zeros((64, 32), np.float32)
        self.assertIsNone(add_in_place(x, out))
        np.testing.assert_array_equal(out, x + 1)


if __name__ == "__main__":
    unittest.main()
