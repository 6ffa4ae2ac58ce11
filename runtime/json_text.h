// SPDX-License-Identifier: Apache-2.0
// JSON as text. Names of the client's, of models and tensors, may have any bytes: what is no UTF-8
// becomes U+FFFD, and is no exception.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace nsim::rt {

/// On one line, or with `indent` spaces a level.
template <class Json>
std::string json_text(const Json& json, int indent = -1) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace nsim::rt
