// SPDX-License-Identifier: Apache-2.0
// Runs expanded programs without any notion of time: what a program computes, and whether its
// semaphores alone put its instructions into a right order. Which engine or DMA queue goes on next
// is drawn at random, and a transfer happens at any moment after its trigger: a missing wait shows
// as a wrong result.
#pragma once

#include <algorithm>
#include <cstring>
#include <deque>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "sim/base/random.h"
#include "sim/isa/stream.h"
#include "sim/numerics/ops.h"

namespace nsim::test {

class FunctionalMachine {
 public:
  FunctionalMachine(const isa::Streams& streams, std::uint64_t seed)
      : streams_(streams), random_(seed, "order") {
    for (const isa::Tensor& tensor : streams.tensors) {
      tensors_.emplace_back(static_cast<std::size_t>(tensor.bytes()));
    }
    cores_.resize(streams.cores.size());
    for (std::size_t i = 0; i < cores_.size(); ++i) {
      cores_[i].streams = &streams.cores[i];
      // What was never written is not a number.
      cores_[i].sbuf.assign(kPartitions * static_cast<std::size_t>(streams.sbuf_bytes),
                            std::byte{0xff});
      cores_[i].psum.assign(kPartitions * static_cast<std::size_t>(streams.psum_bytes),
                            std::byte{0xff});
    }
  }

  void write(const std::string& tensor, const std::vector<float>& values) {
    const std::size_t i = index_of(tensor);
    num::store_row(streams_.tensors[i].dtype, tensors_[i].data(), values.data(), values.size());
  }
  std::vector<float> read(const std::string& tensor) const {
    const std::size_t i = index_of(tensor);
    std::vector<float> values(static_cast<std::size_t>(streams_.tensors[i].elements()));
    num::load_row(streams_.tensors[i].dtype, tensors_[i].data(), values.data(), values.size());
    return values;
  }
  std::vector<std::byte>& bytes(const std::string& tensor) { return tensors_[index_of(tensor)]; }

  void run() {
    std::vector<std::pair<std::size_t, int>> actors;  // core, engine; or -1 for its transfers
    for (std::size_t core = 0; core < cores_.size(); ++core) {
      for (int engine = -1; engine < isa::kEngineCount; ++engine) {
        actors.emplace_back(core, engine);
      }
    }
    while (!finished()) {
      const std::size_t first = random_.below(actors.size());
      bool moved = false;
      for (std::size_t i = 0; i < actors.size() && !moved; ++i) {
        const auto [core, engine] = actors[(first + i) % actors.size()];
        moved = engine < 0 ? transfer(cores_[core])
                           : step(cores_[core], static_cast<std::size_t>(engine));
      }
      if (!moved) {
        throw std::runtime_error("deadlock: no engine can go on");
      }
    }
  }

 private:
  static constexpr std::size_t kPartitions = 128;

  struct Core {
    const isa::CoreStreams* streams = nullptr;
    std::vector<std::byte> sbuf, psum;
    std::array<std::size_t, isa::kEngineCount> next{};
    std::array<std::int64_t, isa::kSemaphoreCount> semaphore{};
    std::map<int, std::deque<const isa::Issue*>> queues;
    std::int64_t barriers = 0;  // arrived at
    bool waiting = false;       // at one
  };

  std::size_t index_of(const std::string& tensor) const {
    for (std::size_t i = 0; i < streams_.tensors.size(); ++i) {
      if (streams_.tensors[i].name == tensor) {
        return i;
      }
    }
    throw std::runtime_error("no tensor " + tensor);
  }

  bool finished() const {
    return std::all_of(cores_.begin(), cores_.end(), [](const Core& core) {
      for (std::size_t e = 0; e < isa::kEngineCount; ++e) {
        if (core.next[e] < core.streams->engine[e].size()) {
          return false;
        }
      }
      return std::all_of(core.queues.begin(), core.queues.end(),
                         [](const auto& q) { return q.second.empty(); });
    });
  }

  static void signal(Core& core, const isa::Issue& i) {
    for (std::uint32_t u = i.first_update; u < i.first_update + i.updates; ++u) {
      core.semaphore[core.streams->updates[u].semaphore] += core.streams->updates[u].add;
    }
  }

  /// One instruction of an engine, when its semaphores let it.
  bool step(Core& core, std::size_t engine) {
    const auto& stream = core.streams->engine[engine];
    if (core.next[engine] == stream.size()) {
      return false;
    }
    const isa::Issue& issue = stream[core.next[engine]];
    const isa::StreamInstruction& i = core.streams->instruction(issue);
    for (std::uint32_t w = issue.first_wait; w < issue.first_wait + issue.waits; ++w) {
      const isa::StreamWait& wait = core.streams->waits[w];
      if (core.semaphore[wait.semaphore] < wait.value) {
        return false;
      }
    }
    if (i.opcode == isa::Opcode::CoreBarrier && !pass_barrier(core)) {
      return false;
    }
    ++core.next[engine];
    if (i.opcode == isa::Opcode::DmaCopy || i.opcode == isa::Opcode::DmaTranspose ||
        i.opcode == isa::Opcode::DmaGather || i.opcode == isa::Opcode::DmaCompute) {
      core.queues[static_cast<int>(engine) * 4 + i.queue].push_back(&issue);
    } else {
      execute(core, i);
      signal(core, issue);
    }
    return true;
  }

  bool pass_barrier(Core& core) {
    if (!core.waiting) {
      core.waiting = true;
      ++core.barriers;
    }
    for (const Core& each : cores_) {
      if (each.barriers < core.barriers) {
        return false;
      }
    }
    core.waiting = false;
    return true;
  }

  /// The oldest transfer of some queue.
  bool transfer(Core& core) {
    const std::size_t first = core.queues.empty() ? 0 : random_.below(core.queues.size());
    for (std::size_t n = 0; n < core.queues.size(); ++n) {
      auto queue = core.queues.begin();
      std::advance(queue, (first + n) % core.queues.size());
      if (!queue->second.empty()) {
        const isa::Issue& issue = *queue->second.front();
        queue->second.pop_front();
        move(core, core.streams->complete(issue));
        signal(core, issue);
        return true;
      }
    }
    return false;
  }

  num::View view(Core& core, const isa::Operand& o) {
    num::View v;
    const bool sbuf = o.space == isa::Space::Sbuf;
    v.partition_stride = sbuf ? streams_.sbuf_bytes : streams_.psum_bytes;
    v.base = (sbuf ? core.sbuf : core.psum).data() + o.partition * v.partition_stride + o.offset;
    v.dtype = o.dtype;
    v.partitions = o.partitions;
    for (std::size_t d = 0; d < o.dims; ++d) {
      v.count[d] = o.dim[d].count;
      v.stride[d] = o.dim[d].step * static_cast<std::int64_t>(num::size_of(o.dtype));
    }
    return v;
  }

  /// Addresses of the elements of an operand, in order.
  std::vector<std::byte*> elements(Core& core, const isa::Operand& o) {
    const auto size = static_cast<std::int64_t>(num::size_of(o.dtype));
    std::vector<std::byte*> result;
    if (o.space == isa::Space::Hbm) {
      result.push_back(tensors_[o.tensor].data() + o.offset);
    } else {
      const num::View v = view(core, o);
      for (std::int64_t p = 0; p < o.partitions; ++p) {
        result.push_back(v.base + p * v.partition_stride);
      }
    }
    for (std::size_t d = 0; d < o.dims; ++d) {
      std::vector<std::byte*> next;
      for (std::byte* base : result) {
        for (std::int64_t i = 0; i < o.dim[d].count; ++i) {
          next.push_back(base + i * o.dim[d].step * size);
        }
      }
      result = std::move(next);
    }
    return result;
  }

  void move(Core& core, const isa::StreamInstruction& i) {
    std::vector<std::byte*> from = elements(core, i.src[0]);
    const std::vector<std::byte*> to = elements(core, i.dst);
    if (i.opcode == isa::Opcode::DmaGather) {
      const std::vector<std::byte*> rows = elements(core, i.src[1]);
      std::vector<std::byte*> gathered;
      for (const std::byte* row : rows) {
        std::int32_t at = 0;
        std::memcpy(&at, row, sizeof at);
        for (std::byte* element : from) {
          gathered.push_back(element + at * i.count);
        }
      }
      from = std::move(gathered);
    }
    const bool sum = i.opcode == isa::Opcode::DmaCompute;
    const std::vector<std::byte*> second =
        sum ? elements(core, i.src[1]) : std::vector<std::byte*>();
    for (std::size_t e = 0; e < to.size(); ++e) {
      if (sum) {
        num::store(i.dst.dtype, to[e],
                   num::load(i.src[0].dtype, from[e]) + num::load(i.src[1].dtype, second[e]));
      } else if (i.src[0].dtype == i.dst.dtype) {
        std::memcpy(to[e], from[e], num::size_of(i.dst.dtype));
      } else {
        num::store(i.dst.dtype, to[e], num::load(i.src[0].dtype, from[e]));
      }
    }
  }

  void execute(Core& core, const isa::StreamInstruction& i) {
    const auto v = [&](const isa::Operand& o) { return o.present() ? view(core, o) : num::View(); };
    const num::View dst = v(i.dst), dst2 = v(i.dst2), a = v(i.src[0]), b = v(i.src[1]);
    const num::View view0 = v(i.operand0.operand), view1 = v(i.operand1.operand);
    const num::Scalar s0{i.operand0.immediate, i.operand0.operand.present() ? &view0 : nullptr};
    const num::Scalar s1{i.operand1.immediate, i.operand1.operand.present() ? &view1 : nullptr};
    const std::array<std::int64_t, 4> pattern{i.pattern[0], i.pattern[1], i.pattern[2],
                                              i.pattern[3]};
    using isa::Opcode;
    switch (i.opcode) {
      case Opcode::NcMatmul:
        return num::matmul(dst, a, b, i.accumulate);
      case Opcode::NcTranspose:
        return num::transpose(dst, a);
      case Opcode::TensorCopy:
        return num::tensor_copy(dst, a);
      case Opcode::Memset:
        return num::memset(dst, i.immediate);
      case Opcode::TensorTensor:
        return num::tensor_tensor(dst, a, b, i.op0);
      case Opcode::TensorScalar:
        return num::tensor_scalar(dst, a, i.op0, s0, i.reverse0, i.op1, s1, i.reverse1);
      case Opcode::ScalarTensorTensor:
        return num::scalar_tensor_tensor(dst, a, i.op0, s0, i.reverse0, i.op1, b, i.reverse1);
      case Opcode::TensorReduce:
        return num::tensor_reduce(dst, a, i.op0, i.keep, i.negate);
      case Opcode::Activation:
        return num::activation(dst, a, i.function, s0, s1, nullptr);
      case Opcode::ActivationReduce:
        return num::activation(dst, a, i.function, s0, s1, &dst2);
      case Opcode::Reciprocal:
        return num::reciprocal(dst, a);
      case Opcode::BnStats:
        return num::bn_stats(dst, a);
      case Opcode::BnAggr:
        return num::bn_aggr(dst, a);
      case Opcode::Iota:
        return num::iota(dst, i.base, i.partition_step, pattern);
      case Opcode::AffineSelect:
        return num::affine_select(dst, a, i.base, i.partition_step, pattern, i.immediate, i.op0);
      default:
        return;
    }
  }

  const isa::Streams& streams_;
  RandomStream random_;
  std::vector<std::vector<std::byte>> tensors_;
  std::vector<Core> cores_;
};

}  // namespace nsim::test
