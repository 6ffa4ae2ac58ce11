// SPDX-License-Identifier: Apache-2.0
// Rules of the instructions that select, search, gather, reduce into an accumulator or draw random
// numbers. NKI 0.6 reference of nki.isa, each function's page.
#include <algorithm>

#include "sim/isa/opcode.h"
#include "sim/isa/shape_rules.h"
#include "sim/isa/target.h"
#include "sim/numerics/lanes.h"
#include "sim/numerics/mx.h"
#include "sim/numerics/positions.h"

namespace nsim::isa::rules {
namespace {

using num::AluOp;
using num::Dtype;
using num::ReduceCmd;
using std::to_string;

constexpr std::int64_t kEight = 8;
constexpr std::int64_t kSearched = 16 * 1024;  // elements that max8 and its like look at
constexpr std::int64_t kMaxElementsPerIndex = 32;
constexpr int kAbsMinSince = 4;  // NeuronCore generation

bool is_integer(Dtype dtype) {
  return !num::is_float(dtype) && !num::is_packed(dtype);
}

void expect_type(const Shapes& s, const Operand& operand, const char* what,
                 std::initializer_list<Dtype> possible) {
  if (std::find(possible.begin(), possible.end(), operand.dtype) != possible.end()) {
    return;
  }
  std::string names;
  for (const Dtype each : possible) {
    names += (names.empty() ? "" : " or ") + std::string(num::name(each));
  }
  s.fail(std::string(what) + " is " + num::name(operand.dtype) + ", must be " + names);
}

void expect_arithmetic(const Shapes& s, AluOp op) {
  if (num::is_bitwise(op)) {
    s.fail(std::string("takes arithmetic operators only, not ") + name(op));
  }
}

/// `operand` has as many partitions as dst and as many elements.
void expect_as_dst(const Shapes& s, const Operand& operand, const char* what) {
  expect_shape(s, operand, what, s.in.dst.partitions, s.in.dst.elements());
}

void check_searched(const Shapes& s) {
  const std::int64_t elements = s.in.src[0].elements();
  if (elements < kEight || elements > kSearched) {
    s.fail("looks at " + to_string(elements) + " elements per partition, " + to_string(kEight) +
           " to " + to_string(kSearched) + " are possible");
  }
}

}  // namespace

void check_reduction(const Shapes& s) {
  const OpcodeInfo& row = info(s.in.opcode);
  if (!num::is_reduction(s.in.reduce_op)) {
    s.fail(std::string("cannot reduce by ") + name(s.in.reduce_op));
  }
  if (s.in.reduce_cmd == ReduceCmd::LoadReduce && !row.has(Attribute::ReduceInit) &&
      !row.has(Attribute::Imm1)) {
    s.fail("has no value that load_reduce could start from");
  }
  if (s.in.dst2.present()) {
    expect_shape(s, s.in.dst2, "reduce_res", s.in.dst.partitions, 1);
  }
}

void check_comparison(const Shapes& s, AluOp op) {
  if (op < AluOp::Equal || op > AluOp::GreaterEqual) {
    s.fail(std::string(name(op)) + " does not compare");
  }
}

void copy_predicated(const Shapes& s) {
  elementwise(s);
  not_both_in_psum(s);
  if (!is_integer(s.in.src[1].dtype)) {
    s.fail(std::string("predicate is ") + num::name(s.in.src[1].dtype) + ", must be an integer");
  }
  expect_type(s, s.in.src[0], "src", {s.in.dst.dtype});
}

void tensor_scalar_reduce(const Shapes& s) {
  elementwise(s);
  expect_arithmetic(s, s.in.op0);
  check_reduction(s);
}

void cumulative(const Shapes& s) {
  elementwise(s);
  expect_arithmetic(s, s.in.op0);
  if (!is_one_of(s.in.op1,
                 {AluOp::Add, AluOp::Subtract, AluOp::Multiply, AluOp::Maximum, AluOp::Minimum})) {
    s.fail(std::string("cannot cumulate by ") + name(s.in.op1));
  }
  if (s.in.reduce_cmd == ReduceCmd::Idle || s.in.reduce_cmd == ReduceCmd::Reset) {
    s.fail(std::string("cannot ") + name(s.in.reduce_cmd) +
           ": reduce, reset_reduce and load_reduce are possible");
  }
  for (const Operand* operand : {&s.in.dst, &s.in.src[0]}) {
    if (operand->dtype == Dtype::Int32 || operand->dtype == Dtype::Uint32) {
      s.fail(std::string("does not take ") + num::name(operand->dtype));
    }
  }
}

void max8(const Shapes& s) {
  check_searched(s);
  expect_shape(s, s.in.dst, "dst", s.in.src[0].partitions, kEight);
}

void find_index8(const Shapes& s) {
  check_searched(s);
  expect_shape(s, s.in.src[1], "vals", s.in.src[0].partitions, kEight);
  expect_shape(s, s.in.dst, "dst", s.in.src[0].partitions, kEight);
  expect_type(s, s.in.dst, "dst", {Dtype::Uint32, Dtype::Uint16});
}

void match_replace8(const Shapes& s) {
  check_searched(s);
  expect_as_dst(s, s.in.src[0], "data");
  expect_shape(s, s.in.src[1], "vals", s.in.dst.partitions, kEight);
  if (s.in.dst2.present()) {
    expect_shape(s, s.in.dst2, "dst_idx", s.in.dst.partitions, kEight);
    expect_type(s, s.in.dst2, "dst_idx", {Dtype::Uint32, Dtype::Uint16});
  }
}

void stream_shuffle(const Shapes& s) {
  const Operand& src = s.in.src[0];
  if (src.elements() != s.in.dst.elements()) {
    s.fail("dst is " + shape(s.in.dst) + " and src " + shape(src) +
           ": elements per partition must be equal");
  }
  if (src.partitions >= num::kQuadrantPartitions && src.partitions != s.in.dst.partitions) {
    s.fail("src has " + to_string(src.partitions) + " partitions and dst " +
           to_string(s.in.dst.partitions) + ": they must be equal, or src less than a quadrant");
  }
  const std::size_t used = std::min<std::size_t>(s.source.pattern.size(), s.in.dst.partitions);
  for (std::size_t i = 0; i < used; ++i) {
    const std::int64_t from = s.source.pattern[i];
    if (from != num::kKeepPartition && from >= src.partitions) {
      s.fail("shuffle_mask takes partition " + to_string(from) + ", src has " +
             to_string(src.partitions));
    }
  }
}

void range_select(const Shapes& s) {
  elementwise(s);
  check_comparison(s, s.in.op0);
  check_comparison(s, s.in.op1);
  check_reduction(s);
}

void select_reduce(const Shapes& s) {
  elementwise(s);
  not_both_in_psum(s);
  expect_type(s, s.in.src[0], "predicate",
              {Dtype::Uint8, Dtype::Int8, Dtype::Uint16, Dtype::Int16});
  check_reduction(s);
}

void elementwise_reduce(const Shapes& s) {
  elementwise(s);
  check_reduction(s);
}

void activate2(const Shapes& s) {
  elementwise_reduce(s);
  const AluOp op0 = s.in.op0;
  const AluOp op1 = s.in.op1;
  const bool one = op1 == AluOp::Bypass &&
                   is_one_of(op0, {AluOp::Multiply, AluOp::Add, AluOp::Subtract, AluOp::Bypass});
  const bool two = op0 == AluOp::Multiply && is_one_of(op1, {AluOp::Add, AluOp::Subtract});
  if (!one && !two) {
    s.fail(std::string("has multiply, add, subtract, and multiply with one of the others, not ") +
           name(op0) + " then " + name(op1));
  }
}

void quantize_mx(const Shapes& s) {
  const Operand& src = s.in.src[0];
  expect_type(s, src, "src", {Dtype::Bf16, Dtype::Fp16});
  expect_type(s, s.in.dst, "dst", {Dtype::Fp8E5X4, Dtype::Fp8E4FnX4});
  expect_type(s, s.in.dst2, "dst_scale", {Dtype::Uint8});
  if (src.partitions % num::kMxQuadrant != 0) {
    s.fail("src has " + to_string(src.partitions) + " partitions, must be a multiple of 32");
  }
  expect_shape(s, src, "src", s.in.dst.partitions, num::kPacked * s.in.dst.elements());
  expect_shape(s, s.in.dst2, "dst_scale", num::mx_scale_rows(src.partitions), s.in.dst.elements());
}

void dynamic_copy(const Shapes& s) {
  expect_as_dst(s, s.in.src[0], "src");
  const Operand& index = s.in.operand0.operand;
  if (!index.present() || index.space != Space::Sbuf) {
    s.fail("index is one element in SBUF");
  }
  expect_shape(s, index, "index", 1, 1);
  expect_type(s, index, "index", {Dtype::Int32, Dtype::Uint32});
  if (s.source.count < 1) {
    s.fail("step " + to_string(s.source.count) + " is not positive");
  }
}

void partition_reduce(const Shapes& s) {
  expect_shape(s, s.in.dst, "dst", 1, s.in.src[0].elements());
  if (!is_one_of(s.in.op0, {AluOp::Add, AluOp::Average, AluOp::Maximum, AluOp::BitwiseOr,
                            AluOp::BitwiseAnd})) {
    s.fail(std::string("cannot reduce by ") + name(s.in.op0));
  }
  check_bitwise(s, s.in.op0);
}

void local_gather(const Shapes& s) {
  const Operand& index = s.in.src[1];
  const std::int64_t n = s.source.count;
  if (n < 1 || n > kMaxElementsPerIndex || (n & (n - 1)) != 0) {
    s.fail("num_elem_per_idx " + to_string(n) + " is not a power of two up to 32");
  }
  if (s.in.src[0].partitions != s.in.dst.partitions || index.partitions != s.in.dst.partitions) {
    s.fail("dst is " + shape(s.in.dst) + ", src_buffer " + shape(s.in.src[0]) + " and index " +
           shape(index) + ": partitions must be equal");
  }
  expect_type(s, index, "index", {Dtype::Uint16});
  const std::int64_t group = std::min<std::int64_t>(num::kGpSimdPartitions, s.in.dst.partitions);
  const std::int64_t named = group * index.elements();
  const bool given = !s.source.base.is_constant() || s.source.base.constant != 0;
  const std::int64_t valid = given && s.source.base.is_constant() ? s.source.base.constant : named;
  if (valid < 0 || valid > named) {
    s.fail("num_valid_indices " + to_string(valid) + " is not within the " + to_string(named) +
           " indices of 16 partitions");
  }
  if (s.in.dst.elements() < (given && !s.source.base.is_constant() ? 1 : valid * n)) {
    s.fail("dst has " + to_string(s.in.dst.elements()) + " elements per partition, " +
           to_string(valid) + " indices of " + to_string(n) + " elements need " +
           to_string(valid * n));
  }
}

void n_gather(const Shapes& s) {
  expect_as_dst(s, s.in.src[1], "indices");
  expect_type(s, s.in.src[1], "indices", {Dtype::Uint32});
  if (s.in.src[0].partitions != s.in.dst.partitions) {
    s.fail("dst is " + shape(s.in.dst) + " and data " + shape(s.in.src[0]) +
           ": partitions must be equal");
  }
}

void topk(const Shapes& s) {
  const Operand& src = s.in.src[0];
  const std::int64_t n = s.source.count;
  expect_type(s, src, "src", {Dtype::Bf16});
  expect_type(s, s.in.dst2, "idx_dst", {Dtype::Uint32});
  if (src.partitions % num::kGpSimdPartitions != 0 || src.partitions != s.in.dst.partitions) {
    s.fail("src has " + to_string(src.partitions) + " partitions and val_dst " +
           to_string(s.in.dst.partitions) + ": they must be equal, a multiple of 16");
  }
  if (n < 1 || n > num::kGpSimdPartitions * src.elements()) {
    s.fail("n " + to_string(n) + " is not within the " +
           to_string(num::kGpSimdPartitions * src.elements()) + " elements of 16 partitions");
  }
  if (s.in.dst.elements() > n) {
    s.fail("val_dst has " + to_string(s.in.dst.elements()) + " elements, more than n " +
           to_string(n));
  }
  expect_as_dst(s, s.in.dst2, "idx_dst");
}

void sequence_bounds(const Shapes& s) {
  expect_shape(s, s.in.src[0], "segment_ids", 1, s.in.src[0].elements());
  expect_shape(s, s.in.dst, "dst", 1, 2 * s.in.src[0].elements());
}

void nonzero_with_count(const Shapes& s) {
  expect_shape(s, s.in.dst, "dst", s.in.src[0].partitions, s.in.src[0].elements() + 1);
  expect_type(s, s.in.dst, "dst", {Dtype::Int32});
}

void random_bits(const Shapes& s) {
  if (!is_integer(s.in.dst.dtype)) {
    s.fail(std::string("dst is ") + num::name(s.in.dst.dtype) + ", must be an integer");
  }
}

void random_state(const Shapes& s) {
  const Operand& state = s.in.dst.present() ? s.in.dst : s.in.src[0];
  constexpr auto kWords =
      static_cast<std::int64_t>(num::LaneRandom::kStates * num::LaneRandom::kWords);
  expect_shape(s, state, "the state", state.partitions, kWords);
  expect_type(s, state, "the state", {Dtype::Uint32});
}

void random_seed(const Shapes& s) {
  expect_shape(s, s.in.src[0], "src", s.in.src[0].partitions, 1);
  expect_type(s, s.in.src[0], "src", {Dtype::Uint32, Dtype::Int32});
}

void check_operators(const Shapes& s) {
  for (const AluOp op : {s.in.op0, s.in.op1, s.in.reduce_op}) {
    if (op == AluOp::Average && s.in.opcode != Opcode::TensorPartitionReduce) {
      s.fail("cannot average: only tensor_partition_reduce can");
    }
    if (op == AluOp::AbsMin && core_version(s.limits.target) < kAbsMinSince) {
      s.fail("abs_min came with " + core_name(kAbsMinSince) + ", target " + s.limits.target +
             " has " + core_name(core_version(s.limits.target)));
    }
  }
}

void check_packed(const Shapes& s) {
  const auto packed = [](const Operand& operand) {
    return operand.present() && num::is_packed(operand.dtype);
  };
  if (!packed(s.in.dst) && !packed(s.in.src[0]) && !packed(s.in.src[1])) {
    return;
  }
  switch (s.in.opcode) {
    case Opcode::QuantizeMx:
    case Opcode::NcMatmulMx:
      return;
    case Opcode::TensorCopy:
    case Opcode::NcStreamShuffle:
    case Opcode::DmaCopy:
      expect_type(s, s.in.src[0], "src", {s.in.dst.dtype});
      return;
    case Opcode::Memset:
      if (s.in.immediate == 0) {
        return;
      }
      s.fail(std::string(num::name(s.in.dst.dtype)) + " can only be set to 0");
    default:
      s.fail("does not compute with packed elements");
  }
}

}  // namespace nsim::isa::rules
