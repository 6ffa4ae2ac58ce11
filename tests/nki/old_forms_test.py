# SPDX-License-Identifier: Apache-2.0
"""The forms that kernels of the first dialect are written in: results, assignment, indices, masks."""
import unittest

import neuronxcc.nki as nki
import neuronxcc.nki.isa as nisa
import neuronxcc.nki.language as nl
import numpy as np
from devices import close, normal, on

P, F = 128, 48


def run(body, *arrays):
    """What body(*tensors in HBM) returns, tiles included."""
    return nki.jit(body)(*arrays)


def opcodes(body, *arrays):
    """engine.opcode of all instructions of a kernel, in order."""
    lines = nki.jit(body).text(*arrays).split("\n")
    return [line.split(" ")[0] for line in lines if line.split(" ")[0].count(".") == 1 and not line.startswith("label")]


class Results(unittest.TestCase):
    @on()
    def test_assignment_makes_the_instruction_write_the_destination(self):
        def body(x):
            out = nl.ndarray((P, 2 * F), dtype=x.dtype)
            i_p, i_f = nl.arange(P)[:, None], nl.arange(F)[None, :]
            out[i_p, i_f] = nl.load(x)
            out[i_p, F + i_f] = nisa.activation(op=nl.exp, data=out[i_p, i_f])
            return out
        x = normal(P, F)
        close(self, run(body, x), np.concatenate([x, np.exp(x)], axis=1))
        self.assertEqual(opcodes(body, x), ["sync.dma_copy", "scalar.activation", "scalar.dma_copy"])

    @on()
    def test_rows_are_loaded_to_any_partition(self):
        def body(x):
            out = nl.ndarray(x.shape, dtype=x.dtype, buffer=nl.shared_hbm)
            held = nl.ndarray((nl.par_dim(x.shape[0]), x.shape[1]), dtype=x.dtype)
            for row in range(x.shape[0]):
                held[x.shape[0] - 1 - row, :] = nl.load(x[row:row + 1, :])
            nl.store(out, held)
            return out
        x = normal(7, 16)
        np.testing.assert_array_equal(run(body, x), x[::-1])

    @on("trn2")
    def test_a_value_that_is_used_later_is_copied(self):
        def body(x):
            t = nl.load(x)
            out = nl.ndarray((P, F), dtype=x.dtype)
            out[...] = t
            out[...] = out + 1.0
            return out - t
        np.testing.assert_allclose(run(body, normal(P, F)), np.ones((P, F)), rtol=1e-5)

    @on("trn2")
    def test_a_value_in_a_list_is_copied(self):
        def body(x):
            held = [nl.load(x)]
            out = nl.zeros((P, F), dtype=x.dtype)
            out[...] = held[0]
            out[...] = nl.multiply(out, 2.0)
            return nl.subtract(out, held[0])
        x = normal(P, F)
        close(self, run(body, x), x)

    @on("trn2")
    def test_a_narrow_value_is_rounded_before_it_is_assigned(self):
        def body(x):
            out = nl.ndarray((P, F), dtype=nl.float32)
            out[...] = nl.exp(nl.load(x), dtype=nl.bfloat16)
            return out
        x = normal(P, F)
        np.testing.assert_array_equal(run(body, x), run(body, x).astype(nl.bfloat16).astype(np.float32))
        close(self, run(body, x), np.exp(x), relative=2 ** -8)

    @on()
    def test_types_of_results(self):
        def body(x, y):
            a, b = nl.load(x), nl.load(y)
            assert a.dtype == nl.bfloat16 and b.dtype == nl.float32
            assert nl.add(a, b).dtype == nl.float32 and nl.exp(a).dtype == nl.bfloat16
            assert nisa.tensor_tensor(a, b, op=np.add).dtype == nl.float32
            assert nisa.activation(np.exp, a, dtype=np.float32).dtype == nl.float32
            assert nisa.nc_matmul(a, a).dtype == nl.float32 and nisa.nc_matmul(a, a).buffer == nl.psum
            assert nisa.nc_transpose(a).dtype == nl.bfloat16 and nisa.nc_transpose(a).buffer == nl.psum
            assert nl.load(x, dtype=nl.float32).dtype == nl.float32
            assert a.shape == (P, F) and nl.sum(a, axis=1).shape == (P, 1)
            assert nl.transpose(a).shape == (F, P) and nl.transpose(a).buffer == nl.sbuf
            return nl.add(a, b)
        x, y = nl.static_cast(normal(P, F), nl.bfloat16), normal(P, F, seed=1)
        close(self, run(body, x, y), x + y)

    @on()
    def test_products_are_accumulated_by_the_tensor_engine(self):
        def body(x, y):
            a, b = nl.load(x), nl.load(y)
            acc = nl.zeros((F, F), np.float32, buffer=nl.psum)
            for _ in nl.affine_range(3):
                acc[...] += nisa.nc_matmul(a, b)
            acc += nl.matmul(a, b, transpose_x=True)
            fresh = nl.ndarray((F, F), np.float32, buffer=nl.psum)
            fresh[0:F, 0:F] += nisa.nc_matmul(a[...], b[...])
            fresh[...] = nisa.nc_matmul(stationary=a, moving=b)
            return nl.add(nl.copy(acc), fresh)
        x, y = normal(P, F), normal(P, F, seed=1)
        close(self, run(body, x, y), 5 * (x.T.astype(np.float64) @ y))
        self.assertNotIn("vector.memset", opcodes(body, x, y))
        self.assertEqual(opcodes(body, x, y).count("vector.tensor_tensor"), 1)

    @on()
    def test_accumulators_in_sbuf_and_blocks(self):
        def body(x):
            acc = nl.zeros((2, nl.par_dim(P), F), dtype=np.float32)
            t = nl.load(x)
            for b in nl.sequential_range(2):
                for k in range(3):
                    acc[b, :, :] += t * float(b + k)
                acc[b, 0:P, 0:F] -= t
            total = acc[0] + acc[1]
            total *= 2
            total /= 4.0
            return total
        x = normal(P, F)
        close(self, run(body, x), (2 + 5) / 2 * x)

    @on()
    def test_loop_reduce(self):
        def body(x):
            total = nl.ndarray((P, F), dtype=np.float32)
            largest = nl.full((P, F), -1e30, dtype=np.float32)
            for k in nl.affine_range(3):
                part = nl.multiply(nl.load(x), float(k - 1.5))
                total[...] = nl.loop_reduce(part, op=np.add, loop_indices=[k], dtype=np.float32)
                largest[...] = nl.loop_reduce(part, op=np.max, loop_indices=[k])
            out = nl.ndarray((2, P, F), dtype=np.float32, buffer=nl.shared_hbm)
            nl.store(out[0], total)
            nl.store(out[1], largest)
            return out
        x = normal(P, F)
        total, largest = run(body, x)
        close(self, total, -1.5 * x)
        close(self, largest, np.maximum(np.maximum(-1.5 * x, -0.5 * x), 0.5 * x))

    @on()
    def test_loop_reduce_into_a_variable(self):
        def body(x):
            out = nl.ndarray((5, P, F), dtype=np.float32, buffer=nl.shared_hbm)
            t = nl.load(x)
            for m in nl.affine_range(2):
                for k in nl.affine_range(3):
                    total = nl.loop_reduce(nl.multiply(t, float(m + k)), op=np.add, loop_indices=[k])
                nl.store(out[m], total)
            largest = nl.full((P, F), 0.5, dtype=np.float32)
            kept = nl.zeros((P, F), dtype=np.float32)
            for k in nl.affine_range(3):
                part = nl.multiply(t, float(k - 1))
                largest = nl.loop_reduce(part, op=np.max, loop_indices=k)
                kept[...] = nl.loop_reduce(part, op=np.add, loop_indices=[k], mask=k != 2)
                part = nl.loop_reduce(part, op=np.add, loop_indices=[k])
            nl.store(out[2], largest)
            nl.store(out[3], kept)
            nl.store(out[4], part)
            return out
        x = normal(P, F)
        close(self, run(body, x), [3 * x, 6 * x, np.maximum(np.abs(x), 0.5), -x, 0 * x])


class Indices(unittest.TestCase):
    @on()
    def test_strided_views(self):
        def body(x):
            t = nl.load(x)
            i_p, i_h, i_w = nl.arange(P)[:, None, None], nl.arange(6)[None, :, None], nl.arange(4)[None, None, :]
            every_second = nl.copy(t[i_p[:, :, 0], 2 * nl.arange(F // 2)[None, :] + 1])
            blocks = nl.max(t[i_p, 8 * i_h + i_w], axis=2)
            backwards = nl.copy(t[nl.arange(P)[:, None], F - 1 - nl.arange(F)[None, :]])
            out = nl.ndarray((P, F // 2 + 6 + F), dtype=x.dtype)
            out[:, 0:F // 2] = every_second
            out[:, nl.ds(F // 2, 6)] = blocks
            out[:, F // 2 + 6:] = backwards
            return out
        x = normal(P, F)
        want = [x[:, 1::2], x.reshape(P, 6, 8)[:, :, :4].max(axis=2), x[:, ::-1]]
        np.testing.assert_array_equal(run(body, x), np.concatenate(want, axis=1))

    @on()
    def test_mgrid_as_a_tuple_and_by_names(self):
        def body(x):
            i_p, i_f = nl.mgrid[0:64, 0:F]
            other = nl.mgrid[0:64, 0:F]
            low, high = nl.load(x[i_p, i_f]), nl.load(x[64 + other.p, other.x])
            cube = nl.mgrid[0:64, 0:F // 4, 0:4]
            out = nl.ndarray((64, F), dtype=x.dtype)
            out[cube.p, 4 * cube.x + cube.y] = nl.add(low[cube.p, 4 * cube.x + cube.y], high[cube.p, 4 * cube.x + cube.y])
            return out
        x = normal(P, F)
        np.testing.assert_array_equal(run(body, x), x[:64] + x[64:])

    @on("trn2")
    def test_quotients_and_remainders_that_are_affine(self):
        def body(x):
            t = nl.load(x)
            i_p, i_f = nl.mgrid[0:P, 0:F // 4]
            return nl.copy(t[i_p, (4 * i_f + 1) // 4 + (4 * i_f + 1) % 4])
        x = normal(P, F)
        np.testing.assert_array_equal(run(body, x), x[:, 1:1 + F // 4])

    @on()
    def test_integers_slices_and_indices_together(self):
        def body(x):
            b, i_p, i_f = 1, nl.arange(P)[:, None], nl.arange(F)[None, :]
            out = nl.ndarray((2, P, F), dtype=x.dtype, buffer=nl.shared_hbm)
            nl.store(out[b, i_p, i_f], nl.load(x[b, i_p, i_f]))
            nl.store(out[0], nl.load(x[-2, 0:P, nl.ds(0, F)]))
            return out
        x = normal(2, P, F)
        np.testing.assert_array_equal(run(body, x), x)

    @on()
    def test_one_dimension_and_columns(self):
        def body(v, x):
            column = nl.load(v[nl.arange(P)[:, None]])
            assert column.shape == (P, 1)
            second = nl.load(x[0:P, 1])
            assert second.shape == (P, 1)
            row = nl.load(v.reshape((1, P))[0:1, 0:F])
            whole = nl.load(v)
            assert whole.shape == (P, 1)
            return nl.add(nl.multiply(column, row.broadcast_to((P, F))), second) + whole
        v, x = normal(P), normal(P, F, seed=1)
        close(self, run(body, v, x), v[:, None] * v[None, :F] + x[:, 1:2] + v[:, None])

    @on()
    def test_results_of_one_dimension(self):
        def body(x, out):
            nl.store(out[0:P], nl.sum(nl.load(x), axis=1))
            nl.store(out[nl.arange(P)[:, None] + P], nl.max(nl.load(x), axis=[1]))
        x, out = normal(P, F), np.zeros(2 * P, np.float32)
        run(body, x, out)
        close(self, out, np.concatenate([x.sum(1), x.max(1)]))

    @on("trn2")
    def test_indices_that_leave_the_tensor_are_refused_unless_masked(self):
        def body(x):
            i_p, i_f = nl.arange(P)[:, None], nl.arange(F + 1)[None, :]
            return nl.load(x[i_p, i_f])
        with self.assertRaisesRegex(IndexError, r"old_forms_test.py:\d+: nl.load: reaches element 48 of dimension 1 of x, which has 48"):
            run(body, normal(P, F))


class Masks(unittest.TestCase):
    @on()
    def test_tails_of_both_dimensions(self):
        def body(x):
            out = nl.ndarray(x.shape, dtype=x.dtype, buffer=nl.shared_hbm)
            i_p, i_f = nl.mgrid[0:P, 0:32]
            for i in range(2):
                for j in range(2):
                    keep = (i * P + i_p < x.shape[0]) & (j * 32 + i_f < x.shape[1])
                    t = nl.load(x[i * P + i_p, j * 32 + i_f], mask=keep)
                    nl.store(out[i * P + i_p, j * 32 + i_f], value=nl.add(t, 1.0, mask=keep), mask=keep)
            return out
        x = normal(P + 40, F)
        np.testing.assert_array_equal(run(body, x), x + 1)

    @on()
    def test_what_a_mask_leaves_out_is_not_written(self):
        def body(x):
            i_p, i_f = nl.arange(P)[:, None], nl.arange(F)[None, :]
            t = nl.zeros((P, F), dtype=x.dtype)
            t[i_p, i_f] = nl.load(x[i_p, i_f], mask=i_f >= 16)
            t[...] = nl.exp(t, mask=(i_p < 32) & (i_f > 20))
            t[i_p, i_f] = nl.copy(t[i_p, i_f], mask=False)
            t[i_p, i_f] = nl.multiply(t, 2.0, mask=True)
            return t
        x = normal(P, F)
        want = np.where(np.arange(F) >= 16, x, 0)
        want[:32, 21:] = np.exp(want[:32, 21:])
        close(self, run(body, x), 2 * want)

    @on()
    def test_masks_that_are_no_boxes(self):
        def body(x):
            i_p, i_f = nl.arange(P)[:, None], nl.arange(F)[None, :]
            t = nl.zeros((P, F), dtype=x.dtype)
            t[...] = nl.negative(nl.load(x), mask=i_f <= i_p)
            flat = nl.zeros((P, F), dtype=x.dtype)
            flat[i_p, i_f] = nl.load(x[i_p, i_f], mask=i_p * F + i_f < 1000)
            out = nl.zeros((2, P, F), dtype=x.dtype, buffer=nl.shared_hbm)
            nl.store(out[0], value=t)
            nl.store(out[1, i_p, i_f], value=flat[i_p, i_f], mask=(i_f + i_p >= 30) | (i_f < 2))
            return out
        x = normal(P, F)
        p, f = np.mgrid[0:P, 0:F]
        got = run(body, x)
        np.testing.assert_array_equal(got[0], np.where(f <= p, -x, 0))
        np.testing.assert_array_equal(got[1], np.where((p * F + f < 1000) & ((f + p >= 30) | (f < 2)), x, 0))

    @on()
    def test_reductions_and_products_under_masks(self):
        def body(x, y):
            i_p, i_f = nl.arange(P)[:, None], nl.arange(F)[None, :]
            a, b = nl.load(x), nl.load(y)
            kept = nl.sum(a[i_p, i_f], axis=1, mask=i_f < 20)
            largest = nisa.tensor_reduce(np.max, a, axis=[1], mask=(i_f >= 8) & (i_f < 16))
            average = nl.mean(a, axis=1, mask=i_f < 10)
            product = nl.ndarray((F, F), np.float32, buffer=nl.psum)
            product[...] = nisa.nc_matmul(a, b, mask=i_p < 32)
            out = nl.ndarray((P, 3), dtype=np.float32)
            out[:, 0], out[:, 1], out[:, 2] = kept, largest, average
            return out, product
        x, y = normal(P, F), normal(P, F, seed=1)
        reduced, product = run(body, x, y)
        close(self, reduced, np.stack([x[:, :20].sum(1), x[:, 8:16].max(1), x[:, :10].mean(1)], axis=1))
        close(self, product, x[:32].T.astype(np.float64) @ y[:32])

    @on("trn2")
    def test_accumulation_under_a_mask(self):
        def body(x):
            t = nl.load(x)
            i_p, i_f = nl.mgrid[0:P, 0:F]
            t += nl.exp(t, mask=i_f < 7)
            t -= nl.copy(t, mask=i_f > i_p)
            return t
        x = normal(P, F)
        want = x.copy()
        want[:, :7] += np.exp(x[:, :7])
        close(self, run(body, x), np.where(np.arange(F)[None] > np.arange(P)[:, None], 0, want))

    @on("trn2")
    def test_composed_functions_under_masks(self):
        def body(x):
            i_p, i_f = nl.mgrid[0:P, 0:F]
            out = nl.zeros((P, F), dtype=np.float32)
            out[...] = nl.softmax(nl.load(x), axis=1, mask=i_f < 32)
            return out
        x = normal(P, F)
        want = np.zeros((P, F))
        want[:, :32] = np.exp(x[:, :32]) / np.exp(x[:, :32]).sum(1, keepdims=True)
        close(self, run(body, x), want, relative=1e-4)


class Products(unittest.TestCase):
    @on("trn2")
    def test_a_contraction_over_too_many_columns_is_refused_as_what_it_is(self):
        def body(x):
            return nl.matmul(nl.load(x), nl.load(x))
        with self.assertRaisesRegex(ValueError, r"old_forms_test.py:\d+: nl.matmul: x is \[128, 256\]: at most 128 columns"):
            run(body, normal(P, 256))


if __name__ == "__main__":
    unittest.main()
