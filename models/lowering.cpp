// SPDX-License-Identifier: Apache-2.0
#include "models/lowering.h"

#include <algorithm>
#include <utility>

namespace nsim::ml {

Index Index::next() const {
  Index result = *this;
  ++result.constant_;
  return result;
}

isa::Expr Index::times(std::int64_t factor) const {
  const isa::Expr constant = constant_ * factor;
  return variable_ ? *variable_ * factor + constant : constant;
}

isa::Expr Index::turn(std::int64_t count, std::int64_t stride) const {
  if (count == 1) {
    return 0;
  }
  if (!variable_ || constant_ == 0) {
    return variable_ ? *variable_ % count * stride : isa::Expr(constant_ % count * stride);
  }
  if (count != 2 || constant_ != 1) {
    throw InternalError("the next iteration of a loop has no turn of " + std::to_string(count));
  }
  return *variable_ % 2 * -stride + isa::Expr(stride);
}

Lowering::Lowering(const Model& model, const isa::Limits& limits)
    : model_(model),
      limits_(limits),
      builder_(model.name, limits.target, limits.cores_per_logical) {
  for (const ModelTensor& each : model.tensors) {
    tensors_[each.name] = builder_.tensor(each.name, each.kind, each.dtype, each.shape, each.init);
  }
}

isa::TensorRef Lowering::internal(const std::string& name, num::Dtype dtype, Shape shape,
                                  bool spilled) {
  if (spilled) {
    builder_.program().spilled_bytes += product(shape) * bytes_of(dtype);
  }
  return builder_.tensor(current_->output + "." + name, isa::TensorKind::Internal, dtype,
                         std::move(shape));
}

const ModelTensor& Lowering::result(const Call& call) const {
  return *model_.find(call.op->output);
}

isa::BufferRef Lowering::sbuf(const std::string& name, num::Dtype dtype, std::int64_t elements) {
  const std::int64_t bytes = aligned(elements, dtype) * bytes_of(dtype);
  if (bytes > sbuf_left()) {
    throw UserError(current_->where,
                    "operator '" + current_->name + "' (" + current_->kind +
                        ") does not fit into SBUF: " + std::to_string(bytes - sbuf_left()) +
                        " bytes per partition are missing for '" + name + "'");
  }
  const std::int64_t address = sbuf_used_;
  sbuf_used_ += bytes;
  return builder_.sbuf(current_->name + "." + name, dtype, kPartitions, elements, address);
}

Turns Lowering::turns(const std::string& name, num::Dtype dtype, std::int64_t elements,
                      std::int64_t count) {
  const std::int64_t stride = aligned(elements, dtype);
  return {sbuf(name, dtype, count * stride), count, stride};
}

isa::BufferRef Lowering::psum(const std::string& name, num::Dtype dtype, std::int64_t banks) {
  const std::int64_t address = psum_used_;
  psum_used_ += banks * limits_.psum_bank_bytes;
  if (psum_used_ > limits_.psum_partition_bytes) {
    throw UserError(current_->where, "operator '" + current_->name + "' (" + current_->kind +
                                         ") needs " +
                                         std::to_string(psum_used_ - limits_.psum_partition_bytes) +
                                         " more bytes per partition of PSUM for '" + name + "'");
  }
  return builder_.psum(current_->name + "." + name, dtype, kPartitions, banks * bank(dtype),
                       address);
}

void Lowering::free_buffers() {
  auto& buffers = builder_.program().buffers;
  const bool fits = sbuf_next_ + sbuf_used_ <= limits_.sbuf_partition_bytes;
  const std::int64_t base = fits ? sbuf_next_ : 0;
  for (; first_buffer_ < buffers.size(); ++first_buffer_) {
    if (buffers[first_buffer_].space == isa::Space::Sbuf) {
      *buffers[first_buffer_].address += base;
    }
  }
  sbuf_next_ = base + sbuf_used_;
  sbuf_used_ = 0;
  psum_used_ = 0;
}

void Lowering::begin(const Call& call) {
  current_ = call.op;
  builder_.label(call.op->name);
}

void Lowering::end() {
  free_buffers();
  barrier();
}

void Lowering::barrier() {
  if (limits_.cores_per_logical > 1) {
    builder_.core_barrier();
  }
}

Share Lowering::share(std::int64_t extent) const {
  const std::int64_t cores = limits_.cores_per_logical;
  if (cores == 1) {
    return {0, extent};
  }
  const std::int64_t size = ceil_div(extent, cores);
  // Of two cores. With more, the step that makes the last part end at the end may not be whole.
  const std::int64_t step = (extent - size) / (cores - 1);
  const std::int64_t rest = extent - step * (cores - 1);
  return {builder_.core() * step, rest};
}

void Lowering::loop(const std::string& name, std::int64_t count,
                    const std::function<void(Index)>& body) {
  if (count == 1) {
    body(0);
  } else if (count > 1) {
    builder_.loop(name, 0, count, 1, [&](isa::Var variable) { body(Index(variable)); });
  }
}

void Lowering::tiles(const std::string& name, std::int64_t extent, std::int64_t tile,
                     const std::function<void(const Tile&)>& body) {
  const std::int64_t whole = extent / tile;
  loop(name, whole, [&](const Index& index) { body({index, index.times(tile), tile}); });
  if (extent % tile != 0) {
    body({whole, whole * tile, extent % tile});
  }
}

void Lowering::prepared_tiles(const std::string& name, std::int64_t extent, std::int64_t tile,
                              const std::function<void(const Tile&)>& prepare,
                              const std::function<void(const Tile&)>& body) {
  const std::int64_t whole = extent / tile;
  const Tile rest{whole, whole * tile, extent % tile};
  const auto at = [&](const Index& index) { return Tile{index, index.times(tile), tile}; };
  if (whole > 0) {
    prepare(at(0));
    loop(name, whole - 1, [&](const Index& index) {
      prepare(at(index.next()));
      body(at(index));
    });
  }
  if (rest.size > 0) {
    prepare(rest);
  }
  if (whole > 0) {
    body(at(whole - 1));
  }
  if (rest.size > 0) {
    body(rest);
  }
}

void Lowering::unrolled_tiles(std::int64_t extent, std::int64_t tile,
                              const std::function<void(const Tile&)>& body) {
  for (std::int64_t start = 0; start < extent; start += tile) {
    body({start / tile, start, std::min(tile, extent - start)});
  }
}

void Lowering::flat_tiles(std::int64_t extent, std::int64_t columns,
                          const std::function<void(const FlatTile&)>& body) {
  const std::int64_t tile = kPartitions * columns;
  const std::int64_t whole = extent / tile;
  loop("tile", whole, [&](const Index& index) {
    body({index, index.times(tile), kPartitions, columns});
  });
  const std::int64_t rest = extent % tile;
  if (rest >= kPartitions) {
    body({whole, whole * tile, kPartitions, rest / kPartitions});
  }
  if (rest % kPartitions != 0) {
    body({whole + 1, extent - rest % kPartitions, 1, rest % kPartitions});
  }
}

num::Activation activation_function(const std::string& name) {
  if (name == "none") {
    return num::Activation::Copy;
  }
  const auto function = num::parse_activation(name);
  if (!function) {
    throw InternalError("'" + name + "' is not a function of the Scalar engine");
  }
  return *function;
}

}  // namespace nsim::ml
