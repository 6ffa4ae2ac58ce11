// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/cc_core.h"

namespace nsim::hw {

CcCoreParams::CcCoreParams(ParamScope scope)
    : instruction(scope.duration("instruction", "50ns", "0ns", "100us",
                                 "Time of a collectives core for a doorbell or a message")),
      packet_bytes(scope.bytes("packet_bytes", "64KiB", "64B", "64KiB",
                               "Most bytes of a packet of a collective's DMA transfers")),
      part_bytes(scope.bytes("part_bytes", "512B", "1B", "16MiB",
                             "A transfer is shared out over so many DMA engines that none gets "
                             "less than this")),
      sources(scope.count("sources", 16, 2, 64,
                          "Sources that one DMA transfer of a reduction combines at most")) {}

void CcCore::report(StatsScope stats) const {
  stats.add("instructions", static_cast<double>(instructions_), "1", "Doorbells and messages");
  stats.add("busy", static_cast<double>(time_.busy()) / kNanosecond, "ns",
            "Time spent on instructions");
}

}  // namespace nsim::hw
