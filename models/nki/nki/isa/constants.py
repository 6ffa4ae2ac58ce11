# SPDX-License-Identifier: Apache-2.0
"""nki.isa.constants: the enumerations of nki.isa."""
from .._enums import (dge_mode, dma_engine, engine, gpsimd_engine, matmul_perf_mode, nc_version, oob_mode, reduce_cmd, scalar_engine,
                      sync_engine, tensor_engine, unknown_engine, vector_engine)

__all__ = ["dge_mode", "dma_engine", "engine", "gpsimd_engine", "matmul_perf_mode", "nc_version", "oob_mode", "reduce_cmd",
           "scalar_engine", "sync_engine", "tensor_engine", "unknown_engine", "vector_engine"]
