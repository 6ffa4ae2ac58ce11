// SPDX-License-Identifier: Apache-2.0
// The functions of the instructions that select, search, gather, reduce into an accumulator or draw
// random numbers, and what they share with those of datapath.cpp. Internal to sim/hw/datapath.
#pragma once

#include "sim/hw/datapath.h"
#include "sim/numerics/reduction.h"

namespace nsim::hw {

/// A scalar operand together with the view it may refer to.
class ScalarView {
 public:
  ScalarView(const Datapath& datapath, const isa::StreamScalar& scalar) {
    scalar_.immediate = scalar.immediate;
    if (scalar.operand.present()) {
      view_ = datapath.view(scalar.operand);
      scalar_.view = &view_;
    }
  }
  ScalarView(const ScalarView&) = delete;
  ScalarView& operator=(const ScalarView&) = delete;
  operator const num::Scalar&() const { return scalar_; }  // NOLINT: it is one

 private:
  num::View view_;
  num::Scalar scalar_;
};

/// The accumulator of the instruction's engine, as the instruction uses it.
class Accumulator {
 public:
  Accumulator(Datapath& datapath, const isa::StreamInstruction& i)
      : initial_(datapath, i.operand1) {
    reduction_.op = i.reduce_op;
    reduction_.command = i.reduce_cmd;
    reduction_.initial = initial_;
    reduction_.accumulator = datapath.accumulators(i.engine) + i.dst.partition;
    reduction_.negate = i.negate;
    if (i.dst2.present()) {
      result_ = datapath.view(i.dst2);
      reduction_.result = &result_;
    }
  }
  Accumulator(const Accumulator&) = delete;
  Accumulator& operator=(const Accumulator&) = delete;
  operator num::Reduction&() { return reduction_; }  // NOLINT: it is one

 private:
  ScalarView initial_;
  num::View result_;
  num::Reduction reduction_;
};

/// One function per opcode, by its name.
namespace lane {

void tensor_copy_predicated(Datapath& d, const isa::StreamInstruction& i);
void tensor_scalar_reduce(Datapath& d, const isa::StreamInstruction& i);
void tensor_scalar_cumulative(Datapath& d, const isa::StreamInstruction& i);
void max8(Datapath& d, const isa::StreamInstruction& i);
void nc_find_index8(Datapath& d, const isa::StreamInstruction& i);
void nc_match_replace8(Datapath& d, const isa::StreamInstruction& i);
void nc_stream_shuffle(Datapath& d, const isa::StreamInstruction& i);
void range_select(Datapath& d, const isa::StreamInstruction& i);
void select_reduce(Datapath& d, const isa::StreamInstruction& i);
void dropout(Datapath& d, const isa::StreamInstruction& i);
void exponential(Datapath& d, const isa::StreamInstruction& i);
void quantize_mx(Datapath& d, const isa::StreamInstruction& i);
void tensor_copy_dynamic_src(Datapath& d, const isa::StreamInstruction& i);
void tensor_copy_dynamic_dst(Datapath& d, const isa::StreamInstruction& i);
void tensor_partition_reduce(Datapath& d, const isa::StreamInstruction& i);
void local_gather(Datapath& d, const isa::StreamInstruction& i);
void nc_n_gather(Datapath& d, const isa::StreamInstruction& i);
void topk(Datapath& d, const isa::StreamInstruction& i);
void sequence_bounds(Datapath& d, const isa::StreamInstruction& i);
void nonzero_with_count(Datapath& d, const isa::StreamInstruction& i);
void rng(Datapath& d, const isa::StreamInstruction& i);
void rand2(Datapath& d, const isa::StreamInstruction& i);
void rand_set_state(Datapath& d, const isa::StreamInstruction& i);
void rand_get_state(Datapath& d, const isa::StreamInstruction& i);
void set_rng_seed(Datapath& d, const isa::StreamInstruction& i);
void activate2(Datapath& d, const isa::StreamInstruction& i);

}  // namespace lane

}  // namespace nsim::hw
