// SPDX-License-Identifier: Apache-2.0
#include "runtime/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <system_error>

#include "sim/base/log.h"

namespace nsim::rt {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

void write_all(int file, const std::string& contents) {
  std::size_t written = 0;
  while (written < contents.size()) {
    const ssize_t count = write(file, contents.data() + written, contents.size() - written);
    if (count < 0 && errno != EINTR) {
      fail("write");
    }
    written += count < 0 ? 0 : static_cast<std::size_t>(count);
  }
}

/// A new file that everybody may read; its name ends in XXXXXX, which become others.
int create_temporary(std::string& name) {
  constexpr mode_t kReadable = 0644;
  const int file = mkostemp(name.data(), O_CLOEXEC);
  if (file < 0) {
    fail("create");
  }
  if (fchmod(file, kReadable) != 0) {
    const int reason = errno;
    unlink(name.c_str());
    close(file);
    errno = reason;
    fail("chmod");
  }
  return file;
}

/// A file of a name that nobody else has, moved into place: names in /tmp are known to everybody,
/// and what lies there is neither followed nor half overwritten.
void replace_file(const fs::path& path, const std::string& contents) {
  std::string temporary = path.string() + ".XXXXXX";
  const int file = create_temporary(temporary);
  try {
    write_all(file, contents);
    fs::rename(temporary, path);
  } catch (...) {
    unlink(temporary.c_str());
    close(file);
    throw;
  }
  close(file);
}

}  // namespace

OutputFile::OutputFile(const std::string& path)
    : path_(fs::is_symlink(path) ? fs::weakly_canonical(path).string() : path) {
  const fs::file_status status = fs::status(path_);
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    stream_.open(path_, std::ios::binary);
  } else {
    temporary_ = path_ + ".XXXXXX";
    const int file = create_temporary(temporary_);
    stream_.open(temporary_, std::ios::binary);
    close(file);
  }
  if (!stream_) {
    fail("open");
  }
}

OutputFile::~OutputFile() {
  if (!temporary_.empty()) {
    unlink(temporary_.c_str());
  }
}

void OutputFile::commit() {
  errno = 0;
  stream_.close();
  if (!stream_) {
    errno = errno == 0 ? EIO : errno;
    fail("write");
  }
  if (!temporary_.empty()) {
    fs::rename(temporary_, path_);
    temporary_.clear();
  }
}

void write_output(const std::string& path, const std::string& contents) {
  OutputFile file(path);
  file.stream().write(contents.data(), static_cast<std::streamsize>(contents.size()));
  file.commit();
}

bool leave_file(const std::string& path, const std::string& contents) noexcept {
  try {
    const fs::path at(path);
    if (at.has_parent_path()) {
      fs::create_directories(at.parent_path());
    }
    replace_file(at, contents);
    return true;
  } catch (const std::exception& error) {
    NSIM_LOG(Nrt, Warn, "cannot write {}: {}", path, error.what());
    return false;
  }
}

}  // namespace nsim::rt
