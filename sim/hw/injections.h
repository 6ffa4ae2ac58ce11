// SPDX-License-Identifier: Apache-2.0
// Errors that a test makes the coming requests of a unit end with, whatever they do.
#pragma once

#include <cstdint>
#include <deque>

#include "sim/hw/request.h"

namespace nsim::hw {

class Injections {
 public:
  /// After `skip` more requests, one ends with `error`.
  void add(DeviceError error, std::uint64_t skip) { injections_.push_back({error, skip}); }
  void clear() { injections_.clear(); }

  /// What the request that starts now fails with; counts the others down.
  DeviceError next() {
    DeviceError error = DeviceError::None;
    for (auto it = injections_.begin(); it != injections_.end();) {
      if (it->skip == 0 && error == DeviceError::None) {
        error = it->error;
        it = injections_.erase(it);
      } else {
        it->skip -= it->skip > 0 ? 1 : 0;
        ++it;
      }
    }
    return error;
  }

 private:
  struct Injection {
    DeviceError error = DeviceError::None;
    std::uint64_t skip = 0;
  };
  std::deque<Injection> injections_;
};

}  // namespace nsim::hw
