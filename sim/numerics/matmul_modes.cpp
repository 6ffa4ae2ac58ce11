// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <vector>

#include "sim/numerics/matmul.h"
#include "sim/numerics/mx.h"
#include "sim/numerics/rows.h"

namespace nsim::num {
namespace {

/// Every partition holds `slices` rows side by side.
class SlicedMatrix : public Matrix {
 public:
  SlicedMatrix(const View& view, std::size_t slices)
      : rows_(view), slices_(slices), row_(rows_.elements()) {
    set_size(static_cast<std::size_t>(rows_.partitions()) * slices, rows_.elements() / slices);
  }

  void read(std::size_t k, float* to) const override {
    const std::size_t slice = k % slices_;
    if (slice == 0) {
      rows_.read(static_cast<std::int64_t>(k / slices_), row_.data());
    }
    std::copy_n(row_.begin() + static_cast<std::ptrdiff_t>(slice * width()), width(), to);
  }

 private:
  Rows rows_;
  std::size_t slices_;
  mutable std::vector<float> row_;  // of the partition read last: rows are read in order
};

/// Weights with their zeros put back.
class SparseMatrix : public Matrix {
 public:
  SparseMatrix(const View& weights, const View& tags, Sparsity sparsity)
      : weights_(weights), tags_(tags), sparsity_(sparsity) {
    set_size(static_cast<std::size_t>(weights_.partitions()) *
                 static_cast<std::size_t>(sparsity.ratio()),
             weights_.elements());
    weight_.resize(width());
    tag_.resize(width());
  }

  void read(std::size_t k, float* to) const override {
    const auto row = static_cast<std::int64_t>(k);
    const std::int64_t first = row / sparsity_.group * sparsity_.kept;
    const auto position = static_cast<float>(row % sparsity_.group);
    std::fill_n(to, width(), 0.0F);
    for (std::int64_t kept = first; kept < first + sparsity_.kept; ++kept) {
      weights_.read(kept, weight_.data());
      tags_.read(kept, tag_.data());
      for (std::size_t column = 0; column < width(); ++column) {
        to[column] = tag_[column] == position ? weight_[column] : to[column];
      }
    }
  }

 private:
  Rows weights_;
  Rows tags_;
  Sparsity sparsity_;
  mutable std::vector<float> weight_;
  mutable std::vector<float> tag_;
};

/// Values of packed elements times their scales.
class MxMatrix : public Matrix {
 public:
  explicit MxMatrix(const MxView& view) : data_(view.data), scale_(view.scale) {
    set_size(static_cast<std::size_t>(data_.partitions() * kPacked), data_.elements());
    packed_.resize(width());
    scales_.resize(width());
  }

  void read(std::size_t k, float* to) const override {
    const auto partition = static_cast<std::int64_t>(k) / kPacked;
    const std::size_t element = k % kPacked;
    data_.read(partition, packed_.data());
    scale_.read(mx_scale_row(partition), scales_.data());
    for (std::size_t i = 0; i < width(); ++i) {
      const auto* stored = reinterpret_cast<const std::byte*>(&packed_[i]);
      to[i] =
          unpack(data_.dtype(), stored)[element] * mx_scale(static_cast<std::uint8_t>(scales_[i]));
    }
  }

 private:
  Rows data_;
  Rows scale_;
  mutable std::vector<std::uint32_t> packed_;
  mutable std::vector<std::int64_t> scales_;
};

}  // namespace

void matmul_double_row(const View& dst, const View& stationary, const View& moving,
                       bool accumulate) {
  multiply(dst, SlicedMatrix(stationary, 2), SlicedMatrix(moving, 2), accumulate);
}

void matmul_sparse(const View& dst, const View& stationary, const View& tags, const View& moving,
                   Sparsity sparsity, bool accumulate) {
  multiply(dst, SparseMatrix(stationary, tags, sparsity),
           SlicedMatrix(moving, static_cast<std::size_t>(sparsity.ratio())), accumulate);
}

void matmul_mx(const View& dst, const MxView& stationary, const MxView& moving, bool accumulate) {
  multiply(dst, MxMatrix(stationary), MxMatrix(moving), accumulate);
}

}  // namespace nsim::num
