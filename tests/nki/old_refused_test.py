# SPDX-License-Identifier: Apache-2.0
"""What kernels of the first dialect may not do: every refusal names the line and the rule."""
import unittest

import neuronxcc.nki as nki
import neuronxcc.nki.isa as nisa
import neuronxcc.nki.language as nl
import numpy as np
from devices import normal, on

P, F = 128, 48


def stored(shape, where):
    """The kernel that stores a tile of the first array's shape to a tensor of another one."""
    def body(x):
        out = nl.ndarray(where, dtype=x.dtype, buffer=nl.shared_hbm)
        nl.store(out, nl.load(x))
        return out
    x = normal(*shape)
    return x, nki.jit(body)(x)


class Memory(unittest.TestCase):
    @on("trn2")
    def test_functions_of_tiles_do_not_load(self):
        x = normal(P, F)
        for name, wrong in (("exp", nl.exp), ("add", lambda a: nl.add(a, 1.0)), ("multiply", lambda a: a * a), ("sum", lambda a: nl.sum(a, axis=1)),
                            ("softmax", lambda a: nl.softmax(a, axis=1)), ("rsqrt", nl.rsqrt), ("where", lambda a: nl.where(a, a, 0.0)),
                            ("divide", lambda a: 1 / a), ("mean", lambda a: nl.mean(a, axis=1))):
            with self.subTest(name), self.assertRaisesRegex(nki.NkiValidationError, rf"old_refused_test.py:\d+: nl.{name}: .* is in HBM: .*nl.load"):
                nki.jit(lambda a: wrong(a))(x)


class Shapes(unittest.TestCase):
    @on("trn2")
    def test_the_function_that_was_called_is_named(self):
        def smaller(a, b):
            column = nl.ndarray((P, 1), dtype=np.float32)
            column[...] = a
        for rule, wrong in ((r"nl.add: \[128, 48\] and \[128, 20\]", lambda a, b: nl.add(a, b[:, 0:20])),
                            (r"nki.isa.tensor_tensor: \[64, 48\] cannot be repeated to \[128, 48\]", lambda a, b: nisa.tensor_tensor(a, b[0:64], nl.add)),
                            (r"tensor: \[128, 48\] cannot be repeated to \[128, 1\]", smaller),
                            (r"nki.isa.nc_matmul: stationary has 384 columns, at most 128", lambda a, b: nl.matmul(nl.broadcast_to(
                                nl.expand_dims(a, 1), shape=(P, 8, F)), b, transpose_x=True))):
            with self.subTest(rule), self.assertRaisesRegex(nki.NkiValidationError, r"old_refused_test.py:\d+: " + rule):
                nki.jit(lambda x, y: wrong(nl.load(x), nl.load(y)))(normal(P, F), normal(P, F))

    @on("trn2")
    def test_tensors_in_hbm_have_up_to_eight_dimensions(self):
        def body(x, dims):
            out = nl.ndarray((P,) + (1,) * (dims - 2) + (F,), dtype=x.dtype, buffer=nl.shared_hbm)
            nl.store(out, nl.load(x))
            return out
        x = normal(P, F)
        np.testing.assert_array_equal(nki.jit(body)(x, 8).reshape(P, F), x)
        with self.assertRaisesRegex(nki.NkiValidationError, r"old_refused_test.py:\d+: nl.ndarray: the shape .* has 9 dimensions, .* at most 8"):
            nki.jit(body)(x, 9)

    @on("trn2")
    def test_a_tile_is_no_sequence(self):
        def body(x):
            for _ in nl.load(x):
                pass
        with self.assertRaisesRegex(TypeError, r"old_refused_test.py:\d+: tensor: is no sequence"):
            nki.jit(body)(normal(P, F))

    @on("trn2")
    def test_products_of_tensors_in_hbm(self):
        with self.assertRaisesRegex(nki.NkiValidationError, r"old_refused_test.py:\d+: nki.isa.nc_matmul: stationary is in HBM: .*nl.load"):
            nki.jit(lambda x: nisa.nc_matmul(x, x))(normal(P, F))


class Stores(unittest.TestCase):
    @on("trn2")
    def test_dimensions_of_one_and_the_split_of_a_row_may_differ(self):
        for shape, where in (((P, 1), (P,)), ((1, P), (P,)), ((P, F), (1, 1, P, F)), ((1, 8, F), (8, F)), ((P, 1, F), (P, F)),
                             ((P, 8, 6), (P, F)), ((P, F), (P, 8, 6)), ((1, 1), (1,))):
            with self.subTest(shape=shape, where=where):
                x, out = stored(shape, where)
                np.testing.assert_array_equal(out, x.reshape(where))

    @on("trn2")
    def test_a_smaller_tile_is_repeated_as_numpy_does(self):
        for shape, where in (((P, 1), (P, F)), ((1, F), (P, F)), ((1, 1), (P, F)), ((1, F), (2, 1, F))):
            with self.subTest(shape=shape, where=where):
                x, out = stored(shape, where)
                np.testing.assert_array_equal(out, np.broadcast_to(x, where))

    @on("trn2")
    def test_other_shapes_are_refused(self):
        for shape, where in (((P, 4), (4, P)), ((P, F), (2, P // 2, F)), ((1, F), (4, F // 4)), ((P, F), (P // 2, F)), ((P // 2, F), (P, F)),
                             ((P, F), (P, 2 * F)), ((P, 2), (2, P, 2))):
            with self.subTest(shape=shape, where=where):
                rule = rf"old_refused_test.py:\d+: nl.store: value is \[{', '.join(map(str, shape))}\], dst \[{', '.join(map(str, where))}\]"
                with self.assertRaisesRegex(nki.NkiValidationError, rule):
                    stored(shape, where)


if __name__ == "__main__":
    unittest.main()
