# SPDX-License-Identifier: Apache-2.0
"""neuronxcc.nki.typing: annotations, as in nki.typing."""
from nki.typing import *  # noqa: F401,F403
