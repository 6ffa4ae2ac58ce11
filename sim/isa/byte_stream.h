// SPDX-License-Identifier: Apache-2.0
// Little-endian and variable-length numbers to and from memory. The reader checks every bound.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/isa/container.h"

namespace nsim::isa {

class ByteWriter {
 public:
  std::vector<std::byte> take() { return std::move(bytes_); }
  std::size_t size() const { return bytes_.size(); }

  void byte(std::uint8_t value) { bytes_.push_back(static_cast<std::byte>(value)); }
  /// LEB128: seven bits per byte, lowest first, the top bit says that more follow.
  void number(std::uint64_t value);
  /// Zigzag, then LEB128: small magnitudes stay short.
  void integer(std::int64_t value);
  void fixed32(std::uint32_t value) { fixed(value, 4); }
  void fixed64(std::uint64_t value) { fixed(value, 8); }
  void real(float value);
  void real(double value);
  /// Length, then the bytes.
  void string(const std::string& value);
  void blob(const std::vector<std::byte>& value);

 private:
  void fixed(std::uint64_t value, int width);

  std::vector<std::byte> bytes_;
};

/// Throws ContainerError (Malformed) naming the position of what is wrong.
class ByteReader {
 public:
  ByteReader(const std::byte* data, std::size_t size) : data_(data), size_(size) {}

  std::size_t remaining() const { return size_ - position_; }

  std::uint8_t byte(const char* what);
  /// Numbers outside of the limits are refused.
  std::uint64_t number(const char* what, std::uint64_t max);
  std::int64_t integer(const char* what, std::int64_t min, std::int64_t max);
  /// A count of things that take at least `smallest` bytes each: never more than can still follow.
  std::size_t count(const char* what, std::size_t max, std::size_t smallest = 1);
  std::uint32_t fixed32(const char* what) { return static_cast<std::uint32_t>(fixed(what, 4)); }
  std::uint64_t fixed64(const char* what) { return fixed(what, 8); }
  float real32(const char* what);
  double real64(const char* what);
  std::string string(const char* what, std::size_t max);
  std::vector<std::byte> blob(const char* what);

  [[noreturn]] void fail(const std::string& message) const;

 private:
  void need(std::size_t bytes, const char* what) const;
  std::uint64_t fixed(const char* what, int width);

  const std::byte* data_;
  std::size_t size_;
  std::size_t position_ = 0;
};

}  // namespace nsim::isa
