// SPDX-License-Identifier: Apache-2.0
// Copies and fills of an execution unit.
#include "sim/hw/execution_unit.h"

namespace nsim::hw {

bool ExecutionUnit::valid_copy() const {
  const RequestDescriptor& descriptor = current_.descriptor;
  if (descriptor.size == 0) {
    return true;  // touches no memory, wherever its addresses point
  }
  const auto valid = [&](std::uint64_t address) {
    const Region region = parts_.map->locate(address, descriptor.size).region;
    return region == Region::Hbm || region == Region::Host;
  };
  return valid(descriptor.destination) &&
         (descriptor.opcode == RequestOpcode::Fill || valid(descriptor.source));
}

void ExecutionUnit::run_copy() {
  const RequestDescriptor& descriptor = current_.descriptor;
  if (address_.type == UnitType::Compute || address_.type == UnitType::Collectives ||
      !valid_copy()) {
    finish(DeviceError::BadDescriptor);
    return;
  }
  if (injected_ == DeviceError::Hang) {
    return;
  }
  if (descriptor.size == 0) {
    finish(injected_);
    return;
  }
  HostCopy copy;
  copy.source = descriptor.source;
  copy.destination = descriptor.destination;
  copy.bytes = static_cast<std::int64_t>(descriptor.size);
  copy.fill = descriptor.opcode == RequestOpcode::Fill;
  copy.fill_value = static_cast<std::uint8_t>(descriptor.fill_value);
  copy.origin = origin();
  copy.error = injected_ == DeviceError::DmaAbort ? injected_ : DeviceError::None;
  parts_.dma->submit(parts_.ring, copy, [this, run = run_](DeviceError error) {
    if (run == run_ && busy_) {
      copied_bytes_ +=
          error == DeviceError::None ? static_cast<std::int64_t>(current_.descriptor.size) : 0;
      ended_ = follow(PathKind::Copy, launched_);
      finish(error == DeviceError::None ? injected_ : error);
    }
  });
}

}  // namespace nsim::hw
