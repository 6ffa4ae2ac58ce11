// SPDX-License-Identifier: Apache-2.0
// Random programs for tests of synchronisation.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

#include "sim/base/random.h"
#include "sim/isa/builder.h"
#include "sim/isa/expand.h"
#include "tests/support/isa_limits.h"

namespace nsim::isa::test {

/// Straight-line programs over two overlapping SBUF buffers, a PSUM buffer and three tensors.
class RandomProgram {
 public:
  explicit RandomProgram(std::uint64_t seed) : random_(seed, "program") {
    for (const char* name : {"x", "y", "z"}) {
      tensors_.push_back(builder_.tensor(name, TensorKind::Internal, num::Dtype::Fp32, {8, 512}));
    }
    sbuf_.push_back(builder_.sbuf("a", num::Dtype::Fp32, 128, 128, 0));
    sbuf_.push_back(builder_.sbuf("b", num::Dtype::Fp32, 128, 128, 384));
    index_ = builder_.sbuf("index", num::Dtype::Uint32, 128, 128, 0);
    psum_ = builder_.psum("p", num::Dtype::Fp32, 128, 256, 0);
  }

  std::shared_ptr<const Streams> expand(int instructions) {
    for (int i = 0; i < instructions; ++i) {
      add().where.line = i + 1;
    }
    Limits limits = trn2_limits();
    limits.target = "trn3";  // whose products add to whatever is in PSUM
    return isa::expand(builder_.finish(), limits);
  }

 private:
  std::int64_t below(std::int64_t bound) {
    return static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(bound)));
  }
  std::vector<Dim> dims(std::int64_t elements) {
    switch (below(3)) {
      case 0:
        return {{1, elements}};
      case 1:
        return {{2 + below(2), elements}};
      default:
        return {{16, elements / 4}, {1, 4}};
    }
  }
  Access chip(const BufferRef& buffer, std::int64_t partitions, std::int64_t elements) {
    const std::int64_t grid = partitions > 32 ? 64 : 32;
    return buffer.at(grid * below(128 / grid), partitions, below(32), dims(elements));
  }
  Access sbuf(std::int64_t partitions, std::int64_t elements) {
    return chip(sbuf_[static_cast<std::size_t>(below(2))], partitions, elements);
  }
  Access hbm(std::size_t tensor, std::int64_t elements) {
    return below(2) == 0
               ? tensors_[tensor].at(below(512), {{1, elements}})
               : tensors_[tensor].at(below(256), {{16 + below(8), elements / 16}, {1, 16}});
  }
  std::size_t some_tensor() { return static_cast<std::size_t>(below(3)); }
  Engine engine(std::initializer_list<Engine> choice) {
    return choice.begin()[below(static_cast<std::int64_t>(choice.size()))];
  }

  /// Of one row: those of one transfer are not ordered.
  Instruction& scatter(std::size_t tensor) {
    Instruction made;
    made.opcode = Opcode::DmaScatter;
    made.engine = Engine::GpSimd;
    made.dst = tensors_[tensor].at(below(64), {{1, 16}});
    made.src = {sbuf_[1].at(32 * below(4), 1, 32 + below(32), {{1, 16}}),
                index_.at(32 * below(4), 1, below(128), {{1, 1}})};
    return builder_.emit(std::move(made));
  }

  Instruction& dma() {
    const Engine by = engine({Engine::Sync, Engine::Scalar, Engine::GpSimd});
    const std::int64_t partitions = 32 * (1 + below(2));
    Instruction* result = nullptr;
    // Within one transfer source and destination never overlap: its 16 engines are not ordered.
    const std::size_t tensor = some_tensor();
    switch (below(5)) {
      case 0:
        result = &builder_.dma_copy(by, sbuf(partitions, 16), hbm(tensor, partitions * 16));
        break;
      case 1:
        result = &builder_.dma_copy(by, hbm(tensor, partitions * 16), sbuf(partitions, 16));
        break;
      case 2:
        result = &builder_.dma_copy(by, hbm(tensor, 512), hbm((tensor + 1) % 3, 512));
        break;
      case 3:
        result = &scatter(tensor);
        break;
      default:
        result = &builder_.dma_gather(sbuf_[1].at(32 * below(4), 32, 32 + below(32), {{1, 16}}),
                                      tensors_[tensor].at(below(64), {{1, 16}}),
                                      index_.at(32 * below(4), 32, below(128), {{1, 1}}));
    }
    result->queue = static_cast<std::uint8_t>(below(2));
    return *result;
  }

  Instruction& add() {
    const std::int64_t partitions = below(2) == 0 ? 32 : 64;
    const std::int64_t elements = 4 * (1 + below(6));
    switch (below(12)) {
      case 0:
      case 1:
        return builder_.tensor_copy(engine({Engine::Vector, Engine::Scalar, Engine::GpSimd}),
                                    sbuf(partitions, elements), sbuf(partitions, elements));
      case 2:
        return builder_.tensor_tensor(engine({Engine::Vector, Engine::GpSimd}),
                                      sbuf(partitions, elements), sbuf(partitions, elements),
                                      sbuf(partitions, elements), num::AluOp::Add);
      case 3:
      case 4:
      case 5:
        return builder_.nc_matmul(psum_.at(32 * below(4), 8, 8 * below(4), {{1, 8}}), sbuf(32, 8),
                                  sbuf(32, 8), below(2));
      case 6:
        return builder_.tensor_copy(engine({Engine::Vector, Engine::Scalar}),
                                    sbuf(partitions, elements), chip(psum_, partitions, elements));
      case 7:
        return builder_.memset(engine({Engine::Vector, Engine::GpSimd}), sbuf(partitions, elements),
                               static_cast<float>(below(100)));
      case 8:
        return below(4) == 0 ? builder_.core_barrier()
                             : builder_.memset(Engine::Vector, chip(psum_, partitions, elements),
                                               static_cast<float>(below(100)));
      default:
        return dma();
    }
  }

  RandomStream random_;
  Builder builder_{"random", "trn3", 1};
  std::vector<TensorRef> tensors_;
  std::vector<BufferRef> sbuf_;
  BufferRef index_, psum_;
};

}  // namespace nsim::isa::test
