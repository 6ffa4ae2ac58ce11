# SPDX-License-Identifier: Apache-2.0
"""What README.md tells who writes a kernel is what happens: its files, its commands, their output. After a change of
times or of the report, NSIM_UPDATE_REFERENCES=1 writes the new output into README.md."""
import os
import re
import subprocess
import sys
import tempfile
import unittest

from nki import _session

README = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "README.md")
SECTION = re.compile(r"^## Write a kernel\n.*?(?=^## )", re.M | re.S)
BLOCK = re.compile(r"^```(python|)\n(.*?)^```$", re.M | re.S)


class ReadMe(unittest.TestCase):
    maxDiff = None

    def test_the_section_about_kernels(self):
        with open(README, encoding="utf-8") as file:
            readme = file.read()
        section = SECTION.search(readme).group(0)
        blocks = BLOCK.findall(section)
        self.assertEqual([kind for kind, _ in blocks], ["python", "", "", "python"])
        with tempfile.TemporaryDirectory() as folder:
            self.folder = folder
            self.put("share.py", blocks[0][1])
            for _, block in blocks[1:3]:
                command, _, wanted = block.partition("\n")
                said = self.shell(command[2:])
                if os.environ.get("NSIM_UPDATE_REFERENCES"):
                    section = section.replace(block, f"{command}\n{said}")
                else:
                    self.assertEqual(said, wanted)
            self.put("calls.py", blocks[3][1])
            self.python("calls.py")
            left = set(os.listdir(folder))
            self.assertLessEqual({"run", "profile", "share.neff"}, left)
            self.assertTrue(os.path.isfile(os.path.join(folder, "run", "device_profile_model_1.pftrace")))
        if os.environ.get("NSIM_UPDATE_REFERENCES"):
            with open(README, "w", encoding="utf-8") as file:
                file.write(SECTION.sub(lambda _: section, readme))

    def put(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)

    def shell(self, command):
        """What it prints; nothing in the environment leads to the package."""
        clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "NSIM_LIBRARY")}
        clean["PATH"] = os.path.dirname(_session.program_path()) + os.pathsep + clean["PATH"]
        return subprocess.run(command, shell=True, cwd=self.folder, env=clean, encoding="utf-8", stdout=subprocess.PIPE, check=True).stdout

    def python(self, name):
        path = os.path.join(os.path.dirname(README), "models", "nki")
        subprocess.run([sys.executable, "-B", name], cwd=self.folder, env={**os.environ, "PYTHONPATH": path}, check=True,
                       stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    unittest.main()
