// SPDX-License-Identifier: Apache-2.0
// What the lowering of every operator works with: the program being built, the tensors of the model
// in HBM, room on chip, loops over tiles, and the division of work between the cores of a logical
// core.
//
// House rules of every lowering: loads are triggered by Sync and stores by GpSimd, so that a store
// that waits for its result never holds up the next load; buffers take turns, so that the load of
// the next tile, the work on this one and the store of the last one overlap; the cores of a logical
// core share the work of an operator and meet at a barrier after it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "models/model.h"
#include "models/operators.h"
#include "sim/isa/builder.h"
#include "sim/isa/expand.h"

namespace nsim::ml {

inline constexpr std::int64_t kPartitions = 128;
inline constexpr std::int64_t kStationaryColumns =
    128;  // columns nc_matmul's stationary operand may have
inline constexpr std::int64_t kMovingColumns = 512;  // and its moving operand

/// Buffers of results: a store takes longer than the work on a tile.
inline constexpr std::int64_t kResultTurns = 4;

/// Turns of a buffer start at multiples of this many bytes: what dependencies between accesses are
/// followed in.
inline constexpr std::int64_t kAlignment = 64;

inline std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}
inline std::int64_t bytes_of(num::Dtype dtype) {
  return static_cast<std::int64_t>(num::size_of(dtype));
}
inline std::int64_t aligned(std::int64_t elements, num::Dtype dtype) {
  return ceil_div(elements * bytes_of(dtype), kAlignment) * kAlignment / bytes_of(dtype);
}

/// The number of an iteration: a loop's variable, or a constant where there is no loop.
class Index {
 public:
  Index(std::int64_t constant) : constant_(constant) {}  // NOLINT: constants are indices
  explicit Index(isa::Var variable) : variable_(variable) {}

  /// The number of the next iteration. Of a loop's, only whole multiples and turns of two can be
  /// had.
  Index next() const;

  isa::Expr times(std::int64_t factor) const;
  /// (this % count) * stride: which of `count` buffers that take turns.
  isa::Expr turn(std::int64_t count, std::int64_t stride) const;

 private:
  std::optional<isa::Var> variable_;
  std::int64_t constant_ = 0;  // the number, or what is added to the variable
};

/// A buffer several times, for tiles that take turns.
struct Turns {
  isa::BufferRef buffer;
  std::int64_t count = 1;
  std::int64_t stride = 0;  // elements from turn to turn

  isa::Expr offset(const Index& index) const { return index.turn(count, stride); }
  /// The turn of `index`, its partitions 0 to `partitions`.
  isa::Access at(const Index& index, std::int64_t partitions, const isa::Expr& start,
                 std::vector<isa::Dim> dims) const {
    return buffer.at(0, partitions, offset(index) + start, std::move(dims));
  }
  /// Its first `elements`.
  isa::Access at(const Index& index, std::int64_t partitions, std::int64_t elements) const {
    return at(index, partitions, 0, {{1, elements}});
  }
};

/// Elements `start` to `start + size` of an extent.
struct Tile {
  Index index;
  isa::Expr start;
  std::int64_t size = 0;
};

/// A run of partitions * columns contiguous elements, row by row.
struct FlatTile {
  Index index;
  isa::Expr start;
  std::int64_t partitions = 0;
  std::int64_t columns = 0;
};

/// The part of an extent this core works on. When it does not divide evenly the parts overlap, and
/// the cores compute the same values twice.
struct Share {
  isa::Expr start;
  std::int64_t size = 0;
};

class Lowering {
 public:
  Lowering(const Model& model, const isa::Limits& limits);

  isa::Builder& builder() { return builder_; }
  const isa::Limits& limits() const { return limits_; }

  isa::TensorRef tensor(const std::string& name) const { return tensors_.at(name); }
  isa::TensorRef tensor(const ModelTensor& tensor) const { return tensors_.at(tensor.name); }
  /// A tensor of this operator's own in HBM. `spilled`: it exists only because it does not fit on
  /// chip.
  isa::TensorRef internal(const std::string& name, num::Dtype dtype, Shape shape, bool spilled);
  const ModelTensor& result(const Call& call) const;

  /// Room on chip until free_buffers(). sbuf() throws UserError when it is used up.
  isa::BufferRef sbuf(const std::string& name, num::Dtype dtype, std::int64_t elements);
  Turns turns(const std::string& name, num::Dtype dtype, std::int64_t elements,
              std::int64_t count = 2);
  /// Whole banks, each with room for `kMovingColumns` fp32 or as many bytes of another type.
  isa::BufferRef psum(const std::string& name, num::Dtype dtype, std::int64_t banks);
  /// Elements of a bank.
  std::int64_t bank(num::Dtype dtype) const { return limits_.psum_bank_bytes / bytes_of(dtype); }
  std::int64_t banks() const { return limits_.psum_partition_bytes / limits_.psum_bank_bytes; }
  /// Bytes per partition not taken yet.
  std::int64_t sbuf_left() const { return limits_.sbuf_partition_bytes - sbuf_used_; }
  /// The buffers are not needed any more. The next ones come behind them when there is room, so
  /// that loads of the next operator need not wait for the end of this one.
  void free_buffers();
  /// PSUM alone.
  void free_psum() { psum_used_ = 0; }

  void begin(const Call& call);
  void end();
  /// All cores wait for each other; nothing on a single core.
  void barrier();

  Share share(std::int64_t extent) const;
  void loop(const std::string& name, std::int64_t count, const std::function<void(Index)>& body);
  /// A loop over the whole tiles, then the rest.
  void tiles(const std::string& name, std::int64_t extent, std::int64_t tile,
             const std::function<void(const Tile&)>& body);
  /// A loop over tiles whose preparation is work for the same engines: each is prepared before the
  /// body of the tile before it, so that its results are there in time.
  void prepared_tiles(const std::string& name, std::int64_t extent, std::int64_t tile,
                      const std::function<void(const Tile&)>& prepare,
                      const std::function<void(const Tile&)>& body);
  /// The same, unrolled.
  static void unrolled_tiles(std::int64_t extent, std::int64_t tile,
                             const std::function<void(const Tile&)>& body);
  /// Covers `extent` elements with tiles of up to 128 x `columns`.
  void flat_tiles(std::int64_t extent, std::int64_t columns,
                  const std::function<void(const FlatTile&)>& body);

  /// Loads written one after the other take turns in the queues of one engine: a single queue of
  /// host-built descriptors does not keep the DMA engines busy.
  void load(isa::Access dst, isa::Access src) {
    builder_.dma_copy(isa::Engine::Sync, std::move(dst), std::move(src)).queue = next_queue_;
    next_queue_ = static_cast<std::uint8_t>((next_queue_ + 1) % kLoadQueues);
  }
  void store(isa::Access dst, isa::Access src) {
    builder_.dma_copy(isa::Engine::GpSimd, std::move(dst), std::move(src));
  }

 private:
  const Model& model_;
  const isa::Limits limits_;
  isa::Builder builder_;
  std::map<std::string, isa::TensorRef> tensors_;
  const Operator* current_ = nullptr;
  std::size_t first_buffer_ = 0;  // of those not freed yet
  std::int64_t sbuf_used_ = 0;    // by them, bytes per partition
  std::int64_t psum_used_ = 0;
  static constexpr std::uint8_t kLoadQueues = 4;  // all of one engine
  std::uint8_t next_queue_ = 0;
  std::int64_t sbuf_next_ = 0;     // address behind the buffers freed last
};

/// For tensor_scalar and activation.
inline isa::ScalarOperand immediate(double value) {
  return {static_cast<float>(value), {}};
}
inline isa::ScalarOperand per_partition(isa::Access access) {
  return {0, std::move(access)};
}

/// Of the name in a model file; "none" is Copy.
num::Activation activation_function(const std::string& name);

// One per kind of operator; see lower.cpp's table.
void lower_matmul(Lowering& to, const Call& call);
void lower_mlp(Lowering& to, const Call& call);
void lower_binary(Lowering& to, const Call& call);
void lower_unary(Lowering& to, const Call& call);
void lower_slice(Lowering& to, const Call& call);
void lower_softmax(Lowering& to, const Call& call);
void lower_layernorm(Lowering& to, const Call& call);
void lower_rmsnorm(Lowering& to, const Call& call);
void lower_reduce(Lowering& to, const Call& call);
void lower_transpose(Lowering& to, const Call& call);
void lower_attention(Lowering& to, const Call& call);
void lower_conv2d(Lowering& to, const Call& call);
void lower_embedding(Lowering& to, const Call& call);
void lower_rope(Lowering& to, const Call& call);

}  // namespace nsim::ml
