// SPDX-License-Identifier: Apache-2.0
// The C border: every function borrows the session, checks its arguments, makes one call, and turns
// exceptions into statuses.
#pragma once

#include <nrt/nrt_status.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <string>
#include <vector>

#include "runtime/session_slot.h"

namespace nsim::rt {

/// Called inside a catch block: logs the failure of `function` and says which status it is. A bug
/// of ours ends the process.
NRT_STATUS status_of_exception(const char* function) noexcept;

/// For functions that need no session.
template <class Body>
NRT_STATUS at_border(const char* function, Body body) noexcept {
  try {
    return body();
  } catch (...) {
    return status_of_exception(function);
  }
}

/// For all others: R1, then body(session).
template <class Body>
NRT_STATUS in_session(const char* function, Body body) noexcept {
  return at_border(function, [&]() -> NRT_STATUS {
    const Lease lease;
    return lease ? body(*lease) : no_session_status();
  });
}

/// What the client passed as an enumeration: in C that may be any integer, in C++ only what fits
/// the enumerators may be read as one.
template <class Enum>
constexpr int integer_of(Enum passed) {
  return static_cast<int>(passed);
}

/// Throws StatusError(NRT_INVALID) for NULL.
void require_pointer(const void* pointer, const char* name);
/// The same for a buffer of `size` bytes, which may be NULL when nothing is transferred (R51).
void require_buffer(const void* buffer, std::uint64_t size);

/// Fills a structure of the client's, as much as it has room for: an older client has a shorter
/// one. `written` may be NULL.
template <class Info>
void give_info(const Info& ours, Info* theirs, std::size_t room, std::size_t* written) {
  const std::size_t size = std::min(room, sizeof ours);
  std::memcpy(theirs, &ours, size);
  if (written != nullptr) {
    *written = size;
  }
}

/// Makes `*list` an array of `*count` names, for the client to give back to std::free; the names
/// themselves stay ours. `what` is the parameter's name.
void give_names(const std::vector<const char*>& names, const char* what, const char*** list,
                std::size_t* count);

}  // namespace nsim::rt
