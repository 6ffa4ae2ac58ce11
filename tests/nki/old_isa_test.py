# SPDX-License-Identifier: Apache-2.0
"""nki.isa and nki.language of the first dialect: every function that returns its result, against numpy."""
import unittest

import neuronxcc.nki as nki
import neuronxcc.nki.isa as nisa
import neuronxcc.nki.language as nl
import numpy as np
from devices import close, normal, on

P, F = 128, 48


def run(body, *arrays):
    """What body(*tiles) returns, each array loaded."""
    return nki.jit(lambda *tensors: body(*[nl.load(each) for each in tensors]))(*arrays)


def raw(body, *arrays):
    """What body(*tensors in HBM) returns."""
    return nki.jit(body)(*arrays)


class Compute(unittest.TestCase):
    @on()
    def test_activation(self):
        x, bias, scale = normal(P, F), normal(P, 1, seed=1), normal(P, 1, seed=2)
        close(self, run(lambda a: nisa.activation(np.exp, a), x), np.exp(x))
        close(self, run(lambda a, b, s: nisa.activation(op=nl.tanh, data=a, bias=b, scale=s), x, bias, scale), np.tanh(x * scale + bias))
        close(self, run(lambda a, b: nisa.activation(nl.square, a, bias=b, scale=-2.0, dtype=nl.bfloat16), x, bias), (bias - 2 * x) ** 2,
              relative=2 ** -8)

        def with_sum(a):
            total = nl.zeros((P, 1), dtype=np.float32)
            exps = nl.ndarray((P, F), dtype=np.float32)
            exps[...] = nisa.activation_reduce(np.exp, a, reduce_op=np.add, reduce_res=total[:, 0], bias=None, scale=0.5)
            return exps / total
        exps = np.exp(x / 2)
        close(self, run(with_sum, x), exps / exps.sum(1, keepdims=True))

    @on("trn2", "trn3")
    def test_activation_that_reduces(self):
        def body(a):
            total = nl.ndarray((P, 1), dtype=np.float32)
            nisa.activation(np.square, a, reduce_op=np.add, reduce_res=total, reduce_cmd=nisa.reduce_cmd.reset_reduce)
            return total
        x = normal(P, F)
        close(self, run(body, x), np.square(x).sum(1, keepdims=True))

    @on()
    def test_tensor_tensor(self):
        x, y = normal(P, F), normal(P, F, seed=1)
        close(self, run(lambda a, b: nisa.tensor_tensor(a, b, np.multiply), x, y), x * y)
        close(self, run(lambda a, b: nisa.tensor_tensor(data1=a, data2=b, op=nl.max, engine=nisa.vector_engine), x, y), np.maximum(x, y))
        close(self, run(lambda a, b: nisa.tensor_tensor(a, b.reshape((P, 6, 8)), op=nl.subtract), x, y), x - y)
        close(self, run(lambda a, b: nisa.tensor_tensor(a, b[0:1].broadcast_to((P, F)), op=nl.add), x, y), x + y[0:1])
        i, j = (np.arange(P * F, dtype=np.int32).reshape(P, F) * k for k in (1000003, 7))
        np.testing.assert_array_equal(run(lambda a, b: nisa.tensor_tensor(a, b, op=np.add), i, j), i + j)
        np.testing.assert_array_equal(run(lambda a, b: nisa.tensor_tensor(a, b, op=np.bitwise_xor), i, j), i ^ j)

    @on()
    def test_tensor_scalar(self):
        x, c = normal(P, F), normal(P, 1, seed=1)
        close(self, run(lambda a: nisa.tensor_scalar(a, np.add, 1.0), x), x + 1)
        close(self, run(lambda a: nisa.tensor_scalar(a, np.subtract, 1.0, True), x), 1 - x)
        close(self, run(lambda a, s: nisa.tensor_scalar(a, op0=nl.multiply, operand0=s, op1=nl.add, operand1=s[:, 0], reverse1=True), x, c),
              x * c + c)
        close(self, run(lambda a, s: nisa.tensor_scalar(data=a, op0=np.maximum, operand0=s[0:1, 0:1]), x, c), np.maximum(x, c[0, 0]))
        bits = np.arange(P * F, dtype=np.uint8).reshape(P, F)
        np.testing.assert_array_equal(run(lambda a: nisa.tensor_scalar(a, np.bitwise_and, 15, op1=np.left_shift, operand1=2), bits),
                                      (bits & 15) << 2)

    @on()
    def test_scalar_tensor_tensor_and_scans(self):
        x, y, c = normal(P, F), normal(P, F, seed=1), normal(P, 1, seed=2)
        close(self, run(lambda a, b, s: nisa.scalar_tensor_tensor(data=a, op0=np.multiply, operand0=s, op1=np.add, operand1=b), x, y, c),
              x * c + y)
        decay = np.exp(-np.abs(x))
        want, state = np.zeros((P, F)), c[:, 0].astype(np.float64)
        for i in range(F):
            state = decay[:, i] * state + y[:, i]
            want[:, i] = state
        close(self, run(lambda a, b, s: nisa.tensor_tensor_scan(a, b, s, np.multiply, np.add), decay, y, c), want)

    @on()
    def test_reductions(self):
        x = normal(P, 4, 6)
        close(self, run(lambda a: nisa.tensor_reduce(np.add, a, axis=[1, 2]), x), x.sum((1, 2)).reshape(P, 1))
        close(self, run(lambda a: nisa.tensor_reduce(nl.max, a, axis=2), x), x.max(2))
        close(self, run(lambda a: nisa.tensor_reduce(np.min, a, axis=(-1,), negate=True, keepdims=True), x), -x.min(2, keepdims=True))
        close(self, run(lambda a: nl.sum(a, axis=1), x), x.sum(1))
        close(self, run(lambda a: nl.max(a, axis=[2], keepdims=True), x), x.max(2, keepdims=True))
        close(self, run(lambda a: nl.min(a, axis=[1, 2], dtype=nl.bfloat16), x), x.min((1, 2)).reshape(P, 1), relative=2 ** -8)
        close(self, run(lambda a: nl.prod(a, axis=2), x), x.prod(2))
        close(self, run(lambda a: nl.mean(a, axis=[1, 2]), x), x.mean((1, 2)).reshape(P, 1))
        close(self, run(lambda a: nisa.tensor_partition_reduce(np.add, a), x), x.sum(0, keepdims=True))

    @on()
    def test_reductions_over_partitions_are_refused(self):
        with self.assertRaisesRegex(nki.NkiValidationError, r"old_isa_test.py:\d+: nki.isa.tensor_reduce: axis 0: .*counts partitions"):
            run(lambda a: nl.sum(a, axis=0), normal(P, F))

    @on()
    def test_matrices(self):
        x, y = normal(P, 64), normal(P, F, seed=1)
        close(self, run(lambda a, b: nisa.nc_matmul(a, b), x, y), x.T.astype(np.float64) @ y)
        close(self, run(lambda a, b: nisa.nc_matmul(stationary=a[:, 0:32], moving=b, is_moving_onezero=False), x, y), x[:, :32].T.astype(np.float64) @ y)
        np.testing.assert_array_equal(run(nisa.nc_transpose, x), x.T)
        np.testing.assert_array_equal(run(lambda a: nisa.nc_transpose(a[0:32, 0:32], engine=nisa.vector_engine), x), x[:32, :32].T)
        np.testing.assert_array_equal(run(nl.transpose, x), x.T)
        close(self, run(lambda a, b: nl.matmul(a, b), normal(64, P), y), normal(64, P).astype(np.float64) @ y)
        close(self, run(lambda a, b: nl.matmul(nl.copy(a), nl.matmul(a, b, transpose_x=True)), x, y), x.astype(np.float64) @ (x.T.astype(np.float64) @ y))

    @on()
    def test_transposes_of_bfloat16_into_a_wide_tile(self):
        def body(a):
            wide = nl.ndarray((64, 2 * P), dtype=np.float32, buffer=nl.psum)
            for i in nl.affine_range(2):
                wide[:, nl.ds(i * P, P)] = nisa.nc_transpose(a[:, nl.ds(i * 64, 64)])
            return nl.copy(wide, dtype=nl.bfloat16)
        x = nl.static_cast(normal(P, P), nl.bfloat16)
        np.testing.assert_array_equal(run(body, x), np.concatenate([x[:, :64].T, x[:, 64:].T], axis=1))

    @on()
    def test_the_largest_eight(self):
        x = normal(P, F)
        order = np.argsort(-x, axis=1)[:, :8]
        largest = np.take_along_axis(x, order, axis=1)
        close(self, run(lambda a: nisa.max8(src=a), x), largest)
        np.testing.assert_array_equal(run(lambda a: nisa.nc_find_index8(data=a, vals=nisa.max8(src=a)), x), order)
        replaced = x.copy()
        np.put_along_axis(replaced, order, np.float32(-9), axis=1)
        close(self, run(lambda a: nisa.nc_match_replace8(data=a, vals=nisa.max8(src=a), imm=-9.0), x), replaced)

    @on()
    def test_dropout(self):
        x = np.abs(normal(P, F)) + 1
        kept = run(lambda a: nisa.dropout(a, prob=0.25), x)
        self.assertTrue(np.all((kept == 0) | (kept == x)))
        self.assertTrue(0.15 < np.mean(kept == 0) < 0.35)
        np.testing.assert_array_equal(run(lambda a: nl.dropout(a, 0.0), x), x)
        rates = np.repeat(np.float32([0, 1]), P // 2)[:, None]
        for drop in (nisa.dropout, lambda a, r: nisa.dropout(a, prob=r), lambda a, r: nl.dropout(a, rate=r[:, 0])):
            np.testing.assert_array_equal(run(drop, x, rates), np.where(rates == 0, x, 0))

    @on()
    def test_dropout_with_a_destination(self):
        def with_rate(drop):
            def body(a):
                made = nl.ndarray((P, F), dtype=np.float32)
                drop(made, a)
                return made
            return body
        x = normal(P, F)
        for drop in (lambda to, a: nisa.dropout(to, a, 0.0), lambda to, a: nisa.dropout(to, a, prob=0.0), lambda to, a: nisa.dropout(a, 0.0, dst=to)):
            np.testing.assert_array_equal(run(with_rate(drop), x), x)


class Move(unittest.TestCase):
    @on()
    def test_copies_and_fills(self):
        x = normal(P, F)
        np.testing.assert_array_equal(run(nisa.tensor_copy, x), x)
        np.testing.assert_array_equal(run(lambda a: nisa.tensor_copy(a, engine=nisa.gpsimd_engine, dtype=np.int32), np.rint(x)), np.rint(x))
        np.testing.assert_array_equal(run(lambda a: nisa.memset((P, F), 1.5, np.float32), x), np.full((P, F), 1.5))
        np.testing.assert_array_equal(run(lambda a: nisa.memset(shape=(nl.par_dim(P), 2, F), value=-1, dtype=nl.int32), x), np.full((P, 2, F), -1))
        np.testing.assert_array_equal(run(lambda a: nl.zeros_like(a) + nl.ones((P, F), dtype=np.float32), x), np.ones((P, F)))
        np.testing.assert_array_equal(run(lambda a: nl.full((P, F), 7.0, dtype=np.float32), x), np.full((P, F), 7))

    @on()
    def test_predicated_copies(self):
        x, y = normal(P, F), normal(P, F, seed=1)

        def body(a, b):
            condition = nl.greater(a, 0.0, dtype=nl.uint8)
            nisa.tensor_copy_predicated(src=b, dst=a, predicate=condition)
            nisa.tensor_copy_predicated(src=nl.zeros((P, F), np.float32), dst=a, predicate=b > 1.0)
            return a
        want = np.where(x > 0, y, x)
        np.testing.assert_array_equal(run(body, x, y), np.where(y > 1, 0, want))
        np.testing.assert_array_equal(run(lambda a, b: nl.where(a > b, a, b), x, y), np.maximum(x, y))

    @on()
    def test_shuffles_and_gathers(self):
        x = normal(P, F)

        def shuffle(a):
            out = nl.zeros((P, F), dtype=np.float32)
            nisa.nc_stream_shuffle(src=a, dst=out, shuffle_mask=[(i + 1) % 32 for i in range(32)])
            return out
        quadrants = x.reshape(4, 32, F)
        np.testing.assert_array_equal(run(shuffle, x), np.roll(quadrants, -1, axis=1).reshape(P, F))
        index = np.random.default_rng(0).integers(0, F, (P, 1)).astype(np.uint16)
        want = np.concatenate([x[g:g + 16][:, index[g:g + 16, 0]] for g in range(0, P, 16)])
        np.testing.assert_array_equal(run(lambda a, i: nisa.local_gather(a, i, num_elem_per_idx=1, num_valid_indices=16), x, index), want)
        columns = np.random.default_rng(1).integers(0, F, (P, 8)).astype(np.uint32)
        gathered = np.take_along_axis(x, columns.astype(np.int64), axis=1)
        np.testing.assert_array_equal(run(nl.gather_flattened, x, columns), gathered)

        def masked(a, i):
            out = nl.zeros((2, nl.par_dim(P), F), dtype=np.float32)
            i_p, i_f = nl.arange(P)[:, None], nl.arange(F)[None, :]
            out[0, :, 0:8] = nl.gather_flattened(a, i, mask=i_p < 40)
            nisa.nc_stream_shuffle(src=a, dst=out[1], shuffle_mask=[(k + 1) % 32 for k in range(32)], mask=(i_p < 40) & (i_f > 5))
            return out[0], out[1]
        some, turned = run(masked, x, columns)
        np.testing.assert_array_equal(some[:, 0:8], np.where(np.arange(P)[:, None] < 40, gathered, 0))
        kept = (np.arange(P)[:, None] < 40) & (np.arange(F)[None, :] > 5)
        np.testing.assert_array_equal(turned, np.where(kept, np.roll(quadrants, -1, axis=1).reshape(P, F), 0))

    @on()
    def test_iota(self):
        def body(a):
            i_p, i_f = nl.arange(P)[:, None], nl.arange(F)[None, :]
            plain = nisa.iota(3 * i_p + i_f + 5, dtype=np.int32)
            row = nisa.iota(nl.arange(F)[None, :], dtype=np.float32)
            masked = nl.zeros((P, F), dtype=np.int32)
            masked[...] = nisa.iota(i_p - i_f, dtype=np.int32, mask=(i_p >= 32) & (i_f > 1) & (i_p < 64))
            fine = nl.ndarray((P, F), dtype=np.int32)
            fine[i_p, i_f] = nisa.iota(2 * i_f, dtype=np.int32)
            assert row.shape == (1, F)
            return plain, row, masked, nisa.iota(nl.mgrid[0:P, 0:6, 0:8][1], dtype=nl.uint32)
        plain, row, masked, cube = run(body, normal(P, F))
        p, f = np.mgrid[0:P, 0:F]
        np.testing.assert_array_equal(plain, 3 * p + f + 5)
        np.testing.assert_array_equal(row, np.arange(F)[None])
        np.testing.assert_array_equal(masked, np.where((p >= 32) & (p < 64) & (f > 1), p - f, 0))
        np.testing.assert_array_equal(cube, np.mgrid[0:P, 0:6, 0:8][1])

    @on()
    def test_affine_select(self):
        x = normal(P, F)
        p, f = np.mgrid[0:P, 0:F]
        i_p, i_f = nl.arange(P)[:, None], nl.arange(F)[None, :]
        for pred, where in ((i_f < i_p, f < p), (i_p + 4 >= 2 * i_f, p + 4 >= 2 * f), (i_f > 5, f > 5), ((i_f > 5) & (i_f <= i_p), (f > 5) & (f <= p)),
                            (True, f >= 0), (False, f < 0)):
            got = run(lambda a: nisa.affine_select(pred=pred, on_true_tile=a, on_false_value=-9.0), x)
            np.testing.assert_array_equal(got, np.where(where, x, np.float32(-9)))

        def body(a):
            out = nl.zeros((P, F), dtype=np.float32)
            out[...] = nisa.affine_select(pred=i_f < i_p, on_true_tile=a, on_false_value=1.0, mask=(i_p >= 64) & (i_f >= 8))
            product = nl.ndarray((F, F), dtype=np.float32, buffer=nl.psum)
            product[...] = nisa.nc_matmul(a, a)
            return out, nisa.affine_select(i_f[:, :F] <= nl.arange(F)[:, None], product, 0.0, dtype=nl.bfloat16)
        out, lower = run(body, x)
        np.testing.assert_array_equal(out, np.where((p >= 64) & (f >= 8), np.where(f < p, x, np.float32(1)), 0))
        close(self, lower, np.tril(x.T.astype(np.float64) @ x), relative=2 ** -8)

    @on("trn2", "trn3")
    def test_range_select_and_select_reduce(self):
        x, low, high = normal(P, F), np.full((P, 1), 5, np.float32), np.arange(P, dtype=np.float32)[:, None]

        def select(a, b, c):
            largest = nl.ndarray((P, 1), dtype=np.float32)
            kept = nisa.range_select(on_true_tile=a, comp_op0=np.greater_equal, comp_op1=np.less, bound0=b, bound1=c, range_start=0,
                                     reduce_cmd=nisa.reduce_cmd.reset_reduce, reduce_res=largest, reduce_op=np.max)
            return nl.maximum(kept, -100.0), largest
        f = np.arange(F)[None]
        want = np.where((f >= 5) & (f < high), x, np.float32(-100))
        kept, largest = run(select, x, low, high)
        np.testing.assert_array_equal(kept, want)
        rows = np.arange(P) > 5
        np.testing.assert_array_equal(largest[rows], want.max(1, keepdims=True)[rows])

        def reduce(a, b):
            out, largest = nl.ndarray((P, F), dtype=np.float32), nl.ndarray((P, 1), dtype=np.float32)
            nisa.select_reduce(dst=out, predicate=nl.greater(a, 0.0, dtype=nl.uint8), on_true=a, on_false=b[:, 0], reduce_res=largest,
                               reduce_cmd=nisa.reduce_cmd.reset_reduce, reduce_op=nl.max)
            return out, largest
        out, largest = run(reduce, x, low)
        np.testing.assert_array_equal(out, np.where(x > 0, x, np.float32(5)))
        np.testing.assert_array_equal(largest, out.max(1, keepdims=True))

    @on()
    def test_sequence_bounds(self):
        ids = np.array([[1, 1, 2, 2, 2, 0, 3]], np.float32)
        want = [[[0, 0, 2, 2, 2, 7, 6], [2, 2, 5, 5, 5, -1, 7]]]
        np.testing.assert_array_equal(run(lambda a: nisa.sequence_bounds(segment_ids=a), ids), want)

    @on()
    def test_transfers(self):
        x, y = normal(P, F), normal(P, F, seed=1)

        def body(a, b):
            out = nl.ndarray((3, P, F), dtype=np.float32, buffer=nl.shared_hbm)
            i_p, i_f = nl.mgrid[0:P, 0:F]
            nisa.dma_copy(dst=out[0], src=a)
            nisa.dma_copy(dst=out[0, i_p, i_f], src=b[i_p, i_f], mask=i_f < 10)
            nisa.dma_copy(dst=out[1], src=a)
            nisa.dma_copy(dst=out[1], src=b, dst_rmw_op=np.add)
            product = nisa.nc_matmul(nl.load(a), nl.load(a))
            tile = nl.ndarray((F, F), dtype=np.float32)
            nisa.dma_copy(dst=tile, src=product)
            nisa.dma_copy(dst=out[2, 0:F, 0:F], src=tile)
            nisa.dma_copy(dst=out[2, F:P], src=a[F:P])
            nl.atomic_rmw(out[2, F:P], nl.load(b[F:P]), op=np.add)
            return out
        got = raw(body, x, y)
        np.testing.assert_array_equal(got[0], np.where(np.arange(F) < 10, y, x))
        np.testing.assert_array_equal(got[1], x + y)
        close(self, got[2, :F, :F], x.T.astype(np.float64) @ x)
        np.testing.assert_array_equal(got[2, F:], (x + y)[F:])

    @on()
    def test_sums_of_tiles_and_memory(self):
        def body(a, b):
            out = nl.ndarray((2, P, F), dtype=np.float32, buffer=nl.shared_hbm)
            tile = nl.load(b)
            nisa.dma_compute(out[0], [a, tile], [1.0, 1.0], np.add)
            nisa.dma_compute(out[1], [tile, a], reduce_op=nl.add)
            return out
        x, y = normal(P, F), normal(P, F, seed=1)
        np.testing.assert_array_equal(raw(body, x, y), np.stack([x + y, x + y]))

    @on()
    def test_transposing_transfers(self):
        x = normal(64, P).astype(np.float16)
        np.testing.assert_array_equal(raw(lambda a: nl.load_transpose2d(a), x), x.T)
        i_p, i_f = nl.mgrid[0:64, 0:P]
        np.testing.assert_array_equal(raw(lambda a: nl.load_transpose2d(a[0:32, 0:64]), x), x[:32, :64].T)
        long = normal(300, 64)
        np.testing.assert_array_equal(raw(lambda a: nl.load_transpose2d(a), long), long.T)

    @on("trn2", "trn3")
    def test_dma_transpose(self):
        x = normal(32, 64).astype(np.float16)
        np.testing.assert_array_equal(run(lambda a: nisa.dma_transpose(a), x), x.T)
        np.testing.assert_array_equal(raw(lambda a: nisa.dma_transpose(a, axes=(1, 0)), x), x.T)


class Language(unittest.TestCase):
    @on()
    def test_functions_of_one_tile(self):
        x = np.clip(normal(P, F), -3, 3)
        positive = np.abs(x) + 0.5
        for f, numpys, argument in (
                (nl.exp, np.exp, x), (nl.log, np.log, positive), (nl.sqrt, np.sqrt, positive), (nl.square, np.square, x),
                (nl.sigmoid, lambda a: 1 / (1 + np.exp(-a)), x), (nl.relu, lambda a: np.maximum(a, 0), x), (nl.tanh, np.tanh, x),
                (nl.abs, np.abs, x), (nl.sign, np.sign, x), (nl.reciprocal, np.reciprocal, positive), (nl.rsqrt, lambda a: 1 / np.sqrt(a), positive),
                (nl.negative, np.negative, x), (nl.copy, np.copy, x), (nl.sin, np.sin, x * 20), (nl.cos, np.cos, x * 20), (nl.floor, np.floor, x * 5),
                (nl.ceil, np.ceil, x * 5), (nl.trunc, np.trunc, x * 5), (nl.logical_not, np.logical_not, np.rint(x)),
                (nl.silu, lambda a: a / (1 + np.exp(-a)), x), (nl.softplus, lambda a: np.log1p(np.exp(a)), x)):
            close(self, run(f, argument), numpys(argument.astype(np.float64)).astype(np.float64), relative=1e-4)

    @on()
    def test_functions_of_two(self):
        x, y, c = normal(P, F), np.abs(normal(P, F, seed=1)) + 0.5, np.abs(normal(P, 1, seed=2)) + 0.5
        for f, numpys in ((nl.add, np.add), (nl.subtract, np.subtract), (nl.multiply, np.multiply), (nl.maximum, np.maximum), (nl.minimum, np.minimum),
                          (nl.divide, np.divide), (nl.greater, np.greater), (nl.less_equal, np.less_equal), (nl.equal, np.equal)):
            close(self, run(f, x, y), numpys(x, y))
            close(self, run(f, x, c), numpys(x, c))
            close(self, run(lambda a: f(a, 1.5), x), numpys(x, np.float32(1.5)))
            close(self, run(lambda a: f(1.5, a), y), numpys(np.float32(1.5), y))
        close(self, run(nl.mod, x, y), np.mod(x, y), relative=1e-4)
        close(self, run(nl.power, y, np.abs(x)), np.power(y, np.abs(x)), relative=1e-4)

    @on()
    def test_softmax_and_rms_norm(self):
        x, w = normal(P, F), normal(1, F, seed=1)
        exps = np.exp(x)
        close(self, run(lambda a: nl.softmax(a, axis=-1), x), exps / exps.sum(1, keepdims=True), relative=1e-4)
        close(self, run(lambda a, b: nl.rms_norm(a, b, axis=1, n=F, epsilon=1e-5), x, w), x / np.sqrt((x ** 2).mean(1, keepdims=True) + 1e-5) * w,
              relative=1e-4)

    @on("trn2")
    def test_random_numbers_and_constants(self):
        def body(a):
            nl.random_seed(7)
            return nl.rand((P, F), dtype=np.float32), nl.load(nl.shared_constant(np.eye(F, dtype=np.float32))), nl.all(a > -1e9, axis=1)
        random, eye, true = run(body, normal(P, F))
        self.assertTrue(0 <= random.min() < 0.1 and 0.9 < random.max() <= 1)
        np.testing.assert_array_equal(eye, np.eye(F))
        np.testing.assert_array_equal(true, np.ones((P, 1)))


if __name__ == "__main__":
    unittest.main()
