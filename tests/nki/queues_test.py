# SPDX-License-Identifier: Apache-2.0
"""Which hardware block makes the descriptors of loads when a kernel does not say."""
import re
import unittest

import nki
import nki.isa as nisa
import nki.language as nl
import numpy as np
from devices import close, normal, on

P, TILES = 128, 8


def product(left, right, width=128, **how):
    """Tiles of both operands are loaded for every product; one store at the end. Options go to all loads."""
    out = nl.ndarray((P, width), dtype=nl.float32, buffer=nl.shared_hbm)
    acc = nl.ndarray((P, width), dtype=nl.float32, buffer=nl.psum)
    for k in nl.affine_range(TILES):
        tiles = []
        for source, columns in ((left, P), (right, width)):
            tiles.append(nl.ndarray((P, columns), dtype=source.dtype, buffer=nl.sbuf))
            nisa.dma_copy(dst=tiles[-1], src=source[k * P:(k + 1) * P, :], **how)
        nisa.nc_matmul(dst=acc, stationary=tiles[0], moving=tiles[1])
    tile = nl.ndarray(acc.shape, dtype=nl.float32, buffer=nl.sbuf)
    nisa.tensor_copy(dst=tile, src=acc)
    nisa.dma_copy(dst=out, src=tile)
    return out


def activated(left, right):
    """The same, of a kernel in which Scalar computes."""
    out = product(left, right)
    tile = nl.ndarray((P, 128), dtype=nl.float32, buffer=nl.sbuf)
    nisa.activation(dst=tile, op=nl.exp, data=nl.load(left[0:P, :]))
    return out


def copied(left, right):
    """A store for each load."""
    outs = [nl.ndarray((TILES * P, 128), dtype=nl.float32, buffer=nl.shared_hbm) for _ in range(2)]
    for k in nl.affine_range(TILES):
        for source, out in zip((left, right), outs):
            nl.store(out[k * P:(k + 1) * P, :], nl.load(source[k * P:(k + 1) * P, :]))
    return tuple(outs)


def loads(kernel, *shapes, **how):
    """Per tensor that is loaded the engines that trigger it."""
    text = nki.jit(kernel).text(*(np.zeros(each, np.float32) for each in shapes), **how)
    found = {}
    for engine, source in re.findall(r"(\w+)\.dma_copy .*?, (left|right)\b", text):
        found.setdefault(source, set()).add(engine)
    return found


SMALL = ((TILES * P, P), (TILES * P, 128))


class Queues(unittest.TestCase):
    @on("trn2", "trn3")
    def test_small_loads_of_two_tensors_use_both_blocks(self):
        self.assertEqual(loads(product, *SMALL), {"left": {"sync"}, "right": {"scalar"}})

    @on("trn1")
    def test_a_device_without_blocks_keeps_one_queue(self):
        self.assertEqual(loads(product, *SMALL), {"left": {"sync"}, "right": {"sync"}})

    @on("trn2")
    def test_what_a_kernel_says_is_done(self):
        for how, engine in (({"engine": nisa.sync_engine}, "sync"), ({"dge_mode": nisa.dge_mode.none}, "sync"),
                            ({"engine": nisa.scalar_engine}, "scalar")):
            with self.subTest(how=how):
                self.assertEqual(loads(product, *SMALL, **how), {"left": {engine}, "right": {engine}})

    @on("trn2")
    def test_large_loads_do_not_wait_for_descriptors(self):
        def large(left, right):
            for k in nl.affine_range(TILES):
                for each in (left, right):
                    nl.load(each[k * P:(k + 1) * P, :])

        self.assertEqual(loads(large, (TILES * P, 1024), (TILES * P, 1024)), {"left": {"sync"}, "right": {"sync"}})

    @on("trn2")
    def test_loads_do_not_stand_behind_what_scalar_computes_or_behind_stores(self):
        for kernel in (activated, copied):
            with self.subTest(kernel=kernel.__name__):
                self.assertEqual(loads(kernel, *SMALL), {"left": {"sync"}, "right": {"sync"}})

    @on("trn2")
    def test_results_are_the_same(self):
        left, right = normal(*SMALL[0]), normal(*SMALL[1], seed=1)
        close(self, nki.jit(product)(left, right), left.T.astype(np.float64) @ right)


if __name__ == "__main__":
    unittest.main()
