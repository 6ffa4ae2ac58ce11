// SPDX-License-Identifier: Apache-2.0
#include "tools/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace nsim::tool {

Progress::Progress(int total, std::string what, bool quiet)
    : total_(total), what_(std::move(what)), shown_(!quiet && isatty(STDERR_FILENO) != 0) {}

Progress::~Progress() {
  if (printed_) {
    fmt::print(stderr, "\r\033[K");
  }
}

void Progress::operator()(int finished, int before, const std::string& note) {
  const auto now = Clock::now();
  if (!shown_ || now - last_ < std::chrono::milliseconds(500)) {
    return;
  }
  last_ = now;
  const double elapsed = std::chrono::duration<double>(now - start_).count();
  const int measured = finished - before;
  const std::string rest =
      measured > 0 ? fmt::format("{:.0f} s remaining", elapsed / measured * (total_ - finished))
                   : "estimating";
  fmt::print(stderr, "\r\033[K{} of {} {}{}, {:.1f} s, {}", finished, total_, what_, note, elapsed,
             rest);
  std::fflush(stderr);
  printed_ = true;
}

}  // namespace nsim::tool
