# SPDX-License-Identifier: Apache-2.0
"""neuronxcc.starfish: the compiler's own package; kernels take element types from it."""
