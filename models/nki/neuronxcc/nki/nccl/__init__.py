# SPDX-License-Identifier: Apache-2.0
"""neuronxcc.nki.nccl: the earlier name of nki.collectives."""
from nki.collectives import *  # noqa: F401,F403
