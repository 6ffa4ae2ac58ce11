// SPDX-License-Identifier: Apache-2.0
// The second half of check.h: operands against each other, a rule per opcode.
#include <algorithm>
#include <array>

#include "sim/isa/check.h"
#include "sim/isa/matmul_shape.h"
#include "sim/isa/opcode.h"
#include "sim/isa/shape_rules.h"

namespace nsim::isa {

using num::AluOp;
using num::Dtype;
using std::to_string;

namespace rules {
namespace {

void check_scalar(const Shapes& s, const StreamScalar& scalar, const char* what) {
  if (scalar.operand.present()) {
    expect_shape(s, scalar.operand, what, s.in.dst.partitions, 1);
  }
}

}  // namespace

std::string shape(const Operand& operand) {
  if (operand.space == Space::Hbm) {
    return to_string(operand.elements()) + " elements";
  }
  return "[" + to_string(operand.partitions) + ", " + to_string(operand.elements()) + "]";
}

void expect_shape(const Shapes& s, const Operand& operand, const char* what,
                  std::int64_t partitions, std::int64_t elements) {
  if (operand.partitions != partitions || operand.elements() != elements) {
    s.fail(std::string(what) + " is " + shape(operand) + ", must be [" + to_string(partitions) +
           ", " + to_string(elements) + "]");
  }
}

bool is_one_of(AluOp op, std::initializer_list<AluOp> set) {
  return std::find(set.begin(), set.end(), op) != set.end();
}

bool is_unary(AluOp op) {
  return is_one_of(op, {AluOp::Abs, AluOp::Square, AluOp::Rsqrt, AluOp::Reciprocal});
}

void check_bitwise(const Shapes& s, AluOp op) {
  if (!num::is_bitwise(op)) {
    return;
  }
  for (const Operand* operand : {&s.in.dst, &s.in.src[0], &s.in.src[1]}) {
    if (operand->present() && num::is_float(operand->dtype)) {
      s.fail(std::string(name(op)) + " needs integers, has " + name(operand->dtype));
    }
  }
}

void elementwise(const Shapes& s) {
  for (const Operand& source : s.in.src) {
    if (source.present() &&
        (source.partitions != s.in.dst.partitions || source.elements() != s.in.dst.elements())) {
      s.fail("dst is " + shape(s.in.dst) + " and a source " + shape(source) +
             ": partitions and elements per partition must be equal");
    }
  }
  check_scalar(s, s.in.operand0, scalar_name(info(s.in.opcode), true));
  check_scalar(s, s.in.operand1, scalar_name(info(s.in.opcode), false));
}

void not_both_in_psum(const Shapes& s) {
  if (s.in.src[0].space == Space::Psum && s.in.src[1].space == Space::Psum) {
    s.fail("both sources are in PSUM, at most one may be");
  }
}

}  // namespace rules

namespace {

using namespace rules;

// NKI nl.tile_size: bn_stats_fmax.
constexpr std::int64_t kBnStatsElements = 512;
constexpr std::int64_t kVectorTranspose = 32;

void transpose(const Shapes& s) {
  const Operand& data = s.in.src[0];
  const bool tensor = s.in.engine == Engine::Tensor;
  const std::int64_t most = tensor ? kPartitionCount : kVectorTranspose;
  if (data.partitions > most || data.elements() > most) {
    s.fail("data is " + shape(data) + ", at most [" + to_string(most) + ", " + to_string(most) +
           "] can be transposed on " + name(s.in.engine));
  }
  if (tensor && (data.space != Space::Sbuf || s.in.dst.space != Space::Psum)) {
    s.fail("the Tensor engine transposes from SBUF to PSUM");
  }
  expect_shape(s, s.in.dst, "dst", data.elements(), data.partitions);
  if (s.in.dst.dtype != data.dtype) {
    s.fail(std::string("data is ") + name(data.dtype) + " and dst " + name(s.in.dst.dtype) +
           ": a transpose does not convert");
  }
  if (tensor && num::is_fp8(data.dtype) && s.limits.transpose_mode && !is_padded_transpose(s.in)) {
    s.fail(std::string("writes each ") + name(data.dtype) +
           " with a zero byte behind it: dst must have a step of 2 elements, as in p[:, 0 +: " +
           to_string(data.partitions) + " by 2]");
  }
}

void tensor_tensor(const Shapes& s) {
  elementwise(s);
  not_both_in_psum(s);
  check_bitwise(s, s.in.op0);
  if (is_unary(s.in.op0)) {
    s.fail(std::string(name(s.in.op0)) + " takes one operand, not two");
  }
}

void tensor_scalar(const Shapes& s) {
  elementwise(s);
  check_bitwise(s, s.in.op0);
  check_bitwise(s, s.in.op1);
  if (s.in.op1 != AluOp::Bypass && num::is_bitwise(s.in.op0) != num::is_bitwise(s.in.op1)) {
    s.fail(std::string(name(s.in.op0)) + " and " + name(s.in.op1) +
           ": both operators bitwise or both arithmetic");
  }
  const bool multiply_add = s.in.op0 == AluOp::Multiply && s.in.op1 == AluOp::Add;
  const bool one = is_one_of(s.in.op0, {AluOp::Multiply, AluOp::Add}) && s.in.op1 == AluOp::Bypass;
  if (s.in.engine == Engine::Scalar && !multiply_add && !one) {
    s.fail(std::string("the Scalar engine has multiply, add, and multiply then add, not ") +
           name(s.in.op0) + " then " + name(s.in.op1));
  }
}

void scalar_tensor_tensor(const Shapes& s) {
  elementwise(s);
  not_both_in_psum(s);
  if (num::is_bitwise(s.in.op0) || num::is_bitwise(s.in.op1)) {
    s.fail("takes arithmetic operators only");
  }
}

void scan(const Shapes& s) {
  elementwise(s);
  not_both_in_psum(s);
  for (const AluOp op : {s.in.op0, s.in.op1}) {
    if (num::is_bitwise(op) || is_unary(op)) {
      s.fail(std::string("cannot scan by ") + name(op) + ", only by arithmetic of two operands");
    }
  }
}

void reduce(const Shapes& s) {
  const Operand& data = s.in.src[0];
  if (s.in.keep > data.dims) {
    s.fail("keeps " + to_string(s.in.keep) + " free dimensions, data has " + to_string(data.dims));
  }
  std::int64_t kept = 1;
  for (std::size_t d = 0; d < s.in.keep; ++d) {
    kept *= data.dim[d].count;
  }
  expect_shape(s, s.in.dst, "dst", data.partitions, kept);
  if (!num::folds(s.in.op0)) {
    s.fail(std::string("cannot reduce by ") + name(s.in.op0));
  }
  check_bitwise(s, s.in.op0);
  if (s.in.negate && num::is_bitwise(s.in.op0)) {
    s.fail("negates arithmetic results only");
  }
}

void activation_reduce(const Shapes& s) {
  elementwise(s);
  expect_shape(s, s.in.dst2, "reduce_res", s.in.dst.partitions, 1);
}

void bn_stats(const Shapes& s) {
  if (s.in.src[0].elements() > kBnStatsElements) {
    s.fail("data has " + to_string(s.in.src[0].elements()) + " elements per partition, at most " +
           to_string(kBnStatsElements) + " are possible");
  }
  // NKI: even places, then odd ones. One triple for all of them is ours.
  expect_shape(s, s.in.dst, "dst", s.in.src[0].partitions, s.in.dst.elements() == 3 ? 3 : 6);
}

void bn_aggr(const Shapes& s) {
  if (s.in.src[0].elements() % 3 != 0) {
    s.fail("data has " + to_string(s.in.src[0].elements()) +
           " elements per partition, triples of bn_stats are needed");
  }
  expect_shape(s, s.in.dst, "dst", s.in.src[0].partitions, 2);
}

void pattern(const Shapes& s) {
  elementwise(s);
  if (s.source.pattern.size() != s.in.dst.dims) {
    s.fail("pattern has " + to_string(s.source.pattern.size()) + " steps, dst has " +
           to_string(s.in.dst.dims) + " free dimensions");
  }
  if (s.in.opcode == Opcode::AffineSelect) {
    check_comparison(s, s.in.op0);
  }
}

void check_hwdge(const Shapes& s) {
  if (s.in.dge == DgeMode::Hwdge && s.in.dst.dtype != s.in.src[0].dtype) {
    s.fail(std::string("hwdge does not convert ") + name(s.in.src[0].dtype) + " to " +
           name(s.in.dst.dtype));
  }
}

void dma_copy(const Shapes& s) {
  const std::int64_t to = s.in.dst.partitions * s.in.dst.elements();
  const std::int64_t from = s.in.src[0].partitions * s.in.src[0].elements();
  if (to != from) {
    s.fail("dst has " + to_string(to) + " elements and src " + to_string(from) +
           ": they must be equal");
  }
  check_hwdge(s);
}

void dma_transpose(const Shapes& s) {
  const Operand& data = s.in.src[0];
  if (data.space == Space::Hbm && data.dims != 2) {
    s.fail("src has " + to_string(data.dims) + " dimensions in HBM, rows and columns are needed");
  }
  const bool hbm = data.space == Space::Hbm;
  const std::int64_t rows = hbm ? data.dim[0].count : data.partitions;
  const std::int64_t columns = hbm ? data.dim[1].count : data.elements();
  expect_shape(s, s.in.dst, "dst", columns, rows);
  const std::size_t size = num::size_of(data.dtype);
  if (s.in.dst.dtype != data.dtype || (size != 2 && size != 4)) {
    s.fail(std::string("cannot transpose ") + name(data.dtype) + " to " + name(s.in.dst.dtype) +
           ": equal types of 2 or 4 bytes");
  }
  // NKI dma_transpose: the hardware generator moves 2-byte elements, 16 rows at a time.
  if (s.in.dge == DgeMode::Hwdge && (size != 2 || rows != 16 || columns > kPartitionCount)) {
    s.fail("hwdge transposes 16 rows of at most 128 2-byte elements, src is " + to_string(rows) +
           " rows of " + to_string(columns) + " elements of " + name(data.dtype));
  }
}

void dma_compute(const Shapes& s) {
  const auto count = [](const Operand& operand) { return operand.partitions * operand.elements(); };
  for (const Operand& source : s.in.src) {
    if (count(source) != count(s.in.dst)) {
      s.fail("dst has " + to_string(count(s.in.dst)) + " elements and a source " +
             to_string(count(source)) + ": they must be equal");
    }
    if (source.dtype != s.in.src[0].dtype) {
      s.fail(std::string("src0 is ") + name(s.in.src[0].dtype) + " and src1 " + name(source.dtype) +
             ": they must be equal");
    }
  }
  if (s.in.op0 != num::AluOp::Add) {
    s.fail("the DMA engines can only add");
  }
  if (s.in.dge == DgeMode::Hwdge) {
    s.fail("hwdge makes descriptors for copies, not for arithmetic; write dge none");
  }
}

void dma_indexed(const Shapes& s) {
  const bool gathers = s.in.opcode == Opcode::DmaGather;
  const Operand& table = gathers ? s.in.src[0] : s.in.dst;
  const Operand& other = gathers ? s.in.dst : s.in.src[0];
  const Operand& index = s.in.src[1];
  if (index.dtype != Dtype::Int32 && index.dtype != Dtype::Uint32) {
    s.fail(std::string("index is ") + name(index.dtype) + ", must be int32");
  }
  const std::int64_t rows = index.partitions * index.elements();
  if (rows * table.elements() != other.partitions * other.elements()) {
    s.fail("index has " + to_string(rows) + " elements and a row of the table " +
           to_string(table.elements()) + ": " + (gathers ? "dst" : "src") +
           " must have their product, not " + to_string(other.partitions * other.elements()));
  }
  if (s.source.count < 0) {
    s.fail("step " + to_string(s.source.count) + " is negative");
  }
  if (!is_one_of(s.in.op0, {AluOp::Bypass, AluOp::Add})) {
    s.fail("the DMA engines can only add");
  }
}

void nothing(const Shapes&) {}

using Rule = void (*)(const Shapes&);
struct RuleRow {
  Opcode opcode;
  Rule rule;
};
constexpr std::array<RuleRow, kOpcodeCount> kRules{{
    {Opcode::NcMatmul, rules::matmul},
    {Opcode::NcTranspose, transpose},
    {Opcode::TensorCopy, elementwise},
    {Opcode::Memset, elementwise},
    {Opcode::TensorTensor, tensor_tensor},
    {Opcode::TensorScalar, tensor_scalar},
    {Opcode::ScalarTensorTensor, scalar_tensor_tensor},
    {Opcode::TensorReduce, reduce},
    {Opcode::Activation, elementwise_reduce},
    {Opcode::ActivationReduce, activation_reduce},
    {Opcode::Reciprocal, elementwise},
    {Opcode::BnStats, bn_stats},
    {Opcode::BnAggr, bn_aggr},
    {Opcode::Iota, pattern},
    {Opcode::AffineSelect, pattern},
    {Opcode::DmaCopy, dma_copy},
    {Opcode::DmaTranspose, dma_transpose},
    {Opcode::DmaGather, dma_indexed},
    {Opcode::CoreBarrier, nothing},
    {Opcode::SemaphoreWait, nothing},
    {Opcode::Nop, nothing},
    {Opcode::TensorTensorScan, scan},
    {Opcode::TensorCopyPredicated, copy_predicated},
    {Opcode::TensorScalarReduce, tensor_scalar_reduce},
    {Opcode::TensorScalarCumulative, cumulative},
    {Opcode::Max8, max8},
    {Opcode::NcFindIndex8, find_index8},
    {Opcode::NcMatchReplace8, match_replace8},
    {Opcode::NcStreamShuffle, stream_shuffle},
    {Opcode::RangeSelect, rules::range_select},
    {Opcode::SelectReduce, rules::select_reduce},
    {Opcode::Dropout, elementwise},
    {Opcode::Exponential, elementwise_reduce},
    {Opcode::QuantizeMx, rules::quantize_mx},
    {Opcode::TensorCopyDynamicSrc, dynamic_copy},
    {Opcode::TensorCopyDynamicDst, dynamic_copy},
    {Opcode::TensorPartitionReduce, partition_reduce},
    {Opcode::LocalGather, rules::local_gather},
    {Opcode::NcNGather, n_gather},
    {Opcode::Topk, rules::topk},
    {Opcode::SequenceBounds, rules::sequence_bounds},
    {Opcode::NonzeroWithCount, rules::nonzero_with_count},
    {Opcode::Rng, random_bits},
    {Opcode::Rand2, elementwise},
    {Opcode::RandSetState, random_state},
    {Opcode::RandGetState, random_state},
    {Opcode::SetRngSeed, random_seed},
    {Opcode::Activate2, rules::activate2},
    {Opcode::NcMatmulMx, rules::matmul_mx},
    {Opcode::DmaCompute, dma_compute},
    {Opcode::RegisterMove, rules::registers},
    {Opcode::RegisterAlu, rules::registers},
    {Opcode::RegisterLoad, rules::registers},
    {Opcode::RegisterStore, rules::registers},
    {Opcode::Branch, nothing},
    {Opcode::DmaScatter, dma_indexed},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kRules.size(); ++i) {
    if (kRules[i].opcode != static_cast<Opcode>(i)) {
      return false;
    }
  }
  return true;
}
static_assert(in_order(), "row i holds the rule of opcode i");

}  // namespace

void check_shapes(const Program& program, const Limits& limits, const Instruction& instruction,
                  const StreamInstruction& resolved) {
  const Shapes shapes{program, limits, instruction, resolved};
  check_operators(shapes);
  check_packed(shapes);
  kRules.at(static_cast<std::size_t>(resolved.opcode)).rule(shapes);
}

}  // namespace nsim::isa
