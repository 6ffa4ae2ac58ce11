# SPDX-License-Identifier: Apache-2.0
"""Studies in Python: the package neuronsim."""
import json
import os
import subprocess
import tempfile
import unittest

import neuronsim

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MODEL = os.path.join(SOURCE, "models", "mini_lm.toml")


class Study(unittest.TestCase):
    def test_a_changed_value_is_read_back_and_changes_the_time(self):
        config = neuronsim.Config("trn2")
        self.assertEqual(config["hbm.bandwidth"], "716GB/s")
        before = config.run(MODEL)["summary"]["time_per_request_ns"]
        config["hbm.latency"] = "5us"
        self.assertEqual(config["hbm.latency"], "5us")
        self.assertGreater(config.run(MODEL)["summary"]["time_per_request_ns"], before)

    def test_a_run_says_what_nsim_run_says(self):
        with tempfile.TemporaryDirectory() as out:
            subprocess.run([os.environ["NSIM"], "run", MODEL, "--config", "trn1", "--requests", "3", "--depth", "2", "--numerics",
                            "off", "--transfer", "each", "--no-trace", "-q", "--out", out], check=True, stdout=subprocess.DEVNULL)
            with open(os.path.join(out, "summary.json"), encoding="utf-8") as file:
                expected = json.load(file)
        found = neuronsim.Config("trn1").run(MODEL, requests=3, depth=2, transfer="each")
        self.assertEqual(found["summary"], expected["summary"])
        self.assertEqual(found["requests"], expected["requests"])

    def test_what_is_wrong_is_told_and_changes_nothing(self):
        config = neuronsim.Config("trn2")
        with self.assertRaisesRegex(neuronsim.Error, "^unknown key .* did you mean \"hbm.bandwidth\""):
            config["hbm.bandwith"] = "1TB/s"
        with self.assertRaisesRegex(neuronsim.Error, "did you mean 'hbm.bandwidth'"):
            config["hbm.bandwith"]
        with self.assertRaises(neuronsim.Error) as caught:
            config["hbm.bandwidth"] = "fast"
        self.assertEqual(caught.exception.code, 2)
        with self.assertRaisesRegex(neuronsim.Error, "no/such.toml"):
            config.run("no/such.toml")
        with self.assertRaisesRegex(neuronsim.Error, "neither once nor each"):
            config.run(MODEL, transfer="never")
        with self.assertRaisesRegex(neuronsim.Error, "there are 4 logical cores"):
            config.run(MODEL, cores=99)
        with self.assertRaisesRegex(neuronsim.Error, "trn9"):
            neuronsim.Config("trn9")
        with self.assertRaisesRegex(neuronsim.Error, "empty"):
            neuronsim.Config("")
        for wrong in ({"requests": 0}, {"requests": 10 ** 12}, {"depth": 2.5}, {"depth": 100000}, {"cores": "2"}):
            with self.assertRaisesRegex(neuronsim.Error, f"^{next(iter(wrong))}: .* is not a whole number from 1 to"):
                config.run(MODEL, **wrong)
        with self.assertRaisesRegex(neuronsim.Error, "cannot create the directory \"/proc/x\""):
            config.run(MODEL, out="/proc/x")
        with self.assertRaisesRegex(TypeError, "a text, such as 'hbm.bandwidth'"):
            config[3]
        with self.assertRaises(TypeError):
            "hbm.bandwidth" in config
        self.assertEqual(config["hbm.bandwidth"], "716GB/s")
        self.assertEqual(config.run(MODEL)["summary"]["executions"] > 0, True)

    def test_a_run_leaves_its_directory_when_asked_to(self):
        with tempfile.TemporaryDirectory() as out:
            config = neuronsim.Config("trn2")
            summary = config.run(MODEL, numerics=True, out=out)
            with open(os.path.join(out, "summary.json"), encoding="utf-8") as file:
                self.assertEqual(json.load(file)["summary"], summary["summary"])
            self.assertTrue(os.path.exists(os.path.join(out, "system_profile.pftrace")))


if __name__ == "__main__":
    unittest.main()
