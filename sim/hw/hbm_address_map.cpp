// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/hbm_address_map.h"

namespace nsim::hw {
namespace {

unsigned bits(std::int64_t power_of_two) {
  return static_cast<unsigned>(__builtin_ctzll(static_cast<unsigned long long>(power_of_two)));
}

}  // namespace

HbmAddressMap::HbmAddressMap(const HbmGeometry& geometry)
    : geometry_(geometry),
      banks_(static_cast<std::uint32_t>(geometry.banks)),
      groups_(static_cast<std::uint32_t>(geometry.bank_groups)),
      burst_bits_(bits(geometry.burst)),
      interleave_bits_(bits(geometry.interleave)),
      lane_bits_(bits(geometry.pseudo_channels)),
      super_row_bits_(bits(geometry.page) + lane_bits_),
      interleave_mask_(static_cast<std::uint64_t>(geometry.interleave) - 1),
      lane_mask_(static_cast<std::uint64_t>(geometry.pseudo_channels) - 1) {}

}  // namespace nsim::hw
