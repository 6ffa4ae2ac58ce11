// SPDX-License-Identifier: Apache-2.0
// The rules of nc_matmul and its modes.
#include <tuple>

#include "sim/isa/check.h"
#include "sim/isa/matmul_shape.h"
#include "sim/isa/opcode.h"
#include "sim/isa/shape_rules.h"
#include "sim/numerics/mx.h"

namespace nsim::isa::rules {
namespace {

using num::Dtype;
using std::to_string;

constexpr std::int64_t kMxMovingColumns = 512;    // NKI nki.isa.nc_matmul_mx
constexpr std::int64_t kStationaryColumns = 128;  // NKI nl.tile_size: gemm_stationary_fmax

bool is_matmul_type(Dtype dtype) {
  return num::is_float(dtype);
}
bool is_double_row_type(Dtype dtype) {
  return dtype == Dtype::Fp8E4 || dtype == Dtype::Fp8E5;
}
bool is_wide(Dtype dtype) {
  return dtype == Dtype::Fp32 || dtype == Dtype::Tf32;
}

bool is_sliced(const Operand& operand, std::int64_t slices) {
  return slices == 1 || (operand.dims > 1 && operand.dim[0].count == slices);
}

void matmul_mode(const Shapes& s) {
  const PerfMode mode = s.in.perf_mode;
  const bool sparse = sparsity(mode).ratio() > 1;
  if ((mode == PerfMode::DoubleRow && !s.limits.matmul_double_row) ||
      (sparse && !s.limits.matmul_sparse)) {
    s.fail("the Tensor engine of target " + s.limits.target + " has no perf_mode " + name(mode));
  }
  if (mode == PerfMode::DoubleRow &&
      (!is_double_row_type(s.in.src[0].dtype) || !is_double_row_type(s.in.src[1].dtype))) {
    s.fail("double_row multiplies float8_e4m3 and float8_e5m2 only");
  }
  if (!is_sliced(s.in.src[0], stationary_slices(mode)) ||
      !is_sliced(s.in.src[1], moving_slices(mode))) {
    s.fail(std::string(name(mode)) + " needs " + to_string(moving_slices(mode)) +
           " rows of the contraction in every partition: the outermost free dimension of moving" +
           (mode == PerfMode::DoubleRow ? " and stationary" : ""));
  }
  if (s.in.operand0.operand.present() != sparse) {
    s.fail("tags are for the sparse modes, which need them");
  }
  if (sparse) {
    const Operand& tags = s.in.operand0.operand;
    expect_shape(s, tags, "tags", s.in.src[0].partitions, s.in.src[0].elements());
    if (tags.dtype != Dtype::Uint8 || s.in.src[0].partitions % sparsity(mode).kept != 0) {
      s.fail(std::string("tags are uint8, and a multiple of ") + to_string(sparsity(mode).kept) +
             " partitions");
    }
  }
}

void matmul_tile(const Shapes& s) {
  if (s.source.pattern.empty()) {
    return;
  }
  const auto possible = [](std::int64_t size) { return size == 32 || size == 64 || size == 128; };
  const std::int64_t rows = s.in.pattern[0];
  const std::int64_t columns = s.in.pattern[1];
  if (s.source.pattern.size() != 2 || !possible(rows) || !possible(columns)) {
    s.fail("tile_size is [rows, columns], each 32, 64 or 128");
  }
  if (rows == 32 && columns == 32 && !s.limits.matmul_small_tiles) {
    s.fail("target " + s.limits.target + " has no tiles of 32 by 32");
  }
  const MatmulShape shape = matmul_shape(s.in);
  if (s.in.src[0].partitions > rows || shape.columns > columns) {
    s.fail("stationary is [" + to_string(s.in.src[0].partitions) + ", " + to_string(shape.columns) +
           "], the tile only [" + to_string(rows) + ", " + to_string(columns) + "]");
  }
  if (s.in.perf_mode == PerfMode::DoubleRow && columns != kPartitionCount) {
    s.fail("double_row cannot be combined with tiles of columns");
  }
}

void matmul_result(const Shapes& s) {
  const Operand& dst = s.in.dst;
  const bool bf16 = s.limits.matmul_bf16_result && dst.dtype == Dtype::Bf16;
  if (dst.dtype != Dtype::Fp32 && !bf16) {
    s.fail(std::string("dst is ") + name(dst.dtype) + ", PSUM accumulates float32" +
           (s.limits.matmul_bf16_result ? " or bfloat16" : ""));
  }
  const std::int64_t most =
      s.limits.matmul_result_bytes / static_cast<std::int64_t>(num::size_of(dst.dtype));
  if (dst.elements() > most) {
    s.fail("moving has " + to_string(dst.elements()) + " columns, at most " + to_string(most) +
           " are possible");
  }
}

}  // namespace

void matmul(const Shapes& s) {
  const Operand& stationary = s.in.src[0];
  const Operand& moving = s.in.src[1];
  matmul_mode(s);
  const std::int64_t m = matmul_shape(s.in).columns;
  const std::int64_t n = matmul_shape(s.in).rows;
  if (stationary.partitions != moving.partitions) {
    s.fail("stationary has " + to_string(stationary.partitions) + " partitions and moving " +
           to_string(moving.partitions) + ": the contraction must be equal");
  }
  if (m > kStationaryColumns) {
    s.fail("stationary has " + to_string(m) + " columns, at most " + to_string(kStationaryColumns) +
           " are possible");
  }
  expect_shape(s, s.in.dst, "dst", m, n);
  matmul_result(s);
  matmul_tile(s);
  if (!is_matmul_type(stationary.dtype) || !is_matmul_type(moving.dtype) ||
      is_wide(stationary.dtype) != is_wide(moving.dtype)) {
    s.fail(std::string("cannot multiply ") + name(stationary.dtype) + " by " + name(moving.dtype) +
           ": both 4-byte floats or both smaller ones");
  }
}

void matmul_mx(const Shapes& s) {
  const Operand& stationary = s.in.src[0];
  const Operand& moving = s.in.src[1];
  if (!num::is_packed(stationary.dtype) || !num::is_packed(moving.dtype)) {
    s.fail(std::string("cannot multiply ") + name(stationary.dtype) + " by " + name(moving.dtype) +
           ": both must be packed types");
  }
  if (stationary.partitions != moving.partitions || stationary.partitions % num::kMxQuadrant != 0) {
    s.fail("stationary has " + to_string(stationary.partitions) + " partitions and moving " +
           to_string(moving.partitions) + ": they must be equal and a multiple of 32");
  }
  const MatmulShape shape = matmul_shape(s.in);
  if (shape.columns > kStationaryColumns || shape.rows > kMxMovingColumns) {
    s.fail("stationary has " + to_string(shape.columns) + " columns and moving " +
           to_string(shape.rows) + ", at most 128 and 512 are possible");
  }
  expect_shape(s, s.in.dst, "dst", shape.columns, shape.rows);
  matmul_result(s);
  matmul_tile(s);
  for (const auto& [scale, of, what] :
       {std::tuple(&s.in.operand0.operand, &stationary, "stationary_scale"),
        std::tuple(&s.in.operand1.operand, &moving, "moving_scale")}) {
    if (!scale->present() || scale->space != Space::Sbuf || scale->dtype != Dtype::Uint8) {
      s.fail(std::string(what) + " is uint8 in SBUF, as quantize_mx writes it");
    }
    expect_shape(s, *scale, what, num::mx_scale_rows(of->partitions), of->elements());
  }
}

}  // namespace nsim::isa::rules
