// SPDX-License-Identifier: Apache-2.0
// What the writer and the reader of the binary form agree on. The layout is documented on top of
// binary_writer.cpp.
#pragma once

#include <array>
#include <cstdint>

#include "sim/numerics/init.h"

namespace nsim::isa {

inline constexpr std::array<char, 8> kBinaryMagic{'N', 'S', 'I', 'M', 'P', 'R', 'O', 'G'};
inline constexpr std::uint32_t kBinaryVersion = 1;

/// Added to the engine of an instruction that has a name or comes after others.
inline constexpr std::uint8_t kOrdered = 128;

/// Kinds of items of a body.
inline constexpr std::uint8_t kInstructionItem = 0;
inline constexpr std::uint8_t kLoopItem = 1;
inline constexpr std::uint8_t kDynamicLoopItem = 2;
inline constexpr std::uint8_t kCoreItem = 3;

/// What says where a buffer lies.
enum class BufferPlace : std::uint8_t { Anywhere, Address, Transient, View, Copies };
inline constexpr BufferPlace kLastBufferPlace = BufferPlace::Copies;

/// Which parameters of initial contents mean something for their kind.
struct InitFields {
  bool low;
  bool high_and_seed;
  bool bytes;
};
constexpr InitFields fields_of(num::Init::Kind kind) {
  using Kind = num::Init::Kind;
  const bool random = kind == Kind::Uniform || kind == Kind::Normal;
  return {random || kind == Kind::Constant || kind == Kind::Index, random, kind == Kind::Bytes};
}

}  // namespace nsim::isa
