// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/neuron_link.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/base/error.h"
#include "sim/hw/request.h"
#include "sim/hw/time.h"

namespace nsim::hw {
namespace {

/// The step from `at` towards `to` on a ring of `count`, the shorter way.
int step_on_ring(int at, int to, int count) {
  const int up = (to - at + count) % count;
  return 2 * up <= count ? (at + 1) % count : (at + count - 1) % count;
}

}  // namespace

NeuronLinkParams::NeuronLinkParams(ParamScope scope)
    : topology(scope.choice("topology", "none", {"none", "line", "ring", "torus", "switch"},
                            "How the devices of the instance are linked")),
      columns(scope.count("columns", 4, 1, 64, "Devices in a row of a torus")),
      bandwidth(scope.rate("bandwidth", "48GB/s", "1MB/s", "10TB/s",
                           "Rate of one link (with a switch: of a port) in each direction")),
      latency(scope.duration("latency", "300ns", "0ns", "1ms", "One way over one link")) {}

NeuronLink::NeuronLink(sc_core::sc_module_name name, const NeuronLinkParams& params, int devices,
                       Faults* faults)
    : sc_module(name), params_(params), devices_(devices), faults_(faults) {
  if (params_.topology == "torus" && devices_ % params_.columns != 0) {
    throw UserError(fmt::format(
        "neuron_link.columns: {} devices in a row do not make a torus of instance.devices = {}",
        params_.columns, devices_));
  }
  in.register_b_transport(this, &NeuronLink::b_transport);
  build_routes();
}

void NeuronLink::build_routes() {
  routes_.resize(static_cast<std::size_t>(devices_ * devices_));
  for (int from = 0; from < devices_; ++from) {
    for (int to = 0; to < devices_; ++to) {
      std::vector<std::size_t>& route = routes_[static_cast<std::size_t>(from * devices_ + to)];
      if (params_.topology == "switch" && from != to) {
        route = {pipe(from, -1), pipe(-1, to)};
        continue;
      }
      for (int at = from; at != to; at = next_hop(at, to)) {
        route.push_back(pipe(at, next_hop(at, to)));
      }
    }
  }
}

int NeuronLink::next_hop(int from, int to) const {
  if (params_.topology == "line") {
    return from + (to > from ? 1 : -1);
  }
  if (params_.topology == "ring") {
    return step_on_ring(from, to, devices_);
  }
  const int columns = static_cast<int>(params_.columns);
  const int row = from / columns;
  if (from % columns != to % columns) {
    return row * columns + step_on_ring(from % columns, to % columns, columns);
  }
  return step_on_ring(row, to / columns, devices_ / columns) * columns + from % columns;
}

/// -1 is the switch.
std::size_t NeuronLink::pipe(int from, int to) {
  for (std::size_t index = 0; index < pipes_.size(); ++index) {
    if (pipes_[index].from == from && pipes_[index].to == to) {
      return index;
    }
  }
  const auto end = [](int device) {
    return device < 0 ? std::string("switch") : fmt::format("nd{}", device);
  };
  pipes_.push_back({fmt::format("{}_to_{}", end(from), end(to)), from, to, {}, 0});
  return pipes_.size() - 1;
}

SimTime NeuronLink::cross(const std::vector<std::size_t>& route, std::int64_t bytes) {
  const SimTime duration = transfer_time(bytes, params_.bandwidth);
  SimTime start = now();
  SimTime before = 0;  // latency of the links so far
  for (const std::size_t index : route) {
    Pipe& pipe = pipes_[index];
    start = pipe.time.reserve(start + before, duration) - before;
    pipe.bytes += bytes;
    before += params_.latency;
  }
  return start + duration;
}

SimTime NeuronLink::send(int from, int to, std::int64_t bytes) {
  const std::vector<std::size_t>& way = route(from, to);
  if (way.empty()) {
    return now();
  }
  return cross(way, bytes) + static_cast<SimTime>(way.size()) * params_.latency;
}

void NeuronLink::b_transport(int from, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  const int to = static_cast<int>(payload.get_address() >> kDeviceShift);
  ScatterList* list = payload.get_extension<ScatterList>();
  if (Faults::active(faults_) && list != nullptr &&
      faults_->strikes(FaultPoint::NeuronLinkFailure,
                       {list->origin, list->phase, list->segments.data(), list->segments.size()})) {
    list->error = info(FaultPoint::NeuronLinkFailure).error;
    payload.set_response_status(tlm::TLM_GENERIC_ERROR_RESPONSE);
    return;
  }
  ScatterList none;
  ScatterList& way = list != nullptr ? *list : none;
  const SimTime latency_so_far = std::exchange(way.pipelined, 0);
  const int home = std::exchange(way.home, -1);  // over there it comes from the edge of the device
  // Descriptors lie next to the engine that asked for them.
  const std::int64_t descriptor_bytes = std::exchange(way.descriptor_bytes, 0);
  sc_core::sc_time beyond = sc_core::SC_ZERO_TIME;
  out[static_cast<unsigned>(to)]->b_transport(payload, beyond);
  const SimTime served = std::max(now() + static_cast<SimTime>(beyond.value()) - way.pipelined,
                                  cross(payload.is_read() ? route(to, from) : route(from, to),
                                        static_cast<std::int64_t>(payload.get_data_length())));
  const SimTime latency =
      way.pipelined + (payload.is_read() ? 2 : 1) * hops(from, to) * params_.latency;
  way.home = home;
  way.descriptor_bytes = descriptor_bytes;
  way.pipelined = latency_so_far + latency;
  delay += to_sc(served - now() + latency);
}

void NeuronLink::report(StatsScope stats) const {
  for (const Pipe& pipe : pipes_) {
    const StatsScope scope = stats.scope(pipe.name);
    scope.add("bytes", static_cast<double>(pipe.bytes), "B", "Bytes over this direction of a link");
    scope.add("busy", static_cast<double>(pipe.time.busy()) / kNanosecond, "ns",
              "Time this direction of a link was taken");
    scope.add("waited", static_cast<double>(pipe.time.waited()) / kNanosecond, "ns",
              "Time that packets waited for this direction of a link");
  }
}

}  // namespace nsim::hw
