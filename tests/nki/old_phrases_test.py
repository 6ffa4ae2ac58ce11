# SPDX-License-Identifier: Apache-2.0
"""Single expressions of the first dialect as kernels write them, positional and by keyword, against numpy."""
import unittest

import neuronxcc.nki as nki
import neuronxcc.nki.isa as nisa
import neuronxcc.nki.language as nl
import numpy as np
from devices import close, normal, on

P, F = 128, 48
X, Y = normal(P, F), normal(P, F, seed=1)
WHOLE = np.arange(P * F, dtype=np.int32).reshape(P, F)
CUBES = normal(2, 3, 64, 32, seed=2)
i_p, i_f = nl.arange(P)[:, None], nl.arange(F)[None, :]
PRODUCT = X.T.astype(np.float64) @ Y
GRAM = X.T.astype(np.float64) @ X

# (what a kernel of the arrays returns, what numpy makes of them, arrays)
EXPRESSIONS = [
    (lambda a: nl.load(a) * np.float32(2), 2 * X, X),
    (lambda a: nl.exp(nl.load(a)), np.exp(X), X),
    (lambda a: 1 - nl.load(a), 1 - X, X),
    (lambda a: nl.load(src=a) ** 2, X ** 2, X),
    (lambda a: nl.load(a) * 3, WHOLE * 3, WHOLE),
    (lambda a: ~nl.load(a), ~WHOLE, WHOLE),
    (lambda a: nl.bitwise_or(nl.load(a), 5), WHOLE | 5, WHOLE),
    (lambda a: (nl.load(a) > 0) & (nl.load(a) < 1) | (nl.load(a) > 2), (X > 0) & (X < 1) | (X > 2), X),
    (lambda a: ~((nl.load(a) > 0) ^ (nl.load(a) > 1)), ~((X > 0) ^ (X > 1)), X),
    (lambda a: abs(nl.load(a)) // 0.5, np.abs(X) // 0.5, X),
    (lambda a: nl.load(a) == 3, WHOLE == 3, WHOLE),
    (lambda a: nl.load(a) != nl.load(a)[:, 0:1], WHOLE != WHOLE[:, :1], WHOLE),
    (lambda a: nl.load(a) * (a is not None and nl.load(a) is not None and (nl.load(a) != None)), X, X),  # noqa: E711
    (lambda a: nl.logical_and(nl.load(a) > 0, nl.load(a) < 1), (X > 0) & (X < 1), X),
    (lambda a: nl.add(x=nl.load(a), y=1.0), X + 1, X),
    (lambda a: nl.multiply(nl.load(a), y=2.0, dtype=np.float32), 2 * X, X),
    (lambda a: nl.minimum(nl.maximum(nl.load(a), -1.0), 1.0), np.clip(X, -1, 1), X),
    (lambda a: nl.sum(x=nl.load(a), axis=-1), X.sum(1, keepdims=True), X),
    (lambda a: nl.max(nl.load(a), axis=(1,)), X.max(1, keepdims=True), X),
    (lambda a: nl.add(nl.load(a), nl.load(a)[:, 0:1]), X + X[:, :1], X),
    (lambda a: nl.add(nl.load(a), nl.load(a)[0:1, :]), X + X[:1], X),
    (lambda a: nl.exp(nl.load(a) - nl.max(nl.load(a), axis=1)), np.exp(X - X.max(1, keepdims=True)), X),
    (lambda a: nl.where(nl.load(a) > 0, nl.load(a), 0.0), np.maximum(X, 0), X),
    (lambda a: nl.sigmoid(nl.load(a), mask=i_p < P), 1 / (1 + np.exp(-X)), X),
    (lambda a: nl.load(a[i_p, i_f], mask=(i_p < P) & (i_f < F)), X, X),
    (lambda a: nl.load(a[(nl.arange(64) * 2)[:, None], i_f]), X[::2], X),
    (lambda a: nl.copy(nl.load(a)[i_p, nl.arange(8)[None, :] + 3], mask=None), X[:, 3:11], X),
    (lambda a: nl.copy(nl.load(a)[:, -8:]), X[:, -8:], X),
    (lambda a: nl.copy(nl.load(a)[0:64][:, 0:8]), X[:64, :8], X),
    (lambda a: nl.load(a[3]), X[3][:, None], X),
    (lambda a: nl.load(a[1, 2]), CUBES[1, 2], CUBES),
    (lambda a: nl.load(a[1, ...][2]), CUBES[1, 2], CUBES),
    (lambda a: nl.load(a[0].reshape((3 * 64, 32))[0:128]), CUBES[0].reshape(192, 32)[:128], CUBES),
    (lambda a: nl.load(a[1, nl.mgrid[0:64, 0:3, 0:32][1], nl.mgrid[0:64, 0:3, 0:32][0], nl.mgrid[0:64, 0:3, 0:32].y]), CUBES[1].transpose(1, 0, 2), CUBES),
    (lambda a: nl.sum(nl.load(a[0].reshape((3, 64, 32))), axis=1), CUBES[0].sum(1), CUBES),
    (lambda a: nl.copy(nl.expand_dims(nl.load(a), 1)), X[:, None], X),
    (lambda a: nl.copy(nl.load(a)[:, 0:1].broadcast_to((P, F))), np.tile(X[:, :1], (1, F)), X),
    (lambda a: nl.zeros((P, F), np.float32) + nl.load(a), X, X),
    (lambda a: nisa.activation(op=np.exp, data=nl.load(a), bias=0.0, scale=1.0), np.exp(X), X),
    (lambda a: nisa.activation(op=np.exp, data=nl.load(a), bias=0.5), np.exp(X + 0.5), X),
    (lambda a: nisa.activation(nl.copy, nl.load(a), scale=nl.load(a)[:, 0:1]), X * X[:, :1], X),
    (lambda a: nisa.activation(op=np.exp, data=nisa.nc_matmul(nl.load(a), nl.load(a)), scale=0.01), np.exp(0.01 * GRAM), X),
    (lambda a: nisa.tensor_scalar(nl.load(a), np.multiply, np.float32(2.0), op1=np.add, operand1=np.int32(1)), 2 * X + 1, X),
    (lambda a: nisa.tensor_scalar(nl.load(a), op0=np.max, operand0=0.0), np.maximum(X, 0), X),
    (lambda a: nisa.tensor_scalar(nl.load(a), op0=np.add, operand0=5.0, op1=np.power, operand1=-0.5), (X + 5) ** -0.5, X),
    (lambda a: nisa.tensor_scalar(nl.load(a).view(nl.int32), np.bitwise_and, 255), X.view(np.int32) & 255, X),
    (lambda a: nisa.tensor_tensor(nl.load(a), nl.load(a)[:, 0:1].broadcast_to((P, F)), np.subtract), X - X[:, :1], X),
    (lambda a: nisa.tensor_reduce(op=np.max, data=nl.load(a), axis=1), X.max(1, keepdims=True), X),
    (lambda a: nisa.iota(i_f + 0 * i_p, nl.int32), np.tile(np.arange(F), (P, 1)), X),
    (lambda a, b: nisa.nc_matmul(moving=nl.load(b), stationary=nl.load(a)), PRODUCT, X, Y),
    (lambda a, b: nl.matmul(nl.load(a), nl.load(b), True), PRODUCT, X, Y),
    (lambda a, b: nisa.tensor_tensor(data1=nl.load(a), data2=nl.load(b), op=nl.minimum), np.minimum(X, Y), X, Y),
    (lambda a: nl.copy(nl.matmul(nl.ones((P, 1), np.float32), nl.load(a), transpose_x=True)), X.sum(0, keepdims=True), X),
    (lambda a: nl.multiply(nisa.nc_matmul(nl.load(a)[nl.ds(32, 32), :], nl.load(a)[32:64, :]), 0.5), 0.5 * (X[32:64].T.astype(np.float64) @ X[32:64]), X),
]


def shifted(a):
    """What is read overlaps what is written."""
    tile = nl.load(a)
    tile[:, 1:] = nl.copy(tile[:, :-1])
    return tile


def doubled_in_place(a):
    tile, i = nl.load(a), nl.mgrid[0:P, 0:F]
    tile[i.p, i.x] = tile[i.p, i.x] * 2
    tile[i.p, i.x] *= 2
    return tile


def columns_added(a):
    total = nl.zeros((P, 1), np.float32)
    total[:, 0] += nl.sum(nl.load(a), axis=1)
    total[:, 0] += nl.sum(nl.load(a), axis=1)
    return total


def free_dimensions_exchanged(a):
    i_b, i_c, i_d = nl.arange(P)[:, None, None], nl.arange(4)[None, :, None], nl.arange(12)[None, None, :]
    tile, out = nl.load(a.reshape((P, 4, 12))[i_b, i_c, i_d]), nl.ndarray((P, 12, 4), np.float32)
    j_c, j_d = nl.arange(12)[None, :, None], nl.arange(4)[None, None, :]
    out[i_b, j_c, j_d] = nl.copy(tile[i_b, j_d, j_c])
    return out


def written_in_memory(a, b):
    out = nl.ndarray((P, F), np.float32, buffer=nl.shared_hbm)
    out[...] = nl.load(a)
    out[0:64] = nl.load(b)[0:64]
    nl.store(out[P - 1], 3.0)
    return out


def masked_by_equality(a):
    out = nl.zeros((P, F), np.float32)
    out[i_p, i_f] = nl.load(a[i_p, i_f], mask=(i_f >= 4) & (i_f < 8))
    out[...] = nl.add(out, 1.0, mask=i_f == 5)
    out[...] = nl.add(out, 1.0, mask=i_f != 5)
    return out


def products_in_blocks(a):
    sums = nl.zeros((2, nl.par_dim(F), F), np.float32, buffer=nl.psum)
    for i in nl.affine_range(2):
        for _ in nl.affine_range(2):
            sums[i, :, :] += nisa.nc_matmul(nl.load(a), nl.load(a))
    return nl.add(nl.copy(sums[0]), sums[1])


def reduced_in_two_loops(a):
    i, total = nl.mgrid[0:P, 0:F], nl.zeros((P, F), np.float32, buffer=nl.sbuf)
    for k in nl.affine_range(2):
        for j in nl.affine_range(2):
            total[i.p, i.x] = nl.loop_reduce(nl.load(a), op=np.add, loop_indices=(k, j), dtype=np.float32)
    return total


class Phrases(unittest.TestCase):
    @on()
    def test_expressions(self):
        for at, (body, want, *arrays) in enumerate(EXPRESSIONS):
            with self.subTest(expression=at, line=body.__code__.co_firstlineno):
                close(self, nki.jit(body)(*arrays), want, relative=1e-4)

    @on()
    def test_statements(self):
        shift, memory = X.copy(), np.concatenate([Y[:64], X[64:]])
        shift[:, 1:], memory[-1] = X[:, :-1], 3
        equal = np.where((np.arange(F) >= 4) & (np.arange(F) < 8), X, 0) + 1
        for body, want, *arrays in ((shifted, shift, X), (doubled_in_place, 4 * X, X), (columns_added, 2 * X.sum(1, keepdims=True), X),
                                    (free_dimensions_exchanged, X.reshape(P, 4, 12).transpose(0, 2, 1), X), (written_in_memory, memory, X, Y),
                                    (masked_by_equality, equal, X), (products_in_blocks, 4 * GRAM, X), (reduced_in_two_loops, 4 * X, X)):
            with self.subTest(statements=body.__name__):
                close(self, nki.jit(body)(*arrays), want)


if __name__ == "__main__":
    unittest.main()
