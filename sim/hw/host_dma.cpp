// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/host_dma.h"

#include <algorithm>
#include <utility>

#include "sim/hw/time.h"

namespace nsim::hw {

class HostDma::Job : public DmaJob {
 public:
  Job(HostDma& owner, const HostCopy& copy, Done done)
      : owner_(owner), copy_(copy), done_(std::move(done)) {}

  void next_packet(DmaPacket& packet, const PacketLimits& limits) override {
    if (aborted_) {
      packet.last = true;
      return;
    }
    const std::int64_t half = copy_.bytes / 2;
    const bool fails = copy_.error != DeviceError::None;
    const std::int64_t end = fails ? half : copy_.bytes;
    if (fails && position_ == half) {
      packet.error = copy_.error;
      return;
    }
    packet.fill = copy_.fill_value;
    while (position_ < end && packet.descriptors < limits.descriptors) {
      const std::int64_t bytes = std::min(kMaxDescriptorBytes, end - position_);
      const Segment row{static_cast<std::uint64_t>(position_), static_cast<std::uint64_t>(bytes)};
      if (!copy_.fill) {
        packet.read.push_back({copy_.source + row.address, row.bytes});
        packet.read_bytes += bytes;
      }
      packet.write.push_back({copy_.destination + row.address, row.bytes});
      packet.write_bytes += bytes;
      ++packet.descriptors;
      position_ += bytes;
    }
    packet.last = position_ == copy_.bytes;
  }
  void done(DeviceError error) override { owner_.finish(*this, error); }
  DmaLabel label() const override { return {}; }
  bool moves_data() const override { return owner_.numerics_; }
  Origin origin() const override { return copy_.origin; }
  void hung() override { hung_ = true; }

  /// True: nobody will speak of the job any more.
  bool abort() {
    aborted_ = true;
    return hung_;
  }
  bool aborted() const { return aborted_; }
  Done take_done() { return std::move(done_); }

 private:
  HostDma& owner_;
  const HostCopy copy_;
  Done done_;
  std::int64_t position_ = 0;
  bool aborted_ = false;
  bool hung_ = false;
};

HostDma::HostDma(sc_core::sc_module_name name, const DmaEngineParams& params, int home,
                 bool numerics, Faults* faults)
    : sc_module(name),
      numerics_(numerics),
      to_device_("to_device", params, home, "host to device", {scheduler_, activity_, faults}),
      to_host_("to_host", params, home, "device to host", {scheduler_, activity_, faults}),
      local_("local", params, home, "device to device", {scheduler_, activity_, faults}) {}

HostDma::~HostDma() = default;

void HostDma::bind(Fabric& fabric) {
  to_device_.out.bind(fabric.in);
  to_host_.out.bind(fabric.in);
  local_.out.bind(fabric.in);
}

DmaEngine& HostDma::engine_for(const HostCopy& copy) {
  if ((copy.destination & kHostWindow) != 0) {
    return to_host_;
  }
  return !copy.fill && (copy.source & kHostWindow) != 0 ? to_device_ : local_;
}

void HostDma::submit(int ring, const HostCopy& copy, Done done) {
  jobs_.push_back(std::make_unique<Job>(*this, copy, std::move(done)));
  engine_for(copy).push(ring % DmaEngine::kRings, *jobs_.back(), now());
}

void HostDma::abort(const UnitAddress& unit) {
  const auto over = [&](const std::unique_ptr<Job>& job) {
    const UnitAddress owner = job->origin().unit;
    return owner.core == unit.core && owner.type == unit.type && owner.queue == unit.queue &&
           job->abort();
  };
  jobs_.erase(std::remove_if(jobs_.begin(), jobs_.end(), over), jobs_.end());
}

void HostDma::finish(Job& job, DeviceError error) {
  const Done done = job.aborted() ? Done([](DeviceError) {}) : job.take_done();
  jobs_.erase(std::find_if(jobs_.begin(), jobs_.end(),
                           [&](const std::unique_ptr<Job>& other) { return other.get() == &job; }));
  done(error);
}

void HostDma::report(StatsScope stats) const {
  to_device_.report(stats.scope("to_device"));
  to_host_.report(stats.scope("to_host"));
  local_.report(stats.scope("local"));
}

}  // namespace nsim::hw
