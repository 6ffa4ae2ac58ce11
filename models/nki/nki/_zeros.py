# SPDX-License-Identifier: Apache-2.0
"""Tiles of PSUM that kernels set to zero before they collect products in them."""
from __future__ import annotations

import numpy as np

from ._regions import cells, region_of
from ._tensor import Storage
from ._trace import Record, Trace


def drop_needless_zeros(trace: Trace) -> None:
    """A tile of PSUM that was zeroed only to collect products needs no memset: the first product overwrites."""
    products: dict = {each: {} for each in trace.storages if each.zeros is not None}  # storage -> region -> view
    for record in trace.records if products else ():
        if record.__class__ is not Record:
            continue
        for position, view in enumerate(record.views()):
            storage = view.storage
            if storage.zeros is None or storage not in products or record is storage.zeros:
                continue
            if position == 0 and record.opcode == "nc_matmul" and view.offset.__class__ is int and not storage.aliases:
                products[storage].setdefault(region_of(view), view)
            else:
                storage.zeros.dropped = _cover(storage, products.pop(storage))
    for storage, regions in products.items():  # never read
        storage.zeros.dropped = _cover(storage, regions)


def _cover(storage: Storage, regions: dict) -> bool:
    """Whether the views have every element of the storage."""
    if any(view.shape[0] == storage.parts and view.elems == storage.row and view.is_contiguous() for view in regions.values()):
        return True
    covered = np.zeros((storage.parts, storage.row), bool)
    for view in regions.values():
        covered |= cells(view)
    return bool(covered.all())
