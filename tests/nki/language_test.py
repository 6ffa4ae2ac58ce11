# SPDX-License-Identifier: Apache-2.0
"""nki.language functions that compute, against numpy."""
import tempfile
import unittest

import nki
import nki.language as nl
import numpy as np
from devices import close, normal, on, on_tiles, refused, tile

P, F = 128, 48


@nki.jit
def apply(function, *arrays):
    """function(tiles) stored."""
    made = function(*[nl.load(each) for each in arrays])
    out = nl.ndarray(made.shape, made.dtype, nl.shared_hbm)
    nl.store(out, made)
    return out


class Elementwise(unittest.TestCase):
    @on()
    def test_two_tiles_a_number_and_a_column(self):
        x, y, c = normal(P, F), np.abs(normal(P, F, seed=1)) + 0.5, np.abs(normal(P, 1, seed=2)) + 0.5
        for f, numpys in ((nl.add, np.add), (nl.subtract, np.subtract), (nl.multiply, np.multiply), (nl.maximum, np.maximum),
                          (nl.minimum, np.minimum), (nl.divide, np.divide), (nl.greater, np.greater), (nl.less_equal, np.less_equal)):
            close(self, apply(f, x, y), numpys(x, y))
            close(self, apply(f, x, c), numpys(x, c))
            close(self, apply(lambda a: f(a, 1.5), x), numpys(x, np.float32(1.5)))
            close(self, apply(lambda a: f(1.5, a), y), numpys(np.float32(1.5), y))

    @on()
    def test_python_operators(self):
        x, y, c = normal(P, F), np.abs(normal(P, F, seed=1)) + 0.5, normal(P, 1, seed=2)

        def all_of_them(a, b, d):
            r = (a + b) * 2.0 - d / b
            r += a
            r *= d
            r -= 1.0
            return -r + (a > b) + 1.0 / b
        want = -(((x + y) * 2 - c / y + x) * c - 1) + (x > y) + 1 / y
        close(self, apply(all_of_them, x, y, c), want)

    @on()
    def test_functions_of_one_tile(self):
        x = np.clip(normal(P, F), -3, 3)
        positive = np.abs(x) + 0.5
        for f, numpys, argument in (
                (nl.exp, np.exp, x), (nl.log, np.log, positive), (nl.sqrt, np.sqrt, positive), (nl.square, np.square, x),
                (nl.sigmoid, lambda a: 1 / (1 + np.exp(-a)), x), (nl.relu, lambda a: np.maximum(a, 0), x), (nl.tanh, np.tanh, x),
                (nl.abs, np.abs, x), (nl.sign, np.sign, x), (nl.reciprocal, np.reciprocal, positive),
                (nl.rsqrt, lambda a: 1 / np.sqrt(a), positive), (nl.negative, np.negative, x), (nl.copy, np.copy, x),
                (nl.sin, np.sin, x * 20), (nl.cos, np.cos, x * 20), (nl.tan, np.tan, np.clip(x, -1, 1)),
                (nl.floor, np.floor, x * 5), (nl.ceil, np.ceil, x * 5), (nl.trunc, np.trunc, x * 5),
                (nl.logical_not, np.logical_not, np.rint(x))):
            close(self, apply(f, argument), numpys(argument.astype(np.float64)).astype(np.float64), relative=1e-4)

    @on()
    def test_remainders(self):
        x, y = normal(P, F) * 10, np.abs(normal(P, F, seed=1)) + 1
        close(self, apply(nl.mod, x, y), np.mod(x, y), relative=1e-4)
        close(self, apply(nl.fmod, x, y), np.fmod(x, y), relative=1e-4)

    @on()
    def test_bits(self):
        x = np.arange(P * F, dtype=np.int32).reshape(P, F)
        np.testing.assert_array_equal(apply(lambda a: nl.bitwise_and(a, 12), x), x & 12)
        np.testing.assert_array_equal(apply(nl.invert, x), ~x)
        np.testing.assert_array_equal(apply(lambda a: a << 3, x), x << 3)

    @on()
    def test_result_types(self):
        x = normal(P, F).astype(nl.bfloat16)
        self.assertEqual(apply(lambda a: nl.add(a, a), x).dtype.metadata["nki"], "bfloat16")
        self.assertEqual(apply(lambda a: nl.exp(a, dtype=nl.float32), x).dtype, np.float32)


class Reductions(unittest.TestCase):
    @on()
    def test_over_the_last_dimensions(self):
        x = normal(P, 6, 8)
        for f, numpys in ((nl.sum, np.sum), (nl.max, np.max), (nl.min, np.min), (nl.mean, np.mean)):
            close(self, apply(lambda a: f(a, axis=2), x), numpys(x, axis=2))
            close(self, apply(lambda a: f(a, axis=[1, 2]), x), numpys(x, axis=(1, 2))[:, None])
            close(self, apply(lambda a: f(a, axis=-1, keepdims=True), x), numpys(x, axis=-1, keepdims=True))
        close(self, apply(lambda a: nl.prod(a, axis=2), x), x.prod(2), relative=1e-4)
        np.testing.assert_array_equal(apply(lambda a: nl.all(a, axis=2), np.rint(x)), np.rint(x).all(2).astype(np.float32))

    @on()
    def test_softmax_and_rms_norm(self):
        x, w = normal(P, F), normal(1, F, seed=1)
        e = np.exp(x - x.max(1, keepdims=True))
        close(self, apply(lambda a: nl.softmax(a, axis=-1), x), e / e.sum(1, keepdims=True))
        want = x / np.sqrt((x * x).mean(1, keepdims=True) + 1e-5) * w
        close(self, apply(lambda a, b: nl.rms_norm(a, b, axis=1, n=F, epsilon=1e-5), x, w), want)


class Movement(unittest.TestCase):
    @on()
    def test_transpose_and_matmul(self):
        x, y = normal(P, 64), normal(64, 96, seed=1)
        np.testing.assert_array_equal(apply(nl.transpose, x), x.T)
        close(self, apply(nl.matmul, x, y), x.astype(np.float64) @ y)
        close(self, apply(lambda a, b: nl.matmul(a, b, transpose_x=True), x, normal(P, 96, seed=2)), x.T.astype(np.float64) @ normal(P, 96, seed=2))

    @on()
    def test_load_transpose2d(self):
        x = normal(64, 96)

        @nki.jit
        def kernel(a):
            out = nl.ndarray((96, 64), a.dtype, nl.shared_hbm)
            nl.store(out, nl.load_transpose2d(a))
            return out
        np.testing.assert_array_equal(kernel(x), x.T)

    @on()
    def test_broadcast_to(self):
        x, row = normal(P, 1, 8), normal(1, 8, seed=1)
        np.testing.assert_array_equal(apply(lambda a: nl.copy(nl.broadcast_to(a, (P, 5, 8))), x), np.repeat(x, 5, 1))
        np.testing.assert_array_equal(apply(lambda a: nl.broadcast_to(a, (P, 8)), row), np.repeat(row, P, 0))
        np.testing.assert_array_equal(apply(lambda a: nl.copy(nl.expand_dims(a, 1)), normal(P, 8)), normal(P, 8)[:, None])

    @on()
    def test_where_and_gather(self):
        x, y = normal(P, F), normal(P, F, seed=1)
        np.testing.assert_array_equal(apply(lambda a, b: nl.where(a > 0.0, a, b), x, y), np.where(x > 0, x, y))
        np.testing.assert_array_equal(apply(lambda a: nl.where(a > 0.0, a, -1.0), x), np.where(x > 0, x, np.float32(-1)))
        index = (np.arange(P * 16).reshape(P, 16) % F).astype(np.uint32)
        np.testing.assert_array_equal(apply(nl.gather_flattened, x, index), np.take_along_axis(x, index.astype(int), 1))

    @on()
    def test_filled_tensors(self):
        @nki.jit
        def kernel():
            outs = []
            for made in (nl.zeros((P, 8), nl.float32), nl.ones((P, 8), nl.bfloat16), nl.full((P, 8), 2.5, nl.float32),
                         nl.zeros_like(tile(P, 8, dtype=nl.int32))):
                out = nl.ndarray((P, 8), made.dtype, nl.shared_hbm)
                nl.store(out, made)
                outs.append(out)
            return tuple(outs) + (nl.zeros((300, 7), nl.float32, buffer=nl.shared_hbm),)
        zeros, ones, full, zeros_like, hbm = kernel()
        self.assertTrue((zeros == 0).all() and (ones == 1).all() and (full == 2.5).all() and (zeros_like == 0).all())
        self.assertTrue(hbm.shape == (300, 7) and (hbm == 0).all())

    @on()
    def test_constants(self):
        table = normal(P, 16)
        with tempfile.NamedTemporaryFile(suffix=".npy") as file:
            np.save(file.name, table)

            @nki.jit
            def kernel():
                first, second = nl.load(nl.shared_constant(table)), nl.load(nl.shared_constant(file.name))
                identity = nl.shared_identity_matrix(16, dtype=nl.float32)
                out, out2 = (nl.ndarray(shape, nl.float32, nl.shared_hbm) for shape in ((P, 16), (16, 16)))
                nl.store(out, first + second)
                nl.store(out2, identity)
                return out, out2
            twice, identity = kernel()
        np.testing.assert_array_equal(twice, 2 * table)
        np.testing.assert_array_equal(identity, np.eye(16))

    @on("trn2")
    def test_what_is_refused(self):
        x = normal(P, F)
        refused(self, "do not fit together", lambda a: nl.add(a, tile(P, 7)), x)
        refused(self, "not partitions", lambda a: nl.sum(a, axis=0), x)
        refused(self, "is in HBM: load it first", lambda a: nl.exp(nl.ndarray((P, F), nl.float32, nl.hbm)), x)
        refused(self, "it computes nothing by itself", lambda a: nl.bypass(a), x)
        refused(self, "must be a tensor", lambda a: nl.exp(1.0), x, error=TypeError)


if __name__ == "__main__":
    unittest.main()
