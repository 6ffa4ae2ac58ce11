# SPDX-License-Identifier: Apache-2.0
"""What the tracer has to know of a device: what nki.language.tile_size reports and which instructions exist. Times
and capacities in detail are the simulator's. Which device it is follows NSIM_CONFIG (a configuration of the
simulator) and NEURON_PLATFORM_TARGET_OVERRIDE, both read whenever a kernel is called."""
from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Optional

from ._errors import NkiValidationError


@dataclass(frozen=True)
class Target:
    """A device; sizes in bytes per partition."""

    name: str  # as program text calls it: trn1, inf2, trn2, trn3
    version: int  # of its NeuronCores
    sbuf_bytes: int  # of SBUF that a kernel may use: nl.tile_size.sbuf_fmax_bytes
    sbuf_total: int
    moving_bytes: int  # of one result of nc_matmul in PSUM


_V2 = (2, 180224, 192 * 1024, 2048)
_V3 = (3, 212984, 224 * 1024, 2048)
_V4 = (4, 245752, 256 * 1024, 16384)
TARGETS = {"trn1": Target("trn1", *_V2), "inf2": Target("inf2", *_V2),
           "trn2": Target("trn2", *_V3), "trn3": Target("trn3", *_V4)}
_OVERRIDES = {"trn1": "trn1", "inf2": "inf2", "gen2": "trn1", "trn2": "trn2", "gen3": "trn2",
              "trn3": "trn3", "gen4": "trn3", "trn1n": "trn1", "trn2n": "trn2"}
DEFAULT = "trn3"  # what the vendor's tools take when nothing is said
PARTITIONS = 128
PSUM_BANK_BYTES = 2048
PSUM_BANKS = 8
PSUM_BYTES = PSUM_BANK_BYTES * PSUM_BANKS


def _target_of_config(config: str) -> Optional[str]:
    """The device that a configuration is a variant of: by its name, or by what the file extends."""
    for _ in range(16):
        name = re.match(r"(trn1|inf2|trn2|trn3)", os.path.basename(config))
        if name:
            return name.group(1)
        try:
            with open(config, encoding="utf-8") as file:
                base = re.search(r'^\s*extends\s*=\s*"([^"]+)"', file.read(), re.M)
        except OSError:
            return None
        if base is None:
            return None
        config = os.path.join(os.path.dirname(config), base.group(1))
    return None


def named_target(name: str, said_by: str) -> Target:
    """The device that a name of the vendor's stands for."""
    found = _OVERRIDES.get(str(name).lower())
    if found is None:
        raise NkiValidationError(f"{said_by}={name!r} is none of {', '.join(_OVERRIDES)}")
    return TARGETS[found]


def current_target(wanted: Optional[str] = None) -> Target:
    """The device that the next kernel is traced for and runs on; `wanted` is what the kernel itself asks for."""
    config = os.environ.get("NSIM_CONFIG")
    if config:
        name = _target_of_config(config)
        if name is None:
            raise NkiValidationError(f"NSIM_CONFIG={config!r}: cannot tell which of {', '.join(TARGETS)} it is a variant of")
        return TARGETS[name]
    if wanted:
        return named_target(wanted, "platform_target")
    return named_target(os.environ.get("NEURON_PLATFORM_TARGET_OVERRIDE") or DEFAULT, "NEURON_PLATFORM_TARGET_OVERRIDE")
