// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/hbm_bus.h"

namespace nsim::hw {

HbmBusParams::HbmBusParams(ParamScope scope)
    : t_rtw(scope.duration("t_rtw", "6ns", "0ns", "1us",
                           "Gap of a data bus that turns from reads to writes")),
      t_wtr(scope.duration("t_wtr", "14ns", "0ns", "1us",
                           "Gap of a data bus that turns from writes to reads")),
      write_batch(scope.bytes("write_batch", "1KiB", "1B", "1MiB",
                              "Writes of a pseudo-channel that wait behind reads until its bus "
                              "turns to them")) {}

}  // namespace nsim::hw
