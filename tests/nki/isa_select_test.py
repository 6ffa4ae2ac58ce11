# SPDX-License-Identifier: Apache-2.0
"""nki.isa: instructions that select, search and generate, against numpy."""
import unittest

import nki.isa as nisa
import nki.language as nl
import numpy as np
from devices import close, normal, on, on_tiles, refused, tile

P, F = 128, 64
F32 = nl.float32
LOWEST = np.float32(-3.4028234663852886e38)


class Patterns(unittest.TestCase):
    @on()
    def test_iota(self):
        got = on_tiles(lambda out: nisa.iota(out, [[1, F]], offset=5, channel_multiplier=10), (), [((P, F), nl.int32)])
        np.testing.assert_array_equal(got, 5 + 10 * np.arange(P)[:, None] + np.arange(F))
        got = on_tiles(lambda out: nisa.iota(dst=out, pattern=[[0, 2], [3, 8], [-1, 4]], offset=-1), (), [((P, F), F32)])
        want = -1 + np.zeros((2, 1, 1)) + 3 * np.arange(8)[:, None] - np.arange(4)
        np.testing.assert_array_equal(got, np.broadcast_to(want.reshape(1, F), (P, F)))

    @on()
    def test_iota_from_a_register(self):
        def body(out, at):
            nisa.iota(out, [[2, F]], offset=nisa.register_alloc(at), channel_multiplier=100)
        for dtype in (nl.int32, F32):
            got = on_tiles(body, (np.array([[70000]], np.int32),), [((P, F), dtype)])
            np.testing.assert_array_equal(got, 70000 + 100 * np.arange(P)[:, None] + 2 * np.arange(F))

    @on()
    def test_iota_into_a_view_with_strides(self):
        def body(out):
            nisa.memset(out, 0)
            nisa.iota(out[:, 0:8, 1:3], [[2, 16]])
        got = on_tiles(body, (), [((P, 8, 4), nl.int32)])
        want = np.zeros((8, 4), np.int32)
        want[:, 1:3] = 2 * np.arange(16).reshape(8, 2)
        np.testing.assert_array_equal(got[3], want)

    @on()
    def test_affine_select(self):
        x = normal(P, F)
        value = np.arange(P)[:, None] - 2 * np.arange(F) + 3
        for op, keep in ((nl.greater_equal, value >= 0), (nl.greater, value > 0), (nl.less, value < 0), (nl.less_equal, value <= 0),
                         (nl.equal, value == 0), (nl.not_equal, value != 0)):
            got = on_tiles(lambda out, a: nisa.affine_select(out, [[-2, F]], 1, a, -9.0, op, 3), (x,), [((P, F), F32)])
            np.testing.assert_array_equal(got, np.where(keep, x, np.float32(-9)))

    @on("trn2")
    def test_what_is_refused(self):
        x = normal(P, F)
        refused(self, "the pattern has 63 elements", lambda a: nisa.iota(a, [[1, 63]]), x)
        refused(self, "1 to 4 are possible", lambda a: nisa.iota(a, [[1, 2]] * 5), x)
        refused(self, "must be in sbuf", lambda a: nisa.iota(tile(P, F, buffer=nl.psum), [[1, F]]), x)
        got = on_tiles(lambda out, a: nisa.affine_select(out, [[-2, F]], 3, 1, a, -9.0, cmp_op=nl.greater), (x,), [((P, F), F32)])
        older = on_tiles(lambda out, a: nisa.affine_select(out, [[-2, F]], 1, a, -9.0, nl.greater, 3), (x,), [((P, F), F32)])
        np.testing.assert_array_equal(got, older)
        refused(self, "does not compare", lambda a: nisa.affine_select(a, [[1, F]], 1, a, 0.0, nl.add), x)


class Selections(unittest.TestCase):
    @on("trn2", "trn3")
    def test_range_select(self):
        x = normal(P, F)
        low, high = np.full((P, 1), 10, np.float32), (np.arange(P)[:, None] % F).astype(np.float32)
        place = np.arange(F) + 2
        keep = (place >= low) & (place < high)
        got, most = on_tiles(lambda out, acc, a, b, c: nisa.range_select(
            out, a, nl.greater_equal, nl.less, b, c, reduce_res=acc, reduce_op=nl.maximum, range_start=2), (x, low, high),
            [((P, F), F32), ((P, 1), F32)])
        want = np.where(keep, x, LOWEST)
        np.testing.assert_array_equal(got, want)
        np.testing.assert_array_equal(most, want.max(1, keepdims=True))

    @on("trn2", "trn3")
    def test_range_select_with_a_value_of_its_own(self):
        x = normal(P, F)
        got = on_tiles(lambda out, a: nisa.range_select(out, a, nl.greater, nl.less_equal, 3.0, 9.0, on_false_value=-5.0), (x,), [((P, F), F32)])
        np.testing.assert_array_equal(got, np.where((np.arange(F) > 3) & (np.arange(F) <= 9), x, np.float32(-5)))

    @on("trn2", "trn3")
    def test_select_reduce(self):
        x, pick, other = normal(P, F), (normal(P, F, seed=1) > 0).astype(np.uint8), normal(P, 1, seed=2)
        got, most = on_tiles(lambda out, acc, a, b, c: nisa.select_reduce(
            out, b, a, c, reduce_res=acc, reduce_cmd=nisa.reduce_cmd.reset_reduce), (x, pick, other), [((P, F), F32), ((P, 1), F32)])
        want = np.where(pick, x, other)
        np.testing.assert_array_equal(got, want)
        np.testing.assert_array_equal(most, want.max(1, keepdims=True))
        got = on_tiles(lambda out, a, b: nisa.select_reduce(dst=out, predicate=b, on_true=a, on_false=2.0, reverse_pred=True), (x, pick),
                       [((P, F), F32)])
        np.testing.assert_array_equal(got, np.where(pick, np.float32(2), x))

    @on("trn2", "trn3")
    def test_nonzero_with_count(self):
        x = (np.arange(F) % 3 == 0).astype(np.float32)[None].repeat(P, 0)
        got = on_tiles(lambda out, a: nisa.nonzero_with_count(out, a, index_offset=100, padding_val=-7), (x,), [((P, F + 1), nl.int32)])
        places = np.flatnonzero(x[0])
        for row in range(0, P, 16):
            np.testing.assert_array_equal(got[row], np.r_[places + 100, np.full(F - places.size, -7), places.size])

    @on("trn2")
    def test_what_is_refused(self):
        x = normal(P, F)
        refused(self, "does not compare", lambda a: nisa.range_select(a, a, nl.add, nl.less, 0.0, 1.0), x)
        refused(self, "must be uint8", lambda a: nisa.select_reduce(a, a, a, 0.0), x)
        refused(self, "must be int32", lambda a: nisa.nonzero_with_count(tile(P, F + 1), a), x)

    @on("trn1")
    def test_what_trn1_does_not_have(self):
        x = normal(P, F)
        refused(self, "came with NeuronCore-v3", lambda a: nisa.range_select(a, a, nl.less, nl.less, 0.0, 1.0), x)
        refused(self, "came with NeuronCore-v3", lambda a: nisa.select_reduce(a, tile(P, F, dtype=nl.uint8), a, 0.0), x)
        refused(self, "came with NeuronCore-v3", lambda a: nisa.nonzero_with_count(tile(P, F + 1, dtype=nl.int32), a), x)


class Eight(unittest.TestCase):
    @on()
    def test_max8_and_where_they_are(self):
        x = normal(P, F)

        def body(values, places, a):
            nisa.max8(values, a)
            nisa.nc_find_index8(dst=places, data=a, vals=values)
        values, places = on_tiles(body, (x,), [((P, 8), F32), ((P, 8), nl.uint32)])
        order = np.argsort(-x, 1)[:, :8]
        np.testing.assert_array_equal(values, np.take_along_axis(x, order, 1))
        np.testing.assert_array_equal(places, order)

    @on()
    def test_nc_match_replace8(self):
        x = normal(P, F)

        def body(out, places, a):
            best = tile(P, 8)
            nisa.max8(dst=best, src=a)
            nisa.nc_match_replace8(out, a, best, -1e30, dst_idx=places)
        got, places = on_tiles(body, (x,), [((P, F), F32), ((P, 8), nl.uint32)])
        order = np.argsort(-x, 1)[:, :8]
        want = x.copy()
        np.put_along_axis(want, order, np.float32(-1e30), 1)
        np.testing.assert_array_equal(got, want)
        np.testing.assert_array_equal(places, order)

    @on()
    def test_topk(self):
        n, k = 16 * F, 8
        x = np.random.default_rng(3).permutation(n).astype(np.float32).reshape(F, 16).T
        x = (np.tile(x, (8, 1)) % 251).astype(np.float32)  # exact in bfloat16
        values, places = on_tiles(lambda v, i, a: nisa.topk(v, i, a, n), (x.astype(nl.bfloat16),),
                                  [((P, k), nl.bfloat16), ((P, k), nl.uint32)])
        snake = x[:16].flatten("F")
        close(self, np.sort(np.asarray(values[0], np.float32)), np.sort(snake)[-k:])
        np.testing.assert_array_equal(np.asarray(values[0], np.float32), snake[places[0]])

    @on("trn2")
    def test_what_is_refused(self):
        refused(self, "8 to 16384 are possible", lambda a: nisa.max8(tile(P, 8), a), normal(P, 7))
        refused(self, "must be [128, 8]", lambda a: nisa.max8(tile(P, 4), a), normal(P, F))
        refused(self, "must be uint32", lambda a: nisa.nc_find_index8(tile(P, 8), a, tile(P, 8)), normal(P, F))
        refused(self, "vals is", lambda a: nisa.nc_match_replace8(a, a, a, 0.0), normal(P, F))
        refused(self, "must be bfloat16", lambda a: nisa.topk(tile(P, 8), tile(P, 8, dtype=nl.uint32), a, 128), normal(P, F))


class Statistics(unittest.TestCase):
    @on()
    def test_bn_stats_of_even_and_odd_places(self):
        for width in (F, 37, 1):
            x = normal(P, width)
            got = on_tiles(lambda out, a: nisa.bn_stats(out, a), (x,), [((P, 6), F32)])
            parts = [x[:, 0::2], x[:, 1::2]] if width > 1 else [x]
            want = np.concatenate([np.stack([np.full(P, each.shape[1]), each.mean(1), each.var(1) * each.shape[1]], 1) for each in parts], 1)
            close(self, got[:, :want.shape[1]], want, relative=1e-5)

    @on()
    def test_bn_aggr_of_pieces(self):
        for dtype in (np.float32, nl.bfloat16):
            x = (np.round(normal(P, 1000) * 16) / 16).astype(dtype)  # exact in both

            def body(out, a):
                stats = tile(P, 2, 6)
                for i in range(2):
                    nisa.bn_stats(stats[:, i], a[:, 500 * i:500 * (i + 1)])
                nisa.bn_aggr(out, stats)
            got = on_tiles(body, (x,), [((P, 2), F32)])
            x = np.asarray(x, np.float64)
            close(self, got, np.stack([x.mean(1), x.var(1)], 1))

    @on()
    def test_sequence_bounds(self):
        ids = np.array([[1, 1, 2, 2, 2, 0, 0, 3]], np.int32)
        got = on_tiles(lambda out, a: nisa.sequence_bounds(out, a), (ids,), [((1, 2, 8), nl.int32)])
        np.testing.assert_array_equal(got[0], [[0, 0, 2, 2, 2, 8, 8, 7], [2, 2, 5, 5, 5, -1, -1, 8]])

    @on("trn2")
    def test_what_is_refused(self):
        refused(self, "at most 512", lambda a: nisa.bn_stats(tile(P, 6), a), normal(P, 513))
        refused(self, "must be [128, 6]", lambda a: nisa.bn_stats(tile(P, 5), a), normal(P, F))
        refused(self, "triples", lambda a: nisa.bn_aggr(tile(P, 2), a), normal(P, 10))
        refused(self, "must be [1, 128]", lambda a: nisa.sequence_bounds(tile(1, 2), a[0:1]), normal(P, F))


if __name__ == "__main__":
    unittest.main()
