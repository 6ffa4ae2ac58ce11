// SPDX-License-Identifier: Apache-2.0
// The header of a NEFF, real or ours: 1024 bytes before a gzip'ed tar archive. Its layout is
// documented on top of neff_header.cpp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/error.h"

namespace nsim::isa {

/// Why a container cannot be used; decides the status nrt_load returns.
class ContainerError : public UserError {
 public:
  enum class Kind { Malformed, UnsupportedVersion, NotExecutable, HashMismatch };
  ContainerError(Kind kind, const std::string& message) : UserError(message), kind_(kind) {}
  Kind kind() const { return kind_; }

 private:
  Kind kind_;
};

inline constexpr std::size_t kNeffHeaderSize = 1024;

struct NeffHeader {
  std::uint64_t package_version = 2;
  std::uint64_t data_size = 0;
  std::uint64_t major = 2;
  std::uint64_t minor = 0;
  std::string build_version;
  std::uint32_t num_tpb = 1;  // logical cores
  std::array<std::uint8_t, 32> hash{};
  std::array<std::uint8_t, 16> uuid{};
  std::string name;
  std::uint32_t requested_tpb_count = 1;  // logical cores
  std::array<std::uint8_t, 64> tpb_per_node{};
  std::uint64_t feature_bits = 0;
  std::uint32_t lnc_size = 1;  // physical cores per logical core; 0 in files older than the field

  /// "00a04c53-5fd9-4f07-bffd-d5eacdefc852"
  std::string uuid_text() const;
  /// The MD5 that the first half of `hash` is made of: 32 digits, as md5sum prints it for the
  /// payload of an undamaged file. The second half is empty; where it is not, this is no MD5, and
  /// the text is all 64 digits as they are in the file.
  std::string hash_text() const;
  int cores_per_logical() const { return lnc_size == 0 ? 1 : static_cast<int>(lnc_size); }
};

/// The header of a whole file in memory. Throws ContainerError for a file that is too short, has
/// another size than its header says, or a version that is not supported.
NeffHeader read_neff_header(const std::byte* data, std::size_t size);

/// The whole file: `header`, whose size, hash and (when it has none) uuid are made from the
/// payload, then the payload.
std::vector<std::byte> write_neff(NeffHeader header, const std::vector<std::byte>& payload);

/// MD5 of the payload, 32 digits.
std::string payload_md5(const std::byte* payload, std::size_t size);

/// True when the bytes start like a NEFF (any version).
bool looks_like_container(const std::byte* data, std::size_t size);

}  // namespace nsim::isa
