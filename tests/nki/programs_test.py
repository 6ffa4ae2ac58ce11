# SPDX-License-Identifier: Apache-2.0
"""What surrounds instructions: arguments and results, loops, programs of a grid, classes, element types, entry points."""
import dataclasses
import enum
import os
import subprocess
import sys
import tempfile
import unittest

import nki
import nki.collectives as collectives
import nki.isa as nisa
import nki.language as nl
import nki.typing as nt
import numpy as np
from devices import close, device, normal, on

P, F = 128, 32


@nki.jit
def double(x: nt.tensor[128, 32], factor=2.0) -> nki.tensor:
    """Twice x, by a helper that is a kernel itself."""
    out = nl.ndarray(x.shape, x.dtype, nl.shared_hbm)
    scale_into(out, x, factor)
    return out


@nki.jit
def scale_into(out, x, factor):
    held = nl.load(x)
    nisa.tensor_scalar(held, held, nl.multiply, factor)
    nl.store(out, held)


class Arguments(unittest.TestCase):
    @on()
    def test_keywords_defaults_and_kernels_in_kernels(self):
        x = normal(P, F)
        np.testing.assert_array_equal(double(x), 2 * x)
        np.testing.assert_array_equal(double(factor=3.0, x=x), 3 * x)

    @on("trn2")
    def test_lists_dicts_and_results_of_every_form(self):
        @nki.jit
        def kernel(arrays, options):
            outs = {}
            for name, each in zip(("first", "second"), arrays):
                outs[name] = nl.ndarray(each.shape, each.dtype, nl.shared_hbm)
                nl.store(outs[name], nl.load(each) * options["factor"])
            return outs, [options["x"]], "text"
        x, y = normal(P, F), normal(P, 8, seed=1)
        outs, (same,), text = kernel([x, y], {"factor": 3.0, "x": x})
        np.testing.assert_array_equal(outs["first"], x * 3)
        np.testing.assert_array_equal(outs["second"], y * 3)
        np.testing.assert_array_equal(same, x)
        self.assertEqual(text, "text")

    @on("trn2")
    def test_views_are_returned_as_what_they_show(self):
        @nki.jit
        def kernel(x):
            out = nl.ndarray(x.shape, x.dtype, nl.shared_hbm)
            nisa.dma_copy(out, x)
            return out[3:7], out.permute((1, 0))
        x = normal(P, F)
        rows, turned = kernel(x)
        np.testing.assert_array_equal(rows, x[3:7])
        np.testing.assert_array_equal(turned, x.T)

    @on("trn2")
    def test_types_of_arrays(self):
        for array in (normal(P, F).astype(np.float16), np.arange(P * F, dtype=np.int8).reshape(P, F), normal(P, F).astype(nl.bfloat16),
                      normal(P, F).astype(np.float64), np.arange(P * F, dtype=np.uint32).reshape(P, F), normal(P, F).astype(nl.float8_e4m3)):
            got = nki.jit(_copied)(array)
            close(self, got, array, relative=2 ** -3 if "float8" in str(array.dtype.metadata) else 2 ** -8)

    @on("trn2", "trn3")
    def test_e4m3fn_is_the_only_e4m3_of_v4_and_e4m3_before(self):
        seen = []

        @nki.jit
        def kernel(x):
            seen.append(str(x.dtype))
            return _copied(x)
        x = np.clip(normal(P, F), -200, 200).astype(nl.float8_e4m3fn)
        close(self, kernel(x), x, relative=2 ** -4)
        self.assertEqual(seen, ["float8_e4m3fn" if nisa.get_nc_version() >= nisa.nc_version.gen4 else "float8_e4m3"])

    @on("trn2")
    def test_wrong_arguments_are_pythons_type_errors(self):
        with self.assertRaisesRegex(TypeError, "double.*missing"):
            double()

    def test_results_on_chip_are_refused(self):
        with device("trn2"), self.assertRaisesRegex(nki.NkiValidationError, "results are in shared_hbm"):
            nki.jit(lambda x: nl.load(x))(normal(P, F))


def _copied(x):
    out = nl.ndarray(x.shape, x.dtype, nl.shared_hbm)
    nisa.dma_copy(out, x)
    return out


class Loops(unittest.TestCase):
    @on()
    def test_loops_that_are_unrolled(self):
        @nki.jit
        def kernel(x):
            out = nl.ndarray(x.shape, x.dtype, nl.shared_hbm)
            for i in nl.affine_range(0, 2):
                for j in nl.sequential_range(2):
                    for k in nl.static_range(0, 4, 2):
                        place = (slice(i * 64 + j * 32 + k * 8, i * 64 + j * 32 + k * 8 + 16), slice(None))
                        nl.store(out[place], nl.load(x[place]) + float(i + j + k))
            return out
        x = normal(P, F)
        rows = np.arange(P)[:, None]
        np.testing.assert_array_equal(kernel(x), x + (rows // 64 + rows // 32 % 2 + rows // 16 % 2 * 2).astype(np.float32))

    @on()
    def test_loops_that_the_device_runs(self):
        @nki.jit
        def kernel(x):
            out = nl.ndarray(x.shape, x.dtype, nl.shared_hbm)
            for i in nl.dynamic_range(0, 4):
                nl.store(out[nl.ds(i * 32, 32)], nl.load(x[i * 32:(i + 1) * 32]) + 1.0)
            return out

        @nki.jit
        def with_a_body(x):
            out = nl.ndarray(x.shape, x.dtype, nl.shared_hbm)

            def body(i):
                nl.store(out[nl.ds(i, 32)], nl.load(x[nl.ds(i, 32)]) * 2.0)
            nl.fori_loop(0, 128, body, step=32)
            return out
        x = normal(P, F)
        np.testing.assert_array_equal(kernel(x), x + 1)
        np.testing.assert_array_equal(with_a_body(x), x * 2)

    @on()
    def test_products_of_a_dynamic_loop_add_up(self):
        @nki.jit
        def kernel(x, y):
            acc = nl.zeros((64, F), nl.float32, buffer=nl.psum)
            for k in nl.dynamic_range(128, 512, 128):
                nisa.nc_matmul(acc, nl.load(x[k - 128:k]), nl.load(y[nl.ds(k - 128, 128)]))
            each = nl.ndarray((3, 64, F), nl.float32, nl.shared_hbm)
            for k in nl.dynamic_range(3):
                one = nl.ndarray((64, F), nl.float32, nl.psum)
                nisa.nc_matmul(one, nl.load(x[nl.ds(k * 128, 128)]), nl.load(y[nl.ds(k * 128, 128)]))
                nl.store(each[k], one)
            total = nl.ndarray((64, F), nl.float32, nl.shared_hbm)
            nl.store(total, acc)
            return total, each
        x, y = normal(384, 64), normal(384, F, seed=1)
        total, each = kernel(x, y)
        close(self, total, x.T.astype(np.float64) @ y)
        close(self, each, np.einsum("kpm,kpn->kmn", x.reshape(3, 128, 64).astype(np.float64), y.reshape(3, 128, F)))

    @on("trn2")
    def test_a_dynamic_loop_that_is_left_is_refused(self):
        def kernel(x):
            for _ in nl.dynamic_range(4):
                nl.load(x)
                break
            return x
        with self.assertRaisesRegex(nki.NkiValidationError, r"programs_test.py:\d+: this loop was left"):
            nki.jit(kernel)(normal(P, F))

    @on("trn2")
    def test_values_of_the_device_are_no_python_values(self):
        def branches(x):
            for i in nl.dynamic_range(4):
                if i:
                    nl.load(x)
        with self.assertRaisesRegex(TypeError, r"programs_test.py:\d+: a loop register: its value is not known"):
            nki.jit(branches)(normal(P, F))

    @on("trn2")
    def test_order(self):
        @nki.jit
        def kernel(x):
            with nl.no_reorder():
                held = nl.load(x)
                first = nisa.tensor_scalar(held, held, nl.add, 1.0, name="first")
                out = nl.ndarray(x.shape, x.dtype, nl.shared_hbm)
                self.assertIs(first.depends_on(), first)
                nl.store(out, held)
            return out
        np.testing.assert_array_equal(kernel(normal(P, F)), normal(P, F) + 1)

    @on("trn2")
    def test_order_by_name(self):
        @nki.jit
        def kernel(x):
            held, more = nl.load(x), nl.ndarray(x.shape, x.dtype, nl.sbuf)
            nisa.memset(more, 1.0, name="fill")
            nisa.tensor_tensor(held, held, held, nl.add, name="double")
            nisa.memset(more, 2.0, engine=nisa.engine.gpsimd, name="last")
            out = nl.ndarray(x.shape, x.dtype, nl.shared_hbm)
            nl.store(out, held)
            return out
        x = normal(P, F)
        scheduled = kernel.with_schedule([("last", ["fill", "double"])])
        self.assertIn("after i0, i1", scheduled.text(x).replace("\"", ""))
        np.testing.assert_array_equal(scheduled(x), 2 * x)
        with self.assertRaisesRegex(nki.NkiValidationError, "'fill' cannot wait for 'double'"):
            kernel.with_schedule([("fill", "double")])(x)


class Programs(unittest.TestCase):
    @on("trn2")
    def test_ids_without_a_grid(self):
        @nki.jit
        def kernel(x):
            self.assertEqual((nl.program_id(0), nl.num_programs(0), nl.program_ndim()), (0, 1, 0))
            return x
        kernel(normal(P, F))

    @on("trn2")
    def test_ids_with_one_core(self):
        @nki.jit
        def kernel(x):
            self.assertEqual((nl.program_id(axis=0), nl.num_programs(axes=0), nl.program_ndim()), (0, 1, 1))
            return x
        kernel[1](normal(P, F))

    def test_grids_that_do_not_exist(self):
        with self.assertRaisesRegex(nki.NkiValidationError, "1 or 2"):
            double[3]
        with device("trn1"), self.assertRaisesRegex(nki.NkiValidationError, "one physical core"):
            double[2](normal(P, F))

    def test_generations(self):
        for name, version in (("trn1", nisa.nc_version.gen2), ("gen3", nisa.nc_version.gen3), ("trn3", nisa.nc_version.gen4)):
            with device(name):
                self.assertEqual(nisa.get_nc_version(), version)
                self.assertTrue(nisa.get_nc_version() >= nisa.nc_version.gen2)
        self.assertEqual(nki.jit(double.func, platform_target="trn1").trace(normal(P, F)).launch.target.name, "trn1")
        with device("trn9"), self.assertRaisesRegex(nki.NkiValidationError, "trn9.*is none of"):
            nisa.get_nc_version()


@dataclasses.dataclass
class Config(nl.NKIObject):
    rows: int
    columns = 32
    names: list = dataclasses.field(default_factory=list)
    scale: float = 1.0

    def __post_init__(self):
        self.total = self.rows * self.columns


class Kind(enum.Enum):
    ONE = 1


class Plain(nl.NKIObject):
    a = 1
    b = 2

    def sum(self):
        return self.a + self.b


class Derived(Plain):
    c = 3


class WithInit(nl.NKIObject):
    def __init__(self, x):
        self.y = x + 1

    def __call__(self, z):
        return self.y + z


class Classes(unittest.TestCase):
    def test_constructors_take_all_names_in_order(self):
        made = Config(4, 8)
        self.assertEqual((made.rows, made.columns, made.names, made.scale, made.total), (4, 8, [], 1.0, 32))
        self.assertIsNot(made.names, Config(4).names)
        self.assertEqual(Config(rows=2, columns=3, scale=0.5).total, 6)
        self.assertEqual((Plain().sum(), Plain(5).sum(), Plain(b=7).sum()), (3, 7, 8))
        self.assertEqual((Derived(c=9).c, Derived(4, 5, 6).sum()), (9, 9))
        self.assertEqual(WithInit(1)(2), 4)

    def test_wrong_fields_are_refused(self):
        for call in (lambda: Config(), lambda: Config(1, 2, [], 1.0, 5), lambda: Config(1, rows=2), lambda: Plain(z=1)):
            with self.assertRaises(TypeError):
                call()


class Types(unittest.TestCase):
    def test_names_keys_and_comparison(self):
        self.assertTrue(nl.float32 == np.float32 and nl.float32 == "float32" and nl.float32 == np.dtype("f4"))
        self.assertTrue(nl.float8_e4m3 == "float8e4" and nl.bfloat16 != nl.float16 and nl.bfloat16 != "float32")
        self.assertEqual(str(nl.bfloat16), "bfloat16")
        self.assertIs(getattr(nl, str(nl.int8).split(".")[-1]), nl.int8)
        self.assertEqual({nl.bfloat16: 2, nl.float32: 4}[nl.bfloat16], 2)
        self.assertEqual(nl.fp32.min, np.finfo(np.float32).min)

    def test_carriers_survive_numpy(self):
        x = np.ones((4, 4), dtype=nl.bfloat16)
        for each in (x[1:], x.T, x + x, x.copy(), x.reshape(2, 8), normal(3).astype(nl.bfloat16)):
            self.assertEqual(each.dtype.metadata["nki"], "bfloat16")

    def test_rounding(self):
        from nki._dtypes import marked
        values = np.array([1 + 2 ** -9, 1 + 3 * 2 ** -9, -1.0, 2.0 ** 127, np.inf], np.float32)
        np.testing.assert_array_equal(marked(values, nl.bfloat16), np.array([1, 1 + 2 ** -7, -1, 2.0 ** 127, np.inf], np.float32))
        np.testing.assert_array_equal(marked(np.array([17, 19, 240, 300]), nl.float8_e4m3), [16, 20, 240, np.inf])
        self.assertTrue(np.isnan(marked(np.array([500.0]), nl.float8_e4m3fn)[0]))
        np.testing.assert_array_equal(marked(np.array([448.0, -2 ** -9, 2 ** -10]), nl.float8_e4m3fn), [448, -2 ** -9, 0])
        self.assertEqual([nl.float8_e5m2.max, nl.float8_e4m3.max, nl.int8.min], [57344.0, 240.0, -128])

    def test_every_code_of_fp8_comes_back(self):
        from nki._dtypes import decode, encode
        codes = np.arange(256, dtype=np.uint8)
        for dtype in (nl.float8_e4m3, nl.float8_e4m3fn, nl.float8_e5m2):
            values = decode(codes, dtype)
            again = encode(values, dtype)
            np.testing.assert_array_equal(again[np.isfinite(values)], codes[np.isfinite(values)])


class EntryPoints(unittest.TestCase):
    @on("trn2")
    def test_simulation_is_a_call(self):
        x = normal(P, F)
        np.testing.assert_array_equal(nki.simulate(double)(x), 2 * x)
        np.testing.assert_array_equal(nki.simulate_kernel(double, x), 2 * x)

    @on("trn2")
    def test_benchmark_measures_simulated_time(self):
        measured = nki.benchmark(warmup=1, iters=3)(double)
        self.assertIsNone(measured(normal(P, F)))
        latency = measured.benchmark_result.nc_latency
        self.assertEqual(latency.get_latency_percentile(50), latency.get_latency_percentile(100))
        self.assertTrue(1 < latency.get_latency_percentile(50) < 1000)

    @on("trn2")
    def test_profile_leaves_traces(self):
        with tempfile.TemporaryDirectory() as folder:
            x = normal(P, F)
            result = nki.profile(double, working_directory=folder, save_neff_name="double.neff")(x)
            np.testing.assert_array_equal(result, 2 * x)
            self.assertLessEqual({"summary.json", "system_profile.pftrace", "double.neff", "report.txt"}, set(os.listdir(folder)))

    @on("trn2")
    def test_profile_without_traces_has_a_report_without_lines(self):
        os.environ["NSIM_TRACE"] = "0"
        self.addCleanup(os.environ.pop, "NSIM_TRACE")
        with tempfile.TemporaryDirectory() as folder:
            nki.profile(double, working_directory=folder)(normal(P, F))
            with open(os.path.join(folder, "report.txt"), encoding="utf-8") as file:
                self.assertIn("Metrics\n", file.read())

    @on("trn1", "trn2")
    def test_what_is_saved_is_a_container(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "double.neff")
            double.save(path, normal(P, F))
            self.assertGreater(os.path.getsize(path), 1024)

    @on("trn2")
    def test_collectives_say_that_they_cannot_be_simulated(self):
        def kernel(x):
            out = nl.ndarray(x.shape, x.dtype, nl.shared_hbm)
            collectives.all_reduce([x], [out], collectives.ReplicaGroup([[0, 1]]), nl.add)
        with self.assertRaisesRegex(NotImplementedError, r"programs_test.py:\d+: nki.collectives.all_reduce"):
            nki.jit(kernel)(normal(P, F))

    def test_instructions_outside_of_kernels_are_refused(self):
        with self.assertRaisesRegex(nki.NkiValidationError, "call it in a function with @nki.jit"):
            nl.ndarray((128, 4), nl.float32)

    def test_a_process_ends_by_itself(self):
        code = ("import nki, nki.language as nl, numpy as np\n"
                "@nki.jit\ndef f(x):\n    out = nl.ndarray(x.shape, x.dtype, nl.shared_hbm)\n    nl.store(out, nl.load(x))\n    return out\n"
                "print(f(np.ones((4, 4), np.float32)).sum())\n")
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "kernel.py")
            with open(path, "w", encoding="utf-8") as file:
                file.write(code)
            done = subprocess.run([sys.executable, "-B", path], capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual((done.returncode, done.stdout.strip()), (0, "16.0"), done.stderr)


if __name__ == "__main__":
    unittest.main()
