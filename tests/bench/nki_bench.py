# SPDX-License-Identifier: Apache-2.0
"""How fast NKI kernels are traced, written as program text and simulated.

    /usr/bin/python3 tests/bench/nki_bench.py [M K N]

First instructions per second of processor time, of one tiled matrix product in both forms that the guides write it in: two
tiles are allocated and loaded for every nc_matmul; in the first dialect with index objects and a product that is added to
its tile. Then the blocked product of models/kernels of [4096, 8192] x [8192, 8192], 32,768 nc_matmul, from the call of the
kernel to its simulated time on trn1: seconds that pass, without values. Last a naive product of a million instructions: how
large its program is, and what writing and loading it takes."""
import os
import sys
import time

FOLDER = os.path.dirname(os.path.abspath(__file__))
for path in ("nki", "kernels"):
    sys.path.insert(0, os.path.join(FOLDER, "..", "..", "models", path))

import neuronxcc.nki as old  # noqa: E402
import neuronxcc.nki.isa as old_isa  # noqa: E402
import neuronxcc.nki.language as old_nl  # noqa: E402
import nki  # noqa: E402
import nki.isa as nisa  # noqa: E402
import nki.language as nl  # noqa: E402
import numpy as np  # noqa: E402
from matmul import matmul_blocked  # noqa: E402
from nki import _session  # noqa: E402
from nki._program import program_text  # noqa: E402


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


@old.jit
def matmul_of_first_dialect(lhs_t, rhs):
    k_size, m_size = lhs_t.shape
    out = old_nl.ndarray((m_size, rhs.shape[1]), dtype=lhs_t.dtype, buffer=old_nl.shared_hbm)
    i_left, i_right, i_out = old_nl.mgrid[0:128, 0:128], old_nl.mgrid[0:128, 0:512], old_nl.mgrid[0:128, 0:512]
    for m in old_nl.affine_range(m_size // 128):
        for n in old_nl.affine_range(rhs.shape[1] // 512):
            acc = old_nl.zeros((128, 512), dtype=old_nl.float32, buffer=old_nl.psum)
            for k in old_nl.affine_range(k_size // 128):
                stationary = old_nl.load(lhs_t[k * 128 + i_left.p, m * 128 + i_left.x])
                moving = old_nl.load(rhs[k * 128 + i_right.p, n * 512 + i_right.x])
                acc[...] += old_isa.nc_matmul(stationary, moving)
            evicted = old_nl.copy(acc, dtype=out.dtype)
            old_nl.store(out[m * 128 + i_out.p, n * 512 + i_out.x], value=evicted)
    return out


def blanks(k: int, m: int, n: int, dtype=np.float32):
    """Arguments that take no memory: values do not matter."""
    zero = np.zeros((), np.float32).astype(dtype)
    return np.broadcast_to(zero, (k, m)), np.broadcast_to(zero, (k, n))


def trace_speed(what: str, kernel, arguments) -> None:
    begin = time.process_time()
    launch = kernel.trace(*arguments).launch
    traced = time.process_time()
    text = program_text(launch)
    written = time.process_time()
    count = sum(len(each.records) for each in launch.traces)
    print(f"{what}: {count} instructions, traced {count / (traced - begin):.0f}/s, written {count / (written - traced):.0f}/s, "
          f"{len(text)} bytes of text", flush=True)


def long_program() -> None:
    """A million instructions: what is written of them, and how long the simulator takes to load it."""
    os.environ["NEURON_PLATFORM_TARGET_OVERRIDE"] = "trn1"
    begin = time.process_time()
    launch = matmul.trace(*blanks(10368, 16384, 16384, nl.bfloat16)).launch
    traced = time.process_time()
    text = program_text(launch)
    written = time.process_time()
    session = _session.session(_session.config_for(launch.target.name, launch.target.version, 1))
    container = session.assemble(text, launch.name)
    model = session.load(text, launch.name)
    loaded = time.process_time()
    session.unload(model)
    print(f"a naive matmul of {len(launch.traces[0].records)} instructions: traced in {traced - begin:.1f} s, written in {written - traced:.1f} s "
          f"as {len(text)} bytes of text and {len(container)} of container, checked twice and loaded in {loaded - written:.1f} s", flush=True)


def end_to_end() -> None:
    os.environ["NEURON_PLATFORM_TARGET_OVERRIDE"] = "trn1"
    begin, busy = time.monotonic(), time.process_time()
    measured = nki.benchmark(warmup=0, iters=1)(matmul_blocked)
    measured(*blanks(8192, 4096, 8192, nl.bfloat16))
    took, used = time.monotonic() - begin, time.process_time() - busy
    simulated = measured.benchmark_result.nc_latency.get_latency_percentile(50)
    print(f"matmul_blocked of [4096, 8192] x [8192, 8192]: {simulated / 1000:.3f} ms simulated in {took:.2f} s, "
          f"{used:.2f} s of processor time", flush=True)


def main(m: int = 1024, k: int = 4096, n: int = 4096) -> None:
    trace_speed("nki", matmul, blanks(k, m, n))
    trace_speed("neuronxcc.nki", matmul_of_first_dialect, blanks(k, m, n))
    end_to_end()
    long_program()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
