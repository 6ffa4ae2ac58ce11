// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/archive.h"

#include <archive.h>
#include <archive_entry.h>

#include <memory>

#include "sim/isa/container.h"

namespace nsim::isa {
namespace {

// What a small file may unpack to: a bound on time, as skipped members are decompressed too.
constexpr std::int64_t kMaxArchiveBytes = std::int64_t{4} << 30;
constexpr int kMaxMembers = 65536;

using WriteArchive = std::unique_ptr<archive, decltype(&archive_write_free)>;
using ReadArchive = std::unique_ptr<archive, decltype(&archive_read_free)>;
using Entry = std::unique_ptr<archive_entry, decltype(&archive_entry_free)>;

void must(int result, archive* file) {
  if (result != ARCHIVE_OK) {
    throw InternalError(std::string("libarchive: ") + archive_error_string(file));
  }
}

[[noreturn]] void malformed(const std::string& message) {
  throw ContainerError(ContainerError::Kind::Malformed, message);
}

la_ssize_t append(archive* /*file*/, void* client, const void* buffer, std::size_t length) {
  auto& bytes = *static_cast<std::vector<std::byte>*>(client);
  const auto* begin = static_cast<const std::byte*>(buffer);
  bytes.insert(bytes.end(), begin, begin + length);
  return static_cast<la_ssize_t>(length);
}

/// Reads all of the current member.
std::vector<std::byte> content(archive* file, const std::string& path, std::size_t max_bytes) {
  std::vector<std::byte> bytes;
  while (true) {
    const void* block = nullptr;
    std::size_t length = 0;
    la_int64_t offset = 0;
    const int result = archive_read_data_block(file, &block, &length, &offset);
    if (result == ARCHIVE_EOF) {
      return bytes;
    }
    if (result != ARCHIVE_OK) {
      malformed("the archive's member " + path + " is damaged");
    }
    if (offset < 0 || static_cast<std::size_t>(offset) != bytes.size() ||
        length > max_bytes - bytes.size()) {
      malformed("the archive's member " + path + " is sparse or has more than " +
                std::to_string(max_bytes) + " bytes");
    }
    append(file, &bytes, block, length);
  }
}

/// Calls `visit(file, path, bytes)` for every member until it returns false.
template <class Visit>
void walk(const std::byte* data, std::size_t size, Visit visit) {
  const ReadArchive file(archive_read_new(), &archive_read_free);
  must(archive_read_support_filter_gzip(file.get()), file.get());
  must(archive_read_support_format_tar(file.get()), file.get());
  if (archive_read_open_memory(file.get(), data, size) != ARCHIVE_OK ||
      archive_filter_code(file.get(), 0) != ARCHIVE_FILTER_GZIP) {
    malformed("the payload is no gzip'ed tar archive");
  }
  std::int64_t unpacked = 0;
  for (int members = 0; members < kMaxMembers; ++members) {
    archive_entry* entry = nullptr;
    const int result = archive_read_next_header(file.get(), &entry);
    if (result == ARCHIVE_EOF) {
      return;
    }
    if (result != ARCHIVE_OK && result != ARCHIVE_WARN) {
      malformed("the payload is no gzip'ed tar archive, or it is damaged");
    }
    const std::int64_t entry_size = archive_entry_size(entry);
    if (entry_size < 0 || entry_size > kMaxArchiveBytes - unpacked) {
      malformed("the archive unpacks to more than " + std::to_string(kMaxArchiveBytes) + " bytes");
    }
    unpacked += entry_size;
    const char* name = archive_entry_pathname(entry);
    std::string path = name == nullptr ? "" : name;
    if (path.rfind("./", 0) == 0) {
      path.erase(0, 2);
    }
    if (!visit(file.get(), path, entry_size)) {
      return;
    }
  }
  malformed("the archive has more than " + std::to_string(kMaxMembers) + " members");
}

}  // namespace

std::vector<std::byte> write_archive(const std::vector<ArchiveMember>& members) {
  std::vector<std::byte> bytes;
  const WriteArchive file(archive_write_new(), &archive_write_free);
  must(archive_write_set_format_ustar(file.get()), file.get());
  must(archive_write_add_filter_gzip(file.get()), file.get());
  // Null switches an option off: the gzip header gets no time of writing.
  must(archive_write_set_filter_option(file.get(), "gzip", "timestamp", nullptr), file.get());
  must(archive_write_set_bytes_in_last_block(file.get(), 1), file.get());
  must(archive_write_open(file.get(), &bytes, nullptr, &append, nullptr), file.get());
  for (const ArchiveMember& member : members) {
    const Entry entry(archive_entry_new(), &archive_entry_free);
    archive_entry_set_pathname(entry.get(), member.path.c_str());
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(member.content.size()));
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), 0644);
    archive_entry_set_mtime(entry.get(), 0, 0);
    archive_entry_set_uid(entry.get(), 0);
    archive_entry_set_gid(entry.get(), 0);
    must(archive_write_header(file.get(), entry.get()), file.get());
    const la_ssize_t written =
        archive_write_data(file.get(), member.content.data(), member.content.size());
    if (written != static_cast<la_ssize_t>(member.content.size())) {
      throw InternalError("libarchive did not take all of a member");
    }
  }
  must(archive_write_close(file.get()), file.get());
  return bytes;
}

std::optional<std::vector<std::byte>> read_member(const std::byte* data, std::size_t size,
                                                  const std::string& path, std::size_t max_bytes) {
  std::optional<std::vector<std::byte>> found;
  walk(data, size, [&](archive* file, const std::string& name, std::int64_t /*bytes*/) {
    if (name == path) {
      found = content(file, path, max_bytes);
    }
    return !found;
  });
  return found;
}

std::vector<ArchiveEntry> read_archive(const std::byte* data, std::size_t size,
                                       const std::function<bool(const std::string&)>& wanted,
                                       std::size_t max_bytes) {
  std::vector<ArchiveEntry> entries;
  std::size_t left = max_bytes;
  walk(data, size, [&](archive* file, const std::string& name, std::int64_t bytes) {
    ArchiveEntry entry{name, bytes, std::nullopt};
    if (wanted(name)) {
      entry.content = content(file, name, left);
      left -= entry.content->size();
    }
    entries.push_back(std::move(entry));
    return true;
  });
  return entries;
}

}  // namespace nsim::isa
