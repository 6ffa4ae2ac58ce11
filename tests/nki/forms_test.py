# SPDX-License-Identifier: Apache-2.0
"""Forms of calls that kernels of libraries use and that signatures do not show: annotations, leftovers of NKI 0.2, counters of loops as registers."""
import os
import unittest
from dataclasses import dataclass
from typing import Optional, Union

import nki
import nki.isa as nisa
import nki.language as nl
import numpy as np
from devices import close, normal, on, on_tiles, tile
from nki._profile import described

P, F = 128, 48


class Annotations(unittest.TestCase):
    def test_names_of_the_language_stand_for_types(self):
        def kernel(x: nl.ndarray | None, y: Optional[nl.ndarray] = None, z: Union[nl.NkiTensor, None] = None) -> nl.ndarray | nl.NkiTensor:
            return x
        self.assertEqual(kernel.__annotations__["x"], nl.ndarray | None)

    @on("trn2")
    def test_tensors_are_instances(self):
        def body(out, x):
            self.assertIsInstance(x, nl.ndarray)
            self.assertNotIsInstance(3, nl.ndarray)
            nisa.tensor_copy(out, x)
        on_tiles(body, [normal(P, F)], [((P, F), np.float32)])


@dataclass
class Pair(nl.NKIObject):
    left: Optional[nl.ndarray] = None
    right: Optional[nl.ndarray] = None
    factor = 2.0


class Objects(unittest.TestCase):
    def test_reports_name_shapes_not_values(self):
        x = np.zeros((P, F), nl.bfloat16)
        self.assertEqual(described({"a": x, "b": [x, 1], "c": (x,), "d": {"k": x}, "e": Pair(x), "f": None}), {
            "a": "128x48 bfloat16", "b": "[128x48 bfloat16, 1]", "c": "(128x48 bfloat16,)", "d": "{'k': 128x48 bfloat16}",
            "e": "Pair(left=128x48 bfloat16, right=None, factor=2.0)", "f": "None"})

    @on("trn2")
    def test_tensors_in_objects_go_in_and_out(self):
        @nki.jit
        def kernel(given: Pair):
            made = Pair(*(nl.ndarray(x.shape, x.dtype, nl.shared_hbm) for x in (given.left, given.right)), given.factor)
            for out, x in ((made.left, given.left), (made.right, given.right)):
                nisa.dma_copy(out, nl.load(x) * given.factor)
            return made
        x, y = normal(P, F), normal(P, F, seed=1)
        made = kernel(Pair(x, right=y))
        self.assertIsInstance(made, Pair)
        np.testing.assert_array_equal(made.left, 2 * x)
        np.testing.assert_array_equal(made.right, 2 * y)


class Foreign:
    """An array of another library, which numpy sees without a copy."""

    def __init__(self, values):
        self.values, self.shape, self.dtype = values, values.shape, values.dtype

    def __array__(self, dtype=None, copy=None):
        return self.values if dtype is None else self.values.astype(dtype)


class Arrays(unittest.TestCase):
    @on("trn2")
    def test_of_other_libraries(self):
        @nki.jit
        def kernel(x, more, scale):
            self.assertIsInstance(scale, np.float32)
            out = nl.ndarray(x.shape, x.dtype, nl.shared_hbm)
            nisa.dma_copy(out, nl.load(x) + nl.load(more[0]))
            nl.store(more[0], nl.load(x) * float(scale))
            return out
        x, y = normal(P, F), normal(P, F, seed=1)
        kept = y.copy()
        np.testing.assert_array_equal(kernel(Foreign(x), [Foreign(y)], np.float32(2)), x + kept)
        np.testing.assert_array_equal(y, 2 * x)


TEXT = """import nki, nki.isa as nisa, nki.language as nl

@nki.jit
def kernel(x, wrong=False):
    out = nl.ndarray(x.shape, x.dtype, nl.shared_hbm)
    nisa.dma_copy(out, nl.load(x))
    if wrong:
        nisa.dma_copy(out, x[0:1])
    return out
"""


class Harnesses(unittest.TestCase):
    @on("trn2")
    def test_kernels_that_are_texts(self):
        x = normal(P, F)
        for file in ("<string>", "<ipython-input-1>", 'a "file" with blanks.py'):
            names: dict = {}
            exec(compile(TEXT, file, "exec"), names)  # noqa: S102
            np.testing.assert_array_equal(names["kernel"](x), x)
            with self.assertRaisesRegex(nki.NkiValidationError, f"^{file}:8: nki.isa.dma_copy: dst has"):
                names["kernel"](x, wrong=True)

    @on("trn2")
    def test_processes_that_are_forked_have_a_device_of_their_own(self):
        @nki.jit
        def kernel(x):
            out = nl.ndarray(x.shape, x.dtype, nl.shared_hbm)
            nisa.dma_copy(out, nl.load(x))
            return out
        x = normal(P, F)
        np.testing.assert_array_equal(kernel(x), x)
        child = os.fork()
        if child == 0:
            os._exit(0 if np.array_equal(kernel(2 * x), 2 * x) else 1)
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        np.testing.assert_array_equal(kernel(x), x)


class Launches(unittest.TestCase):
    @on("trn2")
    def test_cores_by_nc(self):
        @nki.jit
        def kernel(x):
            out = nl.ndarray(x.shape, x.dtype, nl.shared_hbm)
            here = nl.ds(nl.program_id(0) * P, P)
            nisa.dma_copy(out[here], nl.load(x[here]) * float(nl.num_programs()))
            return out
        x = normal(2 * P, F)
        np.testing.assert_array_equal(kernel[nl.nc(2)](x), 2 * x)


class Views(unittest.TestCase):
    @on("trn2")
    def test_keywords(self):
        shapes = []

        def body(out, x):
            cube = x.reshape(shape=(P, 4, 12))
            turned = cube.rearrange(src_pattern=("p", "a", ("b", "c")), dst_pattern=("p", "b", ("a", "c")), fixed_sizes={"b": 1})
            shapes.extend([cube.shape, turned.shape, cube.permute(dims=[0, 2, 1]).shape, nl.ndarray((P, F), nl.float32, buffer=None).buffer])
            nisa.tensor_copy(out, turned)
        x = normal(P, F)
        np.testing.assert_array_equal(on_tiles(body, [x], [((P, F), np.float32)]), x)
        self.assertEqual(shapes, [(P, 4, 12), (P, 1, F), (P, 12, 4), nl.sbuf])


class Leftovers(unittest.TestCase):
    @on("trn2")
    def test_dma_copy_adds(self):
        @nki.jit
        def kernel(x, rows):
            out = nl.ndarray(x.shape, x.dtype, nl.shared_hbm)
            held, index = nl.load(x), nl.load(rows)
            nisa.dma_copy(dst=out, src=held)
            nisa.dma_copy(dst=out, src=held, dst_rmw_op=nl.add)
            nisa.dma_copy(dst=out.ap(pattern=[[F, 8], [1, F]], vector_offset=index, indirect_dim=0), src=held[0:8], dst_rmw_op=np.add, unique_indices=True)
            return out
        x, rows = normal(P, F), np.arange(40, 48, dtype=np.int32)[:, None]
        expected = 2 * x
        expected[rows[:, 0]] += x[:8]
        close(self, kernel(x, rows), expected)

    @on("trn2")
    def test_register_move_of_an_immediate(self):
        @nki.jit
        def kernel(x):
            out, count = nl.ndarray(x.shape, x.dtype, nl.shared_hbm), nisa.register_alloc()
            nisa.register_move(count, imm=2)
            for i in nl.dynamic_range(count):
                nisa.dma_copy(out[nl.ds(i * 64, 64)], nl.load(x[nl.ds(i * 64, 64)]))
            return out
        x = normal(P, F)
        np.testing.assert_array_equal(kernel(x), x)

    @on("trn2")
    def test_enumerations_by_their_values(self):
        def body(out, x):
            held = nl.ndarray((P, F), x.dtype, nl.hbm)
            nisa.dma_copy(held, x, dge_mode=3, oob_mode=0)
            nisa.dma_copy(out, held, dge_mode=2)
        x = normal(P, F)
        np.testing.assert_array_equal(on_tiles(body, [x], [((P, F), np.float32)]), x)

        def wrong(out, x):
            nisa.dma_copy(out, x, dge_mode=7)
        with self.assertRaisesRegex(nki.NkiValidationError, r"forms_test.py:\d+: nki.isa.dma_copy: dge_mode is 7, must be one of nki.isa.dge_mode"):
            on_tiles(wrong, [x], [((P, F), np.float32)])

    @on("trn2")
    def test_sendrecv_by_gpsimd(self):
        @nki.jit
        def kernel(x):
            core = nl.program_id(0)
            out = nl.ndarray(x.shape, x.dtype, nl.shared_hbm)
            mine, theirs = nl.load(x[nl.ds(core * P, P)]), tile(P, F)
            nisa.sendrecv(src=mine, dst=theirs, send_to_rank=1 - core, recv_from_rank=1 - core, pipe_id=0, use_gpsimd_dma=True)
            nisa.dma_copy(out[nl.ds(core * P, P)], theirs)
            return out
        x = normal(2 * P, F)
        np.testing.assert_array_equal(kernel[2](x), np.roll(x, P, axis=0))


class Counters(unittest.TestCase):
    """What counts the iterations of a loop that the device runs is a register for the kernel."""

    @on("trn2")
    def test_as_scalar_offset(self):
        @nki.jit
        def kernel(x):
            out = nl.ndarray(x.shape, x.dtype, nl.shared_hbm)
            for i in nl.dynamic_range(4):
                held = tile(P, F)
                nisa.dma_copy(held, x.reshape((4, P, F)).ap(pattern=[[F, P], [1, F]], scalar_offset=i, indirect_dim=0))
                nisa.tensor_scalar(held[:, 0:8], held.ap(pattern=[[F, P], [1, 8]], scalar_offset=i, indirect_dim=1), nl.multiply, 2.0)
                nisa.dma_copy(out.ap(pattern=[[F, P], [1, F]], scalar_offset=i * P, indirect_dim=0), held)
            return out
        x = normal(4 * P, F)
        expected = x.copy()
        for i in range(4):
            expected[i * P:i * P + P, :8] = 2 * x[i * P:i * P + P, i:i + 8]
        np.testing.assert_array_equal(kernel(x), expected)

    @on("trn2")
    def test_what_python_cannot_know(self):
        for use, rule in ((lambda i: i == 0, "compared"), (lambda i: i != 3, "compared"), (lambda i: i in (0, 1), "compared"), (lambda i: i < 3, "compared"),
                          (lambda i: min(i, 2), "compared"), (lambda i: i % 2, "only be multiplied by"), (lambda i: i // 2, "only be multiplied by"),
                          (lambda i: i / 2, "only be multiplied by"), (lambda i: i * 0.5, "only be multiplied by"), (lambda i: i + 0.5, "only be multiplied by"),
                          (lambda i: i * i, "only be multiplied by"), (lambda i: "yes" if i else "no", "no `if`"), (lambda i: list(range(i)), "no Python integer"),
                          (lambda i: nisa.register_alloc(0) == 0, "compared"), (lambda i: nisa.register_alloc(0) % 2, "not known")):
            @nki.jit
            def kernel(x):
                for i in nl.dynamic_range(4):
                    use(i)
            with self.subTest(rule=rule), self.assertRaisesRegex(TypeError, rf"forms_test.py:\d+: .*{rule}"):
                kernel(normal(4, 4))

        @nki.jit
        def fine(x):
            for i in nl.dynamic_range(4):
                self.assertFalse(i == None or i is None)  # noqa: E711 (as kernels ask)
                self.assertNotIsInstance(i, int)
                self.assertEqual(repr(i * 2.0 + 1 - i), repr(i + 1))
        fine(normal(4, 4))

    @on("trn2")
    def test_copied_to_a_register_and_stored(self):
        @nki.jit
        def kernel(x):
            out = nl.ndarray((4, 2), np.int32, nl.shared_hbm)
            for i in nl.dynamic_range(4):
                reg, held = nisa.register_alloc(), tile(1, 2, dtype=nl.int32)
                nisa.register_move(dst=reg, src=i)
                nisa.register_store(dst=held[:, 0:1], src=reg)
                nisa.register_store(dst=held[:, 1:2], src=i)
                nisa.dma_copy(out.select(0, i), held)
            return out
        np.testing.assert_array_equal(kernel(normal(4, 4)), [[i, i] for i in range(4)])


if __name__ == "__main__":
    unittest.main()
