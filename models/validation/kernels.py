#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kernels of models/kernels as rows of table.toml run them: a row says `kernel = NAME`. The build traces them as program text,
so that `nsim validate` needs no Python.

    kernels.py DIR [NAME ...]       writes DIR/NAME.nasm, of all when none is named
"""
import os
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))
for path in ("../nki", "../kernels"):
    sys.path.insert(0, os.path.join(FOLDER, path))

import conv2d  # noqa: E402
import layernorm  # noqa: E402
import mamba  # noqa: E402
import matmul  # noqa: E402
import nki.language as nl  # noqa: E402
import numpy as np  # noqa: E402
import rmsnorm  # noqa: E402
import transpose  # noqa: E402
from nki.isa import engine  # noqa: E402


class Workload:
    """A kernel with the shapes and the type of its arguments, and options; `cores` of a logical core share it."""

    def __init__(self, device: str, kernel, shapes, dtype=nl.bfloat16, cores: int = 1, **options):
        self.device, self.kernel, self.shapes, self.dtype, self.cores, self.options = device, kernel, shapes, dtype, cores, options

    def text(self) -> str:
        os.environ["NEURON_PLATFORM_TARGET_OVERRIDE"] = self.device
        zero = np.zeros((), np.float32).astype(self.dtype)
        kernel = self.kernel if self.cores == 1 else self.kernel[self.cores]
        return kernel.text(*(np.broadcast_to(zero, shape) for shape in self.shapes), **self.options)


LADDER = matmul.shapes(k=8192, m=4096, n=8192)
CUBE_4096, CUBE_2048 = matmul.shapes(k=4096, m=4096, n=4096), matmul.shapes(k=2048, m=2048, n=2048)


def scan(kernel, channels: int, steps: int) -> Workload:
    return Workload("trn1", kernel, mamba.shapes(channels, steps, states=16), nl.float32)


WORKLOADS = {
    "matmul_naive_bf16": Workload("trn1", matmul.matmul_naive, LADDER),
    "matmul_block_free_bf16": Workload("trn1", matmul.matmul_block_free, LADDER),
    "matmul_blocked_bf16": Workload("trn1", matmul.matmul_blocked, LADDER),
    "matmul_naive_fp32": Workload("trn2", matmul.matmul_naive, LADDER, nl.float32),
    "matmul_blocked_fp32": Workload("trn2", matmul.matmul_blocked, LADDER, nl.float32),
    "matmul_reuse_4096": Workload("trn2", matmul.matmul_reuse, CUBE_4096, engine=engine.sync),
    "matmul_block_rows_4096": Workload("trn2", matmul.matmul_block_rows, CUBE_4096),
    "matmul_reuse_2048": Workload("trn2", matmul.matmul_reuse, CUBE_2048, m_tiles=2, n_tiles=4, engine=engine.sync),
    "mamba_v1_256": scan(mamba.mamba_v1, 256, 512),
    "mamba_v1_4096": scan(mamba.mamba_v1, 4096, 512),
    "mamba_v2_1024": scan(mamba.mamba_v2, 4096, 1024),
    "mamba_v2_2048": scan(mamba.mamba_v2, 4096, 2048),
    "mamba_v2_3072": scan(mamba.mamba_v2, 4096, 3072),
    "mamba_v2_4096": scan(mamba.mamba_v2, 4096, 4096),
    "mamba_v3_8192": scan(mamba.mamba_v3, 4096, 8192),
    "layernorm_4096": Workload("trn1", layernorm.layernorm, layernorm.shapes(rows=4096, columns=8192), nl.float32),
    "conv2d_224": Workload("trn2", conv2d.conv2d, conv2d.shapes(batch=1, channels=256, filters=256, size=226, kernel=3), nl.float32),
    "transpose_4096": Workload("trn2", transpose.transpose, transpose.shapes(m=4096, n=4096), nl.float32),
    "rmsnorm_quant_2048": Workload("trn2", rmsnorm.rmsnorm_quant, rmsnorm.shapes(rows=2048, columns=8192), cores=2),
    "rmsnorm_quant_32768": Workload("trn2", rmsnorm.rmsnorm_quant, rmsnorm.shapes(rows=32768, columns=16384), cores=2),
}


def main(folder: str, *names: str) -> None:
    for name in names or WORKLOADS:
        with open(os.path.join(folder, name + ".nasm"), "w", encoding="utf-8") as file:
            file.write(WORKLOADS[name].text())


if __name__ == "__main__":
    main(*sys.argv[1:])
