// SPDX-License-Identifier: Apache-2.0
// The runtime, from nrt_init to nrt_close, as an object.
#pragma once

#include <fmt/format.h>
#include <nrt/nrt.h>

#include <utility>

#include "runtime/options.h"
#include "runtime/session.h"
#include "sim/base/error.h"

namespace nsim::tool {

class OpenRuntime {
 public:
  /// Throws UserError when the runtime does not start.
  explicit OpenRuntime(rt::Options options) {
    options.records = true;
    rt::set_options(std::move(options));
    const NRT_STATUS status = nrt_init(NRT_FRAMEWORK_TYPE_NO_FW, "", "");
    if (status != NRT_SUCCESS) {
      throw UserError(fmt::format("the runtime does not start: {}", nrt_get_status_as_str(status)));
    }
  }
  ~OpenRuntime() { nrt_close(); }
  OpenRuntime(const OpenRuntime&) = delete;
  OpenRuntime& operator=(const OpenRuntime&) = delete;
};

}  // namespace nsim::tool
