# SPDX-License-Identifier: Apache-2.0
"""`nsim nki`: kernels out of files, arguments as texts, what a wrong one is told, and the report by source line."""
import json
import os
import re
import subprocess
import tempfile
import textwrap
import unittest

import numpy as np
from nki import _session

KERNELS = '''\
import nki
import nki.isa as nisa
import nki.language as nl


@nki.jit
def double(x, scale=2.0):
    out = nl.ndarray(x.shape, dtype=x.dtype, buffer=nl.shared_hbm)
    for row in range(0, x.shape[0], 128):
        tile = nl.ndarray((128, x.shape[1]), dtype=x.dtype, buffer=nl.sbuf)
        nisa.dma_copy(dst=tile, src=x[row:row + 128, :])
        nisa.tensor_scalar(dst=tile, data=tile, op0=nl.multiply, operand0=scale)
        nisa.dma_copy(dst=out[row:row + 128, :], src=tile)
    return out


@nki.jit
def product(a, b):
    out = nl.ndarray((a.shape[1], b.shape[1]), dtype=nl.float32, buffer=nl.shared_hbm)
    left, right = nl.load(a), nl.load(b)
    acc = nl.ndarray(out.shape, dtype=nl.float32, buffer=nl.psum)
    nisa.nc_matmul(dst=acc, stationary=left, moving=right)
    nl.store(out, acc)
    return out


@nki.jit
def increment(x):
    tile = nl.load(x)
    nisa.tensor_scalar(dst=tile, data=tile, op0=nl.add, operand0=1.0)
    nl.store(x, tile)


@nki.jit
def two(x):
    halves = [nl.ndarray((128, x.shape[1]), dtype=x.dtype, buffer=nl.shared_hbm) for _ in range(2)]
    for at, half in enumerate(halves):
        nl.store(half, nl.load(x[128 * at:128 * at + 128]))
    return tuple(halves)


@nki.jit
def spread(x):
    out = nl.ndarray(x.shape, dtype=x.dtype, buffer=nl.shared_hbm)
    at = nl.program_id(0) * 128
    nl.store(out[nl.ds(at, 128)], nl.load(x[nl.ds(at, 128)]))
    return out


def tile_of(x):
    return nl.ndarray((x.shape[0], 1 // 0), dtype=x.dtype, buffer=nl.sbuf)


@nki.jit
def divides(x):
    return tile_of(x)


@nki.jit
def too_wide(x):
    return nl.ndarray((256, 4), dtype=x.dtype, buffer=nl.sbuf)


@nki.jit
def keyed(x, mode="plain", bias=None, flag=False, shape=(1,), dtype=nl.float32):
    assert mode == "fast" and bias is None and flag is True and shape == (2, 3) and dtype is nl.bfloat16, (mode, bias, flag, shape, dtype)
    return double(x)


def plain(x):
    return x


def twice(x):
    return np.float64(x) * 2


def wrong(x):
    return x.no_such_thing
'''
KERNELS = KERNELS.replace("import nki.language as nl\n", "import nki.language as nl\nimport numpy as np\n", 1)

OLD = '''\
import neuronxcc.nki as nki
import neuronxcc.nki.language as nl


@nki.jit
def grid_add(a, b):
    out = nl.ndarray(a.shape, dtype=a.dtype, buffer=nl.shared_hbm)
    i_p = nl.program_id(0) * 128 + nl.arange(128)[:, None]
    i_f = nl.program_id(1) * 64 + nl.arange(64)[None, :]
    nl.store(out[i_p, i_f], nl.load(a[i_p, i_f]) + nl.load(b[i_p, i_f]))
    return out
'''


def line_of(text):
    """The number of the line of KERNELS that holds it."""
    return 1 + next(at for at, line in enumerate(KERNELS.split("\n")) if text in line)


class Command(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.put("kernels.py", KERNELS)
        self.put("old.py", OLD)

    def put(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)

    def nsim(self, *words, **environment):
        """(exit code, standard output, standard error) of nsim in the folder; nothing in the environment leads to the package."""
        clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "NSIM_LIBRARY")}
        ended = subprocess.run([_session.program_path(), *words], cwd=self.folder, env={**clean, **environment}, encoding="utf-8",
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        return ended.returncode, ended.stdout, ended.stderr

    def runs(self, *words, **environment):
        code, said, errors = self.nsim("nki", *words, "--config", "trn2", **environment)
        self.assertEqual((code, errors), (0, ""), said)
        return said

    def refused(self, message, *words, code=2):
        ended, said, errors = self.nsim("nki", *words)
        self.assertEqual(ended, code, said + errors)
        self.assertIn(message, errors)
        self.assertNotIn("Traceback", errors)
        self.assertNotIn("_command", errors)


class Runs(Command):
    def test_a_kernel_and_its_check(self):
        said = self.runs("kernels.py:double", "--arg", "x=256x512:bf16", "--check", "x * scale")
        self.assertIn("kernels.py:double(x = 256x512 bfloat16)", said)
        self.assertIn("result: passed", said)
        self.assertEqual(os.listdir(self.folder).count("kernel.json"), 0)

    def test_the_only_kernel_of_a_file_needs_no_name(self):
        self.assertIn("old.py:grid_add", self.runs("old.py", "--arg", "a=128x64:f32", "--arg", "b=128x64:f32", "--grid", "1,1"))

    def test_a_grid_of_the_first_dialect(self):
        said = self.runs("old.py:grid_add", "-a", "a=256x128:f32", "-a", "b=256x128:f32", "--grid", "2,2", "--check", "a + b", "--atol", "0")
        self.assertIn("old.py:grid_add[2,2](a = 256x128 float32, b = 256x128 float32)", said)
        self.assertIn("result: passed: largest difference 0", said)
        spread = self.runs("old.py:grid_add", "-a", "a=256x64:f32", "-a", "b=256x64:f32", "--grid", "nc2,1", "--check", "a + b")
        self.assertIn("result: passed", spread)

    def test_two_cores(self):
        self.assertIn("passed", self.runs("kernels.py:spread", "-a", "x=256x64:f32", "--grid", "2", "--check", "x"))

    def test_kinds_of_arguments(self):
        np.save(os.path.join(self.folder, "x.npy"), np.arange(128 * 4, dtype=np.float32).reshape(128, 4))
        self.runs("kernels.py:keyed", "-a", "x=@x.npy", "-a", "mode=fast", "-a", "bias=none", "-a", "flag=true", "-a", "shape=(2, 3)",
                  "-a", "dtype=nl.bfloat16", "--check", "2 * np.arange(512).reshape(128, 4)", "--rtol", "0")
        for fill, expected in (("zeros", "np.zeros((128, 4))"), ("ones", "np.full((128, 4), 2)"), ("2.5", "np.full((128, 4), 5)"),
                               ("arange", "2 * np.arange(512).reshape(128, 4)"), ("uniform", "np.clip(2 * x, 0, 2)"),
                               ("randn:7", "2 * np.random.default_rng(7).standard_normal((128, 4), np.float32)")):
            with self.subTest(fill=fill):
                said = self.runs("kernels.py:double", "-a", f"x=128x4:f32:{fill}", "--check", expected, "--rtol", "0", "--atol", "0")
                self.assertIn("passed", said)
        self.runs("kernels.py:double", "-a", "x=@x.npy:bf16", "-a", "scale=3", "--check", "x * 3")

    def test_checks_by_a_function(self):
        self.assertIn("passed", self.runs("kernels.py:double", "-a", "x=128x4:f32", "--check", "kernels.py:twice"))
        self.put("reference.py", "def of(left, right):\n    return left.T @ right\n")
        self.assertIn("passed", self.runs("kernels.py:product", "-a", "a=128x32:bf16", "-a", "b=128x64:bf16", "--check", "reference.py:of"))

    def test_arguments_that_are_written_and_several_results(self):
        self.assertIn("x: passed", self.runs("kernels.py:increment", "-a", "x=128x4:f32", "--check", "x + 1"))
        said = self.runs("kernels.py:two", "-a", "x=256x4:f32", "--check", "(x[:128], x[128:])")
        self.assertIn("result 0: passed", said)
        self.assertIn("result 1: passed", said)

    def test_a_check_that_fails_names_the_worst_element(self):
        code, said, errors = self.nsim("nki", "kernels.py:double", "-a", "x=128x4:f32:arange", "--check", "np.where(x == 9, 19, 2 * x)",
                                       "--rtol", "0.001", "--out", "out")
        self.assertEqual(code, 1)
        self.assertIn("error: the outputs differ from what --check expects\n", errors)
        self.assertIn("result: FAILED: 1 of 512 elements differ, tolerance 0 + 0.001 of each value; the worst is [2, 1]: 18 instead of 19", said)
        with open(os.path.join(self.folder, "out", "run.json"), encoding="utf-8") as file:
            self.assertEqual(json.load(file)["exit_status"], 1)

    def test_a_result_that_is_no_number_fails(self):
        code, said, _ = self.nsim("nki", "kernels.py:double", "-a", "x=128x4:f32", "--check", "np.full(x.shape, np.nan)")
        self.assertEqual(code, 1)
        self.assertIn("512 of 512 elements differ", said)
        code, said, _ = self.nsim("nki", "kernels.py:double", "-a", "x=128x4:f32", "--check", "x[:64]")
        self.assertEqual(code, 1)
        self.assertIn("the kernel's has the shape [128, 4], the expected one [64, 4]", said)

    def test_times_without_values_are_the_same(self):
        words = ("kernels.py:double", "-a", "x=256x512:bf16", "--json")
        with_values, without = (json.loads(self.runs(*words, "--numerics", each)) for each in ("on", "off"))
        self.assertFalse(without["metadata"]["numerics"])
        self.assertEqual(with_values["kernel"], without["kernel"])

    def test_what_a_kernel_prints_is_no_part_of_the_json(self):
        self.put("talks.py", "import nki\nimport kernels\nprint('loaded')\ndouble = kernels.double\n")
        code, said, errors = self.nsim("nki", "talks.py:double", "-a", "x=128x4:f32", "--json")
        self.assertEqual(code, 0)
        self.assertEqual(json.loads(said)["kernel"]["name"], "kernels.py:double")
        self.assertEqual(errors, "loaded\n")

    def test_neither_files_of_the_folder_nor_another_python_are_taken(self):
        self.put("nki.py", "raise SystemExit('the wrong nki')\n")
        self.put("python3", "#!/bin/sh\necho the wrong python3 >&2\nexit 9\n")
        os.chmod(os.path.join(self.folder, "python3"), 0o755)
        self.runs("kernels.py:double", "-a", "x=128x4:f32", PATH=self.folder + os.pathsep + os.environ["PATH"])


class Reports(Command):
    def report(self, *words):
        return json.loads(self.runs(*words, "--json"))

    def test_lines_have_what_the_engines_and_queues_have(self):
        report = self.report("kernels.py:double", "-a", "x=512x512:bf16")
        lines = {each["line"]: each for each in report["kernel"]["lines"]}
        load, compute, store = (f"kernels.py:{line_of(text)}" for text in ("dst=tile, src=x[row", "nisa.tensor_scalar(dst=tile, data=tile, op0=nl.mul",
                                                                          "nisa.dma_copy(dst=out[row"))
        self.assertEqual(list(lines), [load, compute, store])
        self.assertEqual(lines[compute]["source"], "nisa.tensor_scalar(dst=tile, data=tile, op0=nl.multiply, operand0=scale)")
        vector = lines[compute]["engines"]["vector"]
        self.assertEqual(vector["instructions"], 4)
        self.assertAlmostEqual(vector["busy_ns"], report["engines"]["vector"]["busy_ns"], places=3)
        for each in (load, store):
            dma = lines[each]["dma"]
            self.assertEqual((dma["transfers"], dma["bytes"], dma["descriptors"]), (4, 512 * 512 * 2, 512))
            self.assertEqual(dma["bytes_per_descriptor"], 1024)
            self.assertAlmostEqual(dma["bytes_per_second"], dma["bytes"] / dma["moving_ns"] * 1e9, delta=1)
            self.assertGreater(lines[each]["under_way_ns"], dma["moving_ns"])
        self.assertNotIn("dma", lines[compute])
        inside = sum(each["critical_path_ns"] for each in lines.values())
        outside = sum(each["time_ns"] for each in report["critical_path"]["rows"] if each["waiting_for"] in (
            "preamble and first instructions", "host memory", "the unit", "its way to the host", "the write's way to the unit"))
        self.assertLess(inside + outside, report["critical_path"]["time_ns"] + 1)
        self.assertGreater(inside, 0)

    def test_weights_belong_to_the_product(self):
        report = self.report("kernels.py:product", "-a", "a=128x32:bf16", "-a", "b=128x64:bf16")
        line = next(each for each in report["kernel"]["lines"] if "nc_matmul" in each["source"])
        self.assertEqual(line["engines"]["tensor"]["instructions"], 1)
        self.assertAlmostEqual(line["engines"]["tensor"]["busy_ns"], report["engines"]["tensor"]["busy_ns"], places=3)

    def test_high_water_marks_are_those_of_the_placement(self):
        memory = self.report("kernels.py:product", "-a", "a=128x32:bf16", "-a", "b=128x64:bf16")["kernel"]["memory"][0]
        self.assertEqual(memory["psum_peak_bytes_per_partition"], 2048)  # a bank
        self.assertEqual(memory["psum_capacity_bytes_per_partition"], 16384)
        self.assertGreaterEqual(memory["sbuf_peak_bytes_per_partition"], 32 * 2 + 64 * 2)
        self.assertLess(memory["sbuf_peak_bytes_per_partition"], 2048)
        self.assertEqual(memory["sbuf_capacity_bytes_per_partition"], 224 * 1024)

    def test_a_directory_is_complete(self):
        said = self.runs("kernels.py:double", "-a", "x=256x512:bf16", "--out", "out")
        left = set(os.listdir(os.path.join(self.folder, "out")))
        self.assertLessEqual({"summary.json", "resolved.toml", "run.json", "kernel.json", "report.txt", "report.json", "critical_path.jsonl",
                              "double.neff", "system_profile.pftrace", "device_profile_model_1.pftrace"}, left)
        with open(os.path.join(self.folder, "out", "report.txt"), encoding="utf-8") as file:
            self.assertEqual(file.read(), said)
        self.assertEqual(self.nsim("report", "out", "--format", "lines"), (0, said, ""))
        code, page, _ = self.nsim("report", "out")
        self.assertEqual((code, page), (0, "out/report.html\n"))
        code, run, _ = self.nsim("run", "out/double.neff", "--config", "trn2_lnc1", "-q", "--numerics", "off")
        self.assertEqual(code, 0, run)

    def test_why_repeats_the_kernel(self):
        self.runs("kernels.py:double", "-a", "x=256x512:bf16", "--check", "2 * x", "--out", "out")
        code, said, errors = self.nsim("why", "out", "--ideal", "dma")
        self.assertEqual((code, errors), (0, ""))
        self.assertRegex(said, r"-\d+\.\d %  dma ")
        self.assertIn("kernels.py:", said)

    def test_a_profile_leaves_the_same_report(self):
        said = self.runs("kernels.py:double", "-a", "x=256x512:bf16", "--out", "out")
        self.put("profiles.py", textwrap.dedent("""\
            import nki, numpy as np
            import nki.language as nl
            from kernels import double
            nki.profile(double, working_directory="profile")(np.zeros((256, 512), nl.bfloat16))
            """))
        package = os.path.dirname(_session.__file__)
        environment = {**os.environ, "PYTHONPATH": os.path.dirname(package), "NSIM_CONFIG": "trn2"}
        subprocess.run(["/usr/bin/python3", "-B", "profiles.py"], cwd=self.folder, env=environment, check=True)
        with open(os.path.join(self.folder, "profile", "report.txt"), encoding="utf-8") as file:
            self.assertEqual(file.read(), said)

    def test_without_traces_there_are_no_lines(self):
        said = self.runs("kernels.py:double", "-a", "x=128x4:f32", "--out", "out", "--no-trace")
        self.assertIn("Metrics\n", said)
        code, _, errors = self.nsim("report", "out", "--format", "lines")
        self.assertEqual(code, 2)
        self.assertIn("is no run of a kernel with traces", errors)

    def test_every_slice_of_work_names_its_line(self):
        self.runs("kernels.py:product", "-a", "a=128x32:bf16", "-a", "b=128x64:bf16", "--out", "out")
        code, _, errors = self.nsim("report", "out", "--format", "json", "--out", "report.json")
        self.assertEqual((code, errors), (0, ""))
        with open(os.path.join(self.folder, "report.json"), encoding="utf-8") as file:
            report = json.load(file)
        self.assertTrue(all(re.fullmatch(r"kernels\.py:\d+", each["line"]) for each in report["kernel"]["lines"]))
        moved = sum(each.get("dma", {}).get("transfers", 0) for each in report["kernel"]["lines"])
        self.assertEqual(moved, sum(each["transfers"] for each in report["dma"]["queues"].values()))


class WrongInput(Command):
    def test_files_and_kernels(self):
        self.refused("error: nsim nki: there is no file none.py", "none.py:double")
        self.refused("error: nsim nki: there is no file kernels; kernels are given as FILE.py:KERNEL", "kernels:double")
        self.refused("error: kernels.py has no kernel dubble, did you mean double?; it has double, product, increment, two, spread, divides, "
                     "too_wide, keyed", "kernels.py:dubble")
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

    def test_exceptions_of_a_kernel_name_its_line_and_what_called_it(self):
        place = os.path.join(self.folder, "kernels.py")
        self.refused(f"{place}:{line_of('1 // 0')}: in tile_of: ZeroDivisionError: integer division or modulo by zero\n"
                     f"  called from {place}:{line_of('return tile_of(x)')}, in divides\n", "kernels.py:divides", "-a", "x=128x4:f32")
        self.refused(f"error: {place}:{line_of('(256, 4)')}: nl.ndarray: the shape [256, 4] has 256 partitions, sbuf has 128\n",
                     "kernels.py:too_wide", "-a", "x=128x4:f32")


if __name__ == "__main__":
    unittest.main()
