# SPDX-License-Identifier: Apache-2.0
"""What the tests of NKI kernels share: devices to run on, and comparison with numpy."""
import functools
import os
from contextlib import contextmanager

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
