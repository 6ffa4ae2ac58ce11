// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/byte_stream.h"

#include <cstring>

namespace nsim::isa {
namespace {

template <class To, class From>
To reinterpret_bits(From value) {
  static_assert(sizeof(To) == sizeof(From), "bits are kept");
  To result;
  std::memcpy(&result, &value, sizeof result);
  return result;
}

}  // namespace

void ByteWriter::number(std::uint64_t value) {
  for (; value >= 0x80; value >>= 7U) {
    byte(static_cast<std::uint8_t>(value | 0x80U));
  }
  byte(static_cast<std::uint8_t>(value));
}

void ByteWriter::integer(std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  number((bits << 1U) ^ (value < 0 ? UINT64_MAX : 0U));
}

void ByteWriter::fixed(std::uint64_t value, int width) {
  for (int i = 0; i < width; ++i, value >>= 8U) {
    byte(static_cast<std::uint8_t>(value));
  }
}

void ByteWriter::real(float value) {
  fixed32(reinterpret_bits<std::uint32_t>(value));
}
void ByteWriter::real(double value) {
  fixed64(reinterpret_bits<std::uint64_t>(value));
}

void ByteWriter::string(const std::string& value) {
  number(value.size());
  for (const char c : value) {
    byte(static_cast<std::uint8_t>(c));
  }
}

void ByteWriter::blob(const std::vector<std::byte>& value) {
  number(value.size());
  bytes_.insert(bytes_.end(), value.begin(), value.end());
}

void ByteReader::fail(const std::string& message) const {
  throw ContainerError(ContainerError::Kind::Malformed,
                       "program.bin, byte " + std::to_string(position_) + ": " + message);
}

void ByteReader::need(std::size_t bytes, const char* what) const {
  if (bytes > remaining()) {
    fail(std::string("the file ends inside ") + what);
  }
}

std::uint8_t ByteReader::byte(const char* what) {
  need(1, what);
  return static_cast<std::uint8_t>(data_[position_++]);
}

std::uint64_t ByteReader::number(const char* what, std::uint64_t max) {
  std::uint64_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    const std::uint8_t next = byte(what);
    if (shift == 63 && next > 1) {
      fail(std::string(what) + " has more than 64 bits");
    }
    value |= static_cast<std::uint64_t>(next & 0x7fU) << shift;
    if ((next & 0x80U) == 0) {
      break;
    }
  }
  if (value > max) {
    fail(std::string(what) + " is " + std::to_string(value) + ", at most " + std::to_string(max) +
         " is possible");
  }
  return value;
}

std::int64_t ByteReader::integer(const char* what, std::int64_t min, std::int64_t max) {
  const std::uint64_t bits = number(what, UINT64_MAX);
  const auto value = static_cast<std::int64_t>((bits >> 1U) ^ (bits % 2 != 0 ? UINT64_MAX : 0U));
  if (value < min || value > max) {
    fail(std::string(what) + " is " + std::to_string(value) + ", possible is " +
         std::to_string(min) + " to " + std::to_string(max));
  }
  return value;
}

std::size_t ByteReader::count(const char* what, std::size_t max, std::size_t smallest) {
  const std::uint64_t value = number(what, max);
  if (value > remaining() / smallest) {
    fail(std::string(what) + " is " + std::to_string(value) + ", more than the file can hold");
  }
  return value;
}

std::uint64_t ByteReader::fixed(const char* what, int width) {
  std::uint64_t value = 0;
  for (int i = 0; i < width; ++i) {
    value |= static_cast<std::uint64_t>(byte(what)) << (8U * static_cast<unsigned>(i));
  }
  return value;
}

float ByteReader::real32(const char* what) {
  return reinterpret_bits<float>(fixed32(what));
}
double ByteReader::real64(const char* what) {
  return reinterpret_bits<double>(fixed64(what));
}

std::string ByteReader::string(const char* what, std::size_t max) {
  const std::size_t length = count(what, max);
  std::string value(length, '\0');
  for (char& c : value) {
    c = static_cast<char>(byte(what));
  }
  return value;
}

std::vector<std::byte> ByteReader::blob(const char* what) {
  const std::size_t length = count(what, SIZE_MAX);
  const std::byte* begin = data_ + position_;
  position_ += length;
  return {begin, begin + length};
}

}  // namespace nsim::isa
