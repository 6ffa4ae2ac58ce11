// SPDX-License-Identifier: Apache-2.0
#include "runtime/client_finding.h"

#include <fmt/format.h>

#include <array>

namespace nsim::rt {
namespace {

struct Row {
  const char* name;
  const char* meaning;
};
constexpr std::array<Row, kClientBugCount> kRows = {
    {{"unordered_access", "the second call was made before the first was known to be over"},
     {"buffer_reuse", "the second call was made before the first was known to be over"},
     {"status_reuse", "the first request may still write its status there"},
     {"freed_in_flight", "nobody had asked whether the first request was over"},
     {"unknown_sequence", "no unit gave that id"},
     {"error_not_seen", "the request failed and nobody asked"}}};

const Row& row(ClientBug bug) {
  return kRows[static_cast<std::size_t>(bug)];
}

std::string text_of(const ClientCall& call) {
  std::string text = call.api;
  if (!call.unit.empty()) {
    text += fmt::format(" {:#x} (number {} of {})", call.sequence,
                        NRTA_SEQ_GET_SEQ_NUM(call.sequence), call.unit);
  }
  if (call.thread >= 0) {
    text += fmt::format(" in thread {}", call.thread);
  }
  return text;
}

}  // namespace

const char* name_of(ClientBug bug) {
  return row(bug).name;
}

std::string ClientFinding::text() const {
  std::string text = std::string(name_of(bug)) + ":";
  if (!object.empty()) {
    text += " " + object + ":";
  }
  if (!first.api.empty()) {
    text += " " + text_of(first) + ", then";
  }
  return text + " " + text_of(second) + ": " + row(bug).meaning;
}

}  // namespace nsim::rt
