# SPDX-License-Identifier: Apache-2.0
"""neuronxcc.nki.meta: names of the tracer, as in nki.meta."""
from nki.meta import *  # noqa: F401,F403
