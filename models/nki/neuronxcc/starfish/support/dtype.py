# SPDX-License-Identifier: Apache-2.0
"""neuronxcc.starfish.support.dtype: the element types that numpy lacks, and casts of host arrays to them."""
from nki._dtypes import bfloat16, float8_e4m3, float8_e5m2, tfloat32

from ...nki._language import static_cast

float8e4, float8e5 = float8_e4m3, float8_e5m2
__all__ = ["bfloat16", "float8_e4m3", "float8_e5m2", "float8e4", "float8e5", "tfloat32", "static_cast"]
