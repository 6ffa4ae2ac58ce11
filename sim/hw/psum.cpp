// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/psum.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/hw/time.h"

namespace nsim::hw {

// Defaults are NeuronCore-v2's: NKI trainium_inferentia2_arch.
PsumParams::PsumParams(ParamScope scope)
    : partition_bytes(scope.bytes("partition_bytes", "16KiB", "1KiB", "64KiB",
                                  "Bytes of PSUM in each of the 128 partitions")),
      bank_bytes(scope.bytes("bank_bytes", "2KiB", "1KiB", "64KiB",
                             "Bytes of one PSUM bank in each partition")),
      shared_port(scope.flag("shared_port", true,
                             "Vector and Scalar instructions on PSUM exclude each other, "
                             "not only when they meet in a bank")) {}

Psum::Psum(const PsumParams& params, bool numerics)
    : params_(params),
      memory_(params.partition_bytes, numerics),
      banks_(static_cast<std::size_t>((params.partition_bytes + params.bank_bytes - 1) /
                                      params.bank_bytes)),
      waves_(banks_.size()) {}

Psum::Banks Psum::banks_of(const isa::Operand& operand) const {
  if (!operand.present() || operand.space != isa::Space::Psum) {
    return 0;
  }
  if (params_.shared_port) {
    return 1;
  }
  std::int64_t first = 0;  // elements from operand.offset
  std::int64_t last = 0;
  for (int i = 0; i < operand.dims; ++i) {
    const std::int64_t reach =
        static_cast<std::int64_t>(operand.dim[static_cast<std::size_t>(i)].step) *
        (operand.dim[static_cast<std::size_t>(i)].count - 1);
    (reach < 0 ? first : last) += reach;
  }
  const auto size = static_cast<std::int64_t>(num::size_of(operand.dtype));
  const auto bank = [this](std::int64_t byte) {
    return std::clamp<std::int64_t>(byte / params_.bank_bytes, 0,
                                    static_cast<std::int64_t>(banks_.size()) - 1);
  };
  Banks banks = 0;
  const std::int64_t last_bank = bank(operand.offset + last * size + size - 1);
  for (std::int64_t b = bank(operand.offset + first * size); b <= last_bank; ++b) {
    banks |= Banks{1} << b;
  }
  return banks;
}

Psum::Banks Psum::banks_of(const isa::StreamInstruction& instruction) const {
  if (instruction.engine != isa::Engine::Vector && instruction.engine != isa::Engine::Scalar) {
    return 0;
  }
  return banks_of(instruction.dst) | banks_of(instruction.dst2) | banks_of(instruction.src[0]) |
         banks_of(instruction.src[1]) | banks_of(instruction.operand0.operand) |
         banks_of(instruction.operand1.operand);
}

SimTime Psum::free_at(Banks banks) const {
  SimTime free = 0;
  for (std::size_t b = 0; banks != 0; ++b, banks >>= 1) {
    if ((banks & 1) != 0) {
      free = std::max(free, banks_[b].free_at());
    }
  }
  return free;
}

void Psum::reserve(Banks banks, SimTime start, SimTime duration) {
  for (std::size_t b = 0; banks != 0; ++b, banks >>= 1) {
    if ((banks & 1) != 0) {
      const SimTime from = banks_[b].reserve(start, duration);
      waves_[b].busy(from, from + duration);
    }
  }
}

void Psum::release() {
  for (std::size_t b = 0; b < banks_.size(); ++b) {
    if (banks_[b].free_at() > now()) {
      waves_[b].cut(now());
    }
  }
  std::fill(banks_.begin(), banks_.end(), Timeline());
}

void Psum::watch(Waves& waves, const std::string& scope) {
  for (std::size_t b = 0; b < waves_.size(); ++b) {
    waves_[b] = waves.signal(fmt::format("{}.bank{}", scope, b), 1);
  }
}

void Psum::report(StatsScope stats) const {
  stats.add("bank_collisions", static_cast<double>(collisions_), "1",
            "Instructions of Vector and Scalar that waited because the other was in PSUM");
}

}  // namespace nsim::hw
