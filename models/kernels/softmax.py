# SPDX-License-Identifier: Apache-2.0
"""Softmax over rows."""
import nki
import nki.isa as nisa
import nki.language as nl
import numpy as np
from gallery import Example, tiles


@nki.jit
def softmax(x):
    """exp(x - max) / sum of each row of x [rows, columns]; a row must fit one partition three times over.

    128 rows at a time: Vector finds the maximum, Scalar takes the exponentials of x - max and adds them up in the same
    pass, Vector scales them. Of three passes over a tile, two are Vector's.

    Simulated (rows 4096, columns 4096, bfloat16): trn1 376.2 us, trn2 326.4 us, trn3 290.7 us.
    """
    rows, columns = x.shape
    out = nl.ndarray(x.shape, dtype=x.dtype, buffer=nl.shared_hbm)
    for start, count in tiles(rows, nl.tile_size.pmax):
        tile = nl.ndarray((count, columns), dtype=x.dtype, buffer=nl.sbuf)
        nisa.dma_copy(dst=tile, src=x[start:start + count, :])
        minus_max = nl.ndarray((count, 1), dtype=nl.float32, buffer=nl.sbuf)
        nisa.tensor_reduce(dst=minus_max, op=nl.maximum, data=tile, axis=1, negate=True)
        powers = nl.ndarray((count, columns), dtype=x.dtype, buffer=nl.sbuf)
        total = nl.ndarray((count, 1), dtype=nl.float32, buffer=nl.sbuf)
        nisa.activation_reduce(dst=powers, op=nl.exp, data=tile, bias=minus_max, reduce_op=nl.add, reduce_res=total)
        scale = nl.ndarray((count, 1), dtype=nl.float32, buffer=nl.sbuf)
        nisa.reciprocal(dst=scale, data=total)
        result = nl.ndarray((count, columns), dtype=x.dtype, buffer=nl.sbuf)
        nisa.tensor_scalar(dst=result, data=powers, op0=nl.multiply, operand0=scale)
        nisa.dma_copy(dst=out[start:start + count, :], src=result)
    return out


def shapes(rows, columns):
    return ((rows, columns),)


def reference(x):
    x = x.astype(np.float64)
    powers = np.exp(x - x.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


EXAMPLES = [Example(softmax, shapes, reference, 1e-5, {"rows": 200, "columns": 300}, {"rows": 4096, "columns": 4096})]
