# SPDX-License-Identifier: Apache-2.0
"""Views of tensors: every form is applied to a tensor of increasing numbers in HBM and in SBUF, and to the same numpy array."""
import unittest

import nki
import nki.isa as nisa
import nki.language as nl
import numpy as np
from devices import device, normal, on, on_tiles, refused, tile

SHAPE = (32, 4, 6, 8)
NUMBERS = np.arange(np.prod(SHAPE), dtype=np.float32).reshape(SHAPE)


@nki.jit
def through_hbm(x, form):
    """The view of a tensor in HBM, copied to a result."""
    view = form(x)
    out = nl.ndarray(view.shape, x.dtype, nl.shared_hbm)
    nisa.dma_copy(out, view)
    return out


@nki.jit
def through_sbuf(x, form):
    """The view of a tile, copied by Vector to another tile."""
    held = nl.ndarray(x.shape, x.dtype, nl.sbuf)
    nisa.dma_copy(held, x)
    view = form(held)
    made = nl.ndarray(view.shape, x.dtype, nl.sbuf)
    nisa.tensor_copy(made, view)
    out = nl.ndarray(view.shape, x.dtype, nl.shared_hbm)
    nisa.dma_copy(out, made)
    return out


class OnChipAndInHbm(unittest.TestCase):
    """(view, the same of numpy's); forms for both memories leave partitions alone."""

    FORMS = [
        (lambda t: t[:, 1:3], lambda a: a[:, 1:3]),
        (lambda t: t[..., 2], lambda a: a[..., 2]),
        (lambda t: t[:, :, 1:6:2, -3:], lambda a: a[:, :, 1:6:2, -3:]),
        (lambda t: t[:, 2], lambda a: a[:, 2]),
        (lambda t: t[:, nl.ds(1, 2), nl.ds(2, 3)], lambda a: a[:, 1:3, 2:5]),
        (lambda t: t[:, -1, 0], lambda a: a[:, -1, 0]),
        (lambda t: t[0:32, 1, ...], lambda a: a[:, 1]),
        (lambda t: t.slice(1, 1, 4, 2), lambda a: a[:, 1:4:2]),
        (lambda t: t.slice(dim=2, start=0, end=5), lambda a: a[:, :, 0:5]),
        (lambda t: t.select(2, 3), lambda a: a[:, :, 3]),
        (lambda t: t.permute((0, 3, 1, 2)), lambda a: a.transpose(0, 3, 1, 2)),
        (lambda t: t.permute([0, 2, 1, 3])[:, 1], lambda a: a.transpose(0, 2, 1, 3)[:, 1]),
        (lambda t: t[:, 0:1].broadcast(1, 5), lambda a: np.repeat(a[:, 0:1], 5, 1)),
        (lambda t: t.expand_dim(1), lambda a: a[:, None]),
        (lambda t: t[:, 1:2].squeeze_dim(1), lambda a: a[:, 1]),
        (lambda t: t.reshape_dim(3, (2, -1)), lambda a: a.reshape(32, 4, 6, 2, 4)),
        (lambda t: t.flatten_dims(2, 3), lambda a: a.reshape(32, 4, 48)),
        (lambda t: t.flatten_dims(1, 3), lambda a: a.reshape(32, 192)),
        (lambda t: t.reshape((32, 192)), lambda a: a.reshape(32, 192)),
        (lambda t: t.reshape([32, 2, 96])[:, 1], lambda a: a.reshape(32, 2, 96)[:, 1]),
        (lambda t: t.reshape(32, 192), lambda a: a.reshape(32, 192)),
        (lambda t: t[:, 1:3].reshape((32, 96)), lambda a: a[:, 1:3].reshape(32, 96)),
        (lambda t: t.rearrange(("p", "a", "b", "c"), ("p", "c", "a", "b")), lambda a: a.transpose(0, 3, 1, 2)),
        (lambda t: t.rearrange(("p", "a", "b", "c"), ("p", "a", ("b", "c"))), lambda a: a.reshape(32, 4, 48)),
        (lambda t: t.rearrange(("p", "a", "b", ("c", "d")), ("p", "d", "a", "b", "c"), {"c": 2})[:, 1],
         lambda a: a.reshape(32, 4, 6, 2, 4).transpose(0, 4, 1, 2, 3)[:, 1]),
        (lambda t: t.ap([[192, 32], [1, 10]], offset=7), lambda a: a.reshape(32, 192)[:, 7:17]),
        (lambda t: t.ap(pattern=[[192, 32], [48, 4], [8, 3], [2, 4]], offset=1),
         lambda a: a[:, :, 0:3, 1::2]),
        (lambda t: t.ap([[192, 32], [0, 3], [1, 8]]), lambda a: np.repeat(a[:, 0, 0:1], 3, 1)),
        (lambda t: t[:, 1].ap([[192, 32], [1, 8]]), lambda a: a[:, 1, 0]),
    ]

    @on("trn1", "trn2")
    def test_views_of_hbm(self):
        for i, (form, numpys) in enumerate(self.FORMS):
            with self.subTest(form=i):
                np.testing.assert_array_equal(through_hbm(NUMBERS, form), numpys(NUMBERS))

    @on("trn1", "trn2")
    def test_views_of_sbuf(self):
        for i, (form, numpys) in enumerate(self.FORMS):
            with self.subTest(form=i):
                np.testing.assert_array_equal(through_sbuf(NUMBERS, form), numpys(NUMBERS))


class InHbm(unittest.TestCase):
    @on("trn2")
    def test_integers_drop_dimensions(self):
        for form, numpys in ((lambda t: t[3], lambda a: a[3]), (lambda t: t[3, 2, 1], lambda a: a[3, 2, 1]),
                             (lambda t: t[-1, :, 0], lambda a: a[-1, :, 0]), (lambda t: t[nl.ds(4, 8)], lambda a: a[4:12]),
                             (lambda t: t[1:9:4], lambda a: a[1:9:4]), (lambda t: t.permute((1, 0, 2, 3)), lambda a: a.swapaxes(0, 1)),
                             (lambda t: t.flatten_dims(0, 1), lambda a: a.reshape(128, 6, 8)),
                             (lambda t: t.reshape((64, 96)), lambda a: a.reshape(64, 96)),
                             (lambda t: t[0:1].broadcast(0, 32), lambda a: np.repeat(a[0:1], 32, 0)),
                             (lambda t: t.expand_dim(0), lambda a: a[None]),
                             (lambda t: t.ap([[0, 128], [1, 48]], offset=192), lambda a: np.repeat(a[1:2, 0].reshape(1, 48), 128, 0))):
            np.testing.assert_array_equal(through_hbm(NUMBERS, form), numpys(NUMBERS))


class OnChip(unittest.TestCase):
    @on("trn2")
    def test_integers_keep_two_dimensions(self):
        x = normal(64, 40)
        for form, shape, numpys in ((lambda t: t[32], (1, 40), lambda a: a[32:33]), (lambda t: t[:, 5], (64, 1), lambda a: a[:, 5:6]),
                                    (lambda t: t[32, 7], (1, 1), lambda a: a[32:33, 7:8]),
                                    (lambda t: t[32:64, 3:9], (32, 6), lambda a: a[32:, 3:9])):
            got = through_sbuf(x, form)
            self.assertEqual(got.shape, shape)
            np.testing.assert_array_equal(got, numpys(x))

    @on("trn2")
    def test_writing_through_a_view(self):
        x = normal(64, 6, 10)

        def body(out, a):
            nisa.memset(out, 0.0)
            nisa.tensor_copy(dst=out.permute((0, 2, 1))[:, 2:4], src=a.permute((0, 2, 1))[:, 5:7])
        want = np.zeros_like(x)
        want[:, :, 2:4] = x[:, :, 5:7]
        np.testing.assert_array_equal(on_tiles(body, (x,), [(x.shape, nl.float32)]), want)

    @on("trn2")
    def test_queries(self):
        @nki.jit
        def kernel(x):
            t = tile(64, 6, 10)
            self.assertEqual(t.get_pattern(), [[60, 64], [10, 6], [1, 10]])
            self.assertEqual(t[:, 1:3].get_pattern(), [[60, 64], [10, 2], [1, 10]])
            self.assertTrue(t.is_contiguous() and t[:, 1:3].is_contiguous())
            self.assertFalse(t[:, :, 1:3].is_contiguous() or t.permute((0, 2, 1)).is_contiguous())
            self.assertFalse(t.is_indirect())
            self.assertEqual((t.ndim, t.size, t.shape, t.dtype, t.buffer), (3, 3840, (64, 6, 10), nl.float32, nl.sbuf))
            self.assertTrue(x.buffer in (nl.hbm, nl.shared_hbm) and nl.is_hbm(x.buffer) and not nl.is_on_chip(x.buffer))
            self.assertFalse(t == None)  # noqa: E711: kernels write it so
            self.assertTrue(t is not None and t != None)  # noqa: E711
            return x
        kernel(normal(4, 4))

    @on("trn2")
    def test_what_is_refused(self):
        x = normal(64, 6, 10)
        refused(self, "outside of dimension 2, which has 10", lambda a: a[:, :, 10], x, error=IndexError)
        refused(self, "outside of dimension 0", lambda a: a[0:65], x, error=IndexError)
        refused(self, "is empty", lambda a: a[:, 3:3], x, error=IndexError)
        refused(self, "ds(8, 4) is outside", lambda a: a[:, :, nl.ds(8, 4)], x, error=IndexError)
        refused(self, "partitions are taken without steps", lambda a: a[0:64:2], x, error=IndexError)
        refused(self, "the index has more", lambda a: a[0, 0, 0, 0], x, error=IndexError)
        refused(self, "stays where it is", lambda a: a.permute((1, 0, 2)), x)
        refused(self, "counts partitions", lambda a: a.reshape((32, 120)), x)
        refused(self, "does not have the", lambda a: a.reshape((64, 61)), x)
        refused(self, "without a copy", lambda a: a.permute((0, 2, 1)).reshape((64, 60)), x)
        refused(self, "only 1 can be repeated", lambda a: a.broadcast(1, 3), x)
        refused(self, "not 1", lambda a: a.squeeze_dim(1), x)
        refused(self, "there is no dimension 3", lambda a: a.select(3, 0), x)
        refused(self, "it must be that of partitions, 60", lambda a: a.ap([[30, 64], [1, 30]]), x)
        refused(self, "which has 60 per partition", lambda a: a.ap([[60, 64], [1, 30]], offset=40), x, error=IndexError)
        refused(self, "no Python number", lambda a: int(a), x, error=TypeError)
        refused(self, "not known when the kernel is traced", lambda a: a if a else None, x, error=TypeError)


class Allocation(unittest.TestCase):
    @on("trn2")
    def test_what_is_refused(self):
        refused(self, "has 129 partitions, sbuf has 128", lambda: nl.ndarray((129, 4), nl.float32, nl.sbuf))
        refused(self, "at least 2 dimensions", lambda: nl.ndarray((128,), nl.float32, nl.sbuf))
        refused(self, "has 8 banks of 2048", lambda: nl.ndarray((128, 4097), nl.float32, nl.psum))
        refused(self, "bytes per partition of SBUF", lambda: nl.ndarray((128, 60000), nl.float32, nl.sbuf))
        refused(self, "has no elements", lambda: nl.ndarray((128, 0), nl.float32, nl.sbuf))
        refused(self, "is no buffer", lambda: nl.ndarray((128, 4), nl.float32, buffer="sbuf"))
        refused(self, "no element type", lambda: nl.ndarray((128, 4), "float31", nl.sbuf), error=TypeError)
        refused(self, "leave psum", lambda: nl.ndarray((128, 512), nl.float32, nl.psum, address=(0, 8 * 2048)))
        refused(self, "up to 32 partitions begin at multiples of 32", lambda: nisa.memset(tile(128, 4)[16:32], 0.0))

    @on("trn2")
    def test_numbers_that_are_not_whole(self):
        x = normal(128, 8)
        refused(self, "the slice 0:2.5 does not begin and end at whole numbers", lambda a: a[0:2.5], x, error=IndexError)
        refused(self, "ds(0.5, 2) does not consist of integers", lambda a: a[nl.ds(0.5, 2)], x, error=TypeError)
        refused(self, "ds(0, 2.5) does not consist of integers", lambda a: a[nl.ds(0, 2.5)], x, error=TypeError)
        refused(self, "(128, 2.5) does not consist of integers", lambda: nl.ndarray((128, 2.5), nl.float32, nl.sbuf), error=TypeError)

        def halves(out, a):  # as 256 / 2 makes them
            nisa.tensor_copy(out, a[0:128 / 2, nl.ds(0.0, 8 / 2)])
        np.testing.assert_array_equal(on_tiles(halves, (x,), [((128 / 2, 8 / 2), nl.float32)]), x[:64, :4])

    @on("trn1", "trn2")
    def test_addresses(self):
        x = normal(128, 16)

        def body(out, a):
            one = nl.ndarray((128, 16), nl.float32, nl.sbuf, address=(0, 4096))
            two = nl.ndarray((64, 16), nl.float32, nl.sbuf, address=(64, 8192))
            nisa.tensor_copy(one, a)
            nisa.tensor_copy(two, one[0:64])
            nisa.tensor_copy(out, two)
        np.testing.assert_array_equal(on_tiles(body, (x,), [((64, 16), nl.float32)]), x[0:64])

    @on("trn2")
    def test_tiles_without_an_address_lie_between_stack_and_heap(self):
        def body(out, a):
            top = nl.tile_size.total_available_sbuf_size
            stack, heap = (nl.ndarray((128, 16), nl.float32, nl.sbuf, address=(0, each)) for each in (0, top - 64))
            large = nl.ndarray((128, 40000), nl.float32, nl.sbuf)
            nisa.tensor_copy(stack, a)
            nisa.memset(large, 1.0)
            nisa.tensor_tensor(heap, stack, large[:, 0:16], nl.add)
            nisa.tensor_tensor(out, heap, large[:, 16:32], nl.add)
        x = normal(128, 16)
        np.testing.assert_array_equal(on_tiles(body, (np.round(x),), [((128, 16), nl.float32)]), np.round(x) + 2)

    def test_limits_follow_the_device(self):
        sizes = []
        for name in ("trn1", "trn2", "trn3"):
            with device(name):
                sizes.append(nl.tile_size.sbuf_fmax_bytes)
        self.assertEqual(sizes, sorted(set(sizes)))
        self.assertEqual((nl.tile_size.pmax, nl.tile_size.psum_fmax, nl.tile_size.gemm_moving_fmax, nl.tile_size.psum_num_banks),
                         (128, 512, 512, 8))


if __name__ == "__main__":
    unittest.main()
