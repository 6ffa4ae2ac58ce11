// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/engine.h"

#include <algorithm>

#include "sim/hw/datapath.h"
#include "sim/hw/psum.h"
#include "sim/hw/sbuf.h"
#include "sim/hw/semaphores.h"
#include "sim/hw/time.h"

namespace nsim::hw {

Engine::Engine(sc_core::sc_module_name name, isa::Engine id, int core, const EngineParts& parts)
    : sc_module(name),
      id_(id),
      clock_(cost::clock_of(id, parts.costs)),
      parts_(parts),
      fetch_(parts.fetch),
      throttle_(parts.costs.tensor.throttle),
      causes_(core),
      activity_(id, core) {
  SC_HAS_PROCESS(Engine);
  SC_METHOD(issue);
  sensitive << issue_event_;
  dont_initialize();
  SC_METHOD(retire);
  sensitive << retire_event_;
  dont_initialize();
}

void Engine::start(const isa::CoreStreams& streams, const ExecutionContext& context,
                   SimTime first_issue) {
  streams_ = &streams;
  stream_ = &streams.engine[static_cast<std::size_t>(id_)];
  origin_ = context.origin;
  next_ = 0;
  stage_ = Stage::Order;
  begun_ = free_at_ = retired_at_ = first_issue;
  hung_ = false;
  weights_ = nullptr;
  rate_shown_ = 0;
  whole_free_ = tile_issue_ = first_issue;
  group_free_.fill(first_issue);
  fetch_.start(streams.code_size(id_), first_issue);
  causes_.start(context.moments, context.launched, first_issue);
  waited_ = nullptr;
  activity_.begin(context, now());
  if (stream_->empty()) {
    activity_.idle(Idle::Drained, now());
    retire_later({first_issue, nullptr, true, causes_.retirement(first_issue)});
  } else {
    wait_until(first_issue);
  }
}

void Engine::stop() {
  stream_ = nullptr;
  retirements_.clear();
  issue_event_.cancel();
  retire_event_.cancel();
  activity_.end(now());
}

void Engine::issue() {
  while (stream_ != nullptr && next_ < stream_->size()) {
    issue_event_.cancel();  // begin() may have ended the execution and started the next one
    const isa::Issue& next = (*stream_)[next_];
    const Turn turn{next, streams_->instruction(next), parts_.needs.of(next)};
    if (!may_begin(turn)) {
      return;  // what it waits for notifies issue_event_
    }
    if (Faults::active(parts_.faults) && fault_at_issue(turn.needs)) {
      return;
    }
    stage_ = Stage::Order;
    fetch_.leave(now());
    if (turn.needs.step.kind != CodeStep::Kind::Next) {
      fetch_.step(turn.needs.step, now() + times_.interval);
    }
    ++next_;
    begin(turn);
  }
}

bool Engine::strikes(FaultPoint point, FaultPhase phase) const {
  return Faults::active(parts_.faults) &&
         parts_.faults->strikes(point, {origin_, phase, nullptr, 0});
}

bool Engine::fault_at_issue(const InstructionNeeds& needs) {
  const bool sbuf = needs.reads_sbuf && strikes(FaultPoint::SbufParity, FaultPhase::Issue);
  const bool psum = needs.reads_psum && strikes(FaultPoint::PsumParity, FaultPhase::Issue);
  if (sbuf || psum) {
    parts_.owner.failed(DeviceError::SramParity);
    return true;
  }
  hung_ = strikes(FaultPoint::EngineHang, FaultPhase::Issue) || hung_;
  return false;
}

bool Engine::may_begin(const Turn& turn) {
  switch (stage_) {
    case Stage::Order:
      if (!in_order(turn.needs)) {
        return false;
      }
      stage_ = Stage::Table;
      [[fallthrough]];
    case Stage::Table:
      stage_ = Stage::Semaphores;
      if (!table_loaded(turn)) {
        return false;
      }
      [[fallthrough]];
    case Stage::Semaphores:
      if (!semaphores_reached(turn)) {
        return false;
      }
      if (turn.instruction.opcode == isa::Opcode::CoreBarrier) {
        stage_ = Stage::Barrier;
        return pass_barrier();
      }
      stage_ = Stage::Ports;
      return ports_free(turn);
    case Stage::Barrier:
      return pass_barrier();
    case Stage::AtBarrier:
      causes_.barrier(waker_, now());
      return ports_free(turn);
    case Stage::Ports:
      return ports_free(turn);
    case Stage::Reserved:
      return true;
  }
  return true;
}

bool Engine::in_order(const InstructionNeeds& needs) {
  const SimTime at = needs.array ? begun_ : free_at_;
  if (now() < at) {
    wait_until(at);
    return false;
  }
  const SimTime fetched = fetch_.available();
  if (now() < fetched) {
    idle(Idle::Fetch);
    wait_until(fetched);
    return false;
  }
  causes_.turn(!needs.array, at);
  causes_.fetched(fetched);
  return true;
}

/// Otherwise loads it, as an instruction of its own in front: it does not wait for operands.
bool Engine::table_loaded(const Turn& turn) {
  const cost::FunctionSet needed = turn.needs.table;
  if (id_ != isa::Engine::Scalar) {
    return true;
  }
  if (needed == cost::FunctionSet::Any || needed == table_) {
    return true;
  }
  table_ = needed;
  ++table_loads_;
  begun_ = now();
  free_at_ = now() + parts_.costs.scalar.table_load;
  retired_at_ = std::max(retired_at_, free_at_);
  activity_.load_table(turn.instruction, begun_);
  causes_.table(free_at_);
  wait_until(free_at_);
  return false;
}

bool Engine::semaphores_reached(const Turn& turn) {
  const isa::StreamWait* wait = streams_->waits.data() + turn.issue.first_wait;
  for (int i = 0; i < turn.issue.waits; ++i, ++wait) {
    const SimTime at = parts_.semaphores.reached_at(wait->semaphore, wait->value);
    if (at <= now()) {
      if (waited_ == wait) {
        waited_ = nullptr;
        causes_.semaphore(turn.instruction, waker_, now());
      }
      continue;
    }
    idle(idle_for(streams_->owner[wait->semaphore]), wait);
    waited_ = wait;
    if (at == kNever) {
      parts_.semaphores.wait(id_, wait->semaphore, wait->value, issue_event_, waker_);
    } else {
      waker_ = parts_.semaphores.cause(wait->semaphore, wait->value);
      wait_until(at);
    }
    return false;
  }
  return true;
}

/// A barrier stands behind everything the engine has done before.
bool Engine::pass_barrier() {
  idle(Idle::Peer);
  if (now() < retired_at_) {
    wait_until(retired_at_);
    return false;
  }
  stage_ = Stage::AtBarrier;
  causes_.retired(retired_at_);
  parts_.owner.reach_barrier({&issue_event_, causes_.latest(), &waker_});
  return false;
}

/// Of two engines that ask at the same moment, the one whose process runs first is served first.
bool Engine::ports_free(const Turn& turn) {
  const InstructionNeeds& needs = turn.needs;
  times_ = needs.times;
  if (needs.dma) {
    return true;
  }
  const SimTime bank_at = std::max(now(), parts_.psum.free_at(needs.banks));
  const SimTime port_at = needs.port ? std::max(now(), parts_.sbuf.port_free_at()) : now();
  const SimTime at = std::max(bank_at, port_at);
  parts_.psum.reserve(needs.banks, at, times_.interval);
  if (needs.port) {
    parts_.sbuf.reserve_port(at, times_.interval);
  }
  if (at == now()) {
    return true;
  }
  if (bank_at > now()) {
    parts_.psum.count_collision();
  }
  if (port_at > now()) {
    parts_.sbuf.count_wait();
  }
  stage_ = Stage::Reserved;
  causes_.held(bank_at >= port_at ? PathKind::Bank : PathKind::Port, turn.instruction, at);
  idle(Idle::Port);
  wait_until(at);
  return false;
}

void Engine::begin(const Turn& turn) {
  begun_ = std::max(now(), free_at_);
  weights_ = turn.issue.waits == 0 ? weights_ : nullptr;
  const SimTime throttled = turn.needs.array ? begin_pass(turn) : 0;
  free_at_ = std::max(free_at_, begun_ + times_.interval);
  retired_at_ = std::max(retired_at_, begun_ + times_.latency);
  causes_.begun(turn.instruction, {begun_, begun_ + times_.interval, times_.latency, throttled});
  activity_.busy(turn.instruction, begun_, retired_at_, throttled, parts_.owner.take_flow());
  ++instructions_;
  compute(turn.instruction);

  const bool dma = turn.needs.dma;
  const bool last = next_ == stream_->size();
  hung_ = hung_ || parts_.owner.take_hang();
  if (last) {
    activity_.idle(Idle::Drained, free_at_);
  }
  if (!hung_ && (last || (turn.issue.updates != 0 && !dma))) {
    retire_later({retired_at_, dma ? nullptr : &turn.issue, last, causes_.retirement(retired_at_)});
  }
  if (dma) {
    parts_.owner.submit(turn.issue, causes_.beginning());
  }
}

void Engine::compute(const isa::StreamInstruction& instruction) {
  parts_.datapath.execute(instruction);
  if (Datapath::makes_floats(instruction)) {
    const bool spoiled = strikes(FaultPoint::NumericalNan, FaultPhase::Issue);
    if (spoiled) {
      parts_.datapath.spoil(instruction);
    }
    if (parts_.check_nan && (spoiled || parts_.datapath.has_nan(instruction))) {
      parts_.owner.produced_nan();
    }
  }
}

void Engine::retire() {
  while (!retirements_.empty() && retirements_.front().at <= now()) {
    const Retirement retirement = retirements_.front();
    retirements_.pop_front();
    if (retirement.signals != nullptr && !signal(*retirement.signals, retirement.moment)) {
      parts_.owner.failed(DeviceError::SemaphoreMisuse);
      return;
    }
    if (retirement.last) {
      parts_.owner.retired(retirement.moment);
      return;
    }
  }
  if (!retirements_.empty()) {
    retire_event_.notify(to_sc(retirements_.front().at - now()));
  }
}

void Engine::retire_later(const Retirement& retirement) {
  if (retirements_.empty()) {
    retire_event_.notify(to_sc(retirement.at - now()));
  }
  retirements_.push_back(retirement);
}

bool Engine::signal(const isa::Issue& issue, MomentId moment) {
  const isa::StreamUpdate* update = streams_->updates.data() + issue.first_update;
  for (int i = 0; i < issue.updates; ++i, ++update) {
    const bool misused = strikes(FaultPoint::SemaphoreMisuse, FaultPhase::Retire);
    if (!parts_.semaphores.add(update->semaphore, misused ? INT32_MIN : update->add, moment,
                               Activity::track_name(id_))) {
      return false;
    }
  }
  return true;
}

void Engine::wait_until(SimTime at) {
  issue_event_.notify(to_sc(at - now()));
}

void Engine::idle(Idle cause, const isa::StreamWait* until) {
  activity_.idle(cause, std::max(now(), free_at_), until);
}

std::optional<Standstill> Engine::standstill() const {
  if (stream_ == nullptr || stream_->empty() || (next_ == stream_->size() && !hung_)) {
    return std::nullopt;
  }
  const isa::Issue& issue = (*stream_)[hung_ ? std::max<std::size_t>(next_, 1) - 1 : next_];
  Standstill out;
  out.instruction = &streams_->instruction(issue);
  if (hung_) {
    out.cause = Standstill::Cause::Hung;
  } else if (stage_ == Stage::AtBarrier) {
    out.cause = Standstill::Cause::Barrier;
  } else if (stage_ == Stage::Semaphores && waited_ != nullptr) {
    out.cause = Standstill::Cause::Semaphore;
    out.wait = *waited_;
    out.value = parts_.semaphores.visible(waited_->semaphore);
    out.owner = streams_->owner[waited_->semaphore];
  }
  return out;
}

void Engine::report(StatsScope stats) const {
  activity_.report(stats, now());
  stats.add("instructions", static_cast<double>(instructions_), "1",
            "Instructions the engine has begun");
  stats.add("fetch_bytes", static_cast<double>(fetch_.bytes()), "B",
            "Instructions fetched from HBM, not part of the traffic of DMA engines");
  if (id_ == isa::Engine::Scalar) {
    stats.add("table_loads", static_cast<double>(table_loads_), "1", "Function tables loaded");
  }
  if (id_ == isa::Engine::Tensor) {
    stats.add("matmuls", static_cast<double>(matmuls_), "1", "nc_matmul instructions begun");
  }
}

}  // namespace nsim::hw
