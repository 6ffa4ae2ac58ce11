# SPDX-License-Identifier: Apache-2.0
"""Loops in program text: unrolled again they are what the kernel did, one instruction after the other."""
import functools
import os
import re
import sys
import tempfile
import unittest
from unittest import mock

import neuronxcc.nki.compiler as ncc
import nki
import nki.isa as nisa
import nki.language as nl
import numpy as np
from devices import device, normal, on
from nki import _kernel, _session
from nki._program import program_text

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "models", "kernels"))
import run  # noqa: E402
from gallery import DEVICES  # noqa: E402

P, F = 128, 64
_TERM = r"(?:r\d+(?: \* \d+)?|\d+)"
_SUM = re.compile(rf"(?:- )?\b{_TERM}(?: [+-] {_TERM})*(?![\w:.])")
_BUFFER = re.compile(r"^(sbuf|psum) (\S+) (\S+ \[[^]]*\])(.*)$")


def unrolled(text):
    """Its instructions, each line with the values of its loops' variables and the label it has."""
    lines = [line.strip() for line in text.split("\n")]
    out, label = [], ""

    def play(at, values):
        nonlocal label
        while at < len(lines) and lines[at] != "}":
            line = lines[at]
            loop = re.match(r"loop (r\d+) 0\.\.(\d+) \{", line)
            if loop:
                for value in range(int(loop[2])):
                    end = play(at + 1, {**values, loop[1]: value})
                at = end
            elif line.startswith("label"):
                label = line
            elif re.match(r"(tensor|vector|scalar|gpsimd|sync)\.", line):
                out.append(label + " " + _SUM.sub(lambda found: str(eval(found[0], {}, values)) if "r" in found[0] else found[0], line))
            at += 1
        return at
    play(0, {})
    return out


def buffers(text):
    """Names of on-chip memory, each copy and view with its own, and what they are."""
    found = {}
    for line in text.split("\n"):
        match = _BUFFER.match(line)
        if match:
            copies = re.search(r"copies (\d+)", match[4])
            view = re.search(r"view (\S+) at", match[4])
            count = int(copies[1]) if copies else found.get(view[1] + "{0}", (0, 0))[1] if view else 0
            for name in [f"{match[2]}{{{i}}}" for i in range(count)] or [match[2]]:
                found[name] = (match[1] + match[3] + ("" if copies or view else match[4].replace(" transient", "")), count)
    return found


class Same(unittest.TestCase):
    def same(self, launch):
        """Rolled and flat text have the same instructions, but for the names of buffers, which correspond one to one."""
        flat, rolled = program_text(launch, rolled=False), program_text(launch)
        there, here = buffers(flat), buffers(rolled)
        one, other = unrolled(flat), unrolled(rolled)
        self.assertEqual(len(one), len(other))
        names, back = {}, {}
        word = re.compile(r"\b[A-Za-z_][\w.]*(?:\{\d+\})?")

        def renamed(line):
            return word.sub(lambda found: "BUFFER" if found[0] in here or found[0] in there else found[0], line)
        for left, right in zip(one, other):
            self.assertEqual(renamed(left), renamed(right))
            for old, new in zip([each for each in word.findall(left) if each in there], [each for each in word.findall(right) if each in here]):
                if "address" not in there[old][0]:
                    self.assertEqual(names.setdefault(old, new), new)
                    self.assertEqual(back.setdefault(new, old), old)
                self.assertEqual(there[old][0], here[new][0])
        return flat, rolled

    def traced(self, kernel, *arrays, **how):
        return self.same(nki.jit(kernel).trace(*arrays, **how).launch)

    def test_gallery(self):
        for example in run.examples():
            for name in DEVICES:
                with self.subTest(kernel=example.name, device=name), device(name):
                    self.same(example.kernel.trace(*example.arrays(example.small, example.dtypes[0])).launch)

    @on()
    def test_loops_within_loops_come_back(self):
        def kernel(x):
            out = nl.ndarray(x.shape, x.dtype, nl.shared_hbm)
            for i in range(5):
                total = nl.ndarray((P, F), nl.float32, nl.sbuf)
                nisa.memset(total, 0)
                for j in nl.affine_range(6):
                    tile = nl.ndarray((P, F), x.dtype, nl.sbuf)
                    nisa.dma_copy(tile, x[i * P:(i + 1) * P, j * F:(j + 1) * F])
                    nisa.tensor_tensor(total, total, tile, nl.add)
                for j in range(6):
                    nisa.dma_copy(out[i * P:(i + 1) * P, j * F:(j + 1) * F], total)
            return out
        _, text = self.traced(kernel, normal(5 * P, 6 * F))
        self.assertEqual(text.count("loop r0 0..5 {"), 1)
        self.assertEqual(text.count("  loop r1 0..6 {"), 2)
        self.assertEqual(text.count("dma_copy"), 2)

    @on("trn2")
    def test_backwards_alternating_and_interrupted(self):
        def kernel(x):
            out = nl.ndarray(x.shape, x.dtype, nl.shared_hbm)
            two = [nl.ndarray((P, F), x.dtype, nl.sbuf, name=f"half{i}") for i in range(2)]
            for i in reversed(range(20)):
                nisa.dma_copy(two[i % 2], x[:, i * F:(i + 1) * F])
                if i == 3:
                    nisa.memset(two[1], 1)
                nisa.dma_copy(out[:, i * F:(i + 1) * F], two[i % 2])
            return out
        _, text = self.traced(kernel, normal(P, 20 * F))
        self.assertIn("- r0 * 128", text)
        self.assertEqual(len(re.findall("loop r", text)), 1)  # one pair is interrupted, and one that follows is no loop

    @on("trn2")
    def test_other_types_addresses_and_the_buffer_of_the_iteration_before(self):
        def kernel(x):
            out = nl.ndarray((P, F), nl.float32, nl.shared_hbm)
            before = nl.ndarray((P, F), nl.float32, nl.sbuf)
            nisa.memset(before, 0)
            for i in range(8):
                placed = nl.ndarray((P, F), nl.float32, nl.sbuf, address=(0, 65536 + i % 2 * 4096))
                nisa.dma_copy(placed, x)
                after = nl.ndarray((P, F), nl.float32, nl.sbuf)
                nisa.tensor_tensor(after, before, placed, nl.add)
                nisa.tensor_copy(after.view(nl.bfloat16)[:, 0:2], before.view(nl.bfloat16)[:, 2:4])
                before = after
            nisa.dma_copy(out, before)
            return out
        _, text = self.traced(kernel, normal(P, F))
        self.assertRegex(text, r"sbuf (\w+) float32 \[128, 64\] transient copies \d+")
        self.assertRegex(text, r"sbuf (\w+)\.bfloat16 bfloat16 \[128, 128\] view \1 at 0")
        self.assertEqual(text.count("address"), 2)

    @on("trn2")
    def test_loops_that_the_device_runs_and_instructions_that_wait_for_others_stay_as_they_are(self):
        def kernel(x):
            out = nl.ndarray(x.shape, x.dtype, nl.shared_hbm)
            for _ in range(5):
                for i in nl.dynamic_range(4):
                    tile = nl.ndarray((P, F), x.dtype, nl.sbuf)
                    nisa.dma_copy(tile, x[:, nl.ds(i * F, F)])
                    nisa.dma_copy(out[:, nl.ds(i * F, F)], tile)
            last = None
            for i in range(4):
                tile = nl.ndarray((P, F), x.dtype, nl.sbuf)
                record = nisa.memset(tile, i)
                if last is not None:
                    record.depends_on(last)
                last = nisa.dma_copy(out[:, i * F:(i + 1) * F], tile)
            return out
        text = nki.jit(kernel).text(normal(P, 4 * F))
        self.assertEqual(text.count("dynamic {"), 5)
        self.assertEqual(text.count(" after "), 3)
        self.assertNotIn("loop r", text)

    @on("trn2", "trn3")
    def test_cores_have_loops_of_their_own(self):
        def kernel(x):
            out = nl.ndarray(x.shape, x.dtype, nl.shared_hbm)
            core = nl.program_id(0)
            for i in range(4 + core):
                tile = nl.ndarray((P, F), x.dtype, nl.sbuf)
                nisa.dma_copy(tile, x[:, i * F:(i + 1) * F])
                nisa.dma_copy(out[:, i * F:(i + 1) * F], tile)
            return out
        _, text = self.same(nki.jit(kernel)[2].trace(normal(P, 5 * F)).launch)
        self.assertIn("loop r0 0..4 {", text)
        self.assertIn("loop r0 0..5 {", text)

    @on("trn2")
    def test_allocators_of_the_first_dialect(self):
        import neuronxcc.nki as old
        import neuronxcc.nki.language as ol

        @old.jit
        def kernel(x):
            tiles = ol.ndarray((8, ol.par_dim(P), F), dtype=x.dtype, buffer=ncc.sbuf.mod_alloc(base_addr=4096, num_free_tiles=(2,)))
            out = ol.ndarray(x.shape, dtype=x.dtype, buffer=ol.shared_hbm)
            for i in ol.affine_range(8):
                tiles[i] = ol.load(x[:, i * F:(i + 1) * F])
                ol.store(out[:, i * F:(i + 1) * F], tiles[i])
            return out
        self.same(kernel.trace(normal(P, 8 * F)).launch)


class Run(unittest.TestCase):
    @staticmethod
    def measured(traced):
        _session.close()  # reports are of a session
        return _kernel.measure(traced, 1)

    @on("trn1", "trn2")
    def test_times_are_those_of_the_flat_program(self):
        for example in run.examples():
            with self.subTest(kernel=example.name):
                traced = example.kernel.trace(*example.arrays(example.small, example.dtypes[0]))
                rolled = self.measured(traced)
                with mock.patch.object(_kernel, "program_text", functools.partial(program_text, rolled=False)):
                    flat = self.measured(traced)
                for part in ("summary", "engines"):
                    self.assertEqual(rolled[part], flat[part])

    def test_a_long_program_is_small(self):
        def kernel(x):
            out = nl.ndarray(x.shape, x.dtype, nl.shared_hbm)
            for _ in range(2500):
                tile = nl.ndarray((P, F), x.dtype, nl.sbuf)
                nisa.dma_copy(tile, x)
                for _ in range(6):
                    nisa.tensor_scalar(tile, tile, nl.multiply, 2.0)
                nisa.dma_copy(out, tile)
            return out
        with device("trn1"), tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "long.neff")
            nki.jit(kernel).save(path, normal(P, F))
            self.assertLess(os.path.getsize(path), 2000)
            self.assertLess(len(nki.jit(kernel).text(normal(P, F))), 1000)


if __name__ == "__main__":
    unittest.main()
