# SPDX-License-Identifier: Apache-2.0
"""Kernels of the first dialect that need more of PSUM or SBUF than there is: tiles are moved out of the way, with a warning."""
import unittest
import warnings

import neuronxcc.nki as nki
import neuronxcc.nki.isa as nisa
import neuronxcc.nki.language as nl
import numpy as np
from devices import close, normal, on

P, F = 128, 64


def run(case, kernel, *arrays, says):
    """The result; `says` is in a warning, which names this file."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = kernel(*arrays)
    told = [str(each.message) for each in caught if "is too small" in str(each.message)]
    case.assertEqual(len(told), len(says), told)
    for text, rule in zip(told, says):
        case.assertRegex(text, r"old_spill_test.py:\d+: " + rule)
    return result


@nki.jit
def many_products(x):
    """All of them are made before the first is used."""
    t = nl.load(x)
    products = nl.ndarray((12, nl.par_dim(F), 512), dtype=np.float32, buffer=nl.psum)
    for i in nl.affine_range(12):
        products[i, :, 0:F] = nisa.nc_matmul(t, nl.multiply(t, float(i + 1)))
    out = nl.ndarray((12, F, F), dtype=np.float32, buffer=nl.shared_hbm)
    for i in nl.affine_range(12):
        nl.store(out[i], nl.exp(nl.multiply(products[i, :, 0:F], 0.001)))
    return out


@nki.jit
def many_sums(x, count, width):
    """`count` tiles to which something is added in turn."""
    sums = nl.ndarray((count, nl.par_dim(P), width), dtype=np.float32)
    for i in range(count):
        sums[i, :, :] = nl.load(x)
    for turn in range(3):
        for i in range(count):
            sums[i, :, 0:F] += sums[(i + 1) % count, :, width - F:width]
    out = nl.ndarray((count, P, width), dtype=np.float32, buffer=nl.shared_hbm)
    for i in range(count):
        nl.store(out[i], sums[i])
    return out


@nki.jit
def sums_of_rows(x):
    """Tiles with rows in each partition, which are summed up after all were loaded."""
    tiles = nl.ndarray((7, nl.par_dim(P), 16, 512), dtype=np.float32)
    for i in range(7):
        tiles[i] = nl.multiply(nl.load(x), float(i + 1))
    out = nl.ndarray((7, P, 16), dtype=np.float32, buffer=nl.shared_hbm)
    for i in range(7):
        nl.store(out[i], nl.sum(tiles[i], axis=2))
    return out


class Spill(unittest.TestCase):
    @on()
    def test_products_wait_in_sbuf(self):
        x = normal(P, F)
        got = run(self, many_products, x, says=[r"PSUM of trn\d is too small for this kernel: 4 tiles, .*moved to SBUF"])
        product = x.T.astype(np.float64) @ x
        close(self, got, np.exp(0.001 * np.arange(1, 13)[:, None, None] * product), relative=1e-4)

    @on("trn1")
    def test_tiles_wait_in_hbm(self):
        x = normal(P, 8192)
        want = np.repeat(x[None], 7, axis=0)
        for _ in range(3):
            for i in range(7):
                want[i, :, 0:F] += want[(i + 1) % 7, :, -F:]
        got = run(self, many_sums, x, 7, 8192, says=[r"SBUF of trn\d is too small for this kernel: \d+ tiles, .*moved to HBM"])
        close(self, got, want)

    @on("trn1")
    def test_operands_keep_the_dimensions_that_mean_something(self):
        x = normal(P, 16, 512)
        got = run(self, sums_of_rows, x, says=[r"SBUF of trn\d is too small for this kernel: \d+ tiles, .*moved to HBM"])
        close(self, got, np.arange(1, 8)[:, None, None] * x.sum(axis=2, dtype=np.float64))

    @on("trn1")
    def test_a_program_says_how_many_bytes_went_to_hbm(self):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            text = sums_of_rows.text(normal(P, 16, 512))
        saved = text.count(" internal float32 ")
        self.assertGreater(saved, 0)
        self.assertIn(f"spilled {saved * P * 8192 * 4}\n", text)

    @on("trn2")
    def test_what_fits_is_left_alone(self):
        x = normal(P, 1024)
        run(self, many_sums, x, 10, 1024, says=[])

    @on("trn2")
    def test_tiles_that_one_instruction_needs_at_a_time_are_refused(self):
        def body(x):
            wide = nl.load(x)
            return nl.add(wide, nl.multiply(wide, 2.0))
        with self.assertRaisesRegex(nki.NkiValidationError, "SBUF of trn2 has"):
            nki.jit(body)(np.zeros((P, 30000), np.float32))


if __name__ == "__main__":
    unittest.main()
