# SPDX-License-Identifier: Apache-2.0
"""Matrix products, from one load per operand and product to blocks in all three dimensions. lhs_t is [K, M], the left
matrix transposed, because the Tensor engine contracts over partitions; rhs is [K, N], the result [M, N] in the type of
lhs_t. M and K are multiples of 128, N is one of 512. A product of the Tensor engine is 128 x 128 x 512 (K, M, N);
sums over K stay in PSUM in float32 except where said. What differs is how often a tile is loaded."""
import nki
import nki.isa as nisa
import nki.language as nl
import numpy as np
from gallery import Example, normal

P = 128  # rows of a product's contraction, and of its result
F = 512  # columns of a product


def evict(out, acc, m: int, n: int):
    """Tile (m, n) of the result goes from PSUM to HBM."""
    tile = nl.ndarray((P, F), dtype=out.dtype, buffer=nl.sbuf)
    nisa.tensor_copy(dst=tile, src=acc)
    nisa.dma_copy(dst=out[m * P:(m + 1) * P, n * F:(n + 1) * F], src=tile)


@nki.jit
def matmul_naive(lhs_t, rhs):
    """Both operands of every product are loaded for it: HBM is read M N K (1/128 + 1/512) elements.
    """
    (k_size, m_size), n_size = lhs_t.shape, rhs.shape[1]
    out = nl.ndarray((m_size, n_size), dtype=lhs_t.dtype, buffer=nl.shared_hbm)
    for m in nl.affine_range(m_size // P):
        for n in nl.affine_range(n_size // F):
            acc = nl.ndarray((P, F), dtype=nl.float32, buffer=nl.psum)
            for k in nl.affine_range(k_size // P):
                left = nl.ndarray((P, P), dtype=lhs_t.dtype, buffer=nl.sbuf)
                right = nl.ndarray((P, F), dtype=rhs.dtype, buffer=nl.sbuf)
                nisa.dma_copy(dst=left, src=lhs_t[k * P:(k + 1) * P, m * P:(m + 1) * P])
                nisa.dma_copy(dst=right, src=rhs[k * P:(k + 1) * P, n * F:(n + 1) * F])
                nisa.nc_matmul(dst=acc, stationary=left, moving=right)
            evict(out, acc, m, n)
    return out


def load_columns(matrix, start: int, count: int):
    """`count` columns of a matrix from `start` on, all of K: [128, K / 128, count]."""
    tile = nl.ndarray((P, matrix.shape[0] // P, count), dtype=matrix.dtype, buffer=nl.sbuf)
    for k in nl.affine_range(matrix.shape[0] // P):
        nisa.dma_copy(dst=tile[:, k, :], src=matrix[k * P:(k + 1) * P, start:start + count])
    return tile


@nki.jit
def matmul_hoisted(lhs_t, rhs):
    """The 128 columns of lhs_t that a row of result tiles needs are loaded once, before the loop over N.
    """
    (k_size, m_size), n_size = lhs_t.shape, rhs.shape[1]
    out = nl.ndarray((m_size, n_size), dtype=lhs_t.dtype, buffer=nl.shared_hbm)
    for m in nl.affine_range(m_size // P):
        left = load_columns(lhs_t, m * P, P)
        for n in nl.affine_range(n_size // F):
            acc = nl.ndarray((P, F), dtype=nl.float32, buffer=nl.psum)
            for k in nl.affine_range(k_size // P):
                right = nl.ndarray((P, F), dtype=rhs.dtype, buffer=nl.sbuf)
                nisa.dma_copy(dst=right, src=rhs[k * P:(k + 1) * P, n * F:(n + 1) * F])
                nisa.nc_matmul(dst=acc, stationary=left[:, k, :], moving=right)
            evict(out, acc, m, n)
    return out


@nki.jit
def matmul_block_free(lhs_t, rhs, m_tiles=2, n_tiles=2):
    """Blocks of m_tiles x n_tiles result tiles: each tile of rhs that is loaded serves m_tiles products, each of lhs_t
    all of N.
    """
    (k_size, m_size), n_size = lhs_t.shape, rhs.shape[1]
    out = nl.ndarray((m_size, n_size), dtype=lhs_t.dtype, buffer=nl.shared_hbm)
    for mb in nl.affine_range(m_size // (m_tiles * P)):
        left = load_columns(lhs_t, mb * m_tiles * P, m_tiles * P)
        for nb in nl.affine_range(n_size // (n_tiles * F)):
            acc = [[nl.ndarray((P, F), dtype=nl.float32, buffer=nl.psum) for _ in range(n_tiles)] for _ in range(m_tiles)]
            for k in nl.affine_range(k_size // P):
                right = nl.ndarray((P, n_tiles * F), dtype=rhs.dtype, buffer=nl.sbuf)
                nisa.dma_copy(dst=right, src=rhs[k * P:(k + 1) * P, nb * n_tiles * F:(nb + 1) * n_tiles * F])
                for m in nl.affine_range(m_tiles):
                    for n in nl.affine_range(n_tiles):
                        nisa.nc_matmul(dst=acc[m][n], stationary=left[:, k, m * P:(m + 1) * P], moving=right[:, n * F:(n + 1) * F])
            for m in nl.affine_range(m_tiles):
                for n in nl.affine_range(n_tiles):
                    evict(out, acc[m][n], mb * m_tiles + m, nb * n_tiles + n)
    return out


def load_block(matrix, k_first: int, k_tiles: int, start: int, count: int):
    """k_tiles tiles of K from k_first on, `count` columns from `start` on: [128, k_tiles, count]."""
    tile = nl.ndarray((P, k_tiles, count), dtype=matrix.dtype, buffer=nl.sbuf)
    for k in nl.affine_range(k_tiles):
        row = (k_first + k) * P
        nisa.dma_copy(dst=tile[:, k, :], src=matrix[row:row + P, start:start + count])
    return tile


@nki.jit
def matmul_blocked(lhs_t, rhs, m_tiles=16, n_tiles=2, k_tiles=8):
    """Blocks in all dimensions: products over k_tiles tiles of K add up in PSUM, these sums in SBUF in the type of the
    inputs. Loads are of m_tiles * 128 and n_tiles * 512 contiguous elements, stores of the latter.
    """
    (k_size, m_size), n_size = lhs_t.shape, rhs.shape[1]
    m_tiles, k_tiles = min(m_tiles, m_size // P), min(k_tiles, k_size // P)
    m_block, n_block = m_tiles * P, n_tiles * F
    out = nl.ndarray((m_size, n_size), dtype=lhs_t.dtype, buffer=nl.shared_hbm)
    for nb in nl.affine_range(n_size // n_block):
        total = nl.ndarray((P, m_size // P, n_block), dtype=lhs_t.dtype, buffer=nl.sbuf)
        nisa.memset(dst=total, value=0)
        for kb in nl.sequential_range(k_size // (k_tiles * P)):
            right = load_block(rhs, kb * k_tiles, k_tiles, nb * n_block, n_block)
            for mb in nl.affine_range(m_size // m_block):
                left = load_block(lhs_t, kb * k_tiles, k_tiles, mb * m_block, m_block)
                for m in nl.affine_range(m_tiles):
                    for n in nl.affine_range(n_tiles):
                        acc = nl.ndarray((P, F), dtype=nl.float32, buffer=nl.psum)
                        for k in nl.affine_range(k_tiles):
                            nisa.nc_matmul(dst=acc, stationary=left[:, k, m * P:(m + 1) * P], moving=right[:, k, n * F:(n + 1) * F])
                        sums = total[:, mb * m_tiles + m, n * F:(n + 1) * F]
                        nisa.tensor_tensor(dst=sums, data1=sums, data2=acc, op=nl.add)
        for m in nl.affine_range(m_size // P):
            nisa.dma_copy(dst=out[m * P:(m + 1) * P, nb * n_block:(nb + 1) * n_block], src=total[:, m, :])
    return out


def inputs(k, m, n):
    return normal((k, m), (k, n))


def reference(lhs_t, rhs):
    return lhs_t.T.astype(np.float64) @ rhs


STATED = {"k": 2048, "m": 2048, "n": 2048}
EXAMPLES = [
    Example(matmul_naive, inputs, reference, 1e-5, {"k": 256, "m": 256, "n": 1024}, STATED),
    Example(matmul_hoisted, inputs, reference, 1e-5, {"k": 256, "m": 256, "n": 1024}, STATED),
    Example(matmul_block_free, inputs, reference, 1e-5, {"k": 256, "m": 512, "n": 1024}, STATED),
    Example(matmul_blocked, inputs, reference, 1e-5, {"k": 2048, "m": 256, "n": 1024}, STATED),
]
