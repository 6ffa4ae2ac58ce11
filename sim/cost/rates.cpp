// SPDX-License-Identifier: Apache-2.0
#include "sim/cost/rates.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace nsim::cost {
namespace {

using isa::Opcode;
using isa::Operand;
using isa::Space;
using isa::StreamInstruction;
using num::AluOp;
using num::Dtype;

bool is_16bit_float(const Operand& operand) {
  return operand.dtype == Dtype::Bf16 || operand.dtype == Dtype::Fp16;
}

/// Of a type that the wide modes are made for: 16-bit floats, on later generations fp8 too.
bool is_narrow(const Operand& operand, bool fp8_too) {
  return is_16bit_float(operand) || (fp8_too && is_fp8(operand));
}

bool in_psum(const Operand& operand) {
  return operand.space == Space::Psum;
}

std::int64_t size_of(const Operand& operand) {
  return static_cast<std::int64_t>(num::size_of(operand.dtype));
}

/// Step in elements of the innermost dimension that has more than one element; 1 when there is
/// none.
std::int64_t inner_step(const Operand& operand) {
  for (int dim = operand.dims; dim-- > 0;) {
    const isa::StreamDim& at = operand.dim[static_cast<std::size_t>(dim)];
    if (at.count > 1) {
      return at.step;
    }
  }
  return 1;
}

bool is_contiguous(const Operand& operand) {
  return inner_step(operand) == 1;
}

double copy_rate(const StreamInstruction& instruction, const VectorParams& params) {
  const Operand& dst = instruction.dst;
  const Operand& src = instruction.src[0];
  const bool contiguous = is_contiguous(dst) && is_contiguous(src);
  const bool psum = in_psum(dst) || in_psum(src);
  if (is_narrow(dst, params.wide_fp8) && is_narrow(src, params.wide_fp8)) {
    if (contiguous) {
      return psum ? params.copy_rate_16bit_psum : params.copy_rate_16bit;
    }
    return psum ? params.copy_rate : params.copy_rate_16bit_strided;
  }
  const bool fp32 = dst.dtype == Dtype::Fp32 && src.dtype == Dtype::Fp32;
  return fp32 && contiguous && !psum ? params.copy_rate_fp32 : params.copy_rate;
}

double tensor_tensor_rate(const StreamInstruction& instruction, const VectorParams& params) {
  const Operand& dst = instruction.dst;
  const Operand& a = instruction.src[0];
  const Operand& b = instruction.src[1];
  if (in_psum(a) != in_psum(b)) {
    return params.two_operand_rate_psum;
  }
  const bool narrow = is_narrow(dst, params.wide_fp8) && is_narrow(a, params.wide_fp8) &&
                      is_narrow(b, params.wide_fp8);
  if (in_psum(a) || !narrow) {
    return params.two_operand_rate;
  }
  const bool bf16 = dst.dtype == Dtype::Bf16 && a.dtype == Dtype::Bf16 && b.dtype == Dtype::Bf16;
  const bool simple = instruction.op0 == AluOp::Add || instruction.op0 == AluOp::Subtract ||
                      instruction.op0 == AluOp::Multiply;
  const bool contiguous = is_contiguous(dst) && is_contiguous(a) && is_contiguous(b);
  return params.two_operand_16bit_bf16_only && !(bf16 && simple && contiguous)
             ? params.two_operand_rate
             : params.two_operand_rate_16bit;
}

double scalar_tensor_tensor_rate(const StreamInstruction& instruction, const VectorParams& params) {
  const bool bf16 =
      instruction.src[0].dtype == Dtype::Bf16 && instruction.src[1].dtype == Dtype::Bf16;
  const bool fast = bf16 && instruction.op0 == AluOp::Subtract &&
                    instruction.op1 == AluOp::Multiply && instruction.src[0].elements() % 2 == 0;
  return fast ? params.scalar_tensor_tensor_rate_bf16 : params.two_operand_rate;
}

double reduce_rate(const StreamInstruction& instruction, const VectorParams& params) {
  const bool bf16 = instruction.src[0].dtype == Dtype::Bf16 && instruction.dst.dtype == Dtype::Bf16;
  const bool fast = bf16 && (instruction.op0 == AluOp::Add || instruction.op0 == AluOp::Maximum);
  return fast ? params.reduce_rate_bf16 : params.reduce_rate;
}

double memset_rate(const StreamInstruction& instruction, const VectorParams& params) {
  const bool fast = instruction.immediate == 0 && is_16bit_float(instruction.dst);
  return fast ? params.memset_rate_zero_16bit : params.memset_rate;
}

}  // namespace

bool is_fp8(const Operand& operand) {
  return num::is_fp8(operand.dtype);
}

std::int64_t cycles(std::int64_t elements, double rate) {
  return static_cast<std::int64_t>(std::ceil(static_cast<double>(elements) * rate));
}

double stride_factor(const Operand& operand, const EngineParams& params) {
  const bool slow =
      operand.present() && std::abs(inner_step(operand)) * size_of(operand) >= params.strided_bytes;
  return slow ? params.strided_factor : 1;
}

double stride_factor(const StreamInstruction& instruction, const EngineParams& params) {
  return std::max({stride_factor(instruction.dst, params),
                   stride_factor(instruction.src[0], params),
                   stride_factor(instruction.src[1], params)});
}

double vector_rate(const StreamInstruction& instruction, const VectorParams& params) {
  switch (instruction.opcode) {
    case Opcode::TensorTensor:
      return tensor_tensor_rate(instruction, params);
    case Opcode::ScalarTensorTensor:
      return scalar_tensor_tensor_rate(instruction, params);
    case Opcode::TensorTensorScan:
      return params.scan_rate;
    case Opcode::TensorCopyPredicated:
      return in_psum(instruction.src[0]) != in_psum(instruction.src[1])
                 ? params.predicated_rate_psum
                 : params.predicated_rate;
    case Opcode::TensorScalarReduce:
      return params.tensor_scalar_reduce_rate;
    case Opcode::TensorScalarCumulative:
      return params.cumulative_rate;
    case Opcode::Max8:
    case Opcode::NcFindIndex8:
    case Opcode::NcMatchReplace8:
      return params.search_rate;
    case Opcode::NcStreamShuffle:
      return params.shuffle_rate;
    case Opcode::RangeSelect:
      return params.range_select_rate;
    case Opcode::SelectReduce:
      return params.select_reduce_rate;
    case Opcode::Dropout:
      return params.dropout_rate;
    case Opcode::Exponential:
      return params.exponential_rate;
    case Opcode::QuantizeMx:
      return params.quantize_mx_rate;
    case Opcode::Rng:
    case Opcode::Rand2:
      return params.random_rate;
    case Opcode::TensorReduce:
      return reduce_rate(instruction, params);
    case Opcode::Memset:
      return memset_rate(instruction, params);
    case Opcode::Reciprocal:
      return params.reciprocal_rate;
    case Opcode::BnStats:
      return params.bn_stats_rate;
    case Opcode::BnAggr:
      return params.bn_aggr_rate;
    case Opcode::NcTranspose:
      return params.transpose_rate;
    default:
      return copy_rate(instruction, params);
  }
}

double gpsimd_rate(const StreamInstruction& instruction, const EngineParams& params) {
  switch (instruction.opcode) {
    case Opcode::Memset:
      return memset_rate(instruction, params.vector);
    case Opcode::TensorTensor:
      return params.gpsimd.two_operand_rate;
    case Opcode::TensorScalar: {
      const bool rsqrt = instruction.op0 == AluOp::Rsqrt || instruction.op1 == AluOp::Rsqrt;
      return rsqrt ? params.gpsimd.rsqrt_rate : params.gpsimd.rate;
    }
    case Opcode::Rng:
    case Opcode::Rand2:
      return params.gpsimd.random_rate;
    default:
      return params.gpsimd.rate;
  }
}

double scalar_rate(const StreamInstruction& instruction, const ScalarParams& params) {
  const bool copies =
      instruction.opcode == Opcode::TensorCopy || instruction.opcode == Opcode::TensorScalar;
  const bool narrow =
      is_narrow(instruction.dst, params.wide_fp8) && is_narrow(instruction.src[0], params.wide_fp8);
  return copies && narrow ? params.copy_rate_16bit : params.rate;
}

std::int64_t streamed(const StreamInstruction& instruction) {
  return std::max(instruction.dst.elements(),
                  instruction.src[0].present() ? instruction.src[0].elements() : 0);
}

}  // namespace nsim::cost
