# SPDX-License-Identifier: Apache-2.0
"""Kernels with one mistake each. Every one is refused before anything runs, with its file, the line of the mistake
(marked below with `# wrong`) and the rule that it breaks."""
import inspect
import os
import re
import unittest
import warnings

import nki
import nki.isa as nisa
import nki.language as nl
from devices import normal, on


def too_many_partitions(x):
    tile = nl.ndarray((256, 512), x.dtype, buffer=nl.sbuf)  # wrong
    nisa.dma_copy(tile, x)


def result_across_two_banks(x):
    tile = nl.load(x[0:128, 0:128])
    acc = nl.ndarray((128, 2, 300), nl.float32, buffer=nl.psum)
    wide = nl.load(x[0:128, 0:300])
    nisa.nc_matmul(acc[:, 1, :], tile, wide)  # wrong


def product_into_sbuf(x):
    tile = nl.load(x[0:128, 0:128])
    acc = nl.ndarray((128, 128), nl.float32, buffer=nl.sbuf)
    nisa.nc_matmul(acc, tile, tile)  # wrong


def transfer_out_of_psum(x):
    tile = nl.load(x[0:128, 0:128])
    acc = nl.ndarray((128, 128), nl.float32, buffer=nl.psum)
    nisa.nc_matmul(acc, tile, tile)
    out = nl.ndarray((128, 128), nl.float32, buffer=nl.shared_hbm)
    nisa.dma_copy(out, acc)  # wrong
    return out


def gpsimd_in_psum(x):
    tile = nl.load(x[0:128, 0:128])
    acc = nl.ndarray((128, 128), nl.float32, buffer=nl.psum)
    nisa.tensor_copy(acc, tile, engine=nisa.gpsimd_engine)  # wrong


def reduction_over_partitions(x):
    tile = nl.load(x[0:128])
    total = nl.ndarray((1, 512), nl.float32, buffer=nl.sbuf)
    nisa.tensor_reduce(total, nl.add, tile, axis=0)  # wrong


def sizes_that_differ(x):
    tile = nl.load(x[0:128])
    half = nl.ndarray((128, 256), x.dtype, buffer=nl.sbuf)
    nisa.activation(dst=half, op=nl.exp, data=tile)  # wrong


def index_beyond_the_tensor(x):
    for i in nl.affine_range(3):
        nl.load(x[nl.ds(i * 128, 128)])  # wrong


def bits_of_floats(x):
    tile = nl.load(x[0:128])
    nisa.tensor_scalar(tile, tile, nl.bitwise_and, 255)  # wrong


def masked_load(x):
    nl.load(x[0:128], mask=nl.shared_identity_matrix(128))  # wrong


def masked_store(x):
    tile = nl.load(x[0:128])
    nl.store(x[0:128], tile, mask=tile)  # wrong


def masked_sum(x):
    tile = nl.load(x[0:128])
    nl.sum(tile, axis=1, mask=tile)  # wrong


def masked_softmax(x):
    tile = nl.load(x[0:128])
    nl.softmax(tile, mask=tile)  # wrong


def branch_on_a_value(x):
    tile = nl.load(x[0:128])
    if tile[0, 0] > 0.0:  # wrong
        nisa.memset(tile, 0.0)


def helper_with_the_mistake(tile):
    nisa.nc_transpose(tile, tile)  # wrong


def mistake_in_a_helper(x):
    helper_with_the_mistake(nl.load(x[0:128, 0:64]))


def part_of_an_iteration(x):
    for _ in nl.affine_range(x.shape[0] / 100):  # wrong
        pass


WRONG = {
    too_many_partitions: "has 256 partitions, sbuf has 128",
    result_across_two_banks: "a result lies in one bank of 2048 bytes",
    product_into_sbuf: "dst is in sbuf, must be in psum",
    transfer_out_of_psum: "src is in PSUM, which DMA does not reach",
    gpsimd_in_psum: "an operand is in PSUM, which GpSimd cannot access",
    reduction_over_partitions: "axis 0 does not name free dimensions",
    sizes_that_differ: "partitions and elements per partition must be equal",
    index_beyond_the_tensor: "is outside of dimension 0, which has 256 elements",
    bits_of_floats: "bitwise_and needs integers, an operand is float32",
    masked_load: "mask= is not of this dialect",
    masked_store: "mask= is not of this dialect",
    masked_sum: "mask= is not of this dialect",
    masked_softmax: "mask= is not of this dialect",
    branch_on_a_value: "its values are not known when the kernel is traced",
    part_of_an_iteration: "2.56 is no whole number of iterations",
    mistake_in_a_helper: "at most [32, 32] can be transposed on vector",
}


RIGHT_ON_V4 = {result_across_two_banks}  # whose results may lie in several banks


def _line_of_the_mistake(function):
    lines, first = inspect.getsourcelines(function)
    marked = [first + i for i, line in enumerate(lines) if "# wrong" in line]
    return marked[0]


class WrongKernels(unittest.TestCase):
    @on()
    def test_each_is_refused_with_file_line_and_rule(self):
        for kernel, rule in WRONG.items():
            if kernel in RIGHT_ON_V4 and nisa.get_nc_version() >= nisa.nc_version.gen4:
                continue
            with self.subTest(kernel=kernel.__name__):
                with self.assertRaises((nki.NkiValidationError, IndexError, TypeError)) as caught:
                    nki.jit(kernel)(normal(256, 512))
                message = str(caught.exception)
                self.assertIn(rule, message)
                where = re.match(r"(.*):(\d+): (nki\.isa\.|nl\.|tensor)", message)
                self.assertIsNotNone(where, message)
                self.assertEqual(os.path.basename(where.group(1)), "wrong_kernels_test.py")
                culprit = helper_with_the_mistake if kernel is mistake_in_a_helper else kernel
                self.assertEqual(int(where.group(2)), _line_of_the_mistake(culprit))

    @on()
    def test_what_only_the_simulator_finds_names_the_line_too(self):
        def too_much_for_sbuf(x):
            tiles = [nl.load(x[0:128]) for _ in range(300)]
            total = tiles[0]
            for each in tiles:
                nisa.tensor_tensor(total, total, each, nl.add)
        with self.assertRaisesRegex(nki.NkiValidationError, "SBUF|sbuf"):
            nki.jit(too_much_for_sbuf)(normal(128, 512))

    @on("trn2")
    def test_reads_of_what_nothing_wrote_are_warned_of(self):
        def reads_nothing(x):
            held = nl.ndarray((128, 512), x.dtype, nl.sbuf, name="held")
            out = nl.ndarray((128, 512), x.dtype, nl.shared_hbm)
            nisa.dma_copy(out, held)
            return out
        with self.assertWarnsRegex(nki.NkiWarning, r"wrong_kernels_test.py:\d+: reads 'held'.*which nothing has written"):
            nki.jit(reads_nothing)(normal(128, 512))

    @on("trn2")
    def test_a_result_that_nothing_wrote_is_warned_of(self):
        def returns_nothing(x):
            return nl.ndarray((128, 512), x.dtype, nl.shared_hbm, name="lost")
        with self.assertWarnsRegex(nki.NkiWarning, r"returns_nothing: returns 'lost' .*, which nothing has written"):
            nki.jit(returns_nothing).trace(normal(128, 512))

    @on("trn2")
    def test_reading_an_accumulator_that_nothing_was_added_to_is_warned_of(self):
        def sums(x, tiles=1, **command):
            total = nl.ndarray((128, 1), nl.float32, nl.sbuf)
            tile = nl.load(x)
            for i in range(tiles):
                last = {"reduce_res": total} if i == tiles - 1 else {}
                nisa.activation(dst=tile, op=nl.exp, data=tile, reduce_op=nl.add, **last, **(command if i == 0 else {}))
            out = nl.ndarray((128, 1), nl.float32, nl.shared_hbm)
            nisa.dma_copy(out, total)
            return out
        with self.assertWarnsRegex(nki.NkiWarning, r"wrong_kernels_test.py:\d+: reduce_res is what the accumulator of Scalar holds"):
            nki.jit(sums).trace(normal(128, 512))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            nki.jit(sums).trace(normal(128, 512), reduce_cmd=nisa.reduce_cmd.reset_reduce)
            nki.jit(sums).trace(normal(128, 512), tiles=2, reduce_cmd=nisa.reduce_cmd.reset_reduce)

    @on("trn2")
    def test_a_result_on_chip_is_refused_with_the_kernels_place(self):
        def returns_a_tile(x):
            return nl.load(x)
        with self.assertRaisesRegex(nki.NkiValidationError, r"wrong_kernels_test.py:\d+: returns_a_tile returns .* in sbuf>; results are"):
            nki.jit(returns_a_tile)(normal(128, 512))

    @on("trn2")
    def test_a_number_of_iterations_may_be_a_whole_float(self):
        self.assertEqual(list(nl.affine_range(256 / 128)), [0, 1])


if __name__ == "__main__":
    unittest.main()
