// SPDX-License-Identifier: Apache-2.0
// Layout, as found in public NEFF files of package version 2, little endian (offsets in bytes):
//     0 pkg_version u64 = 2        8 header_size u64 = 1024     16 data_size u64
//    24 major u64 = 2             32 minor u64 = 0              40 build_version char[128]
//   168 num_tpb u32              172 hash u8[32]               204 uuid u8[16]
//   220 name char[256]           476 requested_tpb_count u32   480 tpb_per_node u8[64]
//   544 feature_bits u64         552 lnc_size u32              zero to 1024
// hash is the MD5 of the payload with the bytes of each of its four 32-bit words reversed, then 16
// zero bytes. num_tpb, requested_tpb_count and tpb_per_node count logical cores.
#include "sim/isa/neff_header.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstring>

#include "sim/base/words.h"

namespace nsim::isa {
namespace {

using Kind = ContainerError::Kind;

constexpr std::uint64_t kPackageVersion = 2;
constexpr std::uint64_t kMajor = 2;
constexpr std::uint64_t kMinor = 0;

constexpr std::size_t kPackageVersionAt = 0;
constexpr std::size_t kHeaderSizeAt = 8;
constexpr std::size_t kDataSizeAt = 16;
constexpr std::size_t kMajorAt = 24;
constexpr std::size_t kMinorAt = 32;
constexpr std::size_t kBuildVersionAt = 40;
constexpr std::size_t kBuildVersionSize = 128;
constexpr std::size_t kNumTpbAt = 0xA8;
constexpr std::size_t kHashAt = 0xAC;
constexpr std::size_t kUuidAt = 0xCC;
constexpr std::size_t kNameAt = 0xDC;
constexpr std::size_t kNameSize = 256;
constexpr std::size_t kRequestedTpbAt = 0x1DC;
constexpr std::size_t kTpbPerNodeAt = 0x1E0;
constexpr std::size_t kFeatureBitsAt = 0x220;
constexpr std::size_t kLncSizeAt = 0x228;

constexpr std::size_t kMd5Size = 16;
using Md5 = std::array<std::uint8_t, kMd5Size>;

std::uint64_t get(const std::byte* at, int width) {
  std::uint64_t value = 0;
  for (int i = width - 1; i >= 0; --i) {
    value = value << 8U | static_cast<std::uint64_t>(at[i]);
  }
  return value;
}

std::uint32_t get32(const std::byte* at) {
  return static_cast<std::uint32_t>(get(at, 4));
}

void put(std::byte* at, std::uint64_t value, int width) {
  for (int i = 0; i < width; ++i, value >>= 8U) {
    at[i] = static_cast<std::byte>(value);
  }
}

/// Up to the first zero byte.
std::string get_text(const std::byte* at, std::size_t room) {
  const auto* text = reinterpret_cast<const char*>(at);
  return {text, std::find(text, text + room, '\0')};
}

/// Zero-terminated; the header is zero already.
void put_text(std::byte* at, const std::string& text, std::size_t room) {
  std::memcpy(at, text.data(), std::min(text.size(), room - 1));
}

Md5 md5_of(const std::byte* payload, std::size_t size) {
  Md5 digest{};
  if (EVP_Digest(payload, size, digest.data(), nullptr, EVP_md5(), nullptr) != 1) {
    throw InternalError("OpenSSL cannot compute an MD5");
  }
  return digest;
}

/// Reverses the bytes of each 32-bit word; its own inverse.
Md5 words_reversed(const std::uint8_t* from) {
  Md5 to{};
  for (std::size_t i = 0; i < kMd5Size; ++i) {
    to[i] = from[i / 4 * 4 + 3 - i % 4];
  }
  return to;
}

std::string version_text(std::uint64_t major, std::uint64_t minor) {
  return std::to_string(major) + "." + std::to_string(minor);
}

void check(const NeffHeader& header, std::uint64_t header_size, std::size_t size) {
  if (header_size != kNeffHeaderSize) {
    throw ContainerError(Kind::Malformed, "this is no program container: its header size is " +
                                              std::to_string(header_size) + ", not 1024");
  }
  if (header.package_version != kPackageVersion) {
    throw ContainerError(Kind::UnsupportedVersion, "the container has package version " +
                                                       std::to_string(header.package_version) +
                                                       ", supported is 2");
  }
  if (header.major != kMajor || header.minor > kMinor) {
    throw ContainerError(Kind::UnsupportedVersion,
                         "the container has version " + version_text(header.major, header.minor) +
                             ", supported is up to " + version_text(kMajor, kMinor));
  }
  if (header.data_size != size - kNeffHeaderSize) {
    throw ContainerError(Kind::Malformed, "the container says its payload has " +
                                              std::to_string(header.data_size) + " bytes, but " +
                                              std::to_string(size - kNeffHeaderSize) + " follow");
  }
}

}  // namespace

std::string NeffHeader::uuid_text() const {
  std::string text = hex(uuid);
  for (const std::size_t dash : {20U, 16U, 12U, 8U}) {
    text.insert(dash, "-");
  }
  return text;
}

std::string NeffHeader::hash_text() const {
  const bool md5 =
      std::all_of(hash.begin() + kMd5Size, hash.end(), [](std::uint8_t byte) { return byte == 0; });
  return md5 ? hex(words_reversed(hash.data())) : hex(hash);
}

NeffHeader read_neff_header(const std::byte* data, std::size_t size) {
  if (size < kNeffHeaderSize) {
    throw ContainerError(Kind::Malformed, "a program container has at least 1024 bytes, this has " +
                                              std::to_string(size));
  }
  NeffHeader header;
  header.package_version = get(data + kPackageVersionAt, 8);
  header.data_size = get(data + kDataSizeAt, 8);
  header.major = get(data + kMajorAt, 8);
  header.minor = get(data + kMinorAt, 8);
  header.build_version = get_text(data + kBuildVersionAt, kBuildVersionSize);
  header.num_tpb = get32(data + kNumTpbAt);
  std::memcpy(header.hash.data(), data + kHashAt, header.hash.size());
  std::memcpy(header.uuid.data(), data + kUuidAt, header.uuid.size());
  header.name = get_text(data + kNameAt, kNameSize);
  header.requested_tpb_count = get32(data + kRequestedTpbAt);
  std::memcpy(header.tpb_per_node.data(), data + kTpbPerNodeAt, header.tpb_per_node.size());
  header.feature_bits = get(data + kFeatureBitsAt, 8);
  header.lnc_size = get32(data + kLncSizeAt);
  check(header, get(data + kHeaderSizeAt, 8), size);
  return header;
}

std::vector<std::byte> write_neff(NeffHeader header, const std::vector<std::byte>& payload) {
  const Md5 digest = md5_of(payload.data(), payload.size());
  const Md5 words = words_reversed(digest.data());
  header.hash = {};
  std::copy(words.begin(), words.end(), header.hash.begin());
  if (header.uuid == decltype(header.uuid){}) {
    // A name-based UUID (RFC 4122 version 3) made of the hash: equal files have equal ids.
    header.uuid = words;
    header.uuid[6] = (header.uuid[6] & 0x0fU) | 0x30U;
    header.uuid[8] = (header.uuid[8] & 0x3fU) | 0x80U;
  }
  std::vector<std::byte> file(kNeffHeaderSize + payload.size());
  std::byte* to = file.data();
  put(to + kPackageVersionAt, header.package_version, 8);
  put(to + kHeaderSizeAt, kNeffHeaderSize, 8);
  put(to + kDataSizeAt, payload.size(), 8);
  put(to + kMajorAt, header.major, 8);
  put(to + kMinorAt, header.minor, 8);
  put_text(to + kBuildVersionAt, header.build_version, kBuildVersionSize);
  put(to + kNumTpbAt, header.num_tpb, 4);
  std::memcpy(to + kHashAt, header.hash.data(), header.hash.size());
  std::memcpy(to + kUuidAt, header.uuid.data(), header.uuid.size());
  put_text(to + kNameAt, header.name, kNameSize);
  put(to + kRequestedTpbAt, header.requested_tpb_count, 4);
  std::memcpy(to + kTpbPerNodeAt, header.tpb_per_node.data(), header.tpb_per_node.size());
  put(to + kFeatureBitsAt, header.feature_bits, 8);
  put(to + kLncSizeAt, header.lnc_size, 4);
  std::copy(payload.begin(), payload.end(), to + kNeffHeaderSize);
  return file;
}

std::string payload_md5(const std::byte* payload, std::size_t size) {
  return hex(md5_of(payload, size));
}

bool looks_like_container(const std::byte* data, std::size_t size) {
  return size >= 16 && get(data + kPackageVersionAt, 8) < 256 &&
         get(data + kHeaderSizeAt, 8) == kNeffHeaderSize;
}

}  // namespace nsim::isa
