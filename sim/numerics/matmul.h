// SPDX-License-Identifier: Apache-2.0
// Modes of matrix multiplication beyond the ordinary matmul() of ops.h: more contraction than
// partitions. All sum in fp32 in ascending k.
#pragma once

#include <cstddef>

#include "sim/numerics/ops.h"

namespace nsim::num {

/// An operand as the array sees it: `depth` rows of the contraction, `width` columns, in fp32.
class Matrix {
 public:
  virtual ~Matrix() = default;
  std::size_t depth() const { return depth_; }
  std::size_t width() const { return width_; }
  virtual void read(std::size_t k, float* to) const = 0;

 protected:
  void set_size(std::size_t depth, std::size_t width) {
    depth_ = depth;
    width_ = width;
  }

 private:
  std::size_t depth_ = 0;
  std::size_t width_ = 0;
};

/// dst[M,N] (+)= stationary^T x moving.
void multiply(const View& dst, const Matrix& stationary, const Matrix& moving, bool accumulate);

/// Two rows of the contraction in every partition: stationary [K, 2, M], moving [K, 2, N]. Row k is
/// half k % 2 of partition k / 2.
void matmul_double_row(const View& dst, const View& stationary, const View& moving,
                       bool accumulate);

/// At most `kept` of every `group` weights are not zero.
struct Sparsity {
  int kept = 1;
  int group = 1;
  int ratio() const { return group / kept; }
};

/// stationary [K, M] holds the kept weights, tags [K, M] (uint8) which of their group they are.
/// moving [K, ratio, N] holds all rows: row k is slice k % ratio of partition k / ratio.
void matmul_sparse(const View& dst, const View& stationary, const View& tags, const View& moving,
                   Sparsity sparsity, bool accumulate);

/// Packed elements and the scales of their groups, as quantize_mx() writes them.
struct MxView {
  View data;
  View scale;
};

/// Four rows of the contraction in every element: row k is element k % 4 of partition k / 4.
void matmul_mx(const View& dst, const MxView& stationary, const MxView& moving, bool accumulate);

}  // namespace nsim::num
