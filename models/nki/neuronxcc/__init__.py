# SPDX-License-Identifier: Apache-2.0
"""neuronxcc: the name under which kernels of the first NKI generation import it."""
