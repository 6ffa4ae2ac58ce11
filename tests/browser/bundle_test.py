# SPDX-License-Identifier: Apache-2.0
"""The committed bundle of the page is that of its committed sources."""

import hashlib
import os
import pathlib
import re
import unittest

PAGE = pathlib.Path(os.environ.get('NSIM_SOURCE_DIR', pathlib.Path(__file__).resolve().parents[2])) / 'tools/report/page'


class Bundle(unittest.TestCase):
    def test_its_digest_is_that_of_the_sources(self):
        names = sorted([f'src/{file.name}' for file in (PAGE / 'src').iterdir()] + ['build.mjs', 'package.json', 'package-lock.json'])
        digest = hashlib.sha256()
        for name in names:
            digest.update(f'{name}\n'.encode())
            digest.update((PAGE / name).read_bytes())
        recorded = re.search(r'// sources: (\w+)', (PAGE / 'bundle.js').read_text()).group(1)
        self.assertEqual(recorded, digest.hexdigest(), 'cd tools/report/page && npm ci && npm run build')


if __name__ == '__main__':
    unittest.main()
