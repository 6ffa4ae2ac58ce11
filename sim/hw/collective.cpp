// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/collective.h"

#include <algorithm>
#include <cstring>

namespace nsim::hw {
namespace {

constexpr std::size_t kHeaderWords = sizeof(CollectiveHeader) / sizeof(std::uint64_t);
constexpr std::size_t kBufferWords = sizeof(CollectiveBuffer) / sizeof(std::uint64_t);

/// A part of a buffer, in bytes.
struct Part {
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};

using Buffers = std::vector<std::vector<CollectiveBuffer>>;

class Mesh {
 public:
  Mesh(const Collective& mine, const Buffers& of_rank, std::size_t max_sources)
      : mine_(mine), of_rank_(of_rank), max_sources_(max_sources) {}

  std::vector<CollectivePhase> phases() {
    for (std::size_t b = 0; b < mine_.buffers.size(); ++b) {
      switch (mine_.header.op) {
        case CollectiveOp::AllGather:
          gather(b);
          break;
        case CollectiveOp::ReduceScatter:
          reduce(b, scattered(b), mine_.buffers[b].output);
          break;
        case CollectiveOp::AllReduce: {
          const Part part = shared(b);
          const std::uint64_t result = mine_.buffers[b].output + part.offset;
          broadcast(b, reduce(b, part, result), result, part);
          break;
        }
        case CollectiveOp::Barrier:
          break;
      }
    }
    return std::move(phases_);
  }

 private:
  std::size_t ranks() const { return of_rank_.size(); }
  std::size_t rank() const { return mine_.header.rank; }

  /// Own part of what is scattered: the whole output.
  Part scattered(std::size_t buffer) const {
    const std::uint64_t bytes = mine_.output_bytes(mine_.buffers[buffer]);
    return {rank() * bytes, bytes};
  }
  /// Own share of the elements of a buffer.
  Part shared(std::size_t buffer) const {
    const std::uint64_t size = num::size_of(mine_.type());
    const std::uint64_t elements = mine_.buffers[buffer].bytes / size;
    const std::uint64_t first = elements * rank() / ranks();
    const std::uint64_t end = elements * (rank() + 1) / ranks();
    return {first * size, (end - first) * size};
  }

  void add(std::size_t phase, CollectiveMove move) {
    if (phase >= phases_.size()) {
      phases_.resize(phase + 1);
    }
    if (move.bytes > 0) {
      phases_[phase].push_back(std::move(move));
    }
  }

  void gather(std::size_t buffer) {
    const CollectiveBuffer& own = mine_.buffers[buffer];
    const Part part{rank() * own.bytes, own.bytes};
    if (own.input != own.output + part.offset) {
      add(0, {{own.input}, own.output + part.offset, part.bytes});
    }
    broadcast(buffer, 0, own.input, part);
  }

  /// From `source` into `part` of every other output; the next rank first, so that not all of them
  /// write to the same one.
  void broadcast(std::size_t buffer, std::size_t phase, std::uint64_t source, const Part& part) {
    for (std::size_t k = 1; k < ranks(); ++k) {
      const CollectiveBuffer& to = of_rank_[(rank() + k) % ranks()][buffer];
      add(phase, {{source}, to.output + part.offset, part.bytes});
    }
  }

  /// Combines `part` of every input into `result`; returns the phase after the last pass.
  std::size_t reduce(std::size_t buffer, const Part& part, std::uint64_t result) {
    std::size_t phase = 0;
    std::size_t next = 0;
    if (ranks() == 1 && mine_.buffers[buffer].input + part.offset == result) {
      return 0;  // it is there already
    }
    while (next < ranks()) {
      CollectiveMove move{{}, result, part.bytes};
      if (phase > 0) {
        move.sources.push_back(result);
      }
      for (; next < ranks() && move.sources.size() < max_sources_; ++next) {
        move.sources.push_back(of_rank_[(rank() + next) % ranks()][buffer].input + part.offset);
      }
      add(phase++, std::move(move));
    }
    return phase;
  }

  const Collective& mine_;
  const Buffers& of_rank_;
  const std::size_t max_sources_;
  std::vector<CollectivePhase> phases_;
};

}  // namespace

std::optional<Collective> Collective::parse(const std::vector<std::uint64_t>& table) {
  Collective result;
  CollectiveHeader& header = result.header;
  if (table.size() < kHeaderWords) {
    return std::nullopt;
  }
  std::memcpy(static_cast<void*>(&header), table.data(), sizeof header);
  const std::size_t rest = table.size() - kHeaderWords;
  if (header.op > CollectiveOp::Barrier || header.combine >= num::kCombineOpCount ||
      header.type >= num::kElementTypeCount || header.rank >= header.ranks || rest < header.ranks ||
      (rest - header.ranks) % kBufferWords != 0) {
    return std::nullopt;
  }
  const auto cores = table.begin() + kHeaderWords;
  result.cores.assign(cores, cores + header.ranks);
  result.buffers.resize((rest - header.ranks) / kBufferWords);
  if (!result.buffers.empty()) {  // a barrier has none
    std::memcpy(static_cast<void*>(result.buffers.data()),
                table.data() + kHeaderWords + header.ranks,
                result.buffers.size() * sizeof(CollectiveBuffer));
  }
  for (const CollectiveBuffer& buffer : result.buffers) {
    const bool scatter = header.op == CollectiveOp::ReduceScatter;
    if (buffer.bytes % (num::size_of(result.type()) * (scatter ? header.ranks : 1)) != 0) {
      return std::nullopt;
    }
  }
  return result;
}

std::vector<std::uint64_t> Collective::table() const {
  std::vector<std::uint64_t> words(kHeaderWords);
  std::memcpy(words.data(), &header, sizeof header);
  words.insert(words.end(), cores.begin(), cores.end());
  for (const CollectiveBuffer& buffer : buffers) {
    words.insert(words.end(), {buffer.input, buffer.output, buffer.bytes});
  }
  return words;
}

std::uint64_t Collective::output_bytes(const CollectiveBuffer& buffer) const {
  switch (header.op) {
    case CollectiveOp::AllGather:
      return buffer.bytes * header.ranks;
    case CollectiveOp::ReduceScatter:
      return buffer.bytes / header.ranks;
    case CollectiveOp::AllReduce:
    case CollectiveOp::Barrier:
      break;
  }
  return buffer.bytes;
}

bool Collective::matches(const CollectiveHeader& other,
                         const std::vector<CollectiveBuffer>& theirs) const {
  return other.op == header.op && other.combine == header.combine && other.type == header.type &&
         other.ranks == header.ranks &&
         std::equal(buffers.begin(), buffers.end(), theirs.begin(), theirs.end(),
                    [](const auto& a, const auto& b) { return a.bytes == b.bytes; });
}

std::vector<CollectivePhase> mesh_phases(const Collective& mine,
                                         const std::vector<std::vector<CollectiveBuffer>>& of_rank,
                                         std::size_t max_sources) {
  return Mesh(mine, of_rank, max_sources).phases();
}

}  // namespace nsim::hw
