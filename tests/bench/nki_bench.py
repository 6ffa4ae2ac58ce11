# SPDX-License-Identifier: Apache-2.0
"""How fast kernels are traced and written as program text: instructions per second of processor time.

    PYTHONPATH=models/nki python3 tests/bench/nki_bench.py [M K N]

The kernel is a tiled matrix product as the guides write it: two tiles are allocated and loaded for every nc_matmul."""
import sys
import time

import nki
import nki.isa as nisa
import nki.language as nl
import numpy as np
from nki._program import program_text


@nki.jit
def matmul(lhs_t, rhs):
    k_size, m_size = lhs_t.shape
    out = nl.ndarray((m_size, rhs.shape[1]), dtype=lhs_t.dtype, buffer=nl.shared_hbm)
    for m in nl.affine_range(m_size // 128):
        for n in nl.affine_range(rhs.shape[1] // 512):
            acc = nl.ndarray((128, 512), dtype=nl.float32, buffer=nl.psum)
            for k in nl.affine_range(k_size // 128):
                stationary = nl.ndarray((128, 128), dtype=lhs_t.dtype, buffer=nl.sbuf)
                moving = nl.ndarray((128, 512), dtype=rhs.dtype, buffer=nl.sbuf)
                nisa.dma_copy(dst=stationary, src=lhs_t[k * 128:(k + 1) * 128, m * 128:(m + 1) * 128])
                nisa.dma_copy(dst=moving, src=rhs[nl.ds(k * 128, 128), nl.ds(n * 512, 512)])
                nisa.nc_matmul(dst=acc, stationary=stationary, moving=moving)
            evicted = nl.ndarray((128, 512), dtype=out.dtype, buffer=nl.sbuf)
            nisa.tensor_copy(dst=evicted, src=acc)
            nisa.dma_copy(dst=out[m * 128:(m + 1) * 128, n * 512:(n + 1) * 512], src=evicted)
    return out


def main(m: int = 1024, k: int = 4096, n: int = 4096) -> None:
    arguments = (np.zeros((k, m), np.float32), np.zeros((k, n), np.float32))
    begin = time.process_time()
    launch = matmul.trace(*arguments).launch
    traced = time.process_time()
    text = program_text(launch)
    written = time.process_time()
    count = sum(len(each.records) for each in launch.traces)
    print(f"{count} instructions: traced {count / (traced - begin):.0f}/s, written {count / (written - traced):.0f}/s, "
          f"{len(text) / count:.0f} bytes of text each")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
