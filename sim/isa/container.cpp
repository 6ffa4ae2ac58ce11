// SPDX-License-Identifier: Apache-2.0
// The header's layout is that of public NEFF files of package version 2, little endian (offsets in
// bytes):
//   0 pkg_version u64 = 2 | 8 header_size u64 = 1024 | 16 data_size u64 | 24 major u64 = 2 | 32
//   minor u64 = 0 40 build_version char[128] | 168 num_tpb u32 | 172 hash u8[32] | 204 uuid u8[16]
//   | 220 name char[256] 476 requested_tpb_count u32 | 480 tpb_per_node u8[64] | 544 feature_bits
//   u64 | 552 lnc_size u32 | zero to 1024
// hash is the MD5 of the payload with the bytes of each of its four 32-bit words reversed, then 16
// zero bytes. The members of the archive: neff.json and info.json for people and tools,
// nsim/program.bin for the simulator.
#include "sim/isa/container.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <nlohmann/json.hpp>

#include "sim/isa/archive.h"
#include "sim/isa/opcode.h"

namespace nsim::isa {
namespace {

using Kind = ContainerError::Kind;

constexpr std::size_t kHeaderSize = 1024;
constexpr std::uint64_t kPackageVersion = 2;
constexpr std::uint64_t kMajor = 2;
constexpr std::uint64_t kMinor = 0;
constexpr const char* kBuildVersion = "neuronsim program 1";
constexpr const char* kProgramMember = "nsim/program.bin";
constexpr std::size_t kMaxProgramBytes = std::size_t{1} << 30;

constexpr std::size_t kPackageVersionAt = 0;
constexpr std::size_t kHeaderSizeAt = 8;
constexpr std::size_t kDataSizeAt = 16;
constexpr std::size_t kMajorAt = 24;
constexpr std::size_t kMinorAt = 32;
constexpr std::size_t kBuildVersionAt = 40;
constexpr std::size_t kNumTpbAt = 0xA8;
constexpr std::size_t kHashAt = 0xAC;
constexpr std::size_t kUuidAt = 0xCC;
constexpr std::size_t kNameAt = 0xDC;
constexpr std::size_t kNameSize = 256;
constexpr std::size_t kRequestedTpbAt = 0x1DC;
constexpr std::size_t kTpbPerNodeAt = 0x1E0;
constexpr std::size_t kLncSizeAt = 0x228;

constexpr std::size_t kMd5Size = 16;
using Hash = std::array<std::uint8_t, 32>;

std::uint64_t get(const std::byte* at, int width) {
  std::uint64_t value = 0;
  for (int i = width - 1; i >= 0; --i) {
    value = value << 8U | static_cast<std::uint64_t>(at[i]);
  }
  return value;
}

void put(std::byte* at, std::uint64_t value, int width) {
  for (int i = 0; i < width; ++i, value >>= 8U) {
    at[i] = static_cast<std::byte>(value);
  }
}

/// Zero-terminated; the header is zero already.
void put_text(std::byte* at, const std::string& text, std::size_t room) {
  std::memcpy(at, text.data(), std::min(text.size(), room - 1));
}

Hash hash_of(const std::byte* payload, std::size_t size) {
  std::array<std::uint8_t, kMd5Size> digest{};
  if (EVP_Digest(payload, size, digest.data(), nullptr, EVP_md5(), nullptr) != 1) {
    throw InternalError("OpenSSL cannot compute an MD5");
  }
  Hash hash{};
  for (std::size_t i = 0; i < kMd5Size; ++i) {
    hash[i] = digest[i / 4 * 4 + 3 - i % 4];
  }
  return hash;
}

/// A name-based UUID (RFC 4122 version 3) made of the hash: equal programs have equal ids.
void put_uuid(std::byte* at, const Hash& hash) {
  std::memcpy(at, hash.data(), kMd5Size);
  at[6] = (at[6] & std::byte{0x0f}) | std::byte{0x30};
  at[8] = (at[8] & std::byte{0x3f}) | std::byte{0x80};
}

std::vector<std::byte> to_bytes(const nlohmann::ordered_json& json) {
  // Names are bytes to us; where they are not UTF-8 the JSON gets a replacement character.
  const std::string text = json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
  const auto* begin = reinterpret_cast<const std::byte*>(text.data());
  return {begin, begin + text.size()};
}

nlohmann::ordered_json describe_tensors(const Program& program, TensorKind kind) {
  auto list = nlohmann::ordered_json::array();
  for (const Tensor& tensor : program.tensors) {
    if (tensor.kind == kind) {
      list.push_back({{"name", tensor.name},
                      {"dtype", num::name(tensor.dtype)},
                      {"shape", tensor.shape},
                      {"size", tensor.bytes()}});
    }
  }
  return list;
}

std::vector<ArchiveMember> members(const Program& program) {
  const nlohmann::ordered_json neff = {{"name", program.name},
                                       {"target", program.target},
                                       {"inputs", describe_tensors(program, TensorKind::Input)},
                                       {"outputs", describe_tensors(program, TensorKind::Output)}};
  const nlohmann::ordered_json about = {
      {"generator", kBuildVersion}, {"target", program.target}, {"cores", program.cores}};
  return {{"neff.json", to_bytes(neff)},
          {"info.json", to_bytes(about)},
          {kProgramMember, write_binary(program)}};
}

std::string version_text(std::uint64_t major, std::uint64_t minor) {
  return std::to_string(major) + "." + std::to_string(minor);
}

void check_header(const std::byte* data, std::size_t size) {
  if (size < kHeaderSize) {
    throw ContainerError(Kind::Malformed, "a program container has at least 1024 bytes, this has " +
                                              std::to_string(size));
  }
  const std::uint64_t package = get(data + kPackageVersionAt, 8);
  const std::uint64_t header_size = get(data + kHeaderSizeAt, 8);
  const std::uint64_t data_size = get(data + kDataSizeAt, 8);
  if (header_size != kHeaderSize) {
    throw ContainerError(Kind::Malformed, "this is no program container: its header size is " +
                                              std::to_string(header_size) + ", not 1024");
  }
  if (package != kPackageVersion) {
    throw ContainerError(
        Kind::UnsupportedVersion,
        "the container has package version " + std::to_string(package) + ", supported is 2");
  }
  const std::uint64_t major = get(data + kMajorAt, 8);
  const std::uint64_t minor = get(data + kMinorAt, 8);
  if (major != kMajor || minor > kMinor) {
    throw ContainerError(Kind::UnsupportedVersion,
                         "the container has version " + version_text(major, minor) +
                             ", supported is up to " + version_text(kMajor, kMinor));
  }
  if (data_size != size - kHeaderSize) {
    throw ContainerError(Kind::Malformed, "the container says its payload has " +
                                              std::to_string(data_size) + " bytes, but " +
                                              std::to_string(size - kHeaderSize) + " follow");
  }
}

}  // namespace

std::vector<std::byte> write_container(const Program& program) {
  const std::vector<std::byte> payload = write_archive(members(program));
  const Hash hash = hash_of(payload.data(), payload.size());
  const auto cores = static_cast<std::uint64_t>(program.cores);

  std::vector<std::byte> file(kHeaderSize + payload.size());
  std::byte* header = file.data();
  put(header + kPackageVersionAt, kPackageVersion, 8);
  put(header + kHeaderSizeAt, kHeaderSize, 8);
  put(header + kDataSizeAt, payload.size(), 8);
  put(header + kMajorAt, kMajor, 8);
  put(header + kMinorAt, kMinor, 8);
  put_text(header + kBuildVersionAt, kBuildVersion, 128);
  put(header + kNumTpbAt, cores, 4);
  std::memcpy(header + kHashAt, hash.data(), hash.size());
  put_uuid(header + kUuidAt, hash);
  put_text(header + kNameAt, program.name, kNameSize);
  put(header + kRequestedTpbAt, cores, 4);
  put(header + kTpbPerNodeAt, cores, 1);
  put(header + kLncSizeAt, cores, 4);
  std::copy(payload.begin(), payload.end(), header + kHeaderSize);
  return file;
}

Program read_container(const std::byte* data, std::size_t size, bool verify_hash) {
  check_header(data, size);
  const std::byte* payload = data + kHeaderSize;
  const std::size_t payload_size = size - kHeaderSize;
  if (verify_hash) {
    const Hash hash = hash_of(payload, payload_size);
    if (std::memcmp(hash.data(), data + kHashAt, hash.size()) != 0) {
      throw ContainerError(Kind::HashMismatch,
                           "the container's payload does not have the hash "
                           "in its header: the file is damaged");
    }
  }
  const auto binary = read_member(payload, payload_size, kProgramMember, kMaxProgramBytes);
  if (!binary) {
    throw ContainerError(Kind::NotExecutable,
                         std::string("the container has no member ") + kProgramMember +
                             ": instructions of real devices cannot be simulated, only programs "
                             "of nsim");
  }
  Program program = read_binary(binary->data(), binary->size());
  const std::uint64_t lnc_size = get(data + kLncSizeAt, 4);
  if (lnc_size != static_cast<std::uint64_t>(program.cores)) {
    throw ContainerError(Kind::Malformed,
                         "the header says the program runs on " + std::to_string(lnc_size) +
                             " cores, the program says " + std::to_string(program.cores));
  }
  return program;
}

bool looks_like_container(const std::byte* data, std::size_t size) {
  return size >= 16 && get(data + kPackageVersionAt, 8) < 256 &&
         get(data + kHeaderSizeAt, 8) == kHeaderSize;
}

}  // namespace nsim::isa
