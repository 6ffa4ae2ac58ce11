# SPDX-License-Identifier: Apache-2.0
"""neuronxcc.nki.collectives: operations between NeuronCores, as in nki.collectives."""
from nki.collectives import *  # noqa: F401,F403
