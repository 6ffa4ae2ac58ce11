# SPDX-License-Identifier: Apache-2.0
"""What the tests of NKI kernels share: devices to run on, and comparison with numpy."""
import functools
import os
import re
from contextlib import contextmanager

import nki
import nki.isa as nisa
import nki.language as nl
import numpy as np

ALL = ("trn1", "trn2", "trn3")


@contextmanager
def device(name):
    """Kernels called inside run on that device."""
    before = os.environ.get("NEURON_PLATFORM_TARGET_OVERRIDE")
    os.environ["NEURON_PLATFORM_TARGET_OVERRIDE"] = name
    try:
        yield
    finally:
        if before is None:
            del os.environ["NEURON_PLATFORM_TARGET_OVERRIDE"]
        else:
            os.environ["NEURON_PLATFORM_TARGET_OVERRIDE"] = before


def on(*names):
    """A test case that is run once per device, whose name it is given."""
    def decorate(function):
        @functools.wraps(function)
        def run(self):
            for name in names or ALL:
                with self.subTest(device=name), device(name):
                    function(self)
        return run
    return decorate


def close(case, got, expected, relative=1e-5, absolute=1e-6):
    """Every element within `relative` of the largest expected value, and `absolute`."""
    got, expected = np.asarray(got, np.float64), np.asarray(expected, np.float64)
    case.assertEqual(got.shape, expected.shape)
    bound = absolute + relative * float(np.max(np.abs(expected[np.isfinite(expected)]), initial=0))
    case.assertTrue(np.array_equal(np.isfinite(got), np.isfinite(expected)), "not finite at the same places")
    finite = np.isfinite(expected)
    worst = float(np.max(np.abs(got - expected)[finite], initial=0))
    case.assertLessEqual(worst, bound)


def normal(*shape, seed=0, dtype=np.float32):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def on_tiles(body, inputs, outputs):
    """Loads arrays as tiles, calls body(*out_tiles, *in_tiles), and returns the stored out_tiles as arrays.
    `outputs`: (shape, dtype) of each."""
    @nki.jit
    def kernel(*arrays):
        tiles = []
        for array in arrays:
            tile = nl.ndarray(array.shape, array.dtype, nl.sbuf)
            nisa.dma_copy(tile, array)
            tiles.append(tile)
        made = [nl.ndarray(shape, dtype, nl.sbuf) for shape, dtype in outputs]
        body(*made, *tiles)
        stored = []
        for tile in made:
            out = nl.ndarray(tile.shape, tile.dtype, nl.shared_hbm)
            nisa.dma_copy(out, tile)
            stored.append(out)
        return tuple(stored)

    results = kernel(*inputs)
    return results[0] if len(results) == 1 else results


def refused(case, rule, body, *inputs, error=nki.NkiValidationError):
    """The kernel that calls body() with tiles is refused; the message names body's file and line and has `rule` in it."""
    name = os.path.basename(body.__code__.co_filename)
    with case.assertRaises(error) as caught:
        on_tiles(lambda *tiles: body(*tiles), inputs, [])
    message = str(caught.exception)
    case.assertIn(rule, message)
    case.assertRegex(message, re.escape(name) + r":\d+: ")
    line = int(re.search(re.escape(name) + r":(\d+): ", message).group(1))
    first = body.__code__.co_firstlineno
    case.assertTrue(first <= line <= first + 30, message)


def tile(*shape, dtype=nl.float32, buffer=nl.sbuf):
    return nl.ndarray(shape, dtype, buffer)
