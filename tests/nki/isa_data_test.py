# SPDX-License-Identifier: Apache-2.0
"""nki.isa: copies, fills, shuffles, gathers and transfers by DMA, against numpy."""
import unittest

import nki
import nki.isa as nisa
import nki.language as nl
import numpy as np
from devices import close, normal, on, on_tiles, refused, tile

P, F = 128, 64
F32 = nl.float32


class Copies(unittest.TestCase):
    @on()
    def test_tensor_copy_casts_on_every_engine(self):
        x = normal(P, F) * 100
        for engine in (nisa.engine.unknown, nisa.engine.vector, nisa.engine.scalar, nisa.engine.gpsimd):
            got = on_tiles(lambda out, a: nisa.tensor_copy(out, a, engine=engine), (x,), [((P, F), nl.int32)])
            np.testing.assert_array_equal(got, np.rint(x).astype(np.int32))

    @on()
    def test_casts_to_integers_round_to_even_and_saturate(self):
        x = np.array([[0.5, 1.5, -2.5, 300.0, -300.0, 127.4]] * P, np.float32)
        got = on_tiles(lambda out, a: nisa.tensor_copy(dst=out, src=a), (x,), [((P, 6), nl.int8)])
        np.testing.assert_array_equal(got[0], [0, 2, -2, 127, -128, 127])

    @on()
    def test_memset(self):
        for dtype, value in ((F32, 1.25), (nl.int32, 7), (nl.bfloat16, -2.0), (nl.uint8, 255)):
            got = on_tiles(lambda out: nisa.memset(out, value), (), [((P, F), dtype)])
            np.testing.assert_array_equal(got, np.full((P, F), value, got.dtype))
        got = on_tiles(lambda out: nisa.memset(dst=out, value=3.0, engine=nisa.gpsimd_engine), (), [((P, F), F32)])
        self.assertEqual(float(got[5, 5]), 3.0)

    @on()
    def test_tensor_copy_predicated(self):
        x, y = normal(P, F), normal(P, F, seed=1)
        where = (normal(P, F, seed=2) > 0).astype(np.uint8)

        def body(out, a, b, c, reverse=False):
            nisa.tensor_copy(out, b)
            nisa.tensor_copy_predicated(out, a, c, reverse_pred=reverse)
        np.testing.assert_array_equal(on_tiles(body, (x, y, where), [((P, F), F32)]), np.where(where, x, y))
        got = on_tiles(lambda *tiles: body(*tiles, reverse=True), (x, y, where), [((P, F), F32)])
        np.testing.assert_array_equal(got, np.where(where, y, x))

    @on()
    def test_tensor_copy_predicated_of_a_number(self):
        y, where = normal(P, F), (normal(P, F, seed=2) > 0).astype(np.uint32)

        def body(out, b, c):
            nisa.tensor_copy(out, b)
            nisa.tensor_copy_predicated(out, -1.5, c)
        np.testing.assert_array_equal(on_tiles(body, (y, where), [((P, F), F32)]), np.where(where, np.float32(-1.5), y))

    @on()
    def test_nc_stream_shuffle(self):
        x = normal(P, F)
        mask = [(7 * i + 3) % 32 for i in range(32)]
        got = on_tiles(lambda out, a: nisa.nc_stream_shuffle(out, a, mask), (x,), [((P, F), F32)])
        np.testing.assert_array_equal(got, x.reshape(4, 32, F)[:, mask].reshape(P, F))
        got = on_tiles(lambda out, a: nisa.nc_stream_shuffle(dst=out, src=a[0:1], shuffle_mask=[0] * 32), (x,), [((P, F), F32)])
        np.testing.assert_array_equal(got, np.repeat(x[:1], P, 0))

    @on()
    def test_local_gather(self):
        x = normal(P, F)
        index = (np.arange(P * 2).reshape(P, 2) * 5 % F).astype(np.uint16)
        got = on_tiles(lambda out, a, i: nisa.local_gather(out, a, i), (x, index), [((P, 32), F32)])
        for group in range(8):
            rows = slice(16 * group, 16 * group + 16)
            np.testing.assert_array_equal(got[rows], x[rows][:, index[rows].flatten("F")])

    @on("trn3")
    def test_operands_that_an_index_picks(self):
        x, index = normal(P, 200), np.random.default_rng(1).integers(0, 200, (P, 4)).astype(np.uint16)
        want = np.stack([x[p, index[p // 16 * 16:p // 16 * 16 + 16].flatten("F")] for p in range(P)])

        def body(copied, added, a, i):
            nisa.tensor_copy(copied, a.indirect(i))
            nisa.tensor_tensor(added, a[:, :48], a.indirect(i, 48), nl.add)
        copied, added = on_tiles(body, (x, index), [((P, 64), nl.float32), ((P, 48), nl.float32)])
        np.testing.assert_array_equal(copied, want)
        np.testing.assert_array_equal(added, x[:, :48] + want[:, :48])
        refused(self, "a view of what it picks", lambda a, i: a.indirect(i)[:, 0:8], x, index, error=NotImplementedError)
        refused(self, ".indirect() of a destination", lambda a, i: nisa.tensor_copy(a.indirect(i), a[:, :64]), x, index, error=NotImplementedError)

    @on("trn2")
    def test_indices_of_operands_came_late(self):
        refused(self, "came with NeuronCore-v4", lambda a, i: a.indirect(i), normal(P, 20), np.zeros((P, 1), np.uint16))

    @on()
    def test_nc_n_gather(self):
        x = normal(P, F)
        index = (np.arange(P * 16).reshape(P, 16) * 11 % F).astype(np.uint32)
        got = on_tiles(lambda out, a, i: nisa.nc_n_gather(out, a, i), (x, index), [((P, 16), F32)])
        np.testing.assert_array_equal(got, np.take_along_axis(x, index.astype(np.int64), 1))

    @on("trn2")
    def test_what_is_refused(self):
        x = normal(P, F)
        refused(self, "partitions and elements per partition must be equal", lambda a: nisa.tensor_copy(tile(P, 8), a), x)
        refused(self, "only on vector, gpsimd", lambda a: nisa.memset(a, 0, engine=nisa.scalar_engine), x)
        refused(self, "no integer", lambda a: nisa.memset(tile(P, 4, dtype=nl.int32), 0.5), x)
        refused(self, "must be uint8", lambda a: nisa.tensor_copy_predicated(a, a, a), x)
        refused(self, "32 entries", lambda a: nisa.nc_stream_shuffle(a, a, [0] * 31), x)
        refused(self, "must be uint16", lambda a: nisa.local_gather(a, a, a), x)
        refused(self, "power of two", lambda a: nisa.local_gather(a, a, tile(P, 4, dtype=nl.uint16), 3), x)
        refused(self, "must be uint32", lambda a: nisa.nc_n_gather(a, a, a), x)
        refused(self, "must be a tensor", lambda a: nisa.tensor_copy(a, 1.0), x, error=TypeError)


@nki.jit
def copies(x, y):
    """y in HBM becomes x transposed in blocks, by way of strided views on both sides."""
    nisa.dma_copy(dst=y, src=x.permute((1, 0)))
    return y


@nki.jit
def strided(x):
    out = nl.ndarray((64, 32), x.dtype, nl.shared_hbm)
    columns = nl.ndarray((64, 32), x.dtype, nl.sbuf)
    nisa.dma_copy(columns, x[0:128:2, 1:64:2])
    nisa.dma_copy(out, columns)
    return out


@nki.jit
def through_descriptors(x, mode):
    out = nl.ndarray(x.shape, x.dtype, nl.shared_hbm)
    held = nl.ndarray(x.shape, x.dtype, nl.sbuf)
    nisa.dma_copy(dst=held, src=x, dge_mode=mode)
    nisa.dma_copy(dst=out, src=held, dge_mode=mode, oob_mode=nisa.oob_mode.error)
    return out


class Dma(unittest.TestCase):
    @on()
    def test_dma_copy_of_views(self):
        x = normal(32, 48)
        np.testing.assert_array_equal(copies(x, np.zeros((48, 32), np.float32)), x.T)
        x = normal(P, F)
        np.testing.assert_array_equal(strided(x), x[::2, 1::2])

    @on()
    def test_dma_copy_converts(self):
        x = normal(P, F)
        got = on_tiles(lambda out, a: nisa.dma_copy(out, a), (x,), [((P, F), nl.bfloat16)])
        close(self, got, x, relative=2 ** -8)

    @on()
    def test_dma_copy_between_partitions(self):
        x = normal(P, F)
        got = on_tiles(lambda out, a: nisa.dma_copy(out, a[1:5, 3:19]), (x,), [((16, 4), F32)])
        np.testing.assert_array_equal(got, x[1:5, 3:19].reshape(16, 4))

    @on()
    def test_descriptor_generation(self):
        x = normal(P, F)
        for mode in (nisa.dge_mode.none, nisa.dge_mode.swdge, nisa.dge_mode.unknown):
            np.testing.assert_array_equal(through_descriptors(x, mode), x)

    @on("trn2", "trn3")
    def test_descriptor_generation_by_hardware(self):
        x = normal(P, F)
        np.testing.assert_array_equal(through_descriptors(x, nisa.dge_mode.hwdge), x)

    @on("trn2", "trn3")
    def test_dma_transpose(self):
        for shape, axes in (((48, 32), (1, 0)), ((16, 3, 32), (2, 1, 0)), ((16, 2, 3, 32), (3, 1, 2, 0))):
            x = normal(*shape)
            want = x.transpose(axes)

            @nki.jit
            def kernel(array):
                turned = nl.ndarray(want.shape, array.dtype, nl.sbuf)
                nisa.dma_transpose(dst=turned, src=array, axes=axes)
                out = nl.ndarray(want.shape, array.dtype, nl.shared_hbm)
                nisa.dma_copy(out, turned)
                return out
            np.testing.assert_array_equal(kernel(x), want)

    @on()
    def test_dma_compute_adds_up_to_16_sources(self):
        arrays = [normal(P, F, seed=i) for i in range(5)]
        got = on_tiles(lambda out, *tiles: nisa.dma_compute(out, list(tiles), nl.add), arrays, [((P, F), F32)])
        close(self, got, sum(arrays))

    @on("trn2")
    def test_what_is_refused(self):
        x = normal(P, F)
        refused(self, "which DMA does not reach", lambda a: nisa.dma_copy(tile(P, F, buffer=nl.psum), a), x)
        refused(self, "they must be equal", lambda a: nisa.dma_copy(tile(P, F + 1), a), x)
        refused(self, "hwdge does not convert", lambda a: nisa.dma_copy(
            tile(P, F, dtype=nl.bfloat16), a, dge_mode=nisa.dge_mode.hwdge), x)
        refused(self, "hwdge is commanded by sync or scalar", lambda a: nisa.dma_copy(
            tile(P, F), a, dge_mode=nisa.dge_mode.hwdge, engine=nisa.engine.gpsimd), x)
        refused(self, "axes", lambda a: nisa.dma_transpose(tile(F, P), a, axes=(0, 1)), x)
        refused(self, "must be [64, 128]", lambda a: nisa.dma_transpose(tile(F, 4), a), x)
        refused(self, "can only add", lambda a: nisa.dma_compute(tile(P, F), [a, a], nl.maximum), x)
        refused(self, "only 1 is possible", lambda a: nisa.dma_compute(tile(P, F), [a, a], nl.add, scales=[1.0, 2.0]), x)

    @on("trn1")
    def test_what_trn1_does_not_have(self):
        x = normal(P, F)
        refused(self, "came with NeuronCore-v3", lambda a: nisa.dma_copy(tile(P, F), a, dge_mode=nisa.dge_mode.hwdge), x)
        refused(self, "cannot transpose by DMA", lambda a: nisa.dma_transpose(tile(F, P), a), x)


if __name__ == "__main__":
    unittest.main()
