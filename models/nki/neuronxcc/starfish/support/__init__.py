# SPDX-License-Identifier: Apache-2.0
"""neuronxcc.starfish.support"""
from . import dtype

__all__ = ["dtype"]
