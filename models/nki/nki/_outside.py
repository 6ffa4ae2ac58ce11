# SPDX-License-Identifier: Apache-2.0
"""What a failed execution means for the kernel: the device says that a transfer left its tensor, but not which one."""
from __future__ import annotations

from typing import List

from ._tensor import Tensor
from ._trace import Launch, Record

_SHOWN = 8


def _may_leave(record: Record) -> List[Tensor]:
    """Operands in HBM whose place the device finds out, and which may not lie outside of their tensor."""
    if not record.opcode.startswith("dma_") or dict(record.attributes).get("oob") == "skip":
        return []
    if record.opcode in ("dma_gather", "dma_scatter"):
        return [record.operands[1 if record.opcode == "dma_gather" else 0]]
    return [each for each in record.operands if each.__class__ is not str and each.space == "hbm" and each.dynamic is not None]


def explained(message: str, launch: Launch) -> str:
    """The message of the device, with the lines whose transfers it may be about."""
    if "NRT_EXEC_OOB" not in message:
        return message
    places = dict.fromkeys(f"{record.label} ({operand.name}, {list(operand.storage.shape)})" for trace in launch.traces for record in trace.records
                           if record.__class__ is Record for operand in _may_leave(record))
    shown = ", ".join(list(places)[:_SHOWN]) + (f" and {len(places) - _SHOWN} more places" if len(places) > _SHOWN else "")
    one_of = "one of " if len(places) > 1 else ""
    return f"{message}: an index or offset is outside of its tensor, and oob_mode is error: {one_of}{shown}" if places else message
