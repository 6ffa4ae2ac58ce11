// SPDX-License-Identifier: Apache-2.0
// A gzip'ed tar archive in memory, as the payload of a container.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
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

/// What read_archive() tells of a member: its content when it was asked for.
struct ArchiveEntry {
  std::string path;  // without a leading "./"
  std::int64_t bytes = 0;
  std::optional<std::vector<std::byte>> content;
};

/// Every member in the order of the archive, with the contents of those that are `wanted`. Throws
/// ContainerError (Malformed) as read_member() does, and when the wanted ones have more than
/// `max_bytes` together.
std::vector<ArchiveEntry> read_archive(const std::byte* data, std::size_t size,
                                       const std::function<bool(const std::string&)>& wanted,
                                       std::size_t max_bytes);

}  // namespace nsim::isa
