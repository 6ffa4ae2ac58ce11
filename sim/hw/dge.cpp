// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/dge.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "sim/hw/time.h"
#include "sim/isa/dependencies.h"
#include "sim/isa/opcode.h"

namespace nsim::hw {

// About 600 ns per instruction of the hardware blocks: NKI descriptor generation guide. The others
// are derived from the NKI DMA overview: trigger to first data 739 ns less start, fabric and HBM
// latency.
DgeParams::DgeParams(ParamScope scope)
    : static_latency(
          scope.duration("static_latency", "350ns", "0ns", "1ms",
                         "From a DMA instruction to host-built descriptors in the ring")),
      software_latency(scope.duration("software_latency", "350ns", "0ns", "1ms",
                                      "From GpSimd's descriptors to their being in the ring")),
      hardware_latency(
          scope.duration("hardware_latency", "600ns", "0ns", "1ms",
                         "From a DMA instruction to hardware-built descriptors in the ring")),
      hardware_interval(scope.duration("hardware_interval", "768ns", "0ns", "1ms",
                                       "Time between two instructions of one hardware block")),
      hardware_blocks(scope.count("hardware_blocks", 0, 0, isa::kEngineCount,
                                  "Hardware descriptor generation blocks of a core")),
      transpose_rate(scope.ratio("transpose_rate", 0.9, 0.01, 1.0,
                                 "Rate of a DMA transpose from HBM, relative to a copy")),
      transpose_rate_on_chip(scope.ratio("transpose_rate_on_chip", 0.5, 0.01, 1.0,
                                         "Rate of a DMA transpose from SBUF, relative to a copy")),
      compute_rate(scope.ratio("compute_rate", 0.5, 0.01, 1.0,
                               "Rate of a DMA with arithmetic, relative to a copy")),
      accumulate_rate(scope.ratio("accumulate_rate", 0.5, 0.01, 1.0,
                                  "Rate of a DMA that adds to what its destination in SBUF holds, "
                                  "relative to a copy")) {}

namespace {

// Rows of a timeline: queues stand above the DMA engines and the engines of the cores.
constexpr int kFirstRank = 100;

bool on_chip(const isa::Operand& operand) {
  return operand.space != isa::Space::Hbm;
}

/// From its first element at `base` on; the partitions of one on the chip lie `stride` apart.
DmaWalk walk_over(const isa::Operand& operand, std::uint64_t base, std::int64_t stride) {
  DmaWalk result(base, operand.dtype);
  if (on_chip(operand)) {
    result.add(operand.partitions, stride);
  }
  for (std::size_t d = 0; d < operand.dims; ++d) {
    result.add(operand.dim[d].count, operand.dim[d].step * result.element_bytes());
  }
  return result;
}

}  // namespace

Dge::Dge(const DgeParams& params, const AddressMap& map, Place place, const Sbuf& sbuf,
         std::vector<DmaEngine*> engines, DmaEngine* gpsimd, Faults* faults)
    : params_(params),
      map_(map),
      place_(place),
      sbuf_(sbuf),
      engines_(std::move(engines)),
      gpsimd_(gpsimd),
      faults_(faults) {}

Dge::~Dge() = default;

DeviceError Dge::disarm() {
  return std::exchange(armed_, DeviceError::None);
}

void Dge::submit(const DmaTransfer& transfer) {
  const isa::StreamInstruction& instruction = *transfer.instruction;
  DmaMove& move = *take_move();
  describe(move, transfer);
  DmaQueue& queue = queues_.of(instruction);
  ++queue.transfers;
  queue.depth_wave.set(now(), ++queue.depth);
  move.queue = &queue;
  move.submitted = now();
  move.ring = (static_cast<int>(instruction.engine) * isa::kQueuesPerEngine + instruction.queue) %
              DmaEngine::kRings;
  split(move, instruction);
  in_flight_[static_cast<std::size_t>(move.ring)].push_back(&move);
  const SimTime available = descriptors_ready(instruction);
  for (std::size_t part = 0; part < move.sharers; ++part) {
    DmaEngine* engine = instruction.dge == isa::DgeMode::GpSimd ? gpsimd_ : engines_[part];
    move.parts[part].ready = engine->push(move.ring, move.parts[part], available);
  }
}

SimTime Dge::descriptors_ready(const isa::StreamInstruction& instruction) {
  switch (instruction.dge) {
    case isa::DgeMode::Hwdge: {
      // One block follows the Sync engine, the other Scalar.
      const auto blocks =
          std::max<std::size_t>(1, static_cast<std::size_t>(params_.hardware_blocks));
      const std::size_t block = instruction.engine == isa::Engine::Sync ? 0 : 1 % blocks;
      const SimTime start = blocks_[block].reserve(now(), params_.hardware_interval);
      return start + params_.hardware_latency;
    }
    case isa::DgeMode::Swdge:
    case isa::DgeMode::GpSimd:
      return now() + params_.software_latency;
    case isa::DgeMode::None:
    case isa::DgeMode::Unknown:
      break;
  }
  return now() + params_.static_latency;
}

DmaMove* Dge::take_move() {
  if (free_moves_.empty()) {
    moves_.push_back(std::make_unique<DmaMove>());
    moves_.back()->parts.resize(engines_.size());
    free_moves_.push_back(moves_.back().get());
  }
  DmaMove* move = free_moves_.back();
  free_moves_.pop_back();
  return move;
}

void Dge::describe(DmaMove& move, const DmaTransfer& transfer) {
  const isa::StreamInstruction& instruction = *transfer.instruction;
  const ExecutionContext& context = *transfer.context;
  move.owner = this;
  move.kind = DmaMove::Kind::Copy;
  move.source = walk(instruction.src[0], transfer.issue->src_offset + transfer.src_moved, context);
  move.destination =
      walk(instruction.dst, transfer.issue->dst_offset + transfer.dst_moved, context);
  move.adds = false;
  move.elements = move.destination.elements();
  move.rate_factor = 1;
  move.qos = instruction.qos;
  move.host_built =
      instruction.dge == isa::DgeMode::None || instruction.dge == isa::DgeMode::Unknown;
  move.moves_data = sbuf_.storage() != nullptr;
  move.error = std::exchange(armed_, DeviceError::None);
  move.origin = context.origin;
  move.issue = transfer.issue;
  move.instruction = transfer.instruction;
  move.moments = context.moments;
  move.issued = transfer.issued;
  move.listener = transfer.listener;
  move.execution = context.execution;
  move.aborted = false;
  move.trace = context.trace;
  if (context.trace != nullptr && context.trace->enabled()) {
    move.label = context.streams->labels[instruction.label];
  }
  move.arrived = 0;
  move.delivered = 0;
  if (instruction.opcode == isa::Opcode::DmaTranspose) {
    move.kind = DmaMove::Kind::Transpose;
    move.row_elements = instruction.dst.elements();
    move.rate_factor =
        on_chip(instruction.src[0]) ? params_.transpose_rate_on_chip : params_.transpose_rate;
  } else if (isa::is_indexed(instruction.opcode)) {
    describe_rows(move, transfer);
  } else if (instruction.opcode == isa::Opcode::DmaCompute) {
    describe_compute(move, transfer);
  } else if (transfer.leads_out) {
    move.elements = 0;
    move.error = instruction.oob == isa::OobMode::Skip ? move.error : DeviceError::OutOfBounds;
  }
  if (Faults::active(faults_)) {
    const DeviceError error = fault(transfer);
    move.error = error != DeviceError::None ? error : move.error;
  }
}

/// An index that was changed to one past the end of its table ends the transfer as such an index
/// of the program itself does.
DeviceError Dge::fault(const DmaTransfer& transfer) {
  const FaultSite site{transfer.context->origin, FaultPhase::DmaDescriptor, nullptr, 0};
  const bool aborts = faults_->strikes(FaultPoint::DmaAbort, site);
  if (isa::is_indexed(transfer.instruction->opcode) &&
      faults_->strikes(FaultPoint::IndexOutOfBounds, site)) {
    return DeviceError::OutOfBounds;
  }
  return aborts ? DeviceError::DmaAbort : DeviceError::None;
}

/// Reads the row numbers out of SBUF. Without numerics they are unknown, and do not matter for
/// time.
void Dge::describe_rows(DmaMove& move, const DmaTransfer& transfer) {
  const isa::StreamInstruction& instruction = *transfer.instruction;
  const bool gathers = instruction.opcode == isa::Opcode::DmaGather;
  const isa::Operand& index = instruction.src[1];
  move.kind = gathers ? DmaMove::Kind::Gather : DmaMove::Kind::Scatter;
  move.elements = gathers ? move.destination.elements() : move.source.elements();
  move.row_elements = gathers ? move.source.elements() : move.destination.elements();
  move.adds = instruction.op0 == num::AluOp::Add;
  if (move.adds) {
    move.apart = on_chip(instruction.src[0]) != on_chip(instruction.dst);
    move.rate_factor =
        2 * (on_chip(instruction.dst) ? params_.accumulate_rate : params_.compute_rate);
  }
  move.rows.assign(static_cast<std::size_t>(index.partitions * index.elements()), 0);
  if (!move.moves_data) {
    return;
  }
  DmaWalk walk_index = walk_over(
      index, static_cast<std::uint64_t>(index.partition * sbuf_.partition_stride() + index.offset),
      sbuf_.partition_stride());
  walk_index.seek(0);
  for (std::uint64_t& offset : move.rows) {
    std::int32_t row = 0;
    std::memcpy(&row, sbuf_.storage() + walk_index.address(), sizeof row);
    walk_index.advance(1);
    const bool inside = row >= 0 && row <= instruction.base;
    if (!inside && instruction.oob == isa::OobMode::Error) {
      move.error = DeviceError::OutOfBounds;
      return;
    }
    offset = inside ? static_cast<std::uint64_t>(row * instruction.count) : DmaMove::kSkipped;
  }
}

void Dge::describe_compute(DmaMove& move, const DmaTransfer& transfer) {
  const isa::StreamInstruction& instruction = *transfer.instruction;
  move.kind = DmaMove::Kind::Compute;
  move.second = walk(instruction.src[1], 0, *transfer.context);
  move.apart = on_chip(instruction.src[0]) != on_chip(instruction.src[1]);
  const bool in_place = on_chip(instruction.dst) && on_chip(instruction.src[1]) &&
                        instruction.src[1].partition == instruction.dst.partition &&
                        instruction.src[1].offset == instruction.dst.offset;
  // Twice the bytes are read: at half the rate of a copy they take what the engine takes for them.
  move.rate_factor = 2 * (in_place ? params_.accumulate_rate : params_.compute_rate);
}

DmaWalk Dge::walk(const isa::Operand& operand, std::int64_t in_tensor,
                  const ExecutionContext& context) const {
  const auto offset = static_cast<std::uint64_t>(operand.offset + in_tensor);
  const std::uint64_t base = on_chip(operand)
                                 ? map_.sbuf(place_.device, place_.core, operand.partition, offset)
                                 : (*context.bindings)[operand.tensor] + offset;
  return walk_over(operand, base, static_cast<std::int64_t>(AddressMap::kPartitionStride));
}

void Dge::split(DmaMove& move, const isa::StreamInstruction& instruction) {
  const isa::Operand& split_by = on_chip(instruction.dst) ? instruction.dst : instruction.src[0];
  const std::int64_t per_partition = split_by.elements();
  const auto engines =
      instruction.dge == isa::DgeMode::GpSimd ? 1 : static_cast<int>(engines_.size());
  move.sharers = static_cast<std::size_t>(engines);
  const std::int64_t even = (move.elements + engines - 1) / engines;
  for (int engine = 0; engine < engines; ++engine) {
    DmaPart& part = move.parts[static_cast<std::size_t>(engine)];
    part.move = &move;
    part.begun = kNever;
    part.memory_waited = 0;
    part.descriptors = 0;
    if (on_chip(split_by)) {
      const auto share_from = [&](int e) {
        const int row = e * kPartitions / engines - split_by.partition;
        return std::clamp<std::int64_t>(row, 0, split_by.partitions) * per_partition;
      };
      part.position = std::min(share_from(engine), move.elements);
      part.end = std::min(share_from(engine + 1), move.elements);
    } else {
      part.position = std::min(move.elements, engine * even);
      part.end = std::min(move.elements, part.position + even);
    }
  }
  move.queue->bytes += move.elements * move.destination.element_bytes();
}

void Dge::abort(std::uint64_t execution) {
  for (std::deque<DmaMove*>& ring : in_flight_) {
    for (DmaMove* move : ring) {
      move->aborted = move->aborted || move->execution == execution;
    }
  }
}

void Dge::part_done(const DmaPart& part, DeviceError error) {
  DmaMove& move = *part.move;
  if (error != DeviceError::None && !move.aborted) {
    move.listener->dma_error(error, move.execution);
  }
  ++move.arrived;
  deliver(in_flight_[static_cast<std::size_t>(move.ring)], arrival(part));
}

/// The moment, and those that led to it.
MomentId Dge::arrival(const DmaPart& part) const {
  const DmaMove& move = *part.move;
  if (move.moments == nullptr || move.issued == 0 || move.aborted) {
    return 0;
  }
  Moment moment;
  moment.cause = move.issued;
  moment.core = static_cast<std::int16_t>(place_.core);
  moment.instruction = move.instruction;
  moment.queue = move.queue->name.c_str();
  const SimTime waited = std::min(part.memory_waited, part.moved - part.begun);
  for (const auto& [kind, at] :
       {std::pair(PathKind::Descriptors, part.ready), std::pair(PathKind::DmaQueue, part.begun),
        std::pair(PathKind::DmaMove, part.moved - waited),
        std::pair(PathKind::DmaMemory, part.moved), std::pair(PathKind::DmaFinish, now())}) {
    if (at > move.moments->at(moment.cause)) {
      moment.kind = kind;
      moment.at = at;
      moment.cause = move.moments->add(moment);
    }
  }
  return moment.cause;
}

void Dge::deliver(std::deque<DmaMove*>& ring, MomentId arrived) {
  while (!ring.empty()) {
    DmaMove& move = *ring.front();
    const int due = move.arrived * isa::kDmaSignal / static_cast<int>(move.sharers);
    while (move.delivered < due) {
      ++move.delivered;
      if (!move.aborted) {
        move.listener->dma_part_done(*move.issue, move.execution, arrived);
      }
    }
    if (move.delivered < isa::kDmaSignal) {
      return;
    }
    ring.pop_front();
    finish(move, arrived);
  }
}

void Dge::finish(DmaMove& move, MomentId arrived) {
  DmaQueue& queue = *move.queue;
  queue.latency += now() - move.submitted;
  queue.depth_wave.set(now(), --queue.depth);
  if (move.trace != nullptr && move.trace->enabled()) {
    draw(move);
  }
  free_moves_.push_back(&move);
  if (!move.aborted) {
    move.listener->dma_done(*move.issue, move.execution, arrived);
  }
}

/// From the transfer before it in the queue on; `begun_ps` to `moved_ps` any engine moved it.
void Dge::draw(const DmaMove& move) const {
  DmaQueue& queue = *move.queue;
  std::int64_t descriptors = 0;
  SimTime begun = kNever;
  SimTime moved = 0;
  for (std::size_t i = 0; i < move.sharers; ++i) {
    const DmaPart& part = move.parts[i];
    if (part.descriptors > 0) {
      descriptors += part.descriptors;
      begun = std::min(begun, part.begun);
      moved = std::max(moved, part.moved);
    }
  }
  const TrackId track = move.trace->track(fmt::format("{}(nc{})", queue.name, place_.core), 0,
                                          kFirstRank + place_.core);
  move.trace->slice(track, move.trace->name("transfer"), std::max(move.submitted, queue.shown),
                    now(), 0,
                    {{"bytes", move.elements * move.destination.element_bytes()},
                     {"descriptors", descriptors},
                     {"submitted_ps", move.submitted},
                     {"begun_ps", std::min(begun, moved)},
                     {"moved_ps", moved},
                     {"label", 0, move.label}});
  queue.shown = now();
}

}  // namespace nsim::hw
