// SPDX-License-Identifier: Apache-2.0
// The device-visible address space of an instance.
//
//   device d starts at d << kDeviceShift; in it
//     HBM stack s          s * hbm_stride
//     SBUF of core c       kCoreWindow + c * kCoreStride + partition * kPartitionStride
//     registers            kRegisterWindow + unit * kUnitRegisterBytes
//   host memory            kHostWindow | virtual address
//
// Stack bases are those of the driver's memory map, core windows have its size (64 MiB, SBUF in the
// first half); where windows begin and the layout of the registers are our own.
#pragma once

#include <cstdint>

#include "sim/hw/request.h"

namespace nsim::hw {

enum class Region : std::uint8_t { None, Hbm, Sbuf, Registers, Host };

struct Location {
  Region region = Region::None;
  int device = 0;
  int index = 0;             // stack or physical core within the device
  std::uint64_t offset = 0;  // within the stack, the core's SBUF window or the register window
};

class AddressMap {
 public:
  struct Layout {
    int devices = 1;
    int stacks = 2;  // per device
    std::uint64_t hbm_stride = 0;
    std::uint64_t hbm_bytes = 0;  // of one stack
    int cores = 2;                // physical, per device
    std::uint64_t partition_bytes = 0;
    int units = 0;  // per device
  };

  explicit AddressMap(const Layout& layout) : layout_(layout) {}

  const Layout& layout() const { return layout_; }
  std::uint64_t hbm(int device, int stack) const;
  std::uint64_t sbuf(int device, int core, int partition, std::uint64_t offset) const;
  std::uint64_t registers(int device, int unit) const;

  /// Where `bytes` from `address` lie; Region::None unless they are wholly inside one thing that
  /// exists. Of host memory only that the address is not null is known.
  Location locate(std::uint64_t address, std::uint64_t bytes) const;

  static constexpr std::uint64_t kCoreWindow = 1ULL << 44;
  static constexpr std::uint64_t kCoreStride = 64ULL << 20;
  static constexpr std::uint64_t kPartitionStride = 256ULL << 10;
  static constexpr std::uint64_t kRegisterWindow = 1ULL << 45;

 private:
  Location locate_in_device(int device, std::uint64_t offset, std::uint64_t bytes) const;

  Layout layout_;
};

}  // namespace nsim::hw
