// SPDX-License-Identifier: Apache-2.0
// The process's one session, and the right to use it: every call of the C interface borrows it, and
// nrt_close waits until all borrowers are gone.
#pragma once

#include <nrt/nrt_status.h>

#include "runtime/session.h"

namespace nsim::rt {

class Lease {
 public:
  /// Cheap and lock-free. False in a boolean context when no session is open.
  Lease();
  ~Lease();
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  explicit operator bool() const { return session_ != nullptr; }
  Session& operator*() const { return *session_; }
  Session* operator->() const { return session_; }

 private:
  Session* session_;
};

/// What a call returns while no session is open: NRT_UNINITIALIZED or NRT_CLOSED (R1).
NRT_STATUS no_session_status();

/// Opens the session from options() and the environment. False when one is open already. Throws
/// UserError.
bool open_session();

/// Harmless when none is open.
void close_session();

}  // namespace nsim::rt
