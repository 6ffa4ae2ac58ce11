// SPDX-License-Identifier: Apache-2.0
// A gzip'ed tar archive in memory, as the payload of a container.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace nsim::isa {

struct ArchiveMember {
  std::string path;
  std::vector<std::byte> content;
};

/// The same members give the same bytes: no times, no owners.
std::vector<std::byte> write_archive(const std::vector<ArchiveMember>& members);

/// The content of member `path`, or nothing when there is none. Throws ContainerError (Malformed)
/// when the bytes are no gzip'ed tar archive, when the member has more than `max_bytes`, or when
/// the archive is unreasonably large.
std::optional<std::vector<std::byte>> read_member(const std::byte* data, std::size_t size,
                                                  const std::string& path, std::size_t max_bytes);

}  // namespace nsim::isa
