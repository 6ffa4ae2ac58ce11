// SPDX-License-Identifier: Apache-2.0
// Errors as exit codes: 0 success, 1 the run failed (a request failed, a check did not pass), 2 the
// input was wrong, 70 a bug of ours.
#pragma once

#include <exception>
#include <new>
#include <string>

#include "sim/base/error.h"

namespace nsim::tool {

struct Failure {
  int code = 0;
  std::string message;  // with its "error: "
};

/// Inside a handler: what it caught.
inline Failure current_failure() {
  try {
    throw;
  } catch (const UserError& error) {
    return {2, std::string("error: ") + error.what()};
  } catch (const std::bad_alloc&) {
    return {2, "error: out of memory"};
  } catch (const std::exception& error) {
    return {70, std::string("internal error: ") + error.what()};
  }
}

}  // namespace nsim::tool
