# SPDX-License-Identifier: Apache-2.0
"""What the tests of `nsim nki` share: files of kernels in a folder, and the program run there."""
import os
import subprocess
import tempfile
import unittest

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


@nki.jit
def rows(table, index):
    out = nl.ndarray((128, table.shape[1]), dtype=table.dtype, buffer=nl.shared_hbm)
    tile = nl.ndarray(out.shape, dtype=table.dtype, buffer=nl.sbuf)
    pattern = [[table.shape[1], 128], [1, table.shape[1]]]
    nisa.dma_copy(dst=tile, src=table.ap(pattern, vector_offset=nl.load(index), indirect_dim=0))
    nisa.dma_copy(dst=out, src=tile)
    return out


@nki.jit
def crowded(x):
    tiles = [nl.load(x) for _ in range(300)]
    for each in tiles:
        nisa.tensor_tensor(each, each, tiles[0], nl.add)


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
        os.makedirs(os.path.dirname(os.path.join(self.folder, name)), exist_ok=True)
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
