// SPDX-License-Identifier: Apache-2.0
// A toy core for tests of synchronisation: executes streams on 32-bit words, in program order or
// under any timing that the order of streams and rings and the semaphores allow. Equal ends mean
// that no wait is missing.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include "sim/base/random.h"
#include "sim/isa/opcode.h"
#include "sim/isa/stream.h"

namespace nsim::isa::test {

using Word = std::uint32_t;
constexpr std::size_t kRowWords = 256;
constexpr std::size_t kTensorWords = 4096;

struct Memory {
  std::vector<Word> sbuf = std::vector<Word>(128 * kRowWords);
  std::vector<Word> psum = std::vector<Word>(128 * kRowWords);
  std::vector<std::vector<Word>> tensors;

  explicit Memory(std::size_t tensor_count) : tensors(tensor_count) {
    Word next = 1;
    for (auto& tensor : tensors) {
      tensor.resize(kTensorWords);
    }
    for (auto* part : all()) {
      for (Word& word : *part) {
        word = next = next * 1664525 + 1013904223;
      }
    }
  }
  std::vector<std::vector<Word>*> all() {
    std::vector<std::vector<Word>*> parts{&sbuf, &psum};
    for (auto& tensor : tensors) {
      parts.push_back(&tensor);
    }
    return parts;
  }
  bool operator==(const Memory& other) const {
    return sbuf == other.sbuf && psum == other.psum && tensors == other.tensors;
  }
};

/// Every element of an operand in row-major order, as places in memory.
inline std::vector<Word*> places(Memory& memory, const Operand& operand) {
  std::vector<Word*> result;
  if (!operand.present()) {
    return result;
  }
  const bool hbm = operand.space == Space::Hbm;
  std::vector<Word>& words = hbm                            ? memory.tensors[operand.tensor]
                             : operand.space == Space::Psum ? memory.psum
                                                            : memory.sbuf;
  for (std::int64_t p = 0; p < operand.partitions; ++p) {
    const std::int64_t row =
        hbm ? 0 : (operand.partition + p) * static_cast<std::int64_t>(kRowWords);
    for (std::int64_t i = 0; i < operand.elements(); ++i) {
      std::int64_t rest = i;
      std::int64_t at = row + operand.offset / 4;
      for (std::size_t d = operand.dims; d-- > 0;) {
        at += rest % operand.dim[d].count * operand.dim[d].step;
        rest /= operand.dim[d].count;
      }
      result.push_back(&words.at(static_cast<std::size_t>(at)));
    }
  }
  return result;
}

inline std::vector<Word> values(Memory& memory, const Operand& operand) {
  std::vector<Word> result;
  for (const Word* place : places(memory, operand)) {
    result.push_back(*place);
  }
  return result;
}

using Inputs = std::array<std::vector<Word>, 2>;

inline Inputs read(Memory& memory, const StreamInstruction& in) {
  if (in.opcode != Opcode::DmaGather) {
    return {values(memory, in.src[0]), values(memory, in.src[1])};
  }
  Inputs inputs{std::vector<Word>{}, values(memory, in.src[1])};
  for (const Word index : inputs[1]) {
    Operand row = in.src[0];
    row.offset += index % 8 * 512 * 4;
    const std::vector<Word> one = values(memory, row);
    inputs[0].insert(inputs[0].end(), one.begin(), one.end());
  }
  return inputs;
}

/// Writes the part of the result that element % of == part says.
inline void write(Memory& memory, const StreamInstruction& in, const Inputs& inputs,
                  std::size_t part = 0, std::size_t of = 1) {
  Operand dst = in.dst;
  if (in.opcode == Opcode::DmaScatter) {  // of one row
    dst.offset += inputs[1].at(0) % 8 * 512 * 4;
  }
  const std::vector<Word*> to = places(memory, dst);
  for (std::size_t i = part; i < to.size(); i += of) {
    Word value = in.opcode == Opcode::Memset ? static_cast<Word>(in.immediate) : 0;
    if (in.opcode == Opcode::NcMatmul) {
      const auto m = static_cast<std::size_t>(in.src[0].elements());
      const auto n = static_cast<std::size_t>(in.src[1].elements());
      for (std::size_t k = 0; k < in.src[0].partitions; ++k) {
        value += inputs[0][k * m + i / n] * inputs[1][k * n + i % n];
      }
      value += in.accumulate ? *to[i] : 0;
    } else if (!inputs[0].empty()) {
      value = inputs[0][i] + (in.opcode == Opcode::TensorTensor ? inputs[1][i] : 0);
    }
    *to[i] = value;
  }
}

/// In the order of `line`, one after the other.
inline void run_sequentially(Memory& memory, const CoreStreams& core) {
  std::map<std::uint32_t, StreamInstruction> ordered;
  for (const auto& stream : core.engine) {
    for (const Issue& issue : stream) {
      ordered[core.instruction(issue).line] = core.complete(issue);
    }
  }
  for (const auto& [line, in] : ordered) {
    write(memory, in, read(memory, in));
  }
}

/// Honours only the order of each stream, the FIFO order of each ring, and the semaphores;
/// everything else takes a random time.
class ScrambledRun {
 public:
  ScrambledRun(Memory& memory, const CoreStreams& core, std::uint64_t seed)
      : memory_(memory), core_(core), random_(seed, "scrambled") {}

  /// False: some instruction waits for ever.
  bool run() {
    for (;;) {
      issue_all();
      if (events_.empty()) {
        break;
      }
      const auto first = events_.begin();
      now_ = std::get<0>(first->first);
      const auto action = first->second;
      events_.erase(first);
      action();
    }
    for (std::size_t e = 0; e < kEngineCount; ++e) {
      if (position_[e] != core_.engine[e].size()) {
        return false;
      }
    }
    return true;
  }

 private:
  void at(std::uint64_t time, std::function<void()> action) {
    events_[{time, sequence_++}] = std::move(action);
  }
  std::uint64_t some(std::uint64_t most) { return random_.below(most + 1); }

  void issue_all() {
    for (std::size_t e = 0; e < kEngineCount; ++e) {
      while (position_[e] < core_.engine[e].size() && free_[e] <= now_ &&
             ready(core_.engine[e][position_[e]])) {
        const Issue& next = core_.engine[e][position_[e]++];
        info(core_.instruction(next).opcode).dma ? trigger(next, e) : issue(next, e);
      }
    }
  }
  bool ready(const Issue& in) const {
    for (std::size_t i = in.first_wait; i < std::size_t{in.first_wait} + in.waits; ++i) {
      if (semaphores_[core_.waits[i].semaphore] < core_.waits[i].value) {
        return false;
      }
    }
    return true;
  }
  void signal(const Issue& in, std::int32_t engines) {
    for (std::size_t i = in.first_update; i < std::size_t{in.first_update} + in.updates; ++i) {
      semaphores_[core_.updates[i].semaphore] += core_.updates[i].add / engines;
    }
  }

  void issue(const Issue& next, std::size_t e) {
    const std::uint64_t interval = 1 + some(20);
    const std::uint64_t read_at = now_ + some(interval);
    free_[e] = now_ + interval;
    retired_[e] = std::max(retired_[e], now_ + interval + some(60));
    const std::uint64_t retire = retired_[e];
    // Results leave the Tensor engine in order; elsewhere they may appear at any time before
    // retirement.
    const std::uint64_t write_at = e == 0 ? retire : read_at + some(retire - read_at);
    const StreamInstruction& in = core_.instruction(next);
    at(read_at, [this, &in, write_at] {
      at(write_at, [this, &in, inputs = read(memory_, in)] { write(memory_, in, inputs); });
    });
    at(retire, [this, &next] { at(now_, [this, &next] { signal(next, 1); }); });
    at(free_[e], [] {});
  }

  void trigger(const Issue& next, std::size_t e) {
    const StreamInstruction in = core_.complete(next);
    free_[e] = now_ + 1;
    at(free_[e], [] {});
    for (std::size_t ring = 0; ring < kDmaSignal; ++ring) {
      std::uint64_t& ring_free = ring_free_[{e, in.queue, ring}];
      const std::uint64_t start = std::max(ring_free, now_ + some(40));
      ring_free = start + 1 + some(80);
      at(start, [this, &next, in, ring, done = ring_free] {
        at(done, [this, &next, in, ring, inputs = read(memory_, in)] {
          write(memory_, in, inputs, ring, kDmaSignal);
          signal(next, kDmaSignal);
        });
      });
    }
  }

  Memory& memory_;
  const CoreStreams& core_;
  RandomStream random_;
  std::uint64_t now_ = 0;
  std::uint64_t sequence_ = 0;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::function<void()>> events_;
  std::array<std::size_t, kEngineCount> position_{};
  std::array<std::uint64_t, kEngineCount> free_{};
  std::array<std::uint64_t, kEngineCount> retired_{};
  std::array<std::int32_t, kSemaphoreCount> semaphores_{};
  std::map<std::tuple<std::size_t, std::size_t, std::size_t>, std::uint64_t> ring_free_;
};

}  // namespace nsim::isa::test
