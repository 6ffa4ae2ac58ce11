// SPDX-License-Identifier: Apache-2.0
// The architectures that programs are made for, and the NeuronCore generation of each. What a
// generation can do is in the device configuration as far as it is a number or a switch (Limits);
// instructions that came with one say so in the table of opcodes (OpcodeInfo::since).
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace nsim::isa {

struct TargetRow {
  const char* name;
  int core_version;  // NeuronCore-v2, -v3, ...
};

inline constexpr std::array<TargetRow, 4> kTargets{
    {{"inf2", 2}, {"trn1", 2}, {"trn2", 3}, {"trn3", 4}}};

/// Generation of the NeuronCores of `target`; 0: there is no such target.
constexpr int core_version(std::string_view target) {
  for (const TargetRow& row : kTargets) {
    if (target == row.name) {
      return row.core_version;
    }
  }
  return 0;
}

/// "NeuronCore-v3 (trn2)", with all targets of that generation. For messages.
std::string core_name(int core_version);

}  // namespace nsim::isa
