// SPDX-License-Identifier: Apache-2.0
// What the checking mode found in the client.
#pragma once

#include <nrt/nrt_async.h>

#include <cstdint>
#include <string>
#include <vector>

namespace nsim::rt {

/// A call of the client; the fields it has nothing for are empty.
struct ClientCall {
  std::string api;
  std::string unit;         // "nc0.compute.q0"
  nrta_seq_t sequence = 0;  // the id it returned
  int thread = -1;          // as host threads are numbered in traces
};

enum class ClientBug : std::uint8_t {
  UnorderedAccess,  // R26: conflicting accesses of two units, neither known to be over for the
                    // other
  BufferReuse,      // R57: the same with a buffer of the host that is no tensor
  StatusReuse,      // R57: a place for a status given to a second request
  FreedInFlight,    // R57: freed, attached anew or unloaded before completion was observed
  UnknownSequence,  // R35: an id that no unit gave
  ErrorNotSeen      // a failed request that nobody asked about
};
inline constexpr int kClientBugCount = 6;
/// "unordered_access", ...
const char* name_of(ClientBug bug);

struct ClientFinding {
  ClientBug bug = ClientBug::UnorderedAccess;
  ClientCall first;    // the earlier one
  ClientCall second;   // may be the end of the session
  std::string object;  // tensor with the range of bytes, buffer, ...
  std::uint64_t count = 1;

  /// One line.
  std::string text() const;
};

struct ClientCheckRecord {
  bool enabled = false;
  std::vector<ClientFinding> findings;
};

}  // namespace nsim::rt
