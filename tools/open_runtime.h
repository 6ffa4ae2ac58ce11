// SPDX-License-Identifier: Apache-2.0
// The runtime, from its start to nrt_close, as an object.
#pragma once

#include <fmt/format.h>
#include <nrt/nrt.h>

#include <utility>

#include "runtime/options.h"
#include "runtime/session_slot.h"
#include "runtime/status.h"
#include "sim/base/error.h"

namespace nsim::tool {

class OpenRuntime {
 public:
  /// Throws UserError when the runtime does not start.
  explicit OpenRuntime(rt::Options options) {
    options.records = true;
    rt::set_options(std::move(options));
    try {
      rt::open_session();
    } catch (const rt::StatusError& error) {
      throw UserError(fmt::format("the runtime does not start: {}", error.what()));
    }
  }
  ~OpenRuntime() { nrt_close(); }
  OpenRuntime(const OpenRuntime&) = delete;
  OpenRuntime& operator=(const OpenRuntime&) = delete;
};

}  // namespace nsim::tool
