// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/cc_stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/hw/time.h"

namespace nsim::hw {
namespace {

/// The driver keeps the last ring of every DMA engine for collectives (aws-neuron-driver).
constexpr int kRing = DmaEngine::kRings - 1;

}  // namespace

/// The transfers of one phase.
struct CcStream::Batch {
  std::vector<std::unique_ptr<Job>> jobs;
  std::size_t left = 0;
  bool hangs = false;  // a transfer will never be over
  DeviceError error = DeviceError::None;
  std::uint64_t run = 0;
};

/// The part of a transfer that one DMA engine moves. Its ring was built by the host.
class CcStream::Job : public DmaJob {
 public:
  /// `part`: offset in the transfer, and bytes.
  Job(CcStream& owner, Batch& batch, const CollectiveMove& move, const Segment& part)
      : owner_(owner),
        batch_(batch),
        move_(move),
        part_(part),
        origin_(owner.origin_),
        type_(owner.collective_.type()),
        combine_(owner.collective_.combine()) {}

  void fail_with(DeviceError error) { error_ = error; }

  /// The limit of bytes is that of compute's DMA; collectives have their own.
  void next_packet(DmaPacket& packet, const PacketLimits&) override {
    if (error_ != DeviceError::None) {
      packet.error = error_;
      return;
    }
    const auto most = static_cast<std::uint64_t>(owner_.parts_.core->params().packet_bytes);
    const auto size = static_cast<std::uint64_t>(num::size_of(type_));
    const std::uint64_t bytes =
        std::min(std::max(most / size * size, size), part_.bytes - position_);
    const std::uint64_t offset = part_.address + position_;
    for (const std::uint64_t source : move_.sources) {
      packet.read.push_back({source + offset, bytes});
    }
    packet.write.push_back({move_.destination + offset, bytes});
    packet.read_bytes = static_cast<std::int64_t>(bytes * move_.sources.size());
    packet.write_bytes = static_cast<std::int64_t>(bytes);
    packet.descriptors = static_cast<std::int64_t>(move_.sources.size());
    if (move_.sources.size() > 1) {
      packet.rate_factor = owner_.parts_.combine_rate;
      packet.combined_sources = packet.descriptors;
      packet.element = type_;
      packet.combine = combine_;
    }
    position_ += bytes;
    packet.last = position_ == part_.bytes;
  }
  bool host_built() const override { return true; }
  Origin origin() const override { return origin_; }
  void hung() override { owner_.job_done(batch_, DeviceError::None, true); }
  void done(DeviceError error) override { owner_.job_done(batch_, error, false); }
  DmaLabel label() const override { return {}; }
  bool moves_data() const override { return owner_.parts_.numerics; }

 private:
  CcStream& owner_;
  Batch& batch_;
  const CollectiveMove move_;
  const Segment part_;
  const Origin origin_;
  const num::ElementType type_;
  const num::CombineOp combine_;
  std::uint64_t position_ = 0;
  DeviceError error_ = DeviceError::None;
};

CcStream::CcStream(UnitAddress unit, CcStreamParts parts) : unit_(unit), parts_(std::move(parts)) {
  parts_.mail->attach(unit_, [this](const CcMessage& message) { receive(message); });
}

CcStream::~CcStream() = default;

void CcStream::start(Collective collective, std::uint64_t flow, const Origin& origin,
                     DeviceError fault, std::function<void()> met, Done done) {
  collective_ = std::move(collective);
  const CollectiveHeader& header = collective_.header;
  active_ = true;
  ++run_;
  ++operations_;
  flow_ = flow;
  origin_ = origin;
  fault_ = fault;
  met_ = std::move(met);
  done_ = std::move(done);
  started_ = now();
  phase_started_ = now();
  announced_.assign(header.ranks, false);
  ready_.assign(header.ranks, false);
  buffers_.assign(header.ranks, {});
  agreed_ = true;
  moved_ = false;
  ranks_ready_ = 1;
  ranks_done_ = 1;
  phase_ = 0;
  announced_[header.rank] = true;
  ready_[header.rank] = true;
  buffers_[header.rank] = collective_.buffers;
  for (std::uint32_t k = 1; k < header.ranks; ++k) {
    const std::uint32_t rank = (header.rank + k) % header.ranks;
    if (collective_.cores[rank] != kUnknownCore) {
      send(CcMessage::Kind::Ready, rank);
    }
  }
  const auto early = early_.find({header.communicator, header.order});
  if (early != early_.end()) {
    const std::vector<CcMessage> messages = std::move(early->second);
    early_.erase(early);
    for (const CcMessage& message : messages) {
      accept(message);
    }
  }
  if (header.ranks == 1) {
    run();
  }
}

UnitAddress CcStream::unit_of(std::uint64_t core) const {
  return {static_cast<std::uint16_t>(core), unit_.type, unit_.queue};
}

void CcStream::send(CcMessage::Kind kind, std::uint32_t rank) {
  CcMessage message{kind, unit_, collective_.header, {}};
  if (kind == CcMessage::Kind::Ready) {
    announced_[rank] = true;
    message.buffers = collective_.buffers;
  }
  if (hangs()) {
    return;
  }
  parts_.mail->send(parts_.core->execute(), unit_of(collective_.cores[rank]), std::move(message));
}

void CcStream::receive(const CcMessage& message) {
  const CollectiveHeader& header = message.header;
  if (active_ && header.communicator == collective_.header.communicator &&
      header.order == collective_.header.order) {
    accept(message);
    return;
  }
  const auto last = last_.find(header.communicator);
  if (last == last_.end() || header.order > last->second) {
    early_[{header.communicator, header.order}].push_back(message);
  }
}

/// A message for the operation under way.
void CcStream::accept(const CcMessage& message) {
  const std::uint32_t rank = message.header.rank;
  if (!active_ || rank >= ready_.size()) {
    return;
  }
  const bool is_done = message.kind == CcMessage::Kind::Done;
  if (strikes(FaultPoint::CcMessageLost, is_done ? FaultPhase::RankDone : FaultPhase::RankReady)) {
    return;
  }
  if (is_done) {
    ++ranks_done_;
    finish_when_all_done();
    return;
  }
  collective_.cores[rank] = message.from.core;
  if (!announced_[rank]) {
    send(CcMessage::Kind::Ready, rank);  // nobody knew its core when we began
  }
  if (!ready_[rank]) {
    ready_[rank] = true;
    ++ranks_ready_;
    buffers_[rank] = message.buffers;
    agreed_ = agreed_ && collective_.matches(message.header, message.buffers);
    if (ranks_ready_ == ready_.size()) {
      run();
    }
  }
}

/// All ranks are there.
void CcStream::run() {
  waited_ += now() - started_;
  trace("wait for ranks", started_);
  met_();
  if (!agreed_) {
    finish(DeviceError::BadDescriptor);
    return;
  }
  if (collective_.header.op == CollectiveOp::Barrier) {
    finish(std::exchange(fault_, DeviceError::None));
    return;
  }
  phases_ =
      mesh_phases(collective_, buffers_, static_cast<std::size_t>(parts_.core->params().sources));
  next_phase();
}

void CcStream::next_phase() {
  if (phase_ > 0) {
    trace("move", phase_started_);
  }
  phase_started_ = now();
  while (phase_ < phases_.size() && phases_[phase_].empty()) {
    ++phase_;
  }
  if (phase_ < phases_.size()) {
    const CollectivePhase& phase = phases_[phase_++];
    batches_.emplace_back();
    Batch& batch = batches_.back();
    batch.run = run_;
    for (std::size_t number = 0; number < phase.size(); ++number) {
      move(batch, phase[number], number);
    }
    return;
  }
  moved_ = true;
  const CollectiveHeader& header = collective_.header;
  for (std::uint32_t k = 1; k < header.ranks; ++k) {
    send(CcMessage::Kind::Done, (header.rank + k) % header.ranks);
  }
  finish_when_all_done();
}

/// Shares one transfer out over the DMA engines; the `number`-th one begins with another engine, so
/// that short ones do not all go to the first.
void CcStream::move(Batch& batch, const CollectiveMove& move, std::size_t number) {
  const std::uint64_t size = num::size_of(collective_.type());
  const std::uint64_t elements = move.bytes / size;
  const std::uint64_t engines = parts_.engines.size();
  const auto least = static_cast<std::uint64_t>(parts_.core->params().part_bytes);
  const std::uint64_t parts =
      std::min({engines, std::max<std::uint64_t>(move.bytes / least, 1), elements});
  if (hangs()) {
    batch.hangs = true;
    return;
  }
  const SimTime at = parts_.core->execute();
  moved_bytes_ += static_cast<std::int64_t>(move.bytes);
  combined_bytes_ += move.sources.size() > 1 ? static_cast<std::int64_t>(move.bytes) : 0;
  for (std::uint64_t part = 0; part < parts; ++part) {
    const std::uint64_t first = elements * part / parts * size;
    const std::uint64_t end = elements * (part + 1) / parts * size;
    batch.jobs.push_back(std::make_unique<Job>(*this, batch, move, Segment{first, end - first}));
    batch.jobs.back()->fail_with(std::exchange(fault_, DeviceError::None));
    ++batch.left;
    parts_.engines[(number + part) % engines]->push(kRing, *batch.jobs.back(), at);
  }
}

void CcStream::job_done(Batch& batch, DeviceError error, bool hung) {
  batch.error = batch.error == DeviceError::None ? error : batch.error;
  batch.hangs = batch.hangs || hung;
  if (--batch.left > 0) {
    return;
  }
  const DeviceError result = batch.error;
  const bool wanted = active_ && batch.run == run_ && !batch.hangs;
  batches_.remove_if([&](const Batch& other) { return &other == &batch; });
  if (!wanted) {
    return;
  }
  if (result != DeviceError::None) {
    finish(result);
    return;
  }
  next_phase();
}

void CcStream::finish_when_all_done() {
  if (moved_ && ranks_done_ == ready_.size()) {
    finish(std::exchange(fault_, DeviceError::None));
  }
}

void CcStream::finish(DeviceError error) {
  if (moved_) {
    trace("wait for others' transfers", phase_started_);
  }
  end();
  const Done done = std::move(done_);
  done(error);
}

void CcStream::abort() {
  if (active_) {
    end();
  }
}

void CcStream::end() {
  active_ = false;
  const CollectiveHeader& header = collective_.header;
  std::uint64_t& last = last_[header.communicator];
  last = std::max(last, header.order);
}

bool CcStream::strikes(FaultPoint point, FaultPhase phase) const {
  return Faults::active(parts_.faults) &&
         parts_.faults->strikes(point, {origin_, phase, nullptr, 0});
}

bool CcStream::hangs() {
  hangs_ = hangs_ || strikes(FaultPoint::CcCoreHang, FaultPhase::Issue);
  return hangs_;
}

void CcStream::reset() {
  abort();
  hangs_ = false;
  early_.clear();
}

void CcStream::trace(const char* what, SimTime start) const {
  Trace& trace = *parts_.trace;
  if (!trace.enabled()) {
    return;
  }
  const TrackId track = trace.track(fmt::format("NC{} cc stream {}", unit_.core, unit_.queue),
                                    parts_.trace_process, 2);
  trace.slice(track, trace.name(what), start, now(), flow_);
}

void CcStream::report(StatsScope stats) const {
  stats.add("collectives", static_cast<double>(operations_), "1", "Collectives started");
  stats.add("moved_bytes", static_cast<double>(moved_bytes_), "B",
            "Bytes written by transfers of collectives");
  stats.add("combined_bytes", static_cast<double>(combined_bytes_), "B",
            "Of these, what several sources were combined to");
  stats.add("waited", static_cast<double>(waited_) / kNanosecond, "ns",
            "Time from the start of collectives until all their ranks were there");
}

}  // namespace nsim::hw
