# SPDX-License-Identifier: Apache-2.0
"""Attention of one head, forward, without the matrix of scores ever being in HBM."""
import nki
import nki.isa as nisa
import nki.language as nl
import numpy as np
from gallery import Example

P = 128  # queries in a tile, and keys in a tile of the second product
KEYS = 512  # in a block
LOWEST = -1e30  # score of a key that a query may not see


def visible(scores, first_query: int, first_key: int):
    """Scores in SBUF, of keys behind the query replaced: query - key >= 0 stays."""
    masked = nl.ndarray(scores.shape, dtype=nl.float32, buffer=nl.sbuf)
    nisa.tensor_copy(dst=masked, src=scores)
    nisa.affine_select(dst=masked, pattern=[[-1, scores.shape[1]]], channel_multiplier=1, on_true_tile=masked, on_false_value=LOWEST,
                       cmp_op=nl.greater_equal, offset=first_query - first_key)
    return masked


def transposed(tile):
    """[128, n * 128] as n tiles of [128, 128], by the Tensor engine: [128, n, 128]."""
    count = tile.shape[1] // P
    result = nl.ndarray((P, count, P), dtype=tile.dtype, buffer=nl.sbuf)
    for i in nl.affine_range(count):
        square = nl.ndarray((P, P), dtype=tile.dtype, buffer=nl.psum)
        nisa.nc_transpose(dst=square, data=tile[:, i * P:(i + 1) * P])
        nisa.tensor_copy(dst=result[:, i, :], src=square, engine=nisa.vector_engine if i % 2 else nisa.scalar_engine)
    return result


class Running:
    """Maximum, sum and result of a tile of queries, over the blocks of keys so far."""

    def __init__(self, size: int):
        self.minus_max = self.total = None
        self.result = nl.ndarray((P, size), dtype=nl.float32, buffer=nl.sbuf)

    def column(self):
        return nl.ndarray((P, 1), dtype=nl.float32, buffer=nl.sbuf)

    def add(self, scores, values, scale: float, dtype):
        """One block: scores [128, keys] in PSUM or SBUF, values [128, keys / 128, size]."""
        minus_max, total = self.column(), self.column()
        nisa.tensor_reduce(dst=minus_max, op=nl.maximum, data=scores, axis=1, negate=True)
        nisa.tensor_scalar(dst=minus_max, data=minus_max, op0=nl.multiply, operand0=scale)
        if self.minus_max is not None:
            nisa.tensor_tensor(dst=minus_max, data1=minus_max, data2=self.minus_max, op=nl.minimum)
        powers = nl.ndarray(scores.shape, dtype=dtype, buffer=nl.sbuf)
        nisa.activation_reduce(dst=powers, op=nl.exp, data=scores, scale=scale, bias=minus_max, reduce_op=nl.add, reduce_res=total)
        turned = transposed(powers)
        product = nl.ndarray(self.result.shape, dtype=nl.float32, buffer=nl.psum)
        for i in nl.affine_range(turned.shape[1]):
            nisa.nc_matmul(dst=product, stationary=turned[:, i, :], moving=values[:, i, :])
        if self.minus_max is None:
            nisa.tensor_copy(dst=self.result, src=product)
        else:
            self._correct(minus_max, total, product)
        self.minus_max, self.total = minus_max, total

    def _correct(self, minus_max, total, product):
        """What was summed up before was relative to a smaller maximum: times exp(old maximum - new maximum)."""
        factor = self.column()
        nisa.tensor_tensor(dst=factor, data1=minus_max, data2=self.minus_max, op=nl.subtract)
        nisa.activation(dst=factor, op=nl.exp, data=factor)
        nisa.scalar_tensor_tensor(dst=total, data=self.total, op0=nl.multiply, operand0=factor, op1=nl.add, operand1=total)
        nisa.scalar_tensor_tensor(dst=self.result, data=self.result, op0=nl.multiply, operand0=factor, op1=nl.add, operand1=product)

    def store(self, out):
        scale = self.column()
        nisa.reciprocal(dst=scale, data=self.total)
        tile = nl.ndarray(self.result.shape, dtype=out.dtype, buffer=nl.sbuf)
        nisa.tensor_scalar(dst=tile, data=self.result, op0=nl.multiply, operand0=scale)
        nisa.dma_copy(dst=out, src=tile)


@nki.jit
def attention(q_t, k_t, v, causal=True):
    """softmax(q k^T / sqrt(size)) v for q_t and k_t [size, tokens], v [tokens, size]; size at most 128, tokens a
    multiple of 512. With causal, a query sees the keys up to its own place.

    k and v stay in SBUF. 128 queries at a time, 512 keys at a time: a product gives the scores, Vector their
    maximum, Scalar the powers and their sum, four transposes and four products the result of the block, which is added
    to a running one. Blocks that a query cannot see are left out; those it sees in part are masked by GpSimd.

    Simulated (size 128, tokens 4096, bfloat16): trn1 509.5 us, trn2 616.9 us, trn3 587.5 us.
    """
    size, tokens = q_t.shape
    keys = min(KEYS, tokens)
    scale = size ** -0.5
    out = nl.ndarray((tokens, size), dtype=v.dtype, buffer=nl.shared_hbm)
    keys_t = nl.ndarray((size, tokens), dtype=k_t.dtype, buffer=nl.sbuf)
    nisa.dma_copy(dst=keys_t, src=k_t)
    values = nl.ndarray((P, tokens // P, size), dtype=v.dtype, buffer=nl.sbuf)
    nisa.dma_copy(dst=values, src=v.reshape((tokens // P, P, size)).permute((1, 0, 2)))
    for i in nl.affine_range(tokens // P):
        queries = nl.ndarray((size, P), dtype=q_t.dtype, buffer=nl.sbuf)
        nisa.dma_copy(dst=queries, src=q_t[:, i * P:(i + 1) * P])
        running = Running(size)
        for first in nl.sequential_range(0, (i + 1) * P if causal else tokens, keys):
            scores = nl.ndarray((P, keys), dtype=nl.float32, buffer=nl.psum)
            nisa.nc_matmul(dst=scores, stationary=queries, moving=keys_t[:, first:first + keys])
            if causal and first + keys > i * P + 1:
                scores = visible(scores, i * P, first)
            running.add(scores, values[:, first // P:(first + keys) // P, :], scale, v.dtype)
        running.store(out[i * P:(i + 1) * P, :])
    return out


def shapes(size, tokens):
    return (size, tokens), (size, tokens), (tokens, size)


def reference(q_t, k_t, v, causal=True):
    scores = q_t.T.astype(np.float64) @ k_t / np.sqrt(q_t.shape[0])
    if causal:
        scores = np.where(np.tri(len(scores), dtype=bool), scores, -np.inf)
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers @ v / powers.sum(axis=1, keepdims=True)


EXAMPLES = [Example(attention, shapes, reference, 1e-4, {"size": 64, "tokens": 1024}, {"size": 128, "tokens": 4096})]
