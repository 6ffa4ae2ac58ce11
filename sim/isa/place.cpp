// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/place.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/isa/checked.h"
#include "sim/isa/copies.h"
#include "sim/isa/lifetimes.h"
#include "sim/isa/opcode.h"
#include "sim/isa/rotation.h"

namespace nsim::isa {
namespace {

// SBUF accesses move 64 B at a time, and dependencies are followed in such blocks: neighbours share
// none.
constexpr std::int64_t kSbufAlignment = 64;
constexpr std::int64_t kPartitions = 128;

[[noreturn]] void refuse(const Buffer& buffer, const std::string& what) {
  throw UserError(buffer.where, "buffer " + buffer.name + ": " + what);
}

void check(const Buffer& buffer) {
  if (buffer.space == Space::Hbm) {
    refuse(buffer, "a buffer lies in SBUF or PSUM, not in HBM");
  }
  if (buffer.partition < 0 || buffer.partitions < 1 ||
      buffer.partitions >
          kPartitions - std::clamp<std::int64_t>(buffer.partition, 0, kPartitions)) {
    refuse(buffer, "partitions " + std::to_string(buffer.partition) + " to " +
                       std::to_string(buffer.partition) + "+" + std::to_string(buffer.partitions) +
                       " are not within the " + std::to_string(kPartitions) + " of a core");
  }
  if (buffer.elements < 1) {
    refuse(buffer, "has " + std::to_string(buffer.elements) +
                       " elements per partition, at least 1 is needed");
  }
  const auto size = static_cast<std::int64_t>(num::size_of(buffer.dtype));
  if (int{buffer.address.has_value()} + int{buffer.transient} + int{buffer.view.has_value()} > 1) {
    refuse(buffer, "has one of an address, transient and view, not two");
  }
  if (buffer.copies < 1 || (buffer.copies != 1 && !buffer.transient && !buffer.view)) {
    refuse(buffer, "has " + std::to_string(buffer.copies) +
                       " copies: 1, or more when it is transient or a view of such a buffer");
  }
  if (buffer.address && (*buffer.address < 0 || *buffer.address % size != 0)) {
    refuse(buffer, "address " + std::to_string(*buffer.address) + " is not a multiple of its " +
                       std::to_string(size) + "-byte elements");
  }
}

std::int64_t round_up(std::int64_t value, std::int64_t multiple) {
  return checked_add(value, multiple - 1) / multiple * multiple;
}

/// A copy of a transient buffer: its number, and what it is a copy of.
struct TurnTaker {
  std::uint32_t copy = 0;
  const Buffer* buffer = nullptr;
};

/// A range that is not given out in turns. Without the number of a buffer it is never given out.
struct Kept {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::optional<std::uint32_t> copy;
};
constexpr std::int64_t kForever = std::numeric_limits<std::int64_t>::max();

/// One of the two memories while it fills up.
class Memory {
 public:
  /// `target` is for messages. Without banks, `bank` is 0.
  Memory(Space space, std::string target, std::int64_t capacity, std::int64_t bank)
      : space_(space), target_(std::move(target)), capacity_(capacity), bank_(bank) {}

  /// One that is larger than the memory.
  void check_size(const Buffer& buffer) const {
    if (buffer.bytes() > capacity_) {
      refuse(buffer, "has " + std::to_string(buffer.bytes()) + " bytes per partition, " +
                         described() + ": " + std::to_string(buffer.bytes() - capacity_) +
                         " bytes are missing");
    }
  }

  /// One with an address; `copy` is its number.
  void keep(const Buffer& buffer, std::uint32_t copy) {
    const std::int64_t end = checked_add(*buffer.address, buffer.bytes());
    if (end > capacity_) {
      refuse(buffer, "ends at byte " + std::to_string(end) + " of a partition, " + described() +
                         ": " + std::to_string(end - capacity_) + " bytes are missing");
    }
    kept_.push_back({*buffer.address, end, copy});
    used_ = std::max(used_, end);
  }

  std::int64_t append(const Buffer& buffer) {
    std::int64_t address = round_up(used_, kSbufAlignment);
    // A matmul writes within one bank: what fits in a bank does not straddle two.
    if (bank_ != 0 && address % bank_ + buffer.bytes() > bank_) {
      address = round_up(address, bank_);
    }
    used_ = checked_add(address, buffer.bytes());
    kept_.push_back({address, used_, std::nullopt});
    if (used_ > capacity_ && first_without_room_ == nullptr) {
      first_without_room_ = &buffer;
    }
    return address;
  }

  /// Gives them their addresses.
  void rotate(const Program& program, const std::vector<Lifetime>& lives,
              std::vector<TurnTaker> takers, std::vector<std::int64_t>& address) {
    peak_ = used_;
    if (takers.empty()) {
      return;
    }
    std::sort(takers.begin(), takers.end(), [&](const TurnTaker& a, const TurnTaker& b) {
      return lives[a.copy].turn < lives[b.copy].turn;
    });
    std::vector<RotatingTile> tiles;
    for (const TurnTaker& each : takers) {
      tiles.push_back({each.buffer->bytes(), lives[each.copy].first, lives[each.copy].last});
    }
    const std::int64_t grain = bank_ != 0 ? bank_ : kSbufAlignment;
    const std::int64_t begin = round_up(used_, grain);
    auto found = isa::rotate(tiles, {begin, capacity_, grain});
    const RotationPeak most = peak_of(tiles, grain);
    peak_ = begin + most.bytes;
    const bool among = !found;
    if (among) {
      found = rotate_among(tiles, {0, capacity_, grain}, placed(lives));
    }
    if (!found) {
      refuse_transient(program, lives, takers, begin, most);
    }
    for (std::size_t i = 0; i < takers.size(); ++i) {
      address[takers[i].copy] = (*found)[i];
      used_ = std::max(used_, (*found)[i] + tiles[i].bytes);
    }
    if (bank_ == 0 || among) {
      peak_ = std::min(peak_, used_);  // the last one has no padding behind it
    }
  }

  void check_fit() const {
    if (first_without_room_ != nullptr) {
      refuse(*first_without_room_, "the buffers need " + std::to_string(used_) +
                                       " bytes per partition, " + described() + ": " +
                                       std::to_string(used_ - capacity_) + " bytes are missing");
    }
  }

  std::int64_t used() const { return used_; }
  /// Most bytes that are in use at a time.
  std::int64_t peak() const { return peak_; }

 private:
  /// The ranges that are placed already, and from when to when they are in use.
  std::vector<TakenRange> placed(const std::vector<Lifetime>& lives) const {
    std::vector<TakenRange> ranges;
    for (const Kept& each : kept_) {
      const Lifetime life = each.copy ? lives[*each.copy] : Lifetime{0, kForever, 0, 0};
      ranges.push_back({each.begin, each.end, life.first, life.last});
    }
    return ranges;
  }

  /// Names the largest of those that are in use when most is.
  [[noreturn]] void refuse_transient(const Program& program, const std::vector<Lifetime>& lives,
                                     const std::vector<TurnTaker>& takers, std::int64_t begin,
                                     const RotationPeak& most) const {
    std::vector<TurnTaker> live;
    std::copy_if(takers.begin(), takers.end(), std::back_inserter(live),
                 [&](const TurnTaker& each) {
                   const Lifetime& life = lives[each.copy];
                   return life.first <= most.time && most.time <= life.last;
                 });
    std::stable_sort(live.begin(), live.end(), [&](const TurnTaker& a, const TurnTaker& b) {
      return a.buffer->bytes() > b.buffer->bytes();
    });
    constexpr std::size_t kMostNamed = 4;
    std::string largest;
    for (std::size_t i = 0; i < std::min(live.size(), kMostNamed); ++i) {
      const Buffer& buffer = *live[i].buffer;
      const std::string& label = program.labels.at(lives[live[i].copy].label);
      largest += (i == 0 ? "" : ", ") + buffer.name + " (" + std::to_string(buffer.bytes()) +
                 (label.empty() ? "" : ", first used at " + label) + ")";
    }
    const std::int64_t missing = begin + most.bytes - capacity_;
    refuse(*live[0].buffer,
           std::to_string(live.size()) +
               " transient buffers are in use at the same time and need " +
               std::to_string(most.bytes) + " bytes per partition" +
               (bank_ != 0 ? " in whole banks" : "") +
               (begin == 0 ? "" : " behind " + std::to_string(begin) + " of others") + ", " +
               described() + ": " +
               (missing > 0 ? std::to_string(missing) + " bytes are missing"
                            : "the gaps between them are too small") +
               "; the largest: " + largest);
  }

  std::string described() const {
    return std::string(name(space_)) + " of " + target_ + " has " + std::to_string(capacity_);
  }

  Space space_;
  std::string target_;
  std::int64_t capacity_;
  std::int64_t bank_;
  std::int64_t used_ = 0;
  std::int64_t peak_ = 0;
  const Buffer* first_without_room_ = nullptr;
  std::vector<Kept> kept_;
};

class Places {
 public:
  Places(const Program& program, const Limits& limits)
      : program_(program),
        most_(limits.max_instructions),
        sbuf_(Space::Sbuf, limits.target, limits.sbuf_partition_bytes, 0),
        psum_(Space::Psum, limits.target, limits.psum_partition_bytes, limits.psum_bank_bytes) {
    out_.first = number_copies(program.buffers);
    out_.address.resize(out_.first.back());
    out_.partition.resize(program.buffers.size());
  }

  Placement find() {
    for (std::uint32_t i = 0; i < program_.buffers.size(); ++i) {
      const Buffer& buffer = program_.buffers[i];
      check(buffer);
      out_.partition[i] = buffer.partition;
      if (buffer.address) {
        memory_of(buffer).keep(buffer, out_.first[i]);
        out_.address[out_.first[i]] = *buffer.address;
      }
    }
    stay();
    take_turns();
    for (std::uint32_t i = 0; i < program_.buffers.size(); ++i) {
      if (program_.buffers[i].view) {
        view(i);
      }
    }
    tensors();
    out_.sbuf_bytes = sbuf_.used();
    out_.psum_bytes = psum_.used();
    out_.sbuf_peak = sbuf_.peak();
    out_.psum_peak = psum_.peak();
    return std::move(out_);
  }

 private:
  Memory& memory_of(const Buffer& buffer) { return buffer.space == Space::Psum ? psum_ : sbuf_; }

  void stay() {
    for (std::uint32_t i = 0; i < program_.buffers.size(); ++i) {
      const Buffer& buffer = program_.buffers[i];
      if (!buffer.address && !buffer.transient && !buffer.view) {
        out_.address[out_.first[i]] = memory_of(buffer).append(buffer);
      }
    }
    sbuf_.check_fit();
    psum_.check_fit();
  }

  void take_turns() {
    std::vector<TurnTaker> sbuf;
    std::vector<TurnTaker> psum;
    std::vector<Lifetime> lives;
    for (std::uint32_t i = 0; i < program_.buffers.size(); ++i) {
      const Buffer& buffer = program_.buffers[i];
      if (!buffer.transient) {
        continue;
      }
      if (!program_.auto_sync) {
        refuse(buffer, "is transient: who may use its place when is only known with sync auto");
      }
      memory_of(buffer).check_size(buffer);
      lives = lives.empty() ? lifetimes(program_, out_.first, most_) : std::move(lives);
      for (std::uint32_t copy = out_.first[i]; copy != out_.first[i + 1]; ++copy) {
        if (lives[copy].first <= lives[copy].last) {
          (buffer.space == Space::Psum ? psum : sbuf).push_back({copy, &buffer});
        }
      }
    }
    sbuf_.rotate(program_, lives, sbuf, out_.address);
    psum_.rotate(program_, lives, psum, out_.address);
  }

  void view(std::uint32_t index) {
    const Buffer& buffer = program_.buffers[index];
    const View& view = *buffer.view;
    if (view.base >= index || program_.buffers[view.base].space != buffer.space) {
      refuse(buffer,
             "is a view of nothing: a buffer of the same memory, declared before, is needed");
    }
    const Buffer& base = program_.buffers[view.base];
    check_view(buffer.where, "buffer " + buffer.name, view, buffer.bytes(), base.name,
               base.bytes());
    if (buffer.partition + buffer.partitions > base.partitions) {
      refuse(buffer, "partitions " + std::to_string(buffer.partition) + " to " +
                         std::to_string(buffer.partition + buffer.partitions - 1) +
                         " are not within the " + std::to_string(base.partitions) + " of " +
                         base.name);
    }
    if (buffer.copies != base.copies) {
      refuse(buffer, "has " + std::to_string(buffer.copies) + " copies, " + base.name + " has " +
                         std::to_string(base.copies));
    }
    out_.partition[index] = out_.partition[view.base] + buffer.partition;
    const auto size = static_cast<std::int64_t>(num::size_of(buffer.dtype));
    for (std::int64_t copy = 0; copy < buffer.copies; ++copy) {
      const auto at = static_cast<std::size_t>(copy);
      const std::int64_t address = out_.address[out_.first[view.base] + at] + view.offset;
      if (address % size != 0) {
        refuse(buffer, "begins at byte " + std::to_string(address) +
                           " of a partition, not a multiple of its " + std::to_string(size) +
                           "-byte elements");
      }
      out_.address[out_.first[index] + at] = address;
    }
  }

  void tensors() {
    for (std::uint32_t i = 0; i < program_.tensors.size(); ++i) {
      const Tensor& tensor = program_.tensors[i];
      out_.tensor.push_back({i, 0});
      if (tensor.kind != TensorKind::View) {
        continue;
      }
      const std::string name = "tensor " + tensor.name;
      if (tensor.view.base >= i) {
        throw UserError(tensor.where,
                        name + ": is a view of nothing: a tensor declared before is needed");
      }
      const Tensor& base = program_.tensors[tensor.view.base];
      check_view(tensor.where, name, tensor.view, tensor.bytes(), base.name, base.bytes());
      const auto size = static_cast<std::int64_t>(num::size_of(tensor.dtype));
      const View& whole = out_.tensor[tensor.view.base];
      out_.tensor[i] = {whole.base, whole.offset + tensor.view.offset};
      if (out_.tensor[i].offset % size != 0) {
        throw UserError(tensor.where,
                        name + ": begins at byte " + std::to_string(out_.tensor[i].offset) +
                            ", not a multiple of its " + std::to_string(size) + "-byte elements");
      }
    }
  }

  static void check_view(const SourcePos& where, const std::string& what, const View& view,
                         std::int64_t bytes, const std::string& base, std::int64_t base_bytes) {
    if (view.offset < 0 || checked_add(view.offset, bytes) > base_bytes) {
      throw UserError(where, what + ": bytes " + std::to_string(view.offset) + " to " +
                                 std::to_string(view.offset + bytes - 1) + " are not within the " +
                                 std::to_string(base_bytes) + " of " + base);
    }
  }

  const Program& program_;
  std::int64_t most_;  // instructions
  Memory sbuf_;
  Memory psum_;
  Placement out_;
};

}  // namespace

Placement find_places(const Program& program, const Limits& limits) {
  return Places(program, limits).find();
}

}  // namespace nsim::isa
