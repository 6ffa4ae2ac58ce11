// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/cc_mail.h"

#include <utility>

#include "sim/hw/time.h"

namespace nsim::hw {

CcMail::CcMail(sc_core::sc_module_name name, const FabricParams& fabric, int cores_per_device,
               NeuronLink* links)
    : sc_module(name), fabric_(fabric), cores_per_device_(cores_per_device), links_(links) {
  SC_HAS_PROCESS(CcMail);
  SC_METHOD(deliver);
  sensitive << due_;
  dont_initialize();
}

void CcMail::attach(UnitAddress unit, Handler handler) {
  handlers_[key(unit)] = std::move(handler);
}

void CcMail::send(SimTime at, UnitAddress to, CcMessage message) {
  const int source = message.from.core / cores_per_device_;
  const int target = to.core / cores_per_device_;
  if (source != target && links_ == nullptr) {
    return;
  }
  // The way to the edge of the device and, on another one, from there.
  SimTime arrival = at + fabric_.remote_latency;
  if (source != target) {
    const auto bytes = static_cast<std::int64_t>(sizeof message.header +
                                                 message.buffers.size() * sizeof(CollectiveBuffer));
    arrival += links_->send(source, target, bytes) - now() + fabric_.remote_latency;
  }
  on_the_way_.emplace(arrival, OnTheWay{key(to), std::move(message)});
  due_.notify(to_sc(on_the_way_.begin()->first - now()));
}

void CcMail::deliver() {
  while (!on_the_way_.empty() && on_the_way_.begin()->first <= now()) {
    const OnTheWay arrived = std::move(on_the_way_.begin()->second);
    on_the_way_.erase(on_the_way_.begin());
    const auto handler = handlers_.find(arrived.to);
    if (handler != handlers_.end()) {
      handler->second(arrived.message);
    }
  }
  if (!on_the_way_.empty()) {
    due_.notify(to_sc(on_the_way_.begin()->first - now()));
  }
}

}  // namespace nsim::hw
