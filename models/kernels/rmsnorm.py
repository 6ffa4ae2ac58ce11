# SPDX-License-Identifier: Apache-2.0
"""RMS normalisation over rows."""
import nki
import nki.isa as nisa
import nki.language as nl
import numpy as np
from gallery import Example, normal, tiles

EPSILON = 1e-5


@nki.jit
def rmsnorm(x, gamma, epsilon=EPSILON):
    """x / sqrt(mean of squares + epsilon) * gamma for each row of x [rows, columns]; gamma is [1, columns].

    128 rows at a time: Scalar squares and adds up in one pass and takes the root of 128 numbers, Vector multiplies by
    it and by gamma in another pass. gamma is spread over the partitions once, by a load that repeats its row.
    """
    rows, columns = x.shape
    pmax = nl.tile_size.pmax
    out = nl.ndarray(x.shape, dtype=x.dtype, buffer=nl.shared_hbm)
    weights = nl.ndarray((pmax, columns), dtype=gamma.dtype, buffer=nl.sbuf)
    nisa.dma_copy(dst=weights, src=gamma.broadcast(0, pmax))
    bias = nl.ndarray((pmax, 1), dtype=nl.float32, buffer=nl.sbuf)
    nisa.memset(dst=bias, value=epsilon)
    for start, count in tiles(rows, pmax):
        tile = nl.ndarray((count, columns), dtype=x.dtype, buffer=nl.sbuf)
        nisa.dma_copy(dst=tile, src=x[start:start + count, :])
        squares = nl.ndarray((count, columns), dtype=x.dtype, buffer=nl.sbuf)
        total = nl.ndarray((count, 1), dtype=nl.float32, buffer=nl.sbuf)
        nisa.activation_reduce(dst=squares, op=nl.square, data=tile, reduce_op=nl.add, reduce_res=total)
        factor = nl.ndarray((count, 1), dtype=nl.float32, buffer=nl.sbuf)
        nisa.activation(dst=factor, op=nl.rsqrt, data=total, scale=1.0 / columns, bias=bias[0:count, :])
        result = nl.ndarray((count, columns), dtype=x.dtype, buffer=nl.sbuf)
        nisa.scalar_tensor_tensor(dst=result, data=tile, op0=nl.multiply, operand0=factor, op1=nl.multiply,
                                  operand1=weights[0:count, :])
        nisa.dma_copy(dst=out[start:start + count, :], src=result)
    return out


def inputs(rows, columns):
    return normal((rows, columns), (1, columns))


def reference(x, gamma):
    x = x.astype(np.float64)
    return x / np.sqrt((x * x).mean(axis=1, keepdims=True) + EPSILON) * gamma


EXAMPLES = [Example(rmsnorm, inputs, reference, 1e-5, {"rows": 200, "columns": 300}, {"rows": 4096, "columns": 4096})]
