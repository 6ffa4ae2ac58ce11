// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/attribute.h"

#include <array>

namespace nsim::isa {
namespace {

// In the order of Attribute.
// clang-format off
constexpr std::array<const char*, kAttributeCount> kNames{
    "op", "op0", "operand0", "reverse0", "op1", "operand1", "reverse1", "function", "scale",
    "bias", "value", "fill", "accumulate", "keep", "negate", "base", "partition_step",
    "pattern", "queue", "dge", "initial", "reverse_pred", "reduce_op", "reduce_cmd",
    "reduce_init", "reduce_res", "reduce_res_negate", "imm0", "imm1", "imm", "dst_idx",
    "shuffle_mask", "comp_op0", "comp_op1", "bound0", "bound1", "range_start", "on_false",
    "prob", "max_value", "index", "step", "num_elem_per_idx", "num_valid_indices", "n",
    "index_offset", "padding_val", "min", "max", "perf_mode", "tags", "is_stationary_onezero",
    "is_moving_onezero", "tile_size", "stationary_scale", "moving_scale", "qos", "dst", "src",
    "constant", "relu_param", "oob", "dst_offset", "src_offset"};
// clang-format on

}  // namespace

const char* name(Attribute attribute) {
  return kNames.at(static_cast<std::size_t>(attribute));
}

}  // namespace nsim::isa
