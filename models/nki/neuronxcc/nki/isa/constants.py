# SPDX-License-Identifier: Apache-2.0
"""neuronxcc.nki.isa.constants: the enumerations."""
from nki.isa.constants import *  # noqa: F401,F403
