// SPDX-License-Identifier: Apache-2.0
#include "sim/base/text_file.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <new>

#include "sim/base/error.h"

namespace nsim {
namespace {

constexpr std::size_t kMaxSize = 16 << 20;

/// Why the system did not do it.
std::string reason() {
  if (errno == ENOMEM) {
    throw std::bad_alloc();
  }
  return errno == ENOENT ? "no such file" : std::strerror(errno);
}

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
  throw UserError(fmt::format("cannot read \"{}\": {}", path, why));
}

}  // namespace

std::string read_text_file(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    refuse(path, "it is a directory");
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    refuse(path, reason());
  }
  // Not through a stream buffer inserted into a stream, which ends early and silently when memory
  // is missing.
  std::string text;
  std::array<char, 16384> part{};
  while (file.read(part.data(), part.size()) || file.gcount() > 0) {
    text.append(part.data(), static_cast<std::size_t>(file.gcount()));
    if (text.size() > kMaxSize) {
      refuse(path, "larger than 16 MiB");
    }
  }
  if (file.bad()) {
    refuse(path, reason());
  }
  return text;
}

}  // namespace nsim
