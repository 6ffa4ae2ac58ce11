// SPDX-License-Identifier: Apache-2.0
#include "runtime/loaded_model.h"

#include <array>

namespace nsim::rt {

nrt_dtype_t dtype_of(num::Dtype dtype) {
  // By the value of num::Dtype. FP32R is the runtime's name for tf32.
  constexpr std::array kTypes = {NRT_DTYPE_FLOAT32, NRT_DTYPE_FP32R,  NRT_DTYPE_BFLOAT16,
                                 NRT_DTYPE_FLOAT16, NRT_DTYPE_FP8_E4, NRT_DTYPE_FP8_E5,
                                 NRT_DTYPE_INT8,    NRT_DTYPE_UINT8,  NRT_DTYPE_INT16,
                                 NRT_DTYPE_UINT16,  NRT_DTYPE_INT32,  NRT_DTYPE_UINT32};
  const auto index = static_cast<std::size_t>(dtype);
  return index < kTypes.size() ? kTypes[index] : NRT_DTYPE_UNKNOWN;
}

}  // namespace nsim::rt
