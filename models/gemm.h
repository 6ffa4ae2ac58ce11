// SPDX-License-Identifier: Apache-2.0
// Matrix products out[M, N] = f(lhs[M, K] x rhs[K, N] + bias), the work horse of most operators.
//
// nc_matmul contracts over partitions: both operands must lie in SBUF with K on partitions. One
// side stays resident, a block of it with all of K; the other is streamed past it in strips. A side
// stored with K as its rows is loaded as it is; one stored with K as its columns is transposed on
// the Tensor engine on its way in. Products accumulate over K in PSUM, in banks that take turns;
// when a strip with all of K does not fit, it is streamed in blocks of K and the partial sums are
// added up in SBUF in fp32. plan_gemm() chooses the sizes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "models/lowering.h"

namespace nsim::ml {

/// One factor as it lies in HBM: element (k, x) at origin + k * k_pitch + x * x_pitch; one of the
/// pitches is 1.
struct GemmSide {
  isa::TensorRef tensor;
  isa::Expr origin;
  std::int64_t pitch = 0;  // elements from one stored row to the next
  bool k_rows = false;     // stored [K, X], else [X, K]
  /// Instead of HBM: all of it, in tiles of 128 rows of K.
  std::optional<isa::BufferRef> on_chip;
};

struct Gemm {
  std::string name;
  std::int64_t m = 0, n = 0, k = 0;
  num::Dtype dtype = num::Dtype::Bf16;  // of both sides
  GemmSide lhs, rhs;
  /// A second streamed factor beside lhs or rhs: out = f(product with gate) * product.
  std::optional<isa::TensorRef> gate;
  bool gate_is_lhs = false;

  isa::TensorRef out;
  isa::Expr out_origin;
  std::int64_t out_pitch = 0;
  num::Dtype out_dtype = num::Dtype::Bf16;
  /// Instead of HBM: in tiles of 128 rows, each [128, N].
  std::optional<isa::BufferRef> out_on_chip;

  /// One value per column of out, or per row.
  std::optional<isa::TensorRef> bias;
  num::Dtype bias_dtype = num::Dtype::Fp32;
  isa::Expr bias_origin;
  bool bias_per_row = false;
  num::Activation function = num::Activation::Copy;

  std::int64_t extent(bool of_rhs) const { return of_rhs ? n : m; }
  const GemmSide& side(bool of_rhs) const { return of_rhs ? rhs : lhs; }
};

/// How a product is cut into pieces.
struct GemmPlan {
  bool resident_rhs = false;
  std::int64_t resident = 0;  // columns of the resident block (rows of out when lhs is resident)
  std::int64_t streamed = 0;  // of a strip
  int resident_turns = 1;     // buffers of the resident block
  std::int64_t k_tiles = 0;   // 128-row tiles of K in a block of K, the last one may be partial
  std::int64_t k_blocks = 1;

  std::int64_t block(bool of_rhs) const { return of_rhs == resident_rhs ? resident : streamed; }
};

/// The cheapest plan that fits in `bytes` of SBUF per partition; throws UserError naming how many
/// are missing through `call`.
GemmPlan plan_gemm(const Gemm& gemm, const Call& call, std::int64_t bytes);
/// Bytes per partition a plan needs.
std::int64_t footprint(const Gemm& gemm, const GemmPlan& plan);

/// Does all of it on this core, with at most `bytes` of SBUF per partition.
void emit_gemm(Lowering& to, const Call& call, const Gemm& gemm, std::int64_t bytes);

/// Rows of one side a DMA may scatter over the partitions itself instead of the Tensor engine
/// transposing them.
bool loads_directly(const Gemm& gemm, bool of_rhs);

/// Columns of K staged at once for a transposition: wide rows keep the DMA engines efficient.
inline constexpr std::int64_t kStagedTiles = 16;
/// Output columns of a strip; the PSUM banks of a row of it must leave some for the next.
inline constexpr std::int64_t kMaxBlockColumns = 2048;

}  // namespace nsim::ml
