# SPDX-License-Identifier: Apache-2.0
"""Which of the two hardware blocks makes the descriptors of a load. From NeuronCore-v3 on a core has two of them, one commanded by
Sync, one by Scalar, and each makes those of one transfer after the other, whatever its size: for transfers below 2 KiB per
partition that is what takes longest (AWS NKI documentation, descriptor generation, DMA bandwidth guide). But a queue holds up what
stands behind a transfer that waits, and Scalar's stands behind what Scalar computes. So this is decided when all of the kernel is
known: where loads are small and Scalar computes nothing, the tensors that are loaded are shared out over both.

The blocks and what they take are documented, this rule is ours: which queues a compiler uses is not published. Of two published
kernels with small loads one (B1 of models/validation/table.toml) is as fast as both blocks are, one (C1) as fast as a single one."""
from __future__ import annotations

from typing import Dict, List

from ._tensor import Storage
from ._trace import Launch, Record, Trace

_SMALL = 2048  # bytes per partition: what the bandwidth guide recommends as the least
_LOADS_PER_STORE = 4  # assumed: a store that waits holds up the loads behind it


def share_out_loads(launch: Launch) -> None:
    """Loads whose queue the kernel leaves open go to one of the two blocks. All loads of a tensor use the same one."""
    if launch.target.version < 3:
        return
    for trace in launch.traces:
        loads = _open_loads(trace)
        if len(loads) > 1 and _small(loads) and not _scalar_computes(trace):
            _share(trace, loads)


def _open_loads(trace: Trace) -> Dict[Storage, List[Record]]:
    """By the tensor they load, in the order of the program."""
    found: Dict[Storage, List[Record]] = {}
    for record in trace.records:
        if record.__class__ is Record and record.open_queue:
            dst, src = record.operands
            if dst.dtype is src.dtype and dst.dynamic is None and src.dynamic is None and not record.ordered:
                found.setdefault(src.storage, []).append(record)
    return found


def _small(loads: Dict[Storage, List[Record]]) -> bool:
    """Whether transfers have less than 2 KiB per partition, on average."""
    tiles = [record.operands[0] for records in loads.values() for record in records]
    return sum(tile.elems * tile.dtype.itemsize for tile in tiles) < _SMALL * len(tiles)


def _scalar_computes(trace: Trace) -> bool:
    return any(record.__class__ is Record and record.engine == "scalar" and record.opcode != "dma_copy" for record in trace.records)


def _share(trace: Trace, loads: Dict[Storage, List[Record]]) -> None:
    """The tensor with most loads first, each to the block that has fewer transfers so far; nothing where stores, which wait for
    what is computed, would stand among the loads of Scalar's queue all the time."""
    mine = {id(each) for records in loads.values() for each in records}
    others = [each.engine for each in trace.records if each.__class__ is Record and each.opcode == "dma_copy" and id(each) not in mine]
    stores = others.count("scalar")
    counts = {"sync": others.count("sync"), "scalar": stores}
    chosen = []
    for records in sorted(loads.values(), key=len, reverse=True):
        block = "sync" if counts["sync"] <= counts["scalar"] else "scalar"
        counts[block] += len(records)
        chosen += records if block == "scalar" else []
    if len(chosen) >= _LOADS_PER_STORE * stores:
        for record in chosen:
            record.engine = "scalar"
