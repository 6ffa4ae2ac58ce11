// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/hbm.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "sim/base/error.h"
#include "sim/hw/hbm_bandwidth.h"
#include "sim/hw/time.h"

namespace nsim::hw {

HbmParams::HbmParams(ParamScope scope)
    : stacks(scope.count("stacks", 2, 1, 16, "HBM stacks of a device")),
      capacity(scope.bytes("capacity", "16GiB", "64MiB", "256GiB", "Capacity of one stack")),
      stride(scope.bytes("stride", "64GiB", "64MiB", "512GiB",
                         "Distance between the addresses of two stacks")),
      reserved(scope.bytes("reserved", "16MiB", "0B", "1GiB",
                           "Firmware's part at the start of a stack")),
      model(scope.choice("model", "bandwidth", {"bandwidth", "banked"}, "Timing model of a stack")),
      bandwidth(scope.rate("bandwidth", "410GB/s", "1GB/s", "100TB/s", "Peak rate of one stack")),
      latency(scope.duration("latency", "150ns", "0ns", "100us",
                             "From a request at the stack to its data")),
      turnaround(scope.flag("turnaround", false,
                            "Whether the bandwidth model loses time when reads and writes "
                            "alternate; the banked model always does")),
      bus(scope.table("bus")),
      banked(scope.table("banked")) {
  if (stride < capacity) {
    throw UserError(fmt::format("hbm.stride: {} is less than hbm.capacity {}: stacks would overlap",
                                format_quantity(Quantity::Bytes, stride),
                                format_quantity(Quantity::Bytes, capacity)));
  }
}

namespace {

std::unique_ptr<HbmTiming> make_timing(const HbmParams& params, std::uint64_t base) {
  if (params.model == "banked") {
    return std::make_unique<HbmBanked>(params.banked, params.bus, params.bandwidth, params.latency,
                                       base);
  }
  HbmBusParams turns;
  if (params.turnaround) {
    turns = params.bus;
    turns.write_batch *= params.banked.geometry.pseudo_channels;
  }
  return std::make_unique<HbmBandwidth>(params.bandwidth, params.latency, turns);
}

}  // namespace

Hbm::Hbm(sc_core::sc_module_name name, const HbmParams& params, std::uint64_t base, Faults* faults)
    : sc_module(name),
      params_(params),
      base_(base),
      timing_(make_timing(params, base)),
      faults_(faults) {
  void* memory = mmap(nullptr, static_cast<std::size_t>(params_.capacity), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) {
    throw std::system_error(
        std::make_error_code(std::errc::not_enough_memory),
        fmt::format("no address space for an HBM stack of {}: is there a limit (ulimit -v)?",
                    format_quantity(Quantity::Bytes, params_.capacity)));
  }
  storage_ = static_cast<std::byte*>(memory);
  in.register_b_transport(this, &Hbm::b_transport);
}

Hbm::~Hbm() {
  munmap(storage_, static_cast<std::size_t>(params_.capacity));
}

std::byte* Hbm::pointer(std::uint64_t address, std::uint64_t bytes) const {
  const auto capacity = static_cast<std::uint64_t>(params_.capacity);
  const std::uint64_t offset = address - base_;
  return bytes <= capacity && offset <= capacity - bytes ? storage_ + offset : nullptr;
}

void Hbm::b_transport(int, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  ScatterList* list = payload.get_extension<ScatterList>();
  const Segment whole{payload.get_address(), payload.get_data_length()};
  if (Faults::active(faults_) && list != nullptr) {
    list->error = fault(*list, whole);
    if (list->error != DeviceError::None) {
      payload.set_response_status(tlm::TLM_GENERIC_ERROR_RESPONSE);
      return;
    }
  }
  if (!move_rows(payload, list,
                 [this](auto address, auto bytes) { return pointer(address, bytes); })) {
    payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
    return;
  }
  const auto bytes = static_cast<std::int64_t>(payload.get_data_length());
  const bool one = list == nullptr || list->segments.empty();
  (payload.is_read() ? read_bytes_ : write_bytes_) += bytes;
  // What is on the way does not reserve the future: the pipe is shared in order of decisions.
  if (list != nullptr && list->descriptor_bytes > 0) {
    fetch_descriptors(std::exchange(list->descriptor_bytes, 0));
  }
  const HbmTiming::Service service =
      timing_->access({now(), payload.is_write(), bytes, one ? &whole : list->segments.data(),
                       one ? 1 : list->segments.size()});
  delay += to_sc(service.end - now() + service.latency);
  if (list != nullptr) {
    list->pipelined += service.latency;
  }
  payload.set_response_status(tlm::TLM_OK_RESPONSE);
}

DeviceError Hbm::fault(const ScatterList& list, const Segment& whole) {
  const bool one = list.segments.empty();
  const FaultSite access{list.origin, list.phase, one ? &whole : list.segments.data(),
                         one ? 1 : list.segments.size()};
  const FaultSite fetch{list.origin, FaultPhase::DmaDescriptor, nullptr, 0};
  DeviceError error = DeviceError::None;
  for (const FaultPoint point : {FaultPoint::HbmRepairable, FaultPoint::HbmUncorrectable}) {
    const bool fetched = list.descriptor_bytes > 0 && faults_->strikes(point, fetch);
    if (faults_->strikes(point, access) || fetched) {
      error = info(point).error;
    }
  }
  return error;
}

/// Rings lie in firmware's part of the stack, read from one end to the other.
void Hbm::fetch_descriptors(std::int64_t bytes) {
  const std::int64_t room = std::max(params_.reserved, bytes);
  const std::int64_t offset = descriptor_bytes_ % room;
  const Segment ring{base_ + static_cast<std::uint64_t>(std::min(offset, room - bytes)),
                     static_cast<std::uint64_t>(bytes)};
  descriptor_bytes_ += bytes;
  timing_->access({now(), false, bytes, &ring, 1});
}

void Hbm::report(StatsScope stats) const {
  stats.add("read_bytes", static_cast<double>(read_bytes_), "B", "Bytes read from the stack");
  stats.add("write_bytes", static_cast<double>(write_bytes_), "B", "Bytes written to the stack");
  stats.add("descriptor_bytes", static_cast<double>(descriptor_bytes_), "B",
            "Descriptors that DMA engines fetched from the stack, beside the bytes read");
  timing_->report(stats);
  stats.add("peak_rate", static_cast<double>(params_.bandwidth), "B/s", "Peak rate of the stack");
}

}  // namespace nsim::hw
