// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/neuron_core.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/hw/dma_queues.h"
#include "sim/hw/standstill.h"
#include "sim/hw/time.h"

namespace nsim::hw {

NeuronCoreParams::NeuronCoreParams(ParamScope scope)
    : engines(scope.table("engines")),
      sbuf(scope.table("sbuf")),
      psum(scope.table("psum")),
      semaphores(scope.table("semaphores")),
      fetch(scope),
      preamble(scope.duration("preamble", "0ns", "0ns", "10ms",
                              "What runtime and compiler put in front of a program: from the start "
                              "of an execution until its first instructions are fetched")),
      check_nan(scope.from("documented: Neuron troubleshooting page, off since Neuron 2.25")
                    .flag("check_nan", false,
                          "An execution whose instructions produce NaN ends with that error "
                          "(NEURON_FAIL_ON_NAN)")),
      reuse_weights(
          scope.flag("reuse_weights", true,
                     "Tensor does not load a stationary operand that is already in the array")) {}

NeuronCore::NeuronCore(sc_core::sc_module_name name, const NeuronCoreParams& params, bool numerics,
                       int index, Faults* faults)
    : sc_module(name),
      params_(params),
      index_(index),
      faults_(faults),
      semaphores_(params_.semaphores),
      sbuf_(params_.sbuf, numerics),
      psum_(params_.psum, numerics),
      datapath_(sbuf_, psum_, params.engines.tensor.transpose_mode),
      needs_(params_.engines, sbuf_, psum_) {
  const EngineParts parts{
      params_.engines, params_.fetch, params_.reuse_weights, needs_, semaphores_, sbuf_, psum_,
      datapath_,       *this,         params_.check_nan,     faults_};
  for (int i = 0; i < isa::kEngineCount; ++i) {
    const auto id = static_cast<isa::Engine>(i);
    engines_[static_cast<std::size_t>(i)] =
        std::make_unique<Engine>(isa::name(id), id, index, parts);
  }
}

NeuronCore::~NeuronCore() = default;

void NeuronCore::bind(DmaFrontEnd& dma, std::vector<NeuronCore*> peers) {
  dma_ = &dma;
  peers_ = std::move(peers);
}

void NeuronCore::watch(Waves& waves, const std::string& scope) {
  semaphores_.watch(waves, scope + ".semaphores");
  sbuf_.watch(waves, scope + ".sbuf");
  psum_.watch(waves, scope + ".psum");
}

void NeuronCore::start(const isa::CoreStreams& streams, const ExecutionContext& context,
                       Done done) {
  streams_ = &streams;
  context_ = &context;
  done_ = std::move(done);
  started_ = now();
  engines_left_ = isa::kEngineCount;
  transfers_left_ = 0;
  flow_ = context.flow;
  nan_ = false;
  semaphores_.reset();
  if (context.trace != nullptr && context.trace->enabled()) {
    semaphores_.trace(*context.trace, index_);
  }
  sbuf_.release();
  psum_.release();
  datapath_.reset();
  needs_.start(streams);
  for (const auto& engine : engines_) {
    engine->start(streams, context, started_ + params_.preamble + params_.fetch.latency);
  }
}

void NeuronCore::abort(DeviceError error) {
  if (running()) {
    dma_->abort(context_->execution);
    end(error);
  }
}

std::vector<std::string> NeuronCore::standstill() const {
  std::vector<std::string> lines;
  if (!running()) {
    return lines;
  }
  for (const auto& engine : engines_) {
    if (const std::optional<Standstill> stands = engine->standstill()) {
      lines.push_back(text(*stands, *context_->streams));
    }
  }
  if (transfers_left_ != 0) {
    lines.push_back(fmt::format("dma: transfers under way: {}", transfers_left_));
  }
  return lines;
}

void NeuronCore::end_if_done(MomentId last) {
  if (engines_left_ == 0 && transfers_left_ == 0) {
    ended_by_ = last;
    end(nan_ ? DeviceError::NumericalNan : DeviceError::None);
  }
}

void NeuronCore::end(DeviceError error) {
  for (const auto& engine : engines_) {
    engine->stop();
  }
  active_ += now() - started_;
  context_ = nullptr;
  streams_ = nullptr;
  barriers_reached_ = 0;
  at_barrier_.clear();
  std::exchange(done_, nullptr)(error);  // may start the next execution
}

void NeuronCore::submit(const isa::Issue& issue, MomentId issued) {
  const isa::StreamInstruction& instruction = streams_->instruction(issue);
  if (context_->descriptors != nullptr && instruction.dge != isa::DgeMode::None &&
      !context_->descriptors->descriptors_generated()) {
    abort(DeviceError::NotificationOverflow);
    return;
  }
  ++transfers_left_;
  DmaTransfer transfer{&issue, &instruction, context_, this, issued};
  const auto moved = [&](const isa::Moved& by) {
    const std::int64_t count = datapath_.moved(instruction.engine, by);
    transfer.leads_out = transfer.leads_out || count < 0 || count > by.most;
    return transfer.leads_out ? 0 : count * by.step;
  };
  transfer.dst_moved = moved(instruction.dst_moved);
  transfer.src_moved = moved(instruction.src_moved);
  dma_->submit(transfer);
}

void NeuronCore::retired(MomentId last) {
  --engines_left_;
  end_if_done(last);
}

void NeuronCore::failed(DeviceError error) {
  abort(error);
}

bool NeuronCore::take_hang() {
  return std::exchange(hang_, false);
}

std::uint64_t NeuronCore::take_flow() {
  return std::exchange(flow_, 0);
}

bool NeuronCore::current(std::uint64_t execution) const {
  return running() && context_->execution == execution;
}

void NeuronCore::dma_part_done(const isa::Issue& issue, std::uint64_t execution, MomentId arrived) {
  if (!current(execution)) {
    return;
  }
  const isa::StreamUpdate* update = streams_->updates.data() + issue.first_update;
  const std::string by =
      semaphores_.traced() ? queue_name(streams_->instruction(issue)) : std::string();
  for (int i = 0; i < issue.updates; ++i, ++update) {
    const bool misused = Faults::active(faults_) &&
                         faults_->strikes(FaultPoint::SemaphoreMisuse,
                                          {context_->origin, FaultPhase::DmaWrite, nullptr, 0});
    if (!semaphores_.add(update->semaphore, misused ? INT32_MIN : 1, arrived, by)) {
      abort(DeviceError::SemaphoreMisuse);
      return;
    }
  }
}

void NeuronCore::dma_done(const isa::Issue&, std::uint64_t execution, MomentId arrived) {
  if (current(execution)) {
    --transfers_left_;
    end_if_done(arrived);
  }
}

void NeuronCore::dma_error(DeviceError error, std::uint64_t execution) {
  if (current(execution)) {
    abort(error);
  }
}

void NeuronCore::reach_barrier(const AtBarrier& engine) {
  ++barriers_reached_;
  at_barrier_.push_back(engine);
  for (NeuronCore* peer : peers_) {
    peer->release_barriers(engine.arrived);
  }
}

/// Engines go on past the barriers that every peer has reached; the news crosses from core to core.
void NeuronCore::release_barriers(MomentId arrived) {
  std::int64_t passed = barriers_reached_;
  for (const NeuronCore* peer : peers_) {
    passed = std::min(passed, peer->barriers_reached_);
  }
  const SimTime latency = peers_.size() > 1 ? params_.semaphores.peer_latency : 0;
  while (!at_barrier_.empty() &&
         barriers_reached_ - static_cast<std::int64_t>(at_barrier_.size()) < passed) {
    *at_barrier_.front().released = arrived;
    at_barrier_.front().resume->notify(to_sc(latency));
    at_barrier_.erase(at_barrier_.begin());
  }
}

void NeuronCore::report(StatsScope stats) const {
  const SimTime active = active_ + (running() ? now() - started_ : 0);
  stats.add("active", static_cast<double>(active) / static_cast<double>(kNanosecond), "ns",
            "Time with an execution under way");
  for (int i = 0; i < isa::kEngineCount; ++i) {
    engines_[static_cast<std::size_t>(i)]->report(
        stats.scope(isa::name(static_cast<isa::Engine>(i))));
  }
  // Two operations per processing element of the 128 x 128 array and cycle, for bf16 rows.
  const cost::TensorParams& tensor = params_.engines.tensor;
  stats.add("tensor.peak_flops",
            2.0 * 128 * 128 * static_cast<double>(tensor.rows_per_cycle * tensor.clock), "FLOP/s",
            "Peak rate of the Tensor engine for dense bf16");
  sbuf_.report(stats.scope("sbuf"));
  psum_.report(stats.scope("psum"));
}

}  // namespace nsim::hw
