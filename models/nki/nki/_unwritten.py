# SPDX-License-Identifier: Apache-2.0
"""Reads of memory that nothing has written: their values are undefined on the hardware, so they are almost always a mistake.
Found per tensor, not per element. Tensors with an address are left out: another one may lie at the same place."""
from __future__ import annotations

import warnings
from typing import Iterator, List, Tuple

from ._errors import NkiWarning
from ._tensor import Storage, Tensor
from ._trace import Launch, Record, Trace

_SHOWN = 10
_NO_OPERANDS = frozenset((str, int, float, bool, list, type(None)))
# Positions of operands that are written, where it is not the first one alone.
_DESTINATIONS = {"activation_reduce": (0, 1), "topk": (0, 1), "quantize_mx": (0, 2), "rand_set_state": (), "set_rng_seed": (),
                 "register_load": ()}
RESULTS = ("reduce_res", "dst_idx")


def destinations(opcode: str, operands: list) -> Tuple[int, ...]:
    """Positions of the operands that an instruction writes."""
    return _DESTINATIONS.get(opcode, (0,) if operands else ())


def _reads(record: Record) -> List[Storage]:
    """What an instruction reads."""
    operands, written = record.operands, _DESTINATIONS.get(record.opcode)
    sources = operands[1:] if written is None else [each for i, each in enumerate(operands) if i not in written]
    read = [each.storage for each in sources if each.__class__ is not str]
    for keyword, value in record.attributes:
        if isinstance(value, Tensor) and keyword not in RESULTS:
            read.append(value.storage)
    for each in operands:
        if each.__class__ is not str and (each.dynamic is not None or each.vector is not None):
            read += [index[0].storage for index in (each.dynamic, each.vector) if index is not None and isinstance(index[0], Tensor)]
    return read


def writes(record: Record) -> List[Storage]:
    """What an instruction writes."""
    written = [record.operands[i].storage for i in destinations(record.opcode, record.operands) if record.operands[i].__class__ is not str]
    for keyword, value in record.attributes:
        if keyword in RESULTS:
            written.append(value.storage)
    return written


def _plain(record: Record, known: set) -> bool:
    """Whether it writes its first operand, reads the others, which are known, and nothing else: most do."""
    operands = record.operands
    if not operands or record.opcode in _DESTINATIONS:
        return False
    first = True
    for each in operands:
        if each.__class__ is str or each.dynamic is not None or each.vector is not None or not first and each.storage not in known:
            return False
        first = False
    for _, value in record.attributes:
        if value.__class__ not in _NO_OPERANDS:
            return False
    return True


def _unwritten(trace: Trace, known: set) -> Iterator[Tuple[str, Storage]]:
    """Tensors that are read before anything writes them; what is written becomes known."""
    told = set()
    for record in trace.records:
        if record.__class__ is Record:
            if _plain(record, known):
                known.add(record.operands[0].storage)
                continue
            for storage in _reads(record):
                if storage not in known and storage.address is None and storage not in told:
                    told.add(storage)
                    yield record.label, storage
            known.update(writes(record))


def _warn_of_results(launch: Launch, written: set) -> None:
    for storage in launch.shared:
        if storage.kind == "output" and storage not in written:
            warnings.warn(f"{launch.name}: returns '{storage.name}' ({list(storage.shape)} in {storage.buffer}), which nothing has written",
                          NkiWarning, stacklevel=6)


def warn_of_unwritten(launch: Launch) -> None:
    """A warning for each tensor that is read before it is written, and for each that is returned and never written."""
    given = set(launch.inputs + launch.constants)
    if len(launch.traces) > 1:  # what another core writes to shared memory counts, whenever that is
        given.update(storage for trace in launch.traces for record in trace.records if record.__class__ is Record
                     for storage in writes(record) if storage.space == "hbm")
    found, written = [], set()
    for trace in launch.traces:
        known = set(given)
        found += _unwritten(trace, known)
        written |= known
    _warn_of_results(launch, written)
    for label, storage in found[:_SHOWN]:
        warnings.warn(f"{label}: reads '{storage.name}' ({list(storage.shape)} in {storage.buffer}), which nothing has written",
                      NkiWarning, stacklevel=5)
