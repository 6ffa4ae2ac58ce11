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

/// A file of a name that nobody else has, moved into place: names in /tmp are known to everybody,
/// and what lies there is neither followed nor half overwritten.
void replace_file(const fs::path& path, const std::string& contents) {
  constexpr mode_t kReadable = 0644;
  std::string temporary = path.string() + ".XXXXXX";
  const int file = mkostemp(temporary.data(), O_CLOEXEC);
  if (file < 0) {
    fail("create");
  }
  try {
    write_all(file, contents);
    if (fchmod(file, kReadable) != 0) {
      fail("chmod");
    }
    fs::rename(temporary, path);
  } catch (...) {
    unlink(temporary.c_str());
    close(file);
    throw;
  }
  close(file);
}

/// True when that is no file, and was written to.
bool write_through(const fs::path& path, const std::string& contents) {
  std::error_code ignored;
  const fs::file_status status = fs::status(path, ignored);
  if (!fs::exists(status) || fs::is_regular_file(status)) {
    return false;
  }
  const int file = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (file < 0) {
    fail("open");
  }
  try {
    write_all(file, contents);
  } catch (...) {
    close(file);
    throw;
  }
  close(file);
  return true;
}

}  // namespace

void write_output(const std::string& path, const std::string& contents) {
  if (!write_through(path, contents)) {
    replace_file(path, contents);
  }
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
