// SPDX-License-Identifier: Apache-2.0
// The program container: a NEFF-like file. The header of a NEFF (neff_header.h) and a gzip'ed tar
// archive with neff.json (tensors), info.json (who wrote it) and our own member `nsim/program.bin`,
// whose versioned layout is documented on top of binary_writer.cpp. A NEFF without that member is
// not executable; what can be read of it is in neff.h.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "sim/isa/neff_header.h"
#include "sim/isa/program.h"

namespace nsim::isa {

std::vector<std::byte> write_container(const Program& program);

/// Never trusts a byte of its input; throws ContainerError. `verify_hash` compares the header's
/// hash.
Program read_container(const std::byte* data, std::size_t size, bool verify_hash = false);

/// The same, but nothing for a NEFF that has no program of ours.
std::optional<Program> find_program(const std::byte* data, std::size_t size,
                                    bool verify_hash = false);

/// The bare binary member: versioned, self-delimiting.
std::vector<std::byte> write_binary(const Program& program);
Program read_binary(const std::byte* data, std::size_t size);

}  // namespace nsim::isa
