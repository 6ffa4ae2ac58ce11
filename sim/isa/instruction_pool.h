// SPDX-License-Identifier: Apache-2.0
// The distinct instructions of a core, collected while its program is unrolled.
//
// Issues of one instruction of the program differ in what Resolver::issue() fills in: addresses,
// accumulation and base. Those with the same values share a StreamInstruction; the offsets of a
// destination and a first source in HBM, which move on with every iteration, go into the issue.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "sim/isa/stream.h"

namespace nsim::isa {

class InstructionPool {
 public:
  /// What is new is appended to `instructions`, which must outlive the pool.
  explicit InstructionPool(std::vector<StreamInstruction>& instructions)
      : instructions_(instructions) {}

  /// Lets `issue` refer to `instruction`, resolved from number `source` of the program's
  /// instructions.
  void share(std::uint32_t source, const StreamInstruction& instruction, Issue& issue);
  /// The same of a source that has one issue: nothing is looked for.
  void add(const StreamInstruction& instruction, Issue& issue);

 private:
  /// All that may differ between issues of one source.
  using Key = std::array<std::int64_t, 8>;
  struct Hash {
    std::size_t operator()(const Key& key) const;
  };

  std::vector<StreamInstruction>& instructions_;
  std::unordered_map<Key, std::uint32_t, Hash> known_;
};

}  // namespace nsim::isa
