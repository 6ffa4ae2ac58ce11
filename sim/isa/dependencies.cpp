// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/dependencies.h"

#include <algorithm>

#include "sim/isa/opcode.h"

namespace nsim::isa {
namespace {

constexpr int kQuadrants = 4;
constexpr int kQuadrantPartitions = 32;
constexpr std::int64_t kChipGrain = 64;
// HBM is followed in blocks of 512 B, of more where a tensor, or all together, would need more than
// this many.
constexpr std::int64_t kHbmGrain = 512;
constexpr std::int64_t kMaxTensorCells = std::int64_t{1} << 16;
constexpr std::int64_t kMaxHbmCells = std::int64_t{1} << 21;
// Transfers in flight per queue: enough never to be what limits, as long as there are semaphores.
constexpr int kMaxSlots = 32;

constexpr std::uint8_t kTensorEngine = static_cast<std::uint8_t>(Engine::Tensor);

int lowest_bit(std::uint32_t bits) {
  return __builtin_ctz(bits);
}

Cells tensor_cells(std::int64_t bytes, std::int64_t most_cells, int actors) {
  if (bytes == 0) {
    return {};
  }
  std::int64_t grain = kHbmGrain;
  while (bytes / grain > most_cells) {
    grain *= 2;
  }
  return Cells(1, bytes, grain, actors);
}

}  // namespace

Dependencies::Dependencies(const TrackedMemory& memory) {
  for (std::uint32_t rest = memory.queues; rest != 0; rest &= rest - 1) {
    queue_actor_[static_cast<std::size_t>(lowest_bit(rest))] = static_cast<std::uint8_t>(actors_++);
  }
  const int queues = actors_ - kEngineCount;
  slots_ = queues == 0 ? 0 : std::min(kMaxSlots, (kSemaphoreCount - kEngineCount) / queues);
  sbuf_ = Cells(kQuadrants, memory.sbuf_bytes, kChipGrain, actors_);
  psum_ = Cells(kQuadrants, memory.psum_bytes, kChipGrain, actors_);
  const auto written = static_cast<std::int64_t>(
      memory.tensor_bytes.size() - static_cast<std::size_t>(std::count(
                                       memory.tensor_bytes.begin(), memory.tensor_bytes.end(), 0)));
  const std::int64_t most_cells =
      std::min(kMaxTensorCells, kMaxHbmCells / std::max<std::int64_t>(written, 1));
  for (const std::int64_t bytes : memory.tensor_bytes) {
    tensors_.push_back(tensor_cells(bytes, most_cells, actors_));
  }
  clocks_ = VectorClocks(actors_);
}

void Dependencies::add(const StreamInstruction& instruction, Issue& issue, CoreStreams& streams,
                       const Instruction* source) {
  if (clocks_.used() >= collect_at_) {
    collect_clocks();
  }
  issuer_ = static_cast<std::uint8_t>(instruction.engine);
  const bool dma = info(instruction.opcode).dma;
  const auto position = static_cast<std::uint32_t>(streams.engine[issuer_].size());
  if (dma) {
    const std::uint8_t actor =
        queue_actor_[std::size_t{issuer_} * kQueuesPerEngine + instruction.queue];
    begin({actor, ++transfers_[actor]});
    if (self_.index > static_cast<std::uint32_t>(slots_)) {
      need({actor, self_.index - static_cast<std::uint32_t>(slots_)});
    }
  } else {
    begin({issuer_, position + 1});
  }
  need(fence_);
  if (source != nullptr) {
    for (const std::uint32_t event : source->after) {
      need(event < events_.size() ? events_[event] : Completion{});
    }
  }
  if (instruction.opcode == Opcode::CoreBarrier) {
    need_everything();
    fence_ = self_;
  } else {
    accesses_of(instruction);
  }
  emit_waits(issue, streams);
  clock_of_[issuer_].push_back(known_[issuer_]);
  signals_[issuer_].push_back(0);
  if (dma) {
    clock_of_[self_.actor].push_back(known_[issuer_]);
    issue.first_update = static_cast<std::uint32_t>(streams.updates.size());
    issue.updates = 1;
    streams.updates.push_back({static_cast<std::uint16_t>(slot_semaphore(self_)), kDmaSignal});
  }
  if (dma || instruction.dst.present() || instruction.opcode == Opcode::CoreBarrier) {
    latest_[self_.actor] = self_.index;
  }
  if (source != nullptr && source->event != 0) {
    events_.resize(std::max<std::size_t>(events_.size(), source->event + 1));
    events_[source->event] = self_;
  }
}

void Dependencies::finish(CoreStreams& streams) {
  for (std::size_t e = 0; e < kEngineCount; ++e) {
    std::vector<std::uint32_t>& count = clock_of_[e];  // no longer needed: signals up to a position
    std::uint32_t signals = 0;
    for (std::size_t i = 0; i < signals_[e].size(); ++i) {
      if (signals_[e][i] != 0) {
        ++signals;
        Issue& producer = streams.engine[e][i];
        producer.first_update = static_cast<std::uint32_t>(streams.updates.size());
        producer.updates = 1;
        streams.updates.push_back({static_cast<std::uint16_t>(e), 1});
      }
      count[i] = signals;
    }
    if (signals != 0) {
      streams.owner[e] = static_cast<SemaphoreOwner>(e + 1);
    }
  }
  for (StreamWait& wait : streams.waits) {
    if (wait.semaphore < kEngineCount) {
      wait.value = static_cast<std::int32_t>(
          clock_of_[wait.semaphore][static_cast<std::size_t>(wait.value - 1)]);
    }
  }
  const auto slots = static_cast<std::size_t>((actors_ - kEngineCount) * slots_);
  std::fill_n(streams.owner.begin() + kEngineCount, slots, SemaphoreOwner::Dma);
}

void Dependencies::begin(Completion self) {
  self_ = self;
  needed_ = 0;
  issuer_knows_ = clocks_[known_[issuer_]];
}

void Dependencies::need(Completion completion) {
  if (completion.index <= issuer_knows_[completion.actor]) {
    return;
  }
  const std::uint32_t bit = 1U << completion.actor;
  std::uint32_t& index = need_[completion.actor];
  index = (needed_ & bit) != 0 ? std::max(index, completion.index) : completion.index;
  needed_ |= bit;
}

void Dependencies::need_everything() {
  for (std::uint8_t actor = 0; actor < actors_; ++actor) {
    need({actor, latest_[actor]});
  }
}

void Dependencies::accesses_of(const StreamInstruction& instruction) {
  // Writes first: the other way round, this instruction's reads would hide the reads of the
  // transfer before it on the same queue. What a write has looked up need not be looked up by a
  // read again.
  const bool moving_dst = instruction.opcode == Opcode::TensorCopyDynamicDst;
  const bool moving_src = instruction.opcode == Opcode::TensorCopyDynamicSrc;
  if (moving_dst) {
    access(instruction.dst, reach(instruction, instruction.dst), true);
  } else if (instruction.opcode == Opcode::DmaScatter) {
    access_whole_tensor(instruction.dst, true);
  } else if (instruction.dst_moved.any()) {
    access_moved(instruction.dst, instruction.dst_moved, true);
  } else {
    write(instruction.dst);
  }
  write(instruction.dst2);
  for (std::size_t i = 0; i < instruction.src.size(); ++i) {
    // Which rows of its table a gather reads is known only when it runs.
    if (instruction.opcode == Opcode::DmaGather && i == 0) {
      access_whole_tensor(instruction.src[i], false);
    } else if (instruction.src_moved.any() && i == 0) {
      access_moved(instruction.src[i], instruction.src_moved, false);
    } else if (moving_src && i == 0) {
      access(instruction.src[i], reach(instruction, instruction.src[i]), false);
    } else {
      read(instruction.src[i]);
    }
  }
  read(instruction.operand0.operand);
  read(instruction.operand1.operand);
}

Cells& Dependencies::cells_of(const Operand& operand) {
  switch (operand.space) {
    case Space::Sbuf:
      return sbuf_;
    case Space::Psum:
      return psum_;
    case Space::Hbm:
      break;
  }
  return tensors_.at(operand.tensor);
}

void Dependencies::read(const Operand& operand) {
  if (operand.present() && cells_of(operand).tracked()) {
    access(operand, footprint(operand, cells_of(operand).grain()), false);
  }
}

void Dependencies::access_whole_tensor(const Operand& operand, bool writes) {
  Footprint where;
  where.run = cells_of(operand).bytes();
  access(operand, where, writes);
}

void Dependencies::access_moved(const Operand& operand, const Moved& moved, bool writes) {
  const Footprint first = footprint(operand, cells_of(operand).grain());
  Footprint where;
  where.start = first.start;
  where.run = first.end() - first.start + moved.most * moved.step;
  access(operand, where, writes);
}

Footprint Dependencies::reach(const StreamInstruction& instruction, const Operand& operand) {
  const Footprint first = footprint(operand, cells_of(operand).grain());
  const auto size = static_cast<std::int64_t>(num::size_of(operand.dtype));
  Footprint where;
  where.start = first.start;
  where.run = first.end() - first.start + instruction.base * instruction.count * size;
  return where;
}

void Dependencies::write(const Operand& operand) {
  if (operand.present()) {
    access(operand, footprint(operand, cells_of(operand).grain()), true);
  }
}

void Dependencies::access(const Operand& operand, const Footprint& where, bool writes) {
  Cells& cells = cells_of(operand);
  if (!cells.tracked()) {
    return;
  }
  const bool chip = operand.space != Space::Hbm;
  const int first = chip ? operand.partition / kQuadrantPartitions : 0;
  const int last = chip ? (operand.partition + operand.partitions - 1) / kQuadrantPartitions : 0;
  const std::uint32_t self_bit = 1U << self_.actor;
  // What an engine reads it has read before its next instruction writes; a DMA queue gives no such
  // promise.
  const std::uint32_t harmless = self_.actor < kEngineCount ? self_bit : 0U;
  const auto need_writer = [&](const Completion& writer) {
    const bool own = writer.actor == self_.actor;
    if (writer.index != 0 &&
        !(own && (self_.actor == kTensorEngine || writer.index == self_.index))) {
      need(writer);
    }
  };
  if (!writes) {
    cells.read(first, last, where, self_, need_writer);
    return;
  }
  cells.write(first, last, where, self_, [&](CellState state) {
    need_writer(state.writer());
    for (std::uint32_t rest = state.readers() & ~harmless; rest != 0; rest &= rest - 1) {
      const int actor = lowest_bit(rest);
      need({static_cast<std::uint8_t>(actor), state.read(actor)});
    }
  });
}

const std::uint32_t* Dependencies::clock_at(Completion completion) {
  return clocks_[clock_of_[completion.actor][completion.index - 1]];
}

void Dependencies::collect_clocks() {
  std::vector<bool> live(clocks_.size());
  const auto keep = [&](Completion completion) {
    if (completion.index != 0) {
      live[clock_of_[completion.actor][completion.index - 1]] = true;
    }
  };
  live[0] = true;
  for (const std::uint32_t clock : known_) {
    live[clock] = true;
  }
  keep(fence_);
  std::for_each(events_.begin(), events_.end(), keep);
  for (std::uint8_t actor = 0; actor < actors_; ++actor) {
    keep({actor, latest_[actor]});
    // The transfers whose slots come next.
    const std::uint32_t last = transfers_[actor];
    for (std::uint32_t i = last - std::min(last, static_cast<std::uint32_t>(slots_)); i < last;) {
      keep({actor, ++i});
    }
  }
  std::size_t segments = 0;
  const auto keep_cells = [&](Cells& cells) {
    segments += cells.segments();
    cells.for_each([&](CellState state) {
      keep(state.writer());
      for (std::uint32_t rest = state.readers(); rest != 0; rest &= rest - 1) {
        const int actor = lowest_bit(rest);
        keep({static_cast<std::uint8_t>(actor), state.read(actor)});
      }
    });
  };
  keep_cells(sbuf_);
  keep_cells(psum_);
  std::for_each(tensors_.begin(), tensors_.end(), keep_cells);
  clocks_.keep(live);
  // The next time when that many clocks are new that looking at every cell costs little for each.
  const std::uint32_t used = clocks_.used();
  collect_at_ = used + std::max({kLeastClocks, used, static_cast<std::uint32_t>(segments)});
}

bool Dependencies::implied_by_another(std::uint8_t actor) {
  for (std::uint32_t rest = needed_ & ~(1U << actor); rest != 0; rest &= rest - 1) {
    const auto other = static_cast<std::uint8_t>(lowest_bit(rest));
    if (clock_at({other, need_[other]})[actor] >= need_[actor]) {
      return true;
    }
  }
  return false;
}

void Dependencies::emit_waits(Issue& issue, CoreStreams& streams) {
  issue.first_wait = static_cast<std::uint32_t>(streams.waits.size());
  issue.waits = 0;
  if (needed_ == 0) {
    return;
  }
  known_[issuer_] = clocks_.copy(known_[issuer_]);
  std::uint32_t* const clock = clocks_[known_[issuer_]];
  for (std::uint32_t rest = needed_; rest != 0; rest &= rest - 1) {
    const auto actor = static_cast<std::uint8_t>(lowest_bit(rest));
    const Completion completion{actor, need_[actor]};
    const std::uint32_t* const implied = clock_at(completion);
    for (std::size_t a = 0; a < static_cast<std::size_t>(actors_); ++a) {
      clock[a] = std::max(clock[a], implied[a]);
    }
    clock[actor] = std::max(clock[actor], completion.index);
    if (!implied_by_another(actor)) {
      streams.waits.push_back(wait_for(completion));
      ++issue.waits;
    }
  }
}

StreamWait Dependencies::wait_for(Completion completion) {
  if (completion.actor < kEngineCount) {
    // The value is the index for now: finish() counts the signals up to it.
    signals_[completion.actor][completion.index - 1] = 1;
    return {completion.actor, static_cast<std::int32_t>(completion.index)};
  }
  const auto turn = (completion.index - 1) / static_cast<std::uint32_t>(slots_) + 1;
  return {static_cast<std::uint16_t>(slot_semaphore(completion)),
          static_cast<std::int32_t>(kDmaSignal * turn)};
}

int Dependencies::slot_semaphore(Completion transfer) const {
  const int queue = transfer.actor - kEngineCount;
  return kEngineCount + queue * slots_ +
         static_cast<int>((transfer.index - 1) % static_cast<std::uint32_t>(slots_));
}

}  // namespace nsim::isa
