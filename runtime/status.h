// SPDX-License-Identifier: Apache-2.0
// NRT_STATUS: names, the statuses of device errors, and the exception that carries one to the C
// border.
#pragma once

#include <nrt/nrt_status.h>

#include <stdexcept>
#include <string>

#include "sim/hw/request.h"

namespace nsim::rt {

/// The caller's mistake, or a resource that ran out: the border logs the message and returns the
/// status.
class StatusError : public std::runtime_error {
 public:
  StatusError(NRT_STATUS status, const std::string& message)
      : std::runtime_error(message), status_(status) {}
  NRT_STATUS status() const { return status_; }

 private:
  NRT_STATUS status_;
};

/// Never nullptr; "NRT_UNKNOWN" for a value that is none.
const char* status_name(NRT_STATUS status);

/// The status of a request that met `error` in the device.
NRT_STATUS status_of(hw::DeviceError error);

/// R60: true when `status` leaves the execution unit unrecoverable.
bool is_fatal(NRT_STATUS status);

}  // namespace nsim::rt
