// SPDX-License-Identifier: Apache-2.0
#include "sim/base/door.h"

#include <utility>

namespace nsim {

Door::Door(sc_core::sc_module_name name, std::function<void()> opened)
    : sc_module(name), opened_(std::move(opened)) {
  SC_HAS_PROCESS(Door);
  SC_METHOD(open);
  sensitive << bell_.rung();
  dont_initialize();
}

}  // namespace nsim
