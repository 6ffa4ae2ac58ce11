// SPDX-License-Identifier: Apache-2.0
#include "runtime/core_range.h"

#include <fmt/format.h>

#include <charconv>

#include "sim/base/error.h"

namespace nsim::rt {
namespace {

/// Reads "a", "a-b" and commas between them; the cores must follow each other.
class VisibleCores {
 public:
  VisibleCores(const std::string& text, int total) : text_(text), total_(total) {}

  CoreRange parse() {
    const char* at = text_.data();
    const char* end = at + text_.size();
    while (true) {
      const int low = number(at, end);
      int high = low;
      if (at != end && *at == '-') {
        high = number(++at, end);
      }
      append(low, high);
      if (at == end) {
        return {first_, next_ - first_};
      }
      if (*at++ != ',') {
        fail("is not a list of cores and ranges like 0,1 or 0-3");
      }
    }
  }

 private:
  int number(const char*& at, const char* end) {
    int value = 0;
    const auto [stop, error] = std::from_chars(at, end, value);
    if (error != std::errc() || value < 0) {
      fail("is not a list of cores and ranges like 0,1 or 0-3");
    }
    at = stop;
    return value;
  }

  void append(int low, int high) {
    if (first_ < 0) {
      first_ = low;
      next_ = low;
    }
    if (low != next_ || high < low) {
      fail("is not consecutive and increasing");
    }
    if (high >= total_) {
      fail(fmt::format("goes beyond the {} logical cores of the instance", total_));
    }
    next_ = high + 1;
  }

  [[noreturn]] void fail(const std::string& why) const {
    throw UserError(fmt::format("NEURON_RT_VISIBLE_CORES=\"{}\" {}", text_, why));
  }

  const std::string& text_;
  const int total_;
  int first_ = -1;
  int next_ = 0;
};

}  // namespace

CoreRange claim_cores(const Environment& environment, int total) {
  if (!environment.visible_cores.empty()) {
    return VisibleCores(environment.visible_cores, total).parse();
  }
  if (environment.num_cores > total) {
    throw UserError(
        fmt::format("NEURON_RT_NUM_CORES={} is more than the {} logical cores of the instance",
                    environment.num_cores, total));
  }
  return {0, environment.num_cores == 0 ? total : static_cast<int>(environment.num_cores)};
}

}  // namespace nsim::rt
