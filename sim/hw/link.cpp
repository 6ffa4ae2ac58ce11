// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/link.h"

#include <utility>

#include "sim/hw/scatter_list.h"
#include "sim/hw/time.h"

namespace nsim::hw {
namespace {

/// Largest write that counts as a message: one notification or descriptor.
constexpr std::size_t kMessageBytes = 64;

}  // namespace

LinkParams::LinkParams(ParamScope scope)
    : bandwidth(scope.rate("bandwidth", "16GB/s", "1MB/s", "10TB/s",
                           "Rate of the host link in each direction")),
      latency(scope.duration("latency", "500ns", "1ns", "1ms", "One way over the host link")) {}

Link::Link(sc_core::sc_module_name name, const LinkParams& params, Faults* faults)
    : sc_module(name), params_(params), faults_(faults) {
  in.register_b_transport(this, &Link::b_transport);
  SC_HAS_PROCESS(Link);
  SC_METHOD(deliver);
  sensitive << arrived_;
  dont_initialize();
}

SimTime Link::send(Timeline& direction, std::int64_t bytes) {
  const SimTime duration = transfer_time(bytes, params_.bandwidth);
  return direction.reserve(now(), duration) + duration + params_.latency;
}

SimTime Link::send_to_device(std::int64_t bytes) {
  to_device_bytes_ += bytes;
  return send(to_device_, bytes);
}

SimTime Link::send_to_host(std::int64_t bytes) {
  to_host_bytes_ += bytes;
  return send(to_host_, bytes);
}

void Link::b_transport(int, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  const auto bytes = static_cast<std::int64_t>(payload.get_data_length());
  const bool read = payload.is_read();
  ScatterList* list = payload.get_extension<ScatterList>();
  if (Faults::active(faults_) && list != nullptr) {
    list->error = fault(payload, *list);
    if (list->error != DeviceError::None) {
      payload.set_response_status(tlm::TLM_GENERIC_ERROR_RESPONSE);
      return;
    }
  }
  if (dead_) {
    payload.set_response_status(read ? tlm::TLM_GENERIC_ERROR_RESPONSE : tlm::TLM_OK_RESPONSE);
    return;
  }
  const SimTime arrival = read ? send_to_device(bytes) + params_.latency : send_to_host(bytes);
  const SimTime latency = read ? 2 * params_.latency : params_.latency;
  delay += to_sc(arrival - now());
  if (list != nullptr) {
    list->pipelined += latency;
  }
  const bool one_row = list == nullptr || list->segments.size() <= 1;
  const unsigned char* data = payload.get_data_ptr();
  if (!read && data != nullptr && one_row && payload.get_data_length() <= kMessageBytes) {
    post({arrival, payload.get_address(), {data, data + bytes}, nullptr});
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
    return;
  }
  sc_core::sc_time beyond = sc_core::SC_ZERO_TIME;
  out->b_transport(payload, beyond);
}

void Link::answer(std::int64_t bytes, std::function<void()> arrived) {
  if (!dead_) {
    post({send_to_host(bytes), 0, {}, std::move(arrived)});
  }
}

void Link::post(Message message) {
  messages_.push_back(std::move(message));
  if (messages_.size() == 1) {
    arrived_.notify(to_sc(messages_.front().arrival - now()));
  }
}

/// A posted write that is lost fails nothing: the sender does not learn of it.
DeviceError Link::fault(tlm::tlm_generic_payload& payload, const ScatterList& list) {
  const FaultSite site{list.origin, list.phase, list.segments.data(), list.segments.size()};
  const bool timed_out = faults_->strikes(FaultPoint::HostLinkTimeout, site);
  if (faults_->strikes(FaultPoint::DeviceGone, site)) {
    die();
  }
  const bool lost = dead_ && payload.is_read();
  return timed_out || lost ? DeviceError::HostLinkTimeout : DeviceError::None;
}

void Link::die() {
  dead_ = true;
  messages_.clear();
}

void Link::deliver() {
  while (!messages_.empty() && messages_.front().arrival <= now()) {
    Message message = std::move(messages_.front());
    messages_.pop_front();
    if (message.arrived) {
      message.arrived();
      continue;
    }
    tlm::tlm_generic_payload payload;
    payload.set_write();
    payload.set_address(message.address);
    payload.set_data_ptr(message.data.data());
    payload.set_data_length(static_cast<unsigned>(message.data.size()));
    sc_core::sc_time beyond = sc_core::SC_ZERO_TIME;
    out->b_transport(payload, beyond);
  }
  if (!messages_.empty()) {
    arrived_.notify(to_sc(messages_.front().arrival - now()));
  }
}

void Link::report(StatsScope stats) const {
  stats.add("to_device_bytes", static_cast<double>(to_device_bytes_), "B",
            "Bytes from host to device");
  stats.add("to_host_bytes", static_cast<double>(to_host_bytes_), "B", "Bytes from device to host");
  stats.add("to_device_busy", static_cast<double>(to_device_.busy()) / kNanosecond, "ns",
            "Time the direction to the device was taken");
  stats.add("to_host_busy", static_cast<double>(to_host_.busy()) / kNanosecond, "ns",
            "Time the direction to the host was taken");
}

}  // namespace nsim::hw
