// SPDX-License-Identifier: Apache-2.0
// The cost constants of the engines of one NeuronCore generation: one table per engine. Defaults
// are NeuronCore-v2 (trn1, inf2); the device files override them for later generations. Values and
// sources of both stand on top of engine_params.cpp.
//
// "Rates" are cycles per element of a partition: 1 is one element per lane and cycle, 0.25 the 4x
// mode.
#pragma once

#include <cstdint>

#include "sim/base/params.h"
#include "sim/base/units.h"

namespace nsim::cost {

/// The utilisation limit of the Tensor engine: hw::Throttle.
struct ThrottleParams {
  explicit ThrottleParams(const ParamScope& scope);  // [tensor] throttle, throttle_...
  bool on;
  double rate;         // of the full rate, while limited
  SimTime ramp;        // of use, until the limit goes
  SimTime window;      // over which too little use brings it back
  double utilisation;  // what is too little
};

struct TensorParams {
  explicit TensorParams(const ParamScope& scope);  // [tensor]
  std::int64_t clock;
  std::int64_t latency;
  std::int64_t load_latency;
  std::int64_t load_speedup;
  std::int64_t rows_per_cycle;
  std::int64_t fp32_cycles_per_row;
  std::int64_t fp32_transpose_cycles_per_row;
  std::int64_t fp32_onezero_cycles_per_row;
  std::int64_t fp8_rows_per_cycle;
  bool transpose_mode;
  bool double_row;
  bool sparse;
  bool small_tiles;
  bool bf16_result;
  std::int64_t result_bytes;
  ThrottleParams throttle;
};

struct VectorParams {
  explicit VectorParams(const ParamScope& scope);  // [vector]
  std::int64_t clock;
  std::int64_t access_setup;
  std::int64_t latency;
  double copy_rate;
  double copy_rate_fp32;
  double copy_rate_16bit;
  double copy_rate_16bit_strided;
  double copy_rate_16bit_psum;
  double two_operand_rate;
  double two_operand_rate_psum;
  double two_operand_rate_16bit;
  bool two_operand_16bit_bf16_only;
  bool wide_fp8;
  double scalar_tensor_tensor_rate_bf16;
  double scan_rate;
  double reduce_rate;
  double reduce_rate_bf16;
  double memset_rate;
  double memset_rate_zero_16bit;
  double reciprocal_rate;
  double bn_stats_rate;
  double bn_aggr_rate;
  double transpose_rate;
  double predicated_rate;
  double predicated_rate_psum;
  double tensor_scalar_reduce_rate;
  double cumulative_rate;
  double search_rate;
  double shuffle_rate;
  double range_select_rate;
  double select_reduce_rate;
  double dropout_rate;
  double exponential_rate;
  double quantize_mx_rate;
  double random_rate;
  std::int64_t accumulator_read;
};

struct ScalarParams {
  explicit ScalarParams(const ParamScope& scope);  // [scalar]
  std::int64_t clock;
  std::int64_t access_setup;
  std::int64_t latency;
  double rate;
  double copy_rate_16bit;
  bool wide_fp8;
  std::int64_t accumulator_read;
  SimTime table_load;
};

struct GpSimdParams {
  explicit GpSimdParams(const ParamScope& scope);  // [gpsimd]
  std::int64_t clock;
  std::int64_t access_setup;
  std::int64_t latency;
  double rate;
  double two_operand_rate;
  double rsqrt_rate;
  std::int64_t startup;
  double partition_reduce_rate;
  std::int64_t gather_index;
  std::int64_t n_gather_group;
  double n_gather_rate;
  double topk_rate;
  double topk_result_rate;
  double sequence_bounds_rate;
  double nonzero_rate;
  double random_rate;
  std::int64_t swdge_instruction;
  std::int64_t swdge_descriptor;
};

struct EngineParams {
  explicit EngineParams(const ParamScope& scope);

  TensorParams tensor;
  VectorParams vector;
  ScalarParams scalar;
  GpSimdParams gpsimd;
  std::int64_t sync_clock;  // [sync] clock
  std::int64_t min_interval;
  std::int64_t dynamic_copy_interval;
  SimTime control;
  SimTime dma_trigger;
  SimTime register_update;
  SimTime register_access;
  SimTime branch;
  std::int64_t strided_bytes;
  double strided_factor;
};

}  // namespace nsim::cost
