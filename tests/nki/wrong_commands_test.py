# SPDX-License-Identifier: Apache-2.0
"""What `nsim nki` says of wrong files, kernels, arguments, options and checks: what is wrong, where, and what would be right."""
import os
import unittest

from command_line import Command, line_of


class WrongInput(Command):
    def test_files_and_kernels(self):
        self.refused("error: nsim nki: there is no file none.py", "none.py:double")
        self.refused("error: nsim nki: there is no file kernels; kernels are given as FILE.py:KERNEL", "kernels:double")
        self.refused("error: kernels.py has no kernel dubble, did you mean double?; it has double, product, increment, two, spread, rows, "
                     "crowded, divides, too_wide, keyed", "kernels.py:dubble")
        self.refused("error: kernels.py: which kernel, as in kernels.py:double? it has double, product,", "kernels.py")
        self.refused("error: kernels.py: plain is no kernel: put @nki.jit in front of it", "kernels.py:plain")
        self.put("empty.py", "")
        self.refused("error: empty.py has no kernel k; it has none: a kernel is a function with @nki.jit", "empty.py:k")
        self.put("broken.py", "import nki\ndef k(:\n")
        self.refused("broken.py:2: invalid syntax", "broken.py:k")
        self.put("fails.py", "import nki\n\nnki.no_such_thing\n")
        self.refused("fails.py:3: in <module>: AttributeError: module 'nki' has no attribute 'no_such_thing'", "fails.py:k")
        self.put("ends.py", "import sys\nsys.exit(3)\n")
        self.refused("ends.py ends the program when it is imported", "ends.py:k")

    def test_names_of_arguments(self):
        self.refused("error: --arg y: double(x, scale=2.0) has no such parameter", "kernels.py:double", "-a", "y=1")
        self.refused("did you mean scale?", "kernels.py:double", "-a", "scael=1")
        self.refused("error: product(a, b) needs a value for a, b: --arg a=128x512:bf16, say", "kernels.py:product")
        self.refused("error: --arg x: given twice", "kernels.py:double", "-a", "x=1", "-a", "x=2")
        self.refused("error: --arg 128x4:f32: no NAME=VALUE, as in x=128x512:bf16 or scale=0.5", "kernels.py:double", "-a", "128x4:f32")

    def test_values_of_arguments(self):
        for value, message in (("128x:f32", "'128x' is no shape: sizes of at least 1 joined by x, as in 128x512"),
                               ("0x4:f32", "'0x4' is no shape"),
                               ("128x512", "a tensor needs an element type: 128x512:f32"),
                               ("128x512:bf17", "'bf17' is no element type; there are f32, f16, tf32, bf16,"),
                               ("128x4:i32:randn", "randn makes no whole numbers: uniform (0 to 127), arange, zeros, ones or a number"),
                               ("128x4:f32:randm", "'randm' is no fill: zeros, ones, arange, randn[:SEED], uniform[:SEED] or a number"),
                               ("@none.npy", "there is no file none.npy"),
                               ("@kernels.py", "kernels.py is no array that numpy.save wrote"),
                               ("nl.bf17", "nki.language has no bf17"),
                               ("12a", "'12a' is neither a number nor a tensor (128x512:f32)")):
            with self.subTest(value=value):
                self.refused(f"error: --arg x: {message}", "kernels.py:double", "-a", f"x={value}")

    def test_grids(self):
        self.refused("error: --grid: 'a' is no grid: numbers joined by commas, as in 4 or 4,2; nc2 counts cores", "kernels.py:double", "-a",
                     "x=128x4:f32", "--grid", "a")
        self.refused("error: --grid 3: kernel[3]: a launch names the cores of a logical core, 1 or 2", "kernels.py:double", "-a", "x=128x4:f32",
                     "--grid", "3")
        self.refused("only kernels of neuronxcc.nki have nl.nc in their grid", "kernels.py:double", "-a", "x=128x4:f32", "--grid", "nc2")
        self.refused("error: double[2]: trn1 has one physical core per logical core\n", "kernels.py:double", "-a", "x=128x4:f32", "--grid", "2",
                     "--config", "trn1")

    def test_options(self):
        kernel = ("kernels.py:double", "-a", "x=128x4:f32")
        self.refused("error: no configuration \"trn9\": neither a file nor one of", *kernel, "--config", "trn9")
        self.refused("hbm.bandwith", *kernel, "--set", "hbm.bandwith=1TB/s")
        self.refused("error: --numerics: 'of' is neither on nor off", *kernel, "--numerics", "of")
        self.refused("error: --check needs numerics; run with --numerics on", *kernel, "--numerics", "off", "--check", "x")
        self.refused("error: --rtol needs --check: it says how exact that is", *kernel, "--rtol", "1")
        self.refused("error: --atol: 'little' is no number of at least 0", *kernel, "--check", "x", "--atol", "little")
        self.refused("error: --no-trace needs --out: it is about that directory", *kernel, "--no-trace")

    def test_checks(self):
        kernel = ("kernels.py:double", "-a", "x=128x4:f32")
        self.refused("error: --check: name 'y' is not defined; there are np, scale, x", *kernel, "--check", "y * 2")
        self.refused("error: --check: 'x *' is no Python expression: invalid syntax", *kernel, "--check", "x *")
        self.refused("error: --check: 'x @ x': ValueError: matmul:", *kernel, "--check", "x @ x")
        self.refused("error: --check: 2 arrays are expected, the kernel has 1: result", *kernel, "--check", "(x, x)")
        self.refused("error: --check: there is no file none.py", *kernel, "--check", "none.py:f")
        self.refused("error: --check: kernels.py has no function f", *kernel, "--check", "kernels.py:f")
        self.refused("kernels.py:%d: in wrong: AttributeError: 'numpy.ndarray' object has no attribute" % line_of("x.no_such_thing"), *kernel,
                     "--check", "kernels.py:wrong")

    def test_what_the_loader_and_the_device_refuse(self):
        self.refused("error: buffer load: 300 transient buffers are in use at the same time and need 2457600 bytes per partition, SBUF of trn2 has "
                     "229376: 2228224 bytes are missing; the largest: load (8192, first used at kernels.py:", "kernels.py:crowded", "-a",
                     "x=128x2048:f32", "--config", "trn2")
        self.assertIn("passed", self.runs("kernels.py:rows", "-a", "table=256x32:f32", "-a", "index=128x1:i32:arange", "--check",
                                          "table[index[:, 0]]"))
        self.refused("error: the execution failed: NRT_EXEC_OOB: an index or offset is outside of its tensor, and oob_mode is error: "
                     f"kernels.py:{line_of('vector_offset')} (table, [64, 32])\n", "kernels.py:rows", "-a", "table=64x32:f32", "-a", "index=128x1:i32:arange",
                     "--config", "trn2", code=1)

    def test_exceptions_of_a_kernel_name_its_line_and_what_called_it(self):
        place = os.path.join(self.folder, "kernels.py")
        self.refused(f"{place}:{line_of('1 // 0')}: in tile_of: ZeroDivisionError: integer division or modulo by zero\n"
                     f"  called from {place}:{line_of('return tile_of(x)')}, in divides\n", "kernels.py:divides", "-a", "x=128x4:f32")
        self.refused(f"error: {place}:{line_of('(256, 4)')}: nl.ndarray: the shape [256, 4] has 256 partitions, sbuf has 128\n",
                     "kernels.py:too_wide", "-a", "x=128x4:f32")


if __name__ == "__main__":
    unittest.main()
