// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/lane_functions.h"

#include <algorithm>

#include "sim/numerics/mx.h"
#include "sim/numerics/positions.h"

namespace nsim::hw::lane {
namespace {

using isa::StreamInstruction;
using num::AluOp;

/// `operand` moved on by the index in operand0, kept within its buffer.
num::View moved(const Datapath& d, const StreamInstruction& i, const isa::Operand& operand) {
  const std::int64_t steps = num::first_element(d.view(i.operand0.operand));
  num::View view = d.view(operand);
  view.base += std::clamp<std::int64_t>(steps, 0, i.base) * i.count *
               static_cast<std::int64_t>(num::size_of(operand.dtype));
  return view;
}

}  // namespace

void tensor_copy_predicated(Datapath& d, const StreamInstruction& i) {
  num::tensor_copy_predicated(d.view(i.dst), d.view(i.src[0]), d.view(i.src[1]), i.reverse0);
}

void tensor_scalar_reduce(Datapath& d, const StreamInstruction& i) {
  num::tensor_scalar_reduce(d.view(i.dst), d.view(i.src[0]), i.op0, ScalarView(d, i.operand0),
                            i.reverse0, Accumulator(d, i));
}

void tensor_scalar_cumulative(Datapath& d, const StreamInstruction& i) {
  Accumulator accumulator(d, i);
  num::Reduction& reduction = accumulator;
  reduction.op = i.op1;
  num::tensor_scalar_cumulative(d.view(i.dst), d.view(i.src[0]), i.op0, ScalarView(d, i.operand0),
                                reduction);
}

void max8(Datapath& d, const StreamInstruction& i) {
  num::max8(d.view(i.dst), d.view(i.src[0]));
}

void nc_find_index8(Datapath& d, const StreamInstruction& i) {
  num::nc_find_index8(d.view(i.dst), d.view(i.src[0]), d.view(i.src[1]));
}

void nc_match_replace8(Datapath& d, const StreamInstruction& i) {
  const num::View indices = d.view(i.dst2);
  num::nc_match_replace8(d.view(i.dst), d.view(i.src[0]), d.view(i.src[1]), i.immediate,
                         i.dst2.present() ? &indices : nullptr);
}

void nc_stream_shuffle(Datapath& d, const StreamInstruction& i) {
  num::nc_stream_shuffle(d.view(i.dst), d.view(i.src[0]), isa::shuffle_mask(i));
}

void range_select(Datapath& d, const StreamInstruction& i) {
  const ScalarView bound0(d, i.operand0);
  const ScalarView bound1(d, i.operand1);
  Accumulator accumulator(d, i);
  num::Reduction& reduction = accumulator;
  reduction.op = AluOp::Maximum;
  num::range_select(d.view(i.dst), d.view(i.src[0]),
                    {i.op0, bound0, i.op1, bound1, i.base, i.immediate}, reduction);
}

void select_reduce(Datapath& d, const StreamInstruction& i) {
  Accumulator accumulator(d, i);
  num::Reduction& reduction = accumulator;
  reduction.op = AluOp::Maximum;
  num::select_reduce(d.view(i.dst), d.view(i.src[0]), d.view(i.src[1]), ScalarView(d, i.operand0),
                     i.reverse0, reduction);
}

void dropout(Datapath& d, const StreamInstruction& i) {
  num::dropout(d.lanes(i.engine), i.dst.partition, d.view(i.dst), d.view(i.src[0]),
               ScalarView(d, i.operand0));
}

void exponential(Datapath& d, const StreamInstruction& i) {
  num::exponential(d.view(i.dst), d.view(i.src[0]), ScalarView(d, i.operand0), Accumulator(d, i));
}

void quantize_mx(Datapath& d, const StreamInstruction& i) {
  num::quantize_mx(d.view(i.dst), d.view(i.dst2), d.view(i.src[0]));
}

void tensor_copy_dynamic_src(Datapath& d, const StreamInstruction& i) {
  num::tensor_copy(d.view(i.dst), moved(d, i, i.src[0]));
}

void tensor_copy_dynamic_dst(Datapath& d, const StreamInstruction& i) {
  num::tensor_copy(moved(d, i, i.dst), d.view(i.src[0]));
}

void tensor_partition_reduce(Datapath& d, const StreamInstruction& i) {
  num::tensor_partition_reduce(d.view(i.dst), d.view(i.src[0]), i.op0);
}

void local_gather(Datapath& d, const StreamInstruction& i) {
  num::local_gather(d.view(i.dst), d.view(i.src[0]), d.view(i.src[1]), i.count, i.base);
}

void nc_n_gather(Datapath& d, const StreamInstruction& i) {
  num::nc_n_gather(d.view(i.dst), d.view(i.src[0]), d.view(i.src[1]));
}

void topk(Datapath& d, const StreamInstruction& i) {
  num::topk(d.view(i.dst), d.view(i.dst2), d.view(i.src[0]), i.count);
}

void sequence_bounds(Datapath& d, const StreamInstruction& i) {
  num::sequence_bounds(d.view(i.dst), d.view(i.src[0]));
}

void nonzero_with_count(Datapath& d, const StreamInstruction& i) {
  num::nonzero_with_count(d.view(i.dst), d.view(i.src[0]), i.base, i.partition_step);
}

void rng(Datapath& d, const StreamInstruction& i) {
  num::rng(d.lanes(i.engine), i.dst.partition, d.view(i.dst));
}

void rand2(Datapath& d, const StreamInstruction& i) {
  num::rand2(d.lanes(i.engine), i.dst.partition, d.view(i.dst), ScalarView(d, i.operand0),
             ScalarView(d, i.operand1));
}

void rand_set_state(Datapath& d, const StreamInstruction& i) {
  num::rand_set_state(d.lanes(i.engine), i.src[0].partition, d.view(i.src[0]));
}

void rand_get_state(Datapath& d, const StreamInstruction& i) {
  num::rand_get_state(d.lanes(i.engine), i.dst.partition, d.view(i.dst));
}

void set_rng_seed(Datapath& d, const StreamInstruction& i) {
  num::set_rng_seed(d.lanes(i.engine), i.src[0].partition, d.view(i.src[0]));
}

void activate2(Datapath& d, const StreamInstruction& i) {
  const ScalarView imm0(d, i.operand0);
  const ScalarView imm1(d, i.operand1);
  num::activate2(d.view(i.dst), d.view(i.src[0]),
                 {i.function, i.op0, imm0, i.reverse0, i.op1, imm1, i.reverse1, i.immediate},
                 Accumulator(d, i));
}

}  // namespace nsim::hw::lane
