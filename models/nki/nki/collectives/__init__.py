# SPDX-License-Identifier: Apache-2.0
"""nki.collectives: operations between NeuronCores that a kernel takes part in. Arguments are checked as documented; the
simulator runs collectives that the host schedules (nrta_cc_*), not yet those inside of a program."""
from __future__ import annotations

from typing import Sequence

from .._errors import fail, missing
from .._operators import alu
from .._tensor import Tensor

_OPERATORS = ("add", "minimum", "maximum")


class ReplicaGroup:
    """Lists of ranks that work together; every rank is in one of them."""

    def __init__(self, groups: Sequence[Sequence[int]]):
        self.groups = [[int(each) for each in group] for group in groups]
        flat = sorted(each for group in self.groups for each in group)
        if not flat or len(set(flat)) != len(flat) or len({len(group) for group in self.groups}) != 1:
            fail("nki.collectives.ReplicaGroup", f"{self.groups}: groups have equal sizes and every rank is in one of them")

    @property
    def size(self) -> int:
        return len(self.groups[0])


def _check(name: str, srcs, dsts, replica_group=None, op=None, hbm_only: bool = False) -> str:
    function = f"nki.collectives.{name}"
    tensors = [each for side in (srcs, dsts) for each in (side if isinstance(side, (list, tuple)) else [side])]
    if not tensors or not all(isinstance(each, Tensor) for each in tensors):
        fail(function, "srcs and dsts are lists of tensors", TypeError)
    spaces = {each.space for each in tensors}
    if len(spaces) > 1 or "psum" in spaces or hbm_only and spaces != {"hbm"}:
        fail(function, f"tensors are in {' and '.join(sorted(spaces))}: all in HBM{'' if hbm_only else ', or all in SBUF'}")
    if replica_group is not None and not isinstance(replica_group, ReplicaGroup):
        fail(function, "replica_group must be a ReplicaGroup", TypeError)
    if op is not None and alu(function, op) not in _OPERATORS:
        fail(function, f"combines by {', '.join(_OPERATORS)}, not by {alu(function, op)}")
    return function


def all_reduce(srcs, dsts, replica_group, op, priority=None, name=None):
    missing(_check("all_reduce", srcs, dsts, replica_group, op))


def all_gather(srcs, dsts, replica_group, collective_dim=0, priority=None, name=None):
    missing(_check("all_gather", srcs, dsts, replica_group))


def reduce_scatter(srcs, dsts, replica_group, collective_dim=0, op=None, priority=None, name=None):
    missing(_check("reduce_scatter", srcs, dsts, replica_group, op))


def all_to_all(srcs, dsts, replica_group, collective_dim=0, priority=None, name=None):
    missing(_check("all_to_all", srcs, dsts, replica_group, hbm_only=True))


def all_gather_v(srcs, dsts, replica_group, metadata_tensor, recv_counts_known=False, has_rdispls=False, priority=None, name=None):
    missing(_check("all_gather_v", srcs, dsts, replica_group))


def all_to_all_v(srcs, dsts, replica_group, metadata_tensor, recv_counts_known=False, has_rdispls=False, priority=None, name=None):
    missing(_check("all_to_all_v", srcs, dsts, replica_group))


def collective_permute(srcs, dsts, source_target_pairs, priority=None, name=None):
    missing(_check("collective_permute", srcs, dsts, hbm_only=True))


def collective_permute_implicit(srcs_by_channel, dsts_by_channel, replica_group, channel_ids=(0,), priority=None, name=None):
    missing("nki.collectives.collective_permute_implicit")


def collective_permute_implicit_reduce(srcs0_by_channel, srcs1_by_channel, dsts_by_channel, replica_group, op, channel_ids=(0,),
                                       priority=None, name=None):
    missing("nki.collectives.collective_permute_implicit_reduce")


def collective_permute_implicit_current_processing_rank_id(iteration_id, replica_group, channel_id=0):
    missing("nki.collectives.collective_permute_implicit_current_processing_rank_id")


def rank_id():
    missing("nki.collectives.rank_id")
