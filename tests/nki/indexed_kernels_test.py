# SPDX-License-Identifier: Apache-2.0
"""Whole kernels that look places up on the device, or need the functions and statistics of nki.isa, in both dialects, against numpy."""
import math
import unittest

import neuronxcc.nki as old_nki
import neuronxcc.nki.isa as old_isa
import neuronxcc.nki.language as old
import nki
import nki.isa as nisa
import nki.language as nl
import numpy as np
from devices import close, normal, on

P = 128
SKIP = nisa.oob_mode.skip


def sbuf(shape, dtype=nl.float32):
    return nl.ndarray(shape, dtype, nl.sbuf)


def loaded(array):
    held = sbuf(array.shape, array.dtype)
    nisa.dma_copy(dst=held, src=array)
    return held


def rows_of(table, count, index):
    width = table.shape[1]
    return table.ap([[width, count], [1, width]], vector_offset=index)


@nki.jit
def experts(tokens, choice, weights, places):
    """out[places] += tokens[places] @ weights[choice], expert after expert; unused places are beyond the end."""
    (count, width), blocks = tokens.shape, places.shape[0]
    out = nl.ndarray((count, width), tokens.dtype, nl.shared_hbm)
    empty = sbuf((P, width))
    nisa.memset(dst=empty, value=0.0)
    for begin in range(0, count, P):
        rows = min(P, count - begin)
        nisa.dma_copy(dst=out[begin:begin + rows], src=empty[:rows])
    chosen = loaded(choice)
    for block in range(blocks):
        index = sbuf((P, 1), nl.int32)
        nisa.dma_copy(dst=index, src=places[block].reshape((P, 1)))
        x, weight = sbuf((P, width)), sbuf((width, width))
        nisa.memset(dst=x, value=0.0)
        nisa.dma_copy(dst=x, src=rows_of(tokens, P, index), oob_mode=SKIP)
        nisa.dma_copy(dst=weight, src=weights.select(0, chosen[0:1, block:block + 1]))
        turned, product = nl.ndarray((width, P), nl.float32, nl.psum), nl.ndarray((P, width), nl.float32, nl.psum)
        nisa.nc_transpose(dst=turned, data=x)
        held, result = sbuf((width, P)), sbuf((P, width))
        nisa.tensor_copy(dst=held, src=turned)
        nisa.nc_matmul(dst=product, stationary=held, moving=weight)
        nisa.tensor_copy(dst=result, src=product)
        target = rows_of(out, P, index)
        nisa.dma_compute(dst=target, srcs=[target, result], reduce_op=nl.add, oob_mode=SKIP)
    return out


@nki.jit
def paged_scores(query, pages, table):
    """query . key for all keys of the pages that a table names."""
    count, (_, size, width) = table.shape[0], pages.shape
    out = nl.ndarray((count, size), nl.float32, nl.shared_hbm)
    keys, wide, scores = sbuf((count, size, width)), sbuf((count, width)), sbuf((count, size))
    nisa.dma_copy(dst=keys, src=pages.ap([[size * width, count], [width, size], [1, width]], vector_offset=loaded(table)))
    nisa.dma_copy(dst=wide, src=query.ap([[0, count], [1, width]]))
    nisa.tensor_tensor(dst=keys, data1=keys, data2=wide.expand_dim(1).broadcast(1, size), op=nl.multiply)
    nisa.tensor_reduce(dst=scores, op=nl.add, data=keys, axis=2)
    nisa.dma_copy(dst=out, src=scores)
    return out


@nki.jit
def layernorm(x):
    rows, width = x.shape
    out = nl.ndarray(x.shape, x.dtype, nl.shared_hbm)
    most = nl.tile_size.bn_stats_fmax
    parts = math.ceil(width / most)
    tile, stats, both, scale = loaded(x), sbuf((rows, parts, 6)), sbuf((rows, 2)), sbuf((rows, 1))
    for part in range(parts):
        nisa.bn_stats(dst=stats[:, part], data=tile[:, part * most:min(width, (part + 1) * most)])
    nisa.bn_aggr(dst=both, data=stats)
    nisa.tensor_scalar(dst=scale, data=both[:, 1:2], op0=nl.add, operand0=1e-5, op1=nl.power, operand1=-0.5)
    nisa.tensor_scalar(dst=tile, data=tile, op0=nl.subtract, operand0=both[:, 0:1], op1=nl.multiply, operand1=scale)
    nisa.dma_copy(dst=out, src=tile)
    return out


@old_nki.jit
def old_layernorm(x):
    out = old.ndarray(x.shape, dtype=x.dtype, buffer=old.shared_hbm)
    rows, width = x.shape
    i_p, i_f = old.arange(P)[:, None], old.arange(width)[None, :]
    part = math.gcd(old.tile_size.bn_stats_fmax, width)
    for i in old.affine_range(math.ceil(rows / P)):
        kept = i * P + i_p < rows
        tile = old.load(x[i * P + i_p, i_f], mask=kept)
        stats = old.ndarray((P, 6 * (width // part)), dtype=np.float32)
        for j in old.affine_range(width // part):
            stats[i_p, 6 * j + old.arange(6)[None, :]] = old_isa.bn_stats(tile[i_p, part * j + old.arange(part)[None, :]], dtype=np.float32, mask=kept)
        both = old_isa.bn_aggr(stats, mask=kept)
        centred = old_isa.tensor_scalar(tile, op0=np.subtract, operand0=both[:, 0:1], op1=np.multiply, operand1=old.rsqrt(both[:, 1:2] + 1e-5), mask=kept)
        old.store(out[i * P + i_p, i_f], value=centred, mask=kept)
    return out


@old_nki.jit
def old_cache_update(cache, slots, new):
    """cache[block, place] = new, where slots has block and place of every row; a place is the same for all."""
    i_p, i_f = old.mgrid[0:new.shape[0], 0:new.shape[1]]
    slot = old.load(slots)
    old.store(cache[slot[i_p, 0], 2, i_f], value=old.load(new))
    return cache


@old_nki.jit
def old_gelu_backward(x, dy):
    """dx = gelu'(x) dy, and the largest of |dx| of each row to scale 8-bit values."""
    out = old.ndarray(x.shape, dtype=x.dtype, buffer=old.shared_hbm)
    scales = old.ndarray((x.shape[0], 1), dtype=np.float32, buffer=old.shared_hbm)
    dx = old.multiply(old_isa.activation(op=old.gelu_dx, data=old.load(x)), old.load(dy))
    old.store(out, dx)
    old.store(scales, old.max(abs(dx), axis=1))
    return out, scales


def normalised(x):
    return (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 1e-5)


class Kernels(unittest.TestCase):
    @on()
    def test_tokens_go_to_their_experts_and_back(self):
        tokens, weights = normal(300, 64), normal(5, 64, 64, seed=1) / 8
        rng = np.random.default_rng(2)
        choice = np.array([[3, 0, 4]], np.int32)
        places = np.stack([np.where(np.arange(P) < used, rng.permutation(300)[:P], 300) for used in (128, 77, 5)]).astype(np.int32)
        want = np.zeros((300, 64))
        for expert, block in zip(choice[0], places):
            block = block[block < 300]
            want[block] += tokens[block].astype(np.float64) @ weights[expert]
        close(self, experts(tokens, choice, weights, places), want, relative=1e-4)

    @on()
    def test_scores_of_keys_in_pages(self):
        query, pages = normal(1, 32), normal(50, 4, 32, seed=1)
        table = np.random.default_rng(3).integers(0, 50, (20, 1)).astype(np.int32)
        close(self, paged_scores(query, pages, table), pages[table[:, 0]] @ query[0], relative=1e-4)

    @on()
    def test_layernorm_by_statistics(self):
        for rows, width in ((128, 512), (100, 1300), (5, 37)):
            x = normal(rows, width) + 3
            close(self, layernorm(x), normalised(x), relative=1e-4)

    @on()
    def test_layernorm_of_rows_that_do_not_fill_the_last_tile(self):
        for rows, width in ((300, 384), (77, 1536)):
            x = normal(rows, width) + 3
            close(self, old_layernorm(x), normalised(x), relative=1e-4)

    @on()
    def test_a_cache_of_blocks_is_updated(self):
        cache, new = normal(64, 4, 32), normal(16, 32, seed=1)
        slots = np.random.default_rng(0).permutation(64)[:16].astype(np.int32)[:, None]
        want = cache.copy()
        want[slots[:, 0], 2] = new
        np.testing.assert_array_equal(old_cache_update(cache.copy(), slots, new), want)

    @on()
    def test_gelu_backward(self):
        x, dy = np.clip(normal(P, 96), -3, 3), normal(P, 96, seed=1)
        erf = np.vectorize(math.erf)(x / math.sqrt(2))
        want = ((1 + erf) / 2 + x * np.exp(-x * x / 2) / math.sqrt(2 * math.pi)) * dy
        dx, largest = old_gelu_backward(x, dy)
        close(self, dx, want, relative=1e-5)
        close(self, largest, np.abs(want).max(1, keepdims=True), relative=1e-5)


if __name__ == "__main__":
    unittest.main()
