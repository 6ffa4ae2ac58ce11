// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/issue_causes.h"

namespace nsim::hw {

void IssueCauses::start(Moments* record, MomentId launched, SimTime first_issue) {
  record_ = launched != 0 ? record : nullptr;
  if (!on()) {
    return;
  }
  latest_ = launched;
  latest_ = next(PathKind::Start, first_issue, nullptr);
  begun_ = {latest_, nullptr, 0, first_issue};
  occupies_ = begun_;
  retires_ = begun_;
  retired_at_ = first_issue;
  passes_.fill({});
}

/// A moment that follows the latest one.
MomentId IssueCauses::next(PathKind kind, SimTime at, const isa::StreamInstruction* instruction) {
  Moment moment;
  moment.at = at;
  moment.cause = latest_;
  moment.kind = kind;
  moment.core = core_;
  moment.instruction = instruction;
  return record_->add(moment);
}

/// A moment that follows the start of an instruction.
MomentId IssueCauses::follow(PathKind kind, SimTime at, const Start& start) {
  Moment moment;
  moment.at = at;
  moment.cause = start.moment;
  moment.kind = kind;
  moment.core = core_;
  moment.throttled = start.throttled;
  moment.instruction = start.instruction;
  return record_->add(moment);
}

void IssueCauses::turn(bool occupied, SimTime now) {
  if (!on()) {
    return;
  }
  const Start& before = occupied ? occupies_ : begun_;
  latest_ =
      record_->at(before.moment) >= now ? before.moment : follow(PathKind::Execute, now, before);
}

void IssueCauses::fetched(SimTime at) {
  if (on() && at > record_->at(latest_)) {
    latest_ = next(PathKind::Fetch, at, nullptr);
  }
}

void IssueCauses::table(SimTime at) {
  if (on()) {
    latest_ = next(PathKind::Table, at, nullptr);
    occupies_ = {latest_, nullptr, 0, at};
    if (at >= retired_at_) {
      retires_ = occupies_;
      retired_at_ = at;
    }
  }
}

void IssueCauses::semaphore(const isa::StreamInstruction& waiting, MomentId update, SimTime at) {
  if (on() && update != 0) {
    latest_ = update;
    latest_ = next(PathKind::Semaphore, at, &waiting);
  }
}

void IssueCauses::retired(SimTime at) {
  if (on() && at > record_->at(latest_)) {
    latest_ = follow(PathKind::Result, at, retires_);
  }
}

void IssueCauses::barrier(MomentId last, SimTime at) {
  if (on() && last != 0) {
    latest_ = last;
    latest_ = next(PathKind::Peer, at, nullptr);
  }
}

void IssueCauses::held(PathKind bank_or_port, const isa::StreamInstruction& waiting, SimTime at) {
  if (on()) {
    latest_ = next(bank_or_port, at, &waiting);
  }
}

void IssueCauses::array(const isa::StreamInstruction& instruction, SimTime ready, SimTime begun) {
  if (!on()) {
    return;
  }
  if (begun > ready) {
    latest_ = next(PathKind::Weights, begun, &instruction);
    return;
  }
  if (ready <= record_->at(latest_)) {
    return;
  }
  const Start* before = &begun_;
  for (const Start& pass : passes_) {
    before = pass.moment != 0 && pass.over == ready ? &pass : before;
  }
  latest_ = follow(PathKind::Execute, ready, *before);
}

void IssueCauses::begun(const isa::StreamInstruction& instruction, const Times& times) {
  if (!on()) {
    return;
  }
  if (record_->at(latest_) < times.begun) {
    latest_ = follow(PathKind::Execute, times.begun, occupies_);
  }
  begun_ = {latest_, &instruction, times.throttled, times.free};
  if (times.free >= occupies_.over) {
    occupies_ = begun_;
  }
  passes_[next_pass_++ % passes_.size()] = begun_;
  if (times.begun + times.latency >= retired_at_) {
    retires_ = begun_;
    retired_at_ = times.begun + times.latency;
  }
}

MomentId IssueCauses::retirement(SimTime at) {
  return on() ? follow(PathKind::Result, at, retires_) : 0;
}

}  // namespace nsim::hw
