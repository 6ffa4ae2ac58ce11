# SPDX-License-Identifier: Apache-2.0
"""A run of what is traced so far, for numbers that the rest depends on (_ahead.py): a program of the first records, with a
register_store behind each that sets a register in question, and copies of all that to HBM."""
from __future__ import annotations

import copy
from typing import List

import numpy as np

from . import _session
from ._ahead import Found, Question
from ._dtypes import NAMED, encode, storage_type
from ._program import ProgramText
from ._tensor import SBUF, SHARED_HBM, Storage, whole
from ._trace import Launch, Record
from ._unwritten import writes

_ENGINES = 5  # that each virtual register is set on, in as many records
_WRITTEN = 1  # stands behind the numbers, when values are computed


class RunFailed(RuntimeError):
    """Of a run ahead, by the device."""


def run(question: Question) -> Found:
    """The answer."""
    place, what, _, _, sources, _ = question
    launch, numbers, copies = _program(question)
    held = _execute(f"{place}: {what} is computed by the device, but the run up to there failed", launch)
    found = held[numbers].reshape(-1)
    if found[-1] != _WRITTEN:
        raise NotImplementedError(f"{place} cannot be simulated: {what} is a number that only the device knows, and numerics are off")
    values = [int(value) & 0xFFFFFFFF if each.view is not None and each.view.dtype.name == "uint32" else int(value)
              for each, value in zip(sources, found)]
    return Found(values, [None if each is None else held[each].reshape(-1) for each in copies])


def _program(question: Question):
    """The program, where it leaves the numbers, and where the contents of tiles. Another core goes up to the same barrier."""
    _, _, trace, end, sources, tiles = question
    barriers = sum(1 for each in trace.barriers if each <= end)
    int32 = NAMED["int32"]
    held = Storage("ahead.held", SBUF, int32, (1, len(sources) + 1))
    places = whole(held)
    records = list(trace.records[:end])
    for column, source in sorted(enumerate(sources), key=lambda each: -each[1].at):  # the last first: the others stay in their places
        store = Record(trace.records[source.at].label, "register_store", "sync", [places[:, column:column + 1]], (("src", [source.number]),), None)
        records.insert(source.at + _ENGINES, store)
    label = trace.records[sources[0].at].label
    records.append(Record(label, "memset", "vector", [places[:, len(sources):]], (("value", float(_WRITTEN)),), None))
    outputs: List[Storage] = []

    def stored(tile: Storage) -> Storage:
        out = Storage(f"ahead.out{len(outputs)}", SHARED_HBM, tile.dtype, tile.shape)
        out.kind = "output"
        outputs.append(out)
        records.append(Record(label, "dma_copy", "sync", [whole(out), whole(tile)], (), None))
        return out
    numbers, copies = stored(held), [None if each is None else stored(each) for each in tiles]
    launch = copy.copy(trace.launch)
    launch.name += ".ahead"
    launch.schedule, launch.shared = [], launch.shared + outputs
    launch.traces = [copy.copy(each) for each in launch.traces]
    for each in launch.traces:
        if each.core == trace.core:
            each.records, each.storages = records, each.storages + [held]
        else:
            each.records = each.records[:each.barriers[barriers - 1] if barriers else 0]
            each.storages = each.storages if barriers else []
        _mark_written(launch.inputs, each.records)
    return launch, numbers, copies


def _mark_written(inputs: List[Storage], records: list) -> None:
    given = set(inputs)
    for record in records:
        if record.__class__ is Record:
            for storage in writes(record):
                if storage in given:
                    storage.kind = "output"


def _execute(failed: str, launch: Launch) -> dict:
    """Contents of the tensors that the program leaves, by storage."""
    settings, out = launch.ahead.session
    config = _session.config_for(launch.target.name, launch.target.version, len(launch.traces), settings, out)
    held = {}
    own = [each for trace in launch.traces for each in trace.storages]  # what device_print leaves is there
    for each in launch.inputs + [each for each in launch.shared + own if each.kind == "output"]:
        held[each] = np.array(encode(each.array, each.dtype)) if each.array is not None else np.zeros(each.shape, storage_type(each.dtype))
    bindings = [_session.Binding(each.name, array, each.array is not None, each.kind == "output") for each, array in held.items()]
    session = _session.session(config)
    model = session.load(ProgramText(launch).finish(), launch.name)
    try:
        session.execute(model, bindings)
        session.unload(model)
    except RuntimeError as error:
        _session.close()
        raise RunFailed(f"{failed}: {error}") from None
    return held
