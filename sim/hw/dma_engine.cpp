// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/dma_engine.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "sim/hw/time.h"

namespace nsim::hw {
namespace {

// Rows of a timeline: below the queues, above the engines of the cores.
constexpr int kRank = 500;
/// 16 B of the ring of sources and 16 B of that of destinations (aws-neuron-driver, udma).
constexpr std::int64_t kDescriptorBytes = 32;

}  // namespace

// Rates, the 64 descriptors of a packet and the 7 ns of a 4-byte packet: NKI DMA bandwidth guide,
// NKI DMA overview and aws-neuron-driver (udma). The latencies are not published: derived from the
// timelines of the NKI DMA overview (trigger to first data 739 ns, end of data to the waiting
// engine 316 ns).
DmaEngineParams::DmaEngineParams(ParamScope scope, const Defaults& defaults)
    : rate(scope.rate("rate", defaults.rate, "1MB/s", "10TB/s",
                      "Rate of an engine on long descriptors")),
      descriptor_overhead(scope.duration("descriptor_overhead", "22ns", "0ns", "100us",
                                         "Time of an engine per descriptor beside its bytes")),
      marker(scope.duration("marker", "7ns", "0ns", "100us",
                            "Time of an engine for a packet that only updates a semaphore")),
      start_latency(scope.duration("start_latency", "150ns", "0ns", "1ms",
                                   "From a descriptor in the ring to its first read")),
      write_acknowledge(scope.duration("write_acknowledge", "230ns", "0ns", "1ms",
                                       "From the last write to the update of the semaphore")),
      packet_descriptors(scope.count("packet_descriptors", defaults.packet_descriptors, 1, 128,
                                     "Most descriptors of a packet")),
      packet_bytes(scope.bytes("packet_bytes", "4KiB", "64B", "16MiB",
                               "Most bytes of a packet of host-built descriptors, unless one "
                               "descriptor alone has more")),
      write_barrier(scope.flag("write_barrier", false,
                               "A ring of host-built descriptors waits for the acknowledge of its "
                               "writes after every packet_bytes of them")),
      reads_in_flight(
          scope.count("reads_in_flight", 128, 1, 65536, "Reads an engine has on the way at most")),
      read_bytes(scope.bytes("read_bytes", "256B", "32B", "64KiB", "Bytes of one read")) {}

void DmaPacket::clear() {
  read.clear();
  write.clear();
  read_bytes = 0;
  write_bytes = 0;
  descriptors = 0;
  rate_factor = 1;
  last = false;
  error = DeviceError::None;
  from = num::Dtype::Uint8;
  to = num::Dtype::Uint8;
  sum_of = 0;
  apart = 0;
  transpose_rows = 0;
  fill = 0;
  combined_sources = 0;
}

DmaEngine::DmaEngine(sc_core::sc_module_name name, const DmaEngineParams& params, int home,
                     std::string label, DmaShared shared)
    : sc_module(name),
      params_(params),
      label_(std::move(label)),
      shared_(shared),
      list_(new ScatterList) {
  payload_.set_extension(list_);
  list_->home = home;
}

SimTime DmaEngine::push(int ring, DmaJob& job, SimTime available) {
  const SimTime at = available + params_.start_latency;
  rings_[static_cast<std::size_t>(ring)].push(job, at);
  depth_wave_.set(now(), ++depth_);
  waiting_ |= 1U << ring;
  classes_ = classes_ || job.qos() > 0;
  wake_at(std::max({at, free_at_, now()}));
  return at;
}

void DmaEngine::watch(Waves& waves, const std::string& scope) {
  depth_wave_ = waves.signal(scope + ".depth", 16);
  busy_wave_ = waves.signal(scope + ".busy", 1);
}

void DmaEngine::wake_at(SimTime at) {
  if (at < wake_) {
    wake_ = at;
    shared_.scheduler.serve_at(at, *this);
  }
}

void DmaEngine::serve() {
  if (wake_ != now()) {
    return;  // an earlier call took its place
  }
  wake_ = kNever;
  const int ring = next_ring();
  if (ring >= 0) {
    move_packet(ring);
  }
  if (waiting_ != 0) {
    wake_at(std::max({next_available(), free_at_, now()}));
  }
}

/// Of the rings whose first job is there, one of the highest class: the first after the last one
/// served. -1: none.
int DmaEngine::next_ring() const {
  const std::uint32_t behind = (2U << last_ring_) - 1;  // rings up to and including the last one
  int best = -1;
  int best_qos = -1;
  for (std::uint32_t rings : {waiting_ & ~behind, waiting_ & behind}) {
    for (; rings != 0; rings &= rings - 1) {
      const int ring = __builtin_ctz(rings);
      const DmaRing& candidate = rings_[static_cast<std::size_t>(ring)];
      if (candidate.ready_at() > now()) {
        continue;
      }
      if (!classes_) {
        return ring;
      }
      const int qos = candidate.front().job->qos();
      if (qos > best_qos) {
        best = ring;
        best_qos = qos;
      }
    }
  }
  return best;
}

SimTime DmaEngine::next_available() const {
  SimTime earliest = kNever;
  for (int ring = 0; ring < kRings; ++ring) {
    if ((waiting_ >> ring & 1U) != 0) {
      earliest = std::min(earliest, rings_[static_cast<std::size_t>(ring)].ready_at());
    }
  }
  return earliest;
}

void DmaEngine::move_packet(int ring) {
  DmaJob& job = *rings_[static_cast<std::size_t>(ring)].front().job;
  const bool host_built = job.host_built();
  last_ring_ = ring;
  packet_.clear();
  job.next_packet(packet_,
                  {params_.packet_descriptors, host_built ? params_.packet_bytes : INT64_MAX});
  list_->descriptor_bytes = host_built ? packet_.descriptors * kDescriptorBytes : 0;

  if (Faults::active(shared_.faults)) {
    list_->origin = job.origin();
  }
  DeviceError error = packet_.error;
  const SimTime occupied_until = now() + occupancy();
  SimTime end = occupied_until;
  SimTime latency = 0;
  SimTime read_latency = 0;
  if (error == DeviceError::None && packet_.write_bytes > 0) {
    if (job.moves_data()) {
      buffer_.resize(static_cast<std::size_t>(std::max(packet_.read_bytes, packet_.write_bytes)));
    } else {
      buffer_.clear();
    }
    const Access source = read();
    change_data();
    const Access destination = source.error == DeviceError::None ? write() : Access();
    end = std::max({end, source.served, destination.served, now() + reads_take(source.latency)});
    read_latency = source.latency;
    latency = source.latency + destination.latency;
    shared_.activity.moved(now(), end + latency);
    if (host_built && params_.write_barrier) {
      rings_[static_cast<std::size_t>(ring)].moved(packet_.write_bytes, params_.packet_bytes,
                                                   end + latency + params_.write_acknowledge);
    }
    error = source.error != DeviceError::None ? source.error : destination.error;
  }
  ++packets_;
  descriptors_ += packet_.descriptors;
  bytes_ += packet_.write_bytes;
  busy_ += end - now();
  free_at_ = end;
  busy_wave_.busy(now(), end);
  job.packet_moved(end, end - occupied_until);
  trace_packet(job.label(), {now(), end, now() + read_latency, end + latency});

  if (packet_.last || error != DeviceError::None) {
    end_job(ring, end + latency + params_.write_acknowledge, error);
  }
}

void DmaEngine::end_job(int ring, SimTime at, DeviceError error) {
  DmaRing& from = rings_[static_cast<std::size_t>(ring)];
  DmaJob& job = *from.front().job;
  from.pop();
  depth_wave_.set(now(), --depth_);
  if (from.empty()) {
    waiting_ &= ~(1U << ring);
  }
  if (error == DeviceError::None && Faults::active(shared_.faults) && hangs()) {
    job.hung();
    return;
  }
  last_completion_ = std::max(at, last_completion_);
  shared_.scheduler.complete_at(last_completion_, job, error);
}

bool DmaEngine::hangs() {
  return shared_.faults->strikes(FaultPoint::DmaHang,
                                 {list_->origin, FaultPhase::DmaWrite, nullptr, 0});
}

DmaEngine::Access DmaEngine::read() {
  if (packet_.read.empty()) {
    std::fill(buffer_.begin(), buffer_.end(), packet_.fill);
    return {};
  }
  if (packet_.combined_sources > 0) {
    return read_sources();
  }
  if (packet_.apart > 0) {
    return read_apart();
  }
  return access(FaultPhase::DmaRead, packet_.read, packet_.read_bytes,
                buffer_.empty() ? nullptr : buffer_.data());
}

/// A transaction for each: they may go different ways.
DmaEngine::Access DmaEngine::read_sources() {
  Access all;
  std::vector<Segment> source(1);
  unsigned char* data = buffer_.empty() ? nullptr : buffer_.data();
  for (const Segment& row : packet_.read) {
    source.front() = row;
    const Access one =
        access(FaultPhase::DmaRead, source, static_cast<std::int64_t>(row.bytes), data);
    all.served = std::max(all.served, one.served);
    all.latency = std::max(all.latency, one.latency);
    all.error = all.error != DeviceError::None ? all.error : one.error;
    data += data == nullptr ? 0 : row.bytes;
  }
  return all;
}

/// A transaction for each source of a sum: one is in SBUF, the other in HBM.
DmaEngine::Access DmaEngine::read_apart() {
  const auto border = packet_.read.begin() + static_cast<std::ptrdiff_t>(packet_.apart);
  std::vector<Segment> first(packet_.read.begin(), border);
  std::vector<Segment> second(border, packet_.read.end());
  const std::int64_t bytes = packet_.sum_of * static_cast<std::int64_t>(num::size_of(packet_.from));
  unsigned char* data = buffer_.empty() ? nullptr : buffer_.data();
  const Access one = access(FaultPhase::DmaRead, first, bytes, data);
  const Access two = access(FaultPhase::DmaRead, second, packet_.read_bytes - bytes,
                            data == nullptr ? nullptr : data + bytes);
  return {std::max(one.served, two.served), std::max(one.latency, two.latency),
          one.error != DeviceError::None ? one.error : two.error};
}

DmaEngine::Access DmaEngine::write() {
  return access(FaultPhase::DmaWrite, packet_.write, packet_.write_bytes,
                buffer_.empty() ? nullptr : buffer_.data());
}

DmaEngine::Access DmaEngine::access(FaultPhase phase, std::vector<Segment>& segments,
                                    std::int64_t bytes, unsigned char* data) {
  if (Faults::active(shared_.faults) &&
      shared_.faults->strikes(FaultPoint::DmaAbort,
                              {list_->origin, phase, segments.data(), segments.size()})) {
    return {now(), 0, DeviceError::DmaAbort};
  }
  payload_.set_command(phase == FaultPhase::DmaRead ? tlm::TLM_READ_COMMAND
                                                    : tlm::TLM_WRITE_COMMAND);
  payload_.set_address(segments.front().address);
  payload_.set_data_ptr(data);
  payload_.set_data_length(static_cast<unsigned>(bytes));
  payload_.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
  list_->segments.swap(segments);
  list_->pipelined = 0;
  list_->phase = phase;
  list_->error = DeviceError::None;
  sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
  out->b_transport(payload_, delay);
  list_->segments.swap(segments);
  const auto total = static_cast<SimTime>(delay.value());
  DeviceError error = DeviceError::None;
  if (!payload_.is_response_ok()) {
    error = list_->error != DeviceError::None ? list_->error : DeviceError::DmaAbort;
  }
  return {now() + total - list_->pipelined, list_->pipelined, error};
}

/// Element conversion goes through fp32; a transpose moves elements as they are.
void DmaEngine::change_data() {
  if (buffer_.empty()) {
    return;
  }
  auto* data = reinterpret_cast<std::byte*>(buffer_.data());
  if (packet_.combined_sources > 0) {
    combine_sources();
  } else if (packet_.sum_of > 0) {
    add_sources();
  } else if (packet_.transpose_rows > 0) {
    const std::size_t size = num::size_of(packet_.from);
    const auto rows = static_cast<std::size_t>(packet_.transpose_rows);
    const std::size_t columns = static_cast<std::size_t>(packet_.read_bytes) / size / rows;
    changed_.resize(buffer_.size());
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = 0; c < columns; ++c) {
        std::copy_n(buffer_.data() + (r * columns + c) * size, size,
                    changed_.data() + (c * rows + r) * size);
      }
    }
    buffer_.swap(changed_);
  } else if (packet_.from != packet_.to) {
    const std::size_t from = num::size_of(packet_.from);
    const std::size_t to = num::size_of(packet_.to);
    const std::size_t count = static_cast<std::size_t>(packet_.read_bytes) / from;
    changed_.resize(std::max(count * to, buffer_.size()));
    for (std::size_t i = 0; i < count; ++i) {
      num::store(packet_.to, reinterpret_cast<std::byte*>(changed_.data()) + i * to,
                 num::load(packet_.from, data + i * from));
    }
    buffer_.swap(changed_);
  }
}

void DmaEngine::combine_sources() {
  const auto bytes = static_cast<std::size_t>(packet_.write_bytes);
  changed_.resize(std::max(bytes, buffer_.size()));
  num::combine(packet_.element, packet_.combine, reinterpret_cast<const std::byte*>(buffer_.data()),
               static_cast<std::size_t>(packet_.combined_sources), bytes,
               reinterpret_cast<std::byte*>(changed_.data()),
               bytes / num::size_of(packet_.element));
  buffer_.swap(changed_);
}

/// In fp32, whatever the types are.
void DmaEngine::add_sources() {
  const std::size_t from = num::size_of(packet_.from);
  const std::size_t second = num::size_of(packet_.second);
  const std::size_t to = num::size_of(packet_.to);
  const auto count = static_cast<std::size_t>(packet_.sum_of);
  const auto* a = reinterpret_cast<const std::byte*>(buffer_.data());
  const std::byte* b = a + count * from;
  changed_.resize(std::max(count * to, buffer_.size()));
  auto* sums = reinterpret_cast<std::byte*>(changed_.data());
  for (std::size_t i = 0; i < count; ++i) {
    num::store(packet_.to, sums + i * to,
               num::load(packet_.from, a + i * from) + num::load(packet_.second, b + i * second));
  }
  buffer_.swap(changed_);
}

SimTime DmaEngine::reads_take(SimTime latency) const {
  const std::int64_t reads = (packet_.read_bytes + params_.read_bytes - 1) / params_.read_bytes;
  return latency * reads / params_.reads_in_flight;
}

SimTime DmaEngine::occupancy() const {
  if (packet_.write_bytes == 0) {
    return params_.marker;
  }
  const std::int64_t bytes = std::max(packet_.read_bytes, packet_.write_bytes);
  SimTime moving = transfer_time(bytes, params_.rate);
  if (packet_.rate_factor != 1) {
    moving = static_cast<SimTime>(std::llround(static_cast<double>(moving) / packet_.rate_factor));
  }
  return packet_.descriptors * params_.descriptor_overhead + moving;
}

void DmaEngine::trace_packet(const DmaLabel& label, const PacketTimes& times) {
  if (label.trace == nullptr || !label.trace->enabled()) {
    return;
  }
  if (trace_ != label.trace) {
    trace_ = label.trace;
    track_ = trace_->track(label_, 0, kRank);
  }
  trace_->slice(track_, trace_->name(label.queue), times.start, times.end, label.flow,
                {{"bytes", packet_.write_bytes},
                 {"descriptors", packet_.descriptors},
                 {"first_data_ps", times.first_data},
                 {"last_data_ps", times.last_data},
                 {"label", 0, label.line}});
}

void DmaEngine::report(StatsScope stats) const {
  stats.add("busy", static_cast<double>(busy_) / kNanosecond, "ns",
            "Time the engine moved packets");
  stats.add("bytes", static_cast<double>(bytes_), "B", "Bytes written");
  stats.add("descriptors", static_cast<double>(descriptors_), "1", "Descriptors processed");
  stats.add("packets", static_cast<double>(packets_), "1", "Packets moved");
}

}  // namespace nsim::hw
