// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/host_port.h"

#include <utility>

#include "sim/hw/time.h"

namespace nsim::hw {

HostPort::HostPort(sc_core::sc_module_name name, Link& link) : sc_module(name), link_(link) {
  SC_HAS_PROCESS(HostPort);
  SC_METHOD(deliver);
  sensitive << arrived_;
  dont_initialize();
}

void HostPort::write(std::uint64_t address, std::uint64_t value) {
  send({0, address, value, nullptr});
}

void HostPort::fence(std::function<void()> answered) {
  send({0, 0, 0, std::move(answered)});
}

void HostPort::send(Write write) {
  if (link_.dead()) {
    return;
  }
  write.arrival = link_.send_to_device(sizeof write.value);
  writes_.push_back(std::move(write));
  if (writes_.size() == 1) {
    arrived_.notify(to_sc(writes_.front().arrival - now()));
  }
}

void HostPort::deliver() {
  if (link_.dead()) {
    writes_.clear();
  }
  while (!writes_.empty() && writes_.front().arrival <= now()) {
    Write write = std::move(writes_.front());
    writes_.pop_front();
    take_effect(write);
  }
  if (!writes_.empty()) {
    arrived_.notify(to_sc(writes_.front().arrival - now()));
  }
}

void HostPort::take_effect(Write& write) {
  if (write.answered) {
    link_.answer(sizeof write.value, std::move(write.answered));
    return;
  }
  tlm::tlm_generic_payload payload;
  payload.set_write();
  payload.set_address(write.address);
  payload.set_data_ptr(reinterpret_cast<unsigned char*>(&write.value));
  payload.set_data_length(sizeof write.value);
  sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
  reg->b_transport(payload, delay);
}

}  // namespace nsim::hw
