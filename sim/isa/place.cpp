// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/place.h"

#include <algorithm>
#include <string>
#include <utility>

#include "sim/isa/checked.h"
#include "sim/isa/opcode.h"

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
  if (buffer.address && (*buffer.address < 0 || *buffer.address % size != 0)) {
    refuse(buffer, "address " + std::to_string(*buffer.address) + " is not a multiple of its " +
                       std::to_string(size) + "-byte elements");
  }
}

std::int64_t round_up(std::int64_t value, std::int64_t multiple) {
  return checked_add(value, multiple - 1) / multiple * multiple;
}

/// One of the two memories while it fills up.
class Memory {
 public:
  /// `target` is for messages. Without banks, `bank` is 0.
  Memory(Space space, std::string target, std::int64_t capacity, std::int64_t bank)
      : space_(space), target_(std::move(target)), capacity_(capacity), bank_(bank) {}

  void keep(const Buffer& buffer) {
    const std::int64_t end = checked_add(*buffer.address, buffer.bytes());
    if (end > capacity_) {
      refuse(buffer, "ends at byte " + std::to_string(end) + " of a partition, " + described() +
                         ": " + std::to_string(end - capacity_) + " bytes are missing");
    }
    used_ = std::max(used_, end);
  }

  std::int64_t append(const Buffer& buffer) {
    std::int64_t address = round_up(used_, kSbufAlignment);
    // A matmul writes within one bank: what fits in a bank does not straddle two.
    if (bank_ != 0 && address % bank_ + buffer.bytes() > bank_) {
      address = round_up(address, bank_);
    }
    used_ = checked_add(address, buffer.bytes());
    if (used_ > capacity_ && first_without_room_ == nullptr) {
      first_without_room_ = &buffer;
    }
    return address;
  }

  void check_fit() const {
    if (first_without_room_ != nullptr) {
      refuse(*first_without_room_, "the buffers need " + std::to_string(used_) +
                                       " bytes per partition, " + described() + ": " +
                                       std::to_string(used_ - capacity_) + " bytes are missing");
    }
  }

  std::int64_t used() const { return used_; }

 private:
  std::string described() const {
    return std::string(name(space_)) + " of " + target_ + " has " + std::to_string(capacity_);
  }

  Space space_;
  std::string target_;
  std::int64_t capacity_;
  std::int64_t bank_;
  std::int64_t used_ = 0;
  const Buffer* first_without_room_ = nullptr;
};

}  // namespace

Placement find_places(const Program& program, const Limits& limits) {
  Memory sbuf(Space::Sbuf, limits.target, limits.sbuf_partition_bytes, 0);
  Memory psum(Space::Psum, limits.target, limits.psum_partition_bytes, limits.psum_bank_bytes);
  const auto memory_of = [&](const Buffer& buffer) -> Memory& {
    return buffer.space == Space::Psum ? psum : sbuf;
  };
  for (const Buffer& buffer : program.buffers) {
    check(buffer);
    if (buffer.address) {
      memory_of(buffer).keep(buffer);
    }
  }
  Placement placement;
  for (const Buffer& buffer : program.buffers) {
    placement.address.push_back(buffer.address ? *buffer.address
                                               : memory_of(buffer).append(buffer));
  }
  sbuf.check_fit();
  psum.check_fit();
  placement.sbuf_bytes = sbuf.used();
  placement.psum_bytes = psum.used();
  return placement;
}

void place(Program& program, const Limits& limits) {
  const Placement placement = find_places(program, limits);
  for (std::size_t i = 0; i < program.buffers.size(); ++i) {
    program.buffers[i].address = placement.address[i];
  }
}

}  // namespace nsim::isa
