# SPDX-License-Identifier: Apache-2.0
"""Which engine an instruction goes to when the kernel does not say, and when it does; what program text comes of it."""
import unittest

import nki
import nki.isa as nisa
import nki.language as nl
import numpy as np
from devices import device, on, tile
from nki._program import lines_of

P, F = 128, 64


def traced(body):
    """The instructions of body() as program text."""
    def kernel(x):
        body(x)
    with np.testing.suppress_warnings() as quiet:
        quiet.filter(nki.NkiWarning)
        return lines_of(nki.jit(kernel).trace(np.zeros((P, F), np.float32)).launch.traces[0].records)


def sbuf(dtype=nl.float32, elements=F):
    return tile(P, elements, dtype=dtype)


def psum(dtype=nl.float32, elements=F):
    return tile(P, elements, dtype=dtype, buffer=nl.psum)


CHOICES = {
    "vector.tensor_copy": lambda x: nisa.tensor_copy(sbuf(), psum()),
    "scalar.tensor_copy": lambda x: nisa.tensor_copy(sbuf(), psum(), engine=nisa.engine.scalar),
    "gpsimd.tensor_copy": lambda x: nisa.tensor_copy(sbuf(), sbuf(), engine=nisa.gpsimd_engine),
    "vector.memset": lambda x: nisa.memset(sbuf(), 0),
    "gpsimd.memset": lambda x: nisa.memset(sbuf(), 0, engine=nisa.engine.gpsimd),
    "vector.tensor_tensor": lambda x: nisa.tensor_tensor(sbuf(), sbuf(), psum(), nl.add),
    "gpsimd.tensor_tensor": lambda x: nisa.tensor_tensor(sbuf(nl.int32), sbuf(nl.int32), sbuf(nl.int32), nl.add),
    "vector.tensor_scalar": lambda x: nisa.tensor_scalar(sbuf(), sbuf(), nl.add, 1.0),
    "gpsimd.tensor_scalar": lambda x: nisa.tensor_scalar(sbuf(), sbuf(), nl.rsqrt, None),
    "tensor.nc_transpose": lambda x: nisa.nc_transpose(tile(F, P, buffer=nl.psum), sbuf()),
    "vector.nc_transpose": lambda x: nisa.nc_transpose(tile(32, 32), tile(32, 32)),
    "tensor.nc_matmul": lambda x: nisa.nc_matmul(tile(F, F, buffer=nl.psum), sbuf(), sbuf()),
    "scalar.activation": lambda x: nisa.activation(sbuf(), nl.exp, sbuf()),
    "sync.dma_copy": lambda x: nisa.dma_copy(sbuf(), x),
    "scalar.dma_copy": lambda x: nisa.dma_copy(x, sbuf()),
    "gpsimd.dma_copy": lambda x: nisa.dma_copy(sbuf(), x, dge_mode=nisa.dge_mode.swdge),
    "gpsimd.iota": lambda x: nisa.iota(sbuf(nl.int32), [[1, F]]),
    "gpsimd.tensor_partition_reduce": lambda x: nisa.tensor_partition_reduce(tile(1, F), nl.add, sbuf()),
    "vector.rng": lambda x: nisa.rng(sbuf(nl.uint32)),
    "gpsimd.rng": lambda x: nisa.rng(sbuf(nl.uint32), engine=nisa.gpsimd_engine),
}


class Engines(unittest.TestCase):
    @on("trn1", "trn2", "trn3")
    def test_choices(self):
        for wanted, body in CHOICES.items():
            with self.subTest(wanted=wanted):
                lines = traced(body)
                self.assertEqual(len(lines), 1)
                self.assertEqual(lines[0].split()[0], wanted)

    def test_a_multiply_and_add_on_scalar_is_an_activation_before_v4(self):
        for name, opcode in (("trn1", "scalar.activation"), ("trn2", "scalar.activation"), ("trn3", "scalar.tensor_scalar")):
            with device(name):
                lines = traced(lambda x: nisa.tensor_scalar(sbuf(), sbuf(), nl.multiply, 2.0, op1=nl.add, operand1=1.0,
                                                            engine=nisa.engine.scalar))
                self.assertEqual(lines[0].split()[0], opcode)

    @on("trn2")
    def test_zeros_that_only_start_a_sum_are_left_out(self):
        def body(x):
            acc = nl.zeros((F, F), nl.float32, nl.psum)
            for _ in range(2):
                nisa.nc_matmul(acc, sbuf(), sbuf())
        text = _text(body)
        self.assertNotIn("memset", text)
        self.assertEqual(text.count("accumulate 1"), 1)

    @on("trn2")
    def test_text_of_operands(self):
        def body(x):
            held = tile(P, 4, 16)
            nisa.tensor_copy(held[:, 1:3, 0:8], held[:, 0:2, 8:16])
            nisa.dma_copy(held[32:64, 2], x[0:32, 16:32])
        copy, load = traced(body)
        self.assertRegex(copy, r"^vector.tensor_copy (\w+)\[:, 16 \+: 2 by 16 \+: 8\], \1\[:, 8 \+: 2 by 16 \+: 8\]$")
        self.assertRegex(load, r"^sync.dma_copy \w+\[32 \+: 32, 32 \+: 16\], x\[16 \+: 32 by 64 \+: 16\]$")


def _text(body):
    def kernel(x):
        body(x)
    with np.testing.suppress_warnings() as quiet:
        quiet.filter(nki.NkiWarning)
        return nki.jit(kernel).text(np.zeros((P, F), np.float32))


if __name__ == "__main__":
    unittest.main()
