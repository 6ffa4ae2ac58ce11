# SPDX-License-Identifier: Apache-2.0
"""Matrix products, from one load per operand and product to blocks in all three dimensions. lhs_t is [K, M], the left
matrix transposed, because the Tensor engine contracts over partitions; rhs is [K, N], the result [M, N] in the type of
lhs_t. M and K are multiples of 128, N is one of 512. A product of the Tensor engine is 128 x 128 x 512 (K, M, N);
sums over K stay in PSUM in float32 except where said. What differs is how often a tile is loaded. `dge` says who makes
the descriptors of transfers: the host for static ones (none), or the device."""
import nki
import nki.isa as nisa
import nki.language as nl
import numpy as np
from gallery import Example

P = 128  # rows of a product's contraction, and of its result
F = 512  # columns of a product
UNKNOWN = nisa.dge_mode.unknown


def load(matrix, k: int, start: int, count: int, dge=UNKNOWN, engine=nisa.unknown_engine):
    """Tile k of K, `count` columns from `start` on."""
    tile = nl.ndarray((P, count), dtype=matrix.dtype, buffer=nl.sbuf)
    nisa.dma_copy(dst=tile, src=matrix[k * P:(k + 1) * P, start:start + count], dge_mode=dge, engine=engine)
    return tile


def load_block(matrix, k_first: int, k_tiles: int, start: int, count: int, dge=UNKNOWN):
    """k_tiles tiles of K from k_first on, `count` columns from `start` on: [128, k_tiles, count]."""
    tile = nl.ndarray((P, k_tiles, count), dtype=matrix.dtype, buffer=nl.sbuf)
    for k in nl.affine_range(k_tiles):
        row = (k_first + k) * P
        nisa.dma_copy(dst=tile[:, k, :], src=matrix[row:row + P, start:start + count], dge_mode=dge)
    return tile


def accumulator():
    return nl.ndarray((P, F), dtype=nl.float32, buffer=nl.psum)


def evict(out, acc, m: int, n: int, dge=UNKNOWN):
    """Tile (m, n) of the result goes from PSUM to HBM."""
    tile = nl.ndarray((P, F), dtype=out.dtype, buffer=nl.sbuf)
    nisa.tensor_copy(dst=tile, src=acc)
    nisa.dma_copy(dst=out[m * P:(m + 1) * P, n * F:(n + 1) * F], src=tile, dge_mode=dge)


@nki.jit
def matmul_naive(lhs_t, rhs, dge=UNKNOWN):
    """Both operands of every product are loaded for it: HBM is read M N K (1/128 + 1/512) elements.

    Simulated (k 2048, m 2048, n 2048, bfloat16): trn1 1708.8 us, trn2 993.9 us, trn3 976.9 us.
    """
    (k_size, m_size), n_size = lhs_t.shape, rhs.shape[1]
    out = nl.ndarray((m_size, n_size), dtype=lhs_t.dtype, buffer=nl.shared_hbm)
    for m in nl.affine_range(m_size // P):
        for n in nl.affine_range(n_size // F):
            acc = accumulator()
            for k in nl.affine_range(k_size // P):
                left = load(lhs_t, k, m * P, P, dge)
                right = load(rhs, k, n * F, F, dge)
                nisa.nc_matmul(dst=acc, stationary=left, moving=right)
            evict(out, acc, m, n, dge)
    return out


@nki.jit
def matmul_reuse(lhs_t, rhs, m_tiles=1, n_tiles=3, engine=nisa.unknown_engine):
    """The naive order, with the loads left out that are easily seen to be repetitions: a tile of lhs_t is kept for n_tiles
    tiles of N, one of rhs serves m_tiles tiles of M. `engine` triggers all loads.

    Simulated (k 2048, m 2048, n 2048, bfloat16): trn1 1522.3 us, trn2 806.0 us, trn3 805.8 us.
    """
    (k_size, m_size), n_size = lhs_t.shape, rhs.shape[1]
    out = nl.ndarray((m_size, n_size), dtype=lhs_t.dtype, buffer=nl.shared_hbm)
    for mb in nl.affine_range(m_size // (m_tiles * P)):
        rows = [mb * m_tiles + m for m in range(m_tiles)]
        left = {}
        for n in nl.affine_range(n_size // F):
            accs = [accumulator() for _ in rows]
            for k in nl.affine_range(k_size // P):
                if n % n_tiles == 0:
                    left[k] = [load(lhs_t, k, m * P, P, engine=engine) for m in rows]
                right = load(rhs, k, n * F, F, engine=engine)
                for acc, tile in zip(accs, left[k]):
                    nisa.nc_matmul(dst=acc, stationary=tile, moving=right)
            for acc, m in zip(accs, rows):
                evict(out, acc, m, n)
    return out


@nki.jit
def matmul_hoisted(lhs_t, rhs):
    """The 128 columns of lhs_t that a row of result tiles needs are loaded once, before the loop over N.

    Simulated (k 2048, m 2048, n 2048, bfloat16): trn1 1434.2 us, trn2 803.3 us, trn3 803.0 us.
    """
    (k_size, m_size), n_size = lhs_t.shape, rhs.shape[1]
    out = nl.ndarray((m_size, n_size), dtype=lhs_t.dtype, buffer=nl.shared_hbm)
    for m in nl.affine_range(m_size // P):
        left = load_block(lhs_t, 0, k_size // P, m * P, P)
        for n in nl.affine_range(n_size // F):
            acc = accumulator()
            for k in nl.affine_range(k_size // P):
                nisa.nc_matmul(dst=acc, stationary=left[:, k, :], moving=load(rhs, k, n * F, F))
            evict(out, acc, m, n)
    return out


@nki.jit
def matmul_block_free(lhs_t, rhs, m_tiles=2, n_tiles=2):
    """Blocks of m_tiles x n_tiles result tiles, at most the 8 that PSUM holds: a tile of rhs is loaded once per block, one
    of lhs_t once per row of blocks; all products that need a tile of rhs come when it is there.

    Simulated (k 2048, m 2048, n 2048, bfloat16): trn1 752.0 us, trn2 318.6 us, trn3 318.2 us.
    """
    (k_size, m_size), n_size = lhs_t.shape, rhs.shape[1]
    out = nl.ndarray((m_size, n_size), dtype=lhs_t.dtype, buffer=nl.shared_hbm)
    for mb in nl.affine_range(m_size // (m_tiles * P)):
        left = load_block(lhs_t, 0, k_size // P, mb * m_tiles * P, m_tiles * P)
        for nb in nl.affine_range(n_size // (n_tiles * F)):
            accs = {(m, n): accumulator() for m in range(m_tiles) for n in range(n_tiles)}
            for k in nl.affine_range(k_size // P):
                right = load(rhs, k, nb * n_tiles * F, n_tiles * F)
                for (m, n), acc in accs.items():
                    nisa.nc_matmul(dst=acc, stationary=left[:, k, m * P:(m + 1) * P], moving=right[:, n * F:(n + 1) * F])
            for (m, n), acc in accs.items():
                evict(out, acc, mb * m_tiles + m, nb * n_tiles + n)
    return out


@nki.jit
def matmul_block_rows(lhs_t, rhs, m_tiles=8, n_tiles=2):
    """Larger blocks: all of K of both operands is in SBUF, result tiles are finished one after the other. Loads are of
    m_tiles * 128 and n_tiles * 512 contiguous elements.

    Simulated (k 2048, m 2048, n 2048, bfloat16): trn1 311.4 us, trn2 258.6 us, trn3 256.4 us.
    """
    (k_size, m_size), n_size = lhs_t.shape, rhs.shape[1]
    out = nl.ndarray((m_size, n_size), dtype=lhs_t.dtype, buffer=nl.shared_hbm)
    m_tiles = min(m_tiles, m_size // P)
    for mb in nl.affine_range(m_size // (m_tiles * P)):
        left = load_block(lhs_t, 0, k_size // P, mb * m_tiles * P, m_tiles * P)
        for nb in nl.affine_range(n_size // (n_tiles * F)):
            right = load_block(rhs, 0, k_size // P, nb * n_tiles * F, n_tiles * F)
            for m in nl.affine_range(m_tiles):
                for n in nl.affine_range(n_tiles):
                    acc = accumulator()
                    for k in nl.affine_range(k_size // P):
                        nisa.nc_matmul(dst=acc, stationary=left[:, k, m * P:(m + 1) * P], moving=right[:, k, n * F:(n + 1) * F])
                    evict(out, acc, mb * m_tiles + m, nb * n_tiles + n)
    return out


@nki.jit
def matmul_blocked(lhs_t, rhs, m_tiles=16, n_tiles=2, k_tiles=8, dge=UNKNOWN):
    """Blocks in all dimensions: products over k_tiles tiles of K add up in PSUM, these sums in SBUF in the type of the
    inputs. Loads are of m_tiles * 128 and n_tiles * 512 contiguous elements, stores of the latter.

    Simulated (k 2048, m 2048, n 2048, bfloat16): trn1 304.8 us, trn2 253.5 us, trn3 249.8 us.
    """
    (k_size, m_size), n_size = lhs_t.shape, rhs.shape[1]
    m_tiles, k_tiles = min(m_tiles, m_size // P), min(k_tiles, k_size // P)
    m_block, n_block = m_tiles * P, n_tiles * F
    out = nl.ndarray((m_size, n_size), dtype=lhs_t.dtype, buffer=nl.shared_hbm)
    for nb in nl.affine_range(n_size // n_block):
        total = nl.ndarray((P, m_size // P, n_block), dtype=lhs_t.dtype, buffer=nl.sbuf)
        nisa.memset(dst=total, value=0)
        for kb in nl.sequential_range(k_size // (k_tiles * P)):
            right = load_block(rhs, kb * k_tiles, k_tiles, nb * n_block, n_block, dge)
            for mb in nl.affine_range(m_size // m_block):
                left = load_block(lhs_t, kb * k_tiles, k_tiles, mb * m_block, m_block, dge)
                for m in nl.affine_range(m_tiles):
                    for n in nl.affine_range(n_tiles):
                        acc = accumulator()
                        for k in nl.affine_range(k_tiles):
                            nisa.nc_matmul(dst=acc, stationary=left[:, k, m * P:(m + 1) * P], moving=right[:, k, n * F:(n + 1) * F])
                        sums = total[:, mb * m_tiles + m, n * F:(n + 1) * F]
                        nisa.tensor_tensor(dst=sums, data1=sums, data2=acc, op=nl.add)
        for m in nl.affine_range(m_size // P):
            nisa.dma_copy(dst=out[m * P:(m + 1) * P, nb * n_block:(nb + 1) * n_block], src=total[:, m, :], dge_mode=dge)
    return out


def shapes(k, m, n):
    return (k, m), (k, n)


def reference(lhs_t, rhs):
    return lhs_t.T.astype(np.float64) @ rhs


SMALL, STATED = {"k": 256, "m": 256, "n": 1024}, {"k": 2048, "m": 2048, "n": 2048}
EXAMPLES = [Example(each, shapes, reference, 1e-5, SMALL, STATED) for each in
            (matmul_naive, matmul_reuse, matmul_hoisted, matmul_block_free, matmul_block_rows)]
EXAMPLES.append(Example(matmul_blocked, shapes, reference, 1e-5, {"k": 2048, "m": 256, "n": 1024}, STATED))
