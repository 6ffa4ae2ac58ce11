// SPDX-License-Identifier: Apache-2.0
// One factor of a product on its way to SBUF, contraction rows on partitions.
#pragma once

#include <optional>
#include <string>

#include "models/gemm.h"
#include "models/lowering.h"

namespace nsim::ml {

/// Tiles `first` to `first + count` of K.
struct KRange {
  std::int64_t first = 0;
  std::int64_t count = 0;
  std::int64_t whole = 0;  // of them, with all 128 rows
  std::int64_t rest = 0;   // rows of the last one, when it is not whole
};

/// Copies out of PSUM are divided between the two engines that can read it.
class PsumReaders {
 public:
  isa::Engine next() {
    scalar_next_ = !scalar_next_;
    return scalar_next_ ? isa::Engine::Vector : isa::Engine::Scalar;
  }

 private:
  bool scalar_next_ = false;
};

/// Where factors stored with K as their columns are transposed: shared by both sides.
class TransposeRoom {
 public:
  TransposeRoom(Lowering& to, const Gemm& gemm);

  static constexpr std::int64_t kBanks = 2;

  const isa::BufferRef& stage() const { return stage_; }
  const isa::BufferRef& psum() const { return psum_; }
  std::int64_t columns() const { return columns_; }  // of the stage

 private:
  std::int64_t columns_;
  isa::BufferRef stage_, psum_;
};

class GemmFactor {
 public:
  struct Room {
    std::string name;
    int turns = 1;
    std::int64_t k_tiles = 0;
    std::int64_t columns = 0;
  };
  /// `tensor` is stored as gemm's lhs or rhs side says.
  GemmFactor(Lowering& to, const Gemm& gemm, bool rhs, isa::TensorRef tensor, const Room& room,
             const std::optional<TransposeRoom>& transpose, PsumReaders& readers);

  isa::Expr turn(const Index& index) const { return index.turn(room_.turns, turn_stride_); }
  /// Columns `x` of the K tiles `k`, from HBM; nothing when it is on chip already.
  void load(const Tile& x, const KRange& k, const isa::Expr& turn);
  /// `rows` rows of K tile `k` of those loaded.
  isa::Access at(std::int64_t rows, const isa::Expr& turn, const isa::Expr& k,
                 const Tile& x) const {
    return buffer_.at(0, rows, turn + k * k_step_ + x.start * x_step_, {{x_step_, x.size}});
  }

 private:
  void load_directly(const Tile& x, const KRange& k, const isa::Expr& turn);
  void load_rows(const Tile& x, const KRange& k, const isa::Expr& turn);
  void load_transposed(const Tile& x, const KRange& k, const isa::Expr& turn);
  void transpose(std::int64_t rows, std::int64_t columns, const isa::Expr& stage,
                 const isa::Expr& into, const Index& taking_turns);

  Lowering& to_;
  const Gemm& gemm_;
  const GemmSide& side_;
  const bool direct_;  // see loads_directly()
  const bool
      interleaved_;  // K tile t holds the rows t, t + k_tiles, ...: one of the sides is direct
  const Room room_;
  const std::int64_t k_tiles_;  // of all of K
  isa::TensorRef tensor_;
  isa::BufferRef buffer_;
  // Element (K tile t, column x) of a partition is at t * k_step + x * x_step.
  std::int64_t k_step_ = 0;
  std::int64_t x_step_ = 1;
  std::int64_t turn_stride_ = 0;
  const std::optional<TransposeRoom>& transpose_;
  PsumReaders& readers_;
};

}  // namespace nsim::ml
