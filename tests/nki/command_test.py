# SPDX-License-Identifier: Apache-2.0
"""`nsim nki`: kernels out of files, arguments as texts, and the report by source line."""
import json
import os
import re
import subprocess
import textwrap
import unittest

import numpy as np
from command_line import KERNELS, Command, line_of
from nki import _session


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

    def test_values_of_the_files_own_types(self):
        self.put("own.py", textwrap.dedent("""\
            from dataclasses import dataclass
            from enum import Enum
            import nki
            import nki.language as nl
            from kernels import double


            class Mode(Enum):
                TWICE = 2.0


            @dataclass
            class Config(nl.NKIObject):
                mode: Mode
                factor: float = 1.0


            @nki.jit
            def kernel(x, mode, config):
                return double(x, mode.value * config.mode.value * config.factor)
            """))
        self.assertIn("passed", self.runs("own.py", "-a", "x=128x4:f32", "-a", "mode=Mode.TWICE", "-a", "config=Config(Mode.TWICE, factor=2.0)", "--check",
                                          "8 * x"))
        self.refused("--arg mode: 'Mode.THRICE': AttributeError: THRICE", "own.py", "-a", "x=128x4:f32", "-a", "mode=Mode.THRICE", "-a", "config=none")

    def test_files_of_packages(self):
        kernel = "import nki\n{}\n\n@nki.jit\ndef kernel(x):\n    return double(x)\n"
        self.put("library/core/utils/copies.py", KERNELS)
        self.put("library/core/deep/utils.py", "from ...core.utils.copies import double\n")
        # Without __init__.py, as far up as imports go; with it, by the name of the package.
        self.put("library/core/near/beside.py", kernel.format("from ..utils.copies import double"))
        self.put("library/core/deep/far.py", kernel.format("from .utils import double"))
        for folder in ("other", "other/part"):
            self.put(f"{folder}/__init__.py", "")
        self.put("other/copies.py", KERNELS)
        self.put("other/part/named.py", kernel.format("from other.copies import double"))
        self.put("third/__init__.py", "import not_installed\n")
        self.put("third/copies.py", KERNELS)
        self.put("third/own.py", kernel.format("from .copies import double"))
        self.put("work/nki/kernels/named_as_ours.py", kernel.format("from ..copies import double"))
        self.put("work/nki/copies.py", KERNELS)
        for path in ("library/core/near/beside.py", "library/core/deep/far.py", "other/part/named.py", "third/own.py", "work/nki/kernels/named_as_ours.py"):
            with self.subTest(path=path):
                self.assertIn("passed", self.runs(path, "-a", "x=128x4:f32", "--check", "2 * x"))

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
        code, table, _ = self.nsim("report", "out", "--format", "csv")
        with open(os.path.join(self.folder, "out", "csv", "lines.csv"), encoding="utf-8") as file:
            rows = file.read().splitlines()
        self.assertEqual(code, 0, table)
        self.assertEqual(len(rows), 4)
        self.assertRegex(rows[1], rf"^1,kernels.py:{line_of('dst=tile, src=x[row')},.*,2,262144,256,")
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


if __name__ == "__main__":
    unittest.main()
