// SPDX-License-Identifier: Apache-2.0
// Numbers of the binary form that have a range: each is refused, with `what` it is, when it is
// outside. Tested with the reader that is built on it (container_test.cpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "sim/isa/byte_stream.h"
#include "sim/isa/limits.h"

namespace nsim::isa {

class BinaryValues {
 public:
  BinaryValues(const std::byte* data, std::size_t size) : in_(data, size) {}

 protected:
  template <class Action>
  void list(const char* what, Action action, std::size_t max = kMaxItems) {
    for (std::size_t left = in_.count(what, max); left > 0; --left) {
      action();
    }
  }

  std::int64_t natural(const char* what, std::int64_t max) {
    return static_cast<std::int64_t>(in_.number(what, static_cast<std::uint64_t>(max)));
  }
  std::int64_t positive(const char* what, std::int64_t max) {
    const std::int64_t value = natural(what, max);
    if (value == 0) {
      in_.fail(std::string(what) + " is 0");
    }
    return value;
  }
  bool flag(const char* what) { return in_.number(what, 1) == 1; }

  template <class Enum>
  Enum enumerator(const char* what, Enum last) {
    return static_cast<Enum>(in_.number(what, static_cast<std::uint64_t>(last)));
  }

  /// An index into a table of `size` entries.
  std::uint32_t index(const char* what, std::size_t size) {
    if (size == 0) {
      in_.fail(std::string(what) + " is used, but there are none");
    }
    return static_cast<std::uint32_t>(in_.number(what, size - 1));
  }

  ByteReader in_;
};

}  // namespace nsim::isa
