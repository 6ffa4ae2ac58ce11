# SPDX-License-Identifier: Apache-2.0
"""nki.isa: elementwise instructions, activations and reductions, against numpy."""
import math
import unittest

import nki.isa as nisa
import nki.language as nl
import numpy as np
from devices import close, normal, on, on_tiles, refused, tile

P, F = 128, 96
F32 = nl.float32


def erf(x):
    return np.vectorize(math.erf)(x)


class TensorTensor(unittest.TestCase):
    @on()
    def test_arithmetic_and_comparisons(self):
        a, b = normal(P, F), normal(P, F, seed=1)
        for op, want in ((nl.add, a + b), (nl.subtract, a - b), (nl.multiply, a * b), (nl.maximum, np.maximum(a, b)),
                         (nl.minimum, np.minimum(a, b)), (nl.greater, a > b), (nl.less_equal, a <= b), (nl.equal, a == b),
                         (nl.not_equal, a != b), (np.add, a + b), (np.maximum, np.maximum(a, b))):
            got = on_tiles(lambda out, x, y: nisa.tensor_tensor(out, x, y, op), (a, b), [((P, F), F32)])
            np.testing.assert_array_equal(got, want.astype(np.float32))

    @on()
    def test_power_and_logic(self):
        a, b = np.abs(normal(P, F)) + 0.5, normal(P, F, seed=1)
        got = on_tiles(lambda out, x, y: nisa.tensor_tensor(dst=out, data1=x, data2=y, op=nl.power), (a, b), [((P, F), F32)])
        close(self, got, a.astype(np.float64) ** b)
        ones = (b > 0).astype(np.float32)
        got = on_tiles(lambda out, x, y: nisa.tensor_tensor(out, x, y, nl.logical_and), (a, ones), [((P, F), F32)])
        np.testing.assert_array_equal(got, ones)

    @on()
    def test_integers_of_32_bits_are_exact(self):
        a = np.arange(P * F, dtype=np.int32).reshape(P, F) * 100003 + 16777217
        b = a[::-1].copy()
        got = on_tiles(lambda out, x, y: nisa.tensor_tensor(out, x, y, nl.add), (a, b), [((P, F), nl.int32)])
        np.testing.assert_array_equal(got, a + b)

    @on()
    def test_bits(self):
        a = np.arange(P * F, dtype=np.uint32).reshape(P, F) * 2654435761
        b = a[::-1].copy()
        for op, want in ((nl.bitwise_and, a & b), (nl.bitwise_or, a | b), (nl.bitwise_xor, a ^ b)):
            got = on_tiles(lambda out, x, y: nisa.tensor_tensor(out, x, y, op), (a, b), [((P, F), nl.uint32)])
            np.testing.assert_array_equal(got, want)

    @on()
    def test_operands_match_by_elements_not_by_shape(self):
        a, b = normal(P, 4, 24), normal(P, F, seed=1)
        got = on_tiles(lambda out, x, y: nisa.tensor_tensor(out, x, y, nl.add), (a, b), [((P, 2, 48), F32)])
        np.testing.assert_array_equal(got, (a.reshape(P, F) + b).reshape(P, 2, 48))

    @on("trn2")
    def test_what_is_refused(self):
        a = normal(P, F)
        refused(self, "partitions and elements per partition must be equal",
                lambda x: nisa.tensor_tensor(tile(P, 8), x, x, nl.add), a)
        refused(self, "both sources are in PSUM", lambda x: nisa.tensor_tensor(
            x, tile(P, F, buffer=nl.psum), tile(P, F, buffer=nl.psum), nl.add), a)
        refused(self, "bitwise_and needs integers", lambda x: nisa.tensor_tensor(x, x, x, nl.bitwise_and), a)
        refused(self, "takes one operand", lambda x: nisa.tensor_tensor(x, x, x, nl.rsqrt), a)
        refused(self, "no operator", lambda x: nisa.tensor_tensor(x, x, x, nl.exp), a)
        refused(self, "only on vector, gpsimd", lambda x: nisa.tensor_tensor(x, x, x, nl.add, engine=nisa.engine.scalar), a)
        refused(self, "which GpSimd cannot access", lambda x: nisa.tensor_tensor(
            tile(P, F, buffer=nl.psum), x, x, nl.add, engine=nisa.gpsimd_engine), a)


class TensorScalar(unittest.TestCase):
    @on()
    def test_two_operators_with_numbers_and_columns(self):
        x, column = normal(P, F), normal(P, 1, seed=1)
        got = on_tiles(lambda out, a: nisa.tensor_scalar(out, a, nl.multiply, 3.0, op1=nl.add, operand1=-1.5), (x,), [((P, F), F32)])
        close(self, got, x * np.float32(3) - np.float32(1.5))
        got = on_tiles(lambda out, a, c: nisa.tensor_scalar(out, a, op0=nl.subtract, operand0=c, reverse0=True, op1=nl.maximum,
                                                           operand1=0), (x, column), [((P, F), F32)])
        np.testing.assert_array_equal(got, np.maximum(column - x, 0))

    @on()
    def test_operators_of_one_operand(self):
        x = normal(P, F)
        for dtype in (np.int32, np.uint8):
            bits = (np.abs(x) * 40).astype(dtype)
            got = on_tiles(lambda out, a: nisa.tensor_scalar(out, a, nl.invert, None), (bits,), [((P, F), dtype)])
            np.testing.assert_array_equal(got, ~bits)
        got = on_tiles(lambda out, a: nisa.tensor_scalar(out, a, nl.abs, 0.0, op1=np.logical_not, operand1=None), (np.round(x),), [((P, F), F32)])
        np.testing.assert_array_equal(got, np.round(x) == 0)

    @on("trn3")
    def test_relu_on_vector(self):
        x = normal(P, F)
        got = on_tiles(lambda out, a: nisa.tensor_scalar(out, a, nl.relu, 0.0, op1=nl.multiply, operand1=2.0), (x,), [((P, F), F32)])
        np.testing.assert_array_equal(got, 2 * np.maximum(x, 0))

    @on("trn1", "trn2")
    def test_relu_on_vector_came_late(self):
        refused(self, "came with NeuronCore-v4", lambda a: nisa.tensor_scalar(a, a, nl.relu, 0.0), normal(P, F))

    @on()
    def test_rsqrt_by_one_operator(self):
        x = np.abs(normal(P, F)) + 0.1
        got = on_tiles(lambda out, a: nisa.tensor_scalar(out, a, nl.add, 1.0, op1=nl.rsqrt, operand1=0.0), (x,), [((P, F), F32)])
        close(self, got, 1 / np.sqrt(x.astype(np.float64) + 1))

    @on()
    def test_shifts(self):
        x = np.arange(P * F, dtype=np.int32).reshape(P, F)
        got = on_tiles(lambda out, a: nisa.tensor_scalar(out, a, nl.right_shift, 3, op1=nl.bitwise_and, operand1=7), (x,),
                       [((P, F), nl.int32)])
        np.testing.assert_array_equal(got, x >> 3 & 7)

    @on()
    def test_multiply_and_add_on_scalar(self):
        x = normal(P, F)
        got = on_tiles(lambda out, a: nisa.tensor_scalar(out, a, nl.multiply, 2.0, op1=nl.add, operand1=1.0, engine=nisa.engine.scalar),
                       (x,), [((P, F), F32)])
        close(self, got, x * 2 + 1)

    @on("trn2")
    def test_what_is_refused(self):
        x = normal(P, F)
        refused(self, "both operators bitwise or both arithmetic",
                lambda a: nisa.tensor_scalar(a, a, nl.bitwise_and, 1, op1=nl.add, operand1=1), x)
        refused(self, "must be a number or [128, 1]", lambda a: nisa.tensor_scalar(a, a, nl.add, a), x)
        refused(self, "multiply, add, and multiply then add",
                lambda a: nisa.tensor_scalar(a, a, nl.maximum, 1.0, engine=nisa.engine.scalar), x)


class ScalarTensorTensor(unittest.TestCase):
    @on()
    def test_both_orders(self):
        x, y, column = normal(P, F), normal(P, F, seed=1), normal(P, 1, seed=2)
        got = on_tiles(lambda out, a, b, c: nisa.scalar_tensor_tensor(out, a, nl.multiply, c, nl.add, b), (x, y, column), [((P, F), F32)])
        close(self, got, x * column + y)
        got = on_tiles(lambda out, a, b: nisa.scalar_tensor_tensor(dst=out, data=a, op0=nl.subtract, operand0=1.0, op1=nl.subtract,
                                                                  operand1=b, reverse0=True, reverse1=True), (x, y), [((P, F), F32)])
        close(self, got, y - (1 - x))

    @on("trn2")
    def test_what_is_refused(self):
        refused(self, "arithmetic operators only", lambda a: nisa.scalar_tensor_tensor(a, a, nl.bitwise_or, 1, nl.add, a),
                np.ones((P, F), np.int32))


class Reductions(unittest.TestCase):
    @on()
    def test_tensor_reduce_over_the_last_dimensions(self):
        x = normal(P, 6, 16)
        for axis, want in ((2, x.max(2)), ([1, 2], x.max((1, 2))[:, None]), (-1, x.max(2))):
            got = on_tiles(lambda out, a: nisa.tensor_reduce(out, nl.maximum, a, axis), (x,), [(want.shape, F32)])
            np.testing.assert_array_equal(got, want)
        got = on_tiles(lambda out, a: nisa.tensor_reduce(out, nl.add, a, axis=[2], negate=True, keepdims=True), (x,), [((P, 6, 1), F32)])
        close(self, got, -x.sum(2, keepdims=True))

    @on()
    def test_tensor_reduce_by_differences_and_truth(self):
        x = normal(P, 6, 16)
        got = on_tiles(lambda out, a: nisa.tensor_reduce(out, nl.subtract, a, 2), (x,), [((P, 6), F32)])
        close(self, got, x[:, :, 0] - x[:, :, 1:].sum(2))
        y = (x > 1.2).astype(np.float32) * x
        for op, want in ((nl.logical_and, y.all(2)), (nl.logical_or, y.any(2)), (nl.logical_xor, (y != 0).sum(2) % 2)):
            got = on_tiles(lambda out, a: nisa.tensor_reduce(out, op, a, 2), (y,), [((P, 6), F32)])
            np.testing.assert_array_equal(got, want.astype(np.float32))

    @on()
    def test_tensor_reduce_of_a_permuted_view(self):
        x = normal(P, 6, 16)
        got = on_tiles(lambda out, a: nisa.tensor_reduce(out, np.add, a.permute((0, 2, 1)), axis=2), (x,), [((P, 16), F32)])
        close(self, got, x.sum(1))

    @on()
    def test_tensor_partition_reduce(self):
        x = normal(P, F)
        for op, want in ((nl.add, x.sum(0)), (nl.maximum, x.max(0)), (nl.average, x.mean(0))):
            got = on_tiles(lambda out, a: nisa.tensor_partition_reduce(out, op, a), (x,), [((1, F), F32)])
            close(self, got, want[None])

    @on()
    def test_tensor_scalar_reduce(self):
        x, column = normal(P, F), normal(P, 1, seed=1)
        got, total = on_tiles(lambda out, acc, a, c: nisa.tensor_scalar_reduce(out, a, nl.multiply, c, nl.add, acc), (x, column),
                              [((P, F), F32), ((P, 1), F32)])
        close(self, got, x * column)
        close(self, total, (x * column).sum(1, keepdims=True))

    @on()
    def test_tensor_scalar_cumulative(self):
        x = normal(P, F)
        got = on_tiles(lambda out, a: nisa.tensor_scalar_cumulative(out, a, nl.multiply, nl.add, 2.0), (x,), [((P, F), F32)])
        close(self, got, np.cumsum(2 * x, 1))
        got = on_tiles(lambda out, a: nisa.tensor_scalar_cumulative(out, a, nl.add, nl.maximum, 0.0, 1.0, nisa.reduce_cmd.load_reduce),
                       (x,), [((P, F), F32)])
        np.testing.assert_array_equal(got, np.maximum.accumulate(np.maximum(x, 1), 1))

    @on()
    def test_tensor_tensor_scan(self):
        a, b, first = np.abs(normal(P, F)) % 1, normal(P, F, seed=1), normal(P, 1, seed=2)
        want, state = np.empty((P, F)), first[:, 0].astype(np.float64)
        for i in range(F):
            state = want[:, i] = a[:, i] * state + b[:, i]
        got = on_tiles(lambda out, x, y, s: nisa.tensor_tensor_scan(out, x, y, s, nl.multiply, nl.add), (a, b, first), [((P, F), F32)])
        close(self, got, want)

    @on("trn2")
    def test_what_is_refused(self):
        x = normal(P, 6, 16)
        refused(self, "must be the last ones", lambda a: nisa.tensor_reduce(tile(P, 16), nl.add, a, axis=1), x)
        refused(self, "does not name free dimensions", lambda a: nisa.tensor_reduce(tile(P, 16), nl.add, a, axis=0), x)
        refused(self, "cannot reduce by", lambda a: nisa.tensor_reduce(tile(P, 6), nl.power, a, axis=2), x)
        refused(self, "must be [128, 6]", lambda a: nisa.tensor_reduce(tile(P, 5), nl.add, a, axis=2), x)
        refused(self, "must be [1, 96]", lambda a: nisa.tensor_partition_reduce(tile(P, 96), nl.add, a), x)
        refused(self, "cannot cumulate by", lambda a: nisa.tensor_scalar_cumulative(a, a, nl.add, nl.power, 0.0), x)


ACTIVATIONS = {
    "copy": lambda x: x, "square": lambda x: x * x, "sigmoid": lambda x: 1 / (1 + np.exp(-x)), "relu": lambda x: np.maximum(x, 0),
    "gelu": lambda x: x * (1 + erf(x / math.sqrt(2))) / 2, "silu": lambda x: x / (1 + np.exp(-x)), "tanh": np.tanh,
    "softplus": lambda x: np.log1p(np.exp(x)), "erf": erf, "exp": np.exp, "sin": np.sin, "sign": np.sign, "abs": np.abs,
    "gelu_apprx_sigmoid": lambda x: x / (1 + np.exp(-1.702 * x)), "arctan": np.arctan, "mish": lambda x: x * np.tanh(np.log1p(np.exp(x))),
    "erf_dx": lambda x: 2 / math.sqrt(math.pi) * np.exp(-x * x),
    "gelu_dx": lambda x: (1 + erf(x / math.sqrt(2))) / 2 + x * np.exp(-x * x / 2) / math.sqrt(2 * math.pi),
    "silu_dx": lambda x: (1 + x / (1 + np.exp(x))) / (1 + np.exp(-x)),
    "gelu_apprx_sigmoid_dx": lambda x: (1 + 1.702 * x / (1 + np.exp(1.702 * x))) / (1 + np.exp(-1.702 * x)),
    "gelu_apprx_tanh": lambda x: x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3))) / 2,
}
OF_POSITIVES = {"log": np.log, "sqrt": np.sqrt, "rsqrt": lambda x: 1 / np.sqrt(x), "reciprocal": lambda x: 1 / x}


class Activations(unittest.TestCase):
    @on()
    def test_functions(self):
        for name, function in {**ACTIVATIONS, **OF_POSITIVES}.items():
            x = np.clip(normal(P, F), -3, 3)
            x = np.abs(x) + 0.1 if name in OF_POSITIVES else x
            got = on_tiles(lambda out, a: nisa.activation(out, getattr(nl, name), a), (x,), [((P, F), F32)])
            close(self, got, function(x.astype(np.float64)), relative=1e-4)

    @on()
    def test_slope_of_prelu(self):
        x = normal(P, F)
        got = on_tiles(lambda out, a: nisa.activation(out, nl.prelu, a, relu_param=0.25), (x,), [((P, F), F32)])
        close(self, got, np.where(x < 0, 0.25 * x, x))

    @on()
    def test_scale_and_bias(self):
        x, bias, scale = normal(P, F), normal(P, 1, seed=1), normal(P, 1, seed=2)
        got = on_tiles(lambda out, a, b, s: nisa.activation(out, nl.exp, a, b, s), (x, bias, scale), [((P, F), F32)])
        close(self, got, np.exp(x.astype(np.float64) * scale + bias))
        got = on_tiles(lambda out, a: nisa.activation(dst=out, op=np.exp, data=a, scale=0.5), (x,), [((P, F), F32)])
        close(self, got, np.exp(x.astype(np.float64) * 0.5))

    @on()
    def test_sums_over_several_instructions(self):
        x = normal(P, F)

        def body(total, a):
            out = tile(P, F // 2)
            nisa.activation(out, nl.square, a[:, :F // 2], reduce_op=nl.add, reduce_cmd=nisa.reduce_cmd.reset_reduce)
            nisa.activation(out, nl.square, a[:, F // 2:], reduce_op=np.add, reduce_res=total, reduce_cmd=nisa.reduce_cmd.reduce)
        close(self, on_tiles(body, (x,), [((P, 1), F32)]), (x * x).sum(1, keepdims=True))

    @on()
    def test_activation_reduce(self):
        x, bias = normal(P, F), normal(P, 1, seed=1)
        got, total = on_tiles(lambda out, acc, a, b: nisa.activation_reduce(dst=out, op=nl.exp, data=a, reduce_op=nl.add, reduce_res=acc,
                                                                           bias=b, scale=2.0), (x, bias), [((P, F), F32), ((P, 1), F32)])
        want = np.exp(2 * x.astype(np.float64) + bias)
        close(self, got, want)
        close(self, total, want.sum(1, keepdims=True))

    @on()
    def test_reciprocal(self):
        x = np.abs(normal(P, F)) + 0.1
        close(self, on_tiles(lambda out, a: nisa.reciprocal(out, a), (x,), [((P, F), F32)]), 1 / x.astype(np.float64))

    @on("trn3")
    def test_activate2_and_exponential_of_v4(self):
        x, column = normal(P, F), normal(P, 1, seed=1)
        got = on_tiles(lambda out, a, c: nisa.activate2(out, nl.tanh, a, 2.0, c, nl.multiply, nl.add), (x, column), [((P, F), F32)])
        close(self, got, np.tanh(2 * x.astype(np.float64) + column), relative=1e-4)
        got, total = on_tiles(lambda out, acc, a, c: nisa.exponential(out, a, c, acc, nisa.reduce_cmd.reset_reduce), (x, column),
                              [((P, F), F32), ((P, 1), F32)])
        want = np.exp(x.astype(np.float64) - column)
        close(self, got, want)
        close(self, total, want.sum(1, keepdims=True))

    @on("trn2")
    def test_what_is_refused(self):
        x = normal(P, F)
        refused(self, "no function of the Scalar engine", lambda a: nisa.activation(a, nl.add, a), x)
        refused(self, "reduces by add only", lambda a: nisa.activation_reduce(a, nl.exp, a, nl.maximum, tile(P, 1)), x)
        refused(self, "must be [128, 1]", lambda a: nisa.activation_reduce(a, nl.exp, a, nl.add, tile(P, 2)), x)
        refused(self, "bias is [128, 96]", lambda a: nisa.activation(a, nl.exp, a, bias=a), x)
        refused(self, "NeuronCore-v4", lambda a: nisa.activate2(a, nl.exp, a), x)
        refused(self, "NeuronCore-v4", lambda a: nisa.exponential(a, a), x)


if __name__ == "__main__":
    unittest.main()
