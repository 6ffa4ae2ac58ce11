// SPDX-License-Identifier: Apache-2.0
// The program container: a NEFF-like file. A 1024-byte header (little endian) and a gzip'ed tar archive
// with neff.json (tensors), info.json (who wrote it) and our own member `nsim/program.bin`, whose
// versioned layout is documented on top of binary_writer.cpp, that of the header on top of container.cpp. A NEFF without that member is not executable.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "sim/isa/program.h"

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

std::vector<std::byte> write_container(const Program& program);

/// Never trusts a byte of its input; throws ContainerError. `verify_hash` compares the header's hash.
Program read_container(const std::byte* data, std::size_t size, bool verify_hash = false);

/// True when the bytes start like a container (any version).
bool looks_like_container(const std::byte* data, std::size_t size);

/// The bare binary member: versioned, self-delimiting.
std::vector<std::byte> write_binary(const Program& program);
Program read_binary(const std::byte* data, std::size_t size);

}  // namespace nsim::isa
