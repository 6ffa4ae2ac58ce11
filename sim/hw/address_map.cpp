// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/address_map.h"

namespace nsim::hw {
namespace {

std::uint64_t device_base(int device) {
  return static_cast<std::uint64_t>(device) << kDeviceShift;
}

/// Whether [offset, offset + bytes) lies in [0, size), without overflow.
bool inside(std::uint64_t offset, std::uint64_t bytes, std::uint64_t size) {
  return bytes <= size && offset <= size - bytes;
}

}  // namespace

std::uint64_t AddressMap::hbm(int device, int stack) const {
  return device_base(device) + static_cast<std::uint64_t>(stack) * layout_.hbm_stride;
}

std::uint64_t AddressMap::sbuf(int device, int core, int partition, std::uint64_t offset) const {
  return device_base(device) + kCoreWindow + static_cast<std::uint64_t>(core) * kCoreStride +
         static_cast<std::uint64_t>(partition) * kPartitionStride + offset;
}

std::uint64_t AddressMap::registers(int device, int unit) const {
  return device_base(device) + kRegisterWindow +
         static_cast<std::uint64_t>(unit) * kUnitRegisterBytes;
}

Location AddressMap::locate(std::uint64_t address, std::uint64_t bytes) const {
  if ((address & kHostWindow) != 0) {
    const std::uint64_t pointer = address & ~kHostWindow;
    const bool valid = pointer != 0 && inside(pointer, bytes, kHostWindow);
    return valid ? Location{Region::Host, 0, 0, pointer} : Location{};
  }
  const std::uint64_t device = address >> kDeviceShift;
  if (device >= static_cast<std::uint64_t>(layout_.devices)) {
    return {};
  }
  return locate_in_device(static_cast<int>(device), address & ((1ULL << kDeviceShift) - 1), bytes);
}

Location AddressMap::locate_in_device(int device, std::uint64_t offset, std::uint64_t bytes) const {
  if (offset >= kRegisterWindow) {
    const std::uint64_t in_window = offset - kRegisterWindow;
    const auto size = static_cast<std::uint64_t>(layout_.units) * kUnitRegisterBytes;
    return inside(in_window, bytes, size) ? Location{Region::Registers, device, 0, in_window}
                                          : Location{};
  }
  if (offset >= kCoreWindow) {
    const std::uint64_t core = (offset - kCoreWindow) / kCoreStride;
    const std::uint64_t in_window = (offset - kCoreWindow) % kCoreStride;
    const bool valid = core < static_cast<std::uint64_t>(layout_.cores) &&
                       in_window / kPartitionStride < 128 &&
                       inside(in_window % kPartitionStride, bytes, layout_.partition_bytes);
    return valid ? Location{Region::Sbuf, device, static_cast<int>(core), in_window} : Location{};
  }
  const std::uint64_t stack = offset / layout_.hbm_stride;
  const std::uint64_t in_stack = offset % layout_.hbm_stride;
  const bool valid = stack < static_cast<std::uint64_t>(layout_.stacks) &&
                     inside(in_stack, bytes, layout_.hbm_bytes);
  return valid ? Location{Region::Hbm, device, static_cast<int>(stack), in_stack} : Location{};
}

}  // namespace nsim::hw
