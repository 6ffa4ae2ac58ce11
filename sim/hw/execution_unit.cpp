// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/execution_unit.h"

#include <algorithm>
#include <utility>

#include "sim/hw/request_trace.h"
#include "sim/hw/time.h"

namespace nsim::hw {

// Launch costs are not published; the prologue of profiled kernels (15-18 us until the first
// compute instruction on trn1, fused mamba tutorial) is mostly their own loads.
ExecutionUnitParams::ExecutionUnitParams(ParamScope scope)
    : prefetch(scope.count("prefetch", 4, 1, 64, "Request descriptors a unit fetches ahead")),
      launch_latency(scope.duration("launch_latency", "1us", "0ns", "10ms",
                                    "From the start of a request to its first work")),
      dge_notifications(
          scope.from("documented: Neuron runtime configuration guide, off by default")
              .flag("dge_notifications", false,
                    "Generated descriptors write a notification for each DMA instruction "
                    "(NEURON_RT_ENABLE_DGE_NOTIFICATIONS)")) {}

namespace {

/// Injected errors that show only while the request runs; the others fail it at its start.
bool shows_while_running(DeviceError error) {
  return error == DeviceError::None || error == DeviceError::Hang ||
         error == DeviceError::DmaAbort || error == DeviceError::NumericalNan;
}

}  // namespace

ExecutionUnit::ExecutionUnit(sc_core::sc_module_name name, const ExecutionUnitParams& params,
                             UnitAddress address, UnitParts parts)
    : sc_module(name),
      params_(params),
      address_(address),
      parts_(std::move(parts)),
      ring_(*parts_.map, params_.prefetch,
            [this](std::uint64_t number, std::uint64_t from, void* to, std::size_t bytes) {
              return access_host(tlm::TLM_READ_COMMAND, from, to, bytes,
                                 {{address_, number}, FaultPhase::Fetch, nullptr, 0});
            }),
      notify_ring_([this](std::uint64_t to, const void* from, std::size_t bytes) {
        access_host(tlm::TLM_WRITE_COMMAND, to, const_cast<void*>(from), bytes,
                    {origin(), writing_, nullptr, 0});
      }) {
  for (const CoreParts& part : parts_.cores) {
    core_numbers_.push_back(part.index);
  }
  SC_HAS_PROCESS(ExecutionUnit);
  SC_METHOD(begin);
  sensitive << next_;
  dont_initialize();
  SC_METHOD(run);
  sensitive << launch_;
  dont_initialize();
  SC_METHOD(time_out);
  sensitive << watchdog_;
  dont_initialize();
}

void ExecutionUnit::write_register(std::uint64_t offset, std::uint64_t value) {
  switch (offset) {
    case kRingBase:
      ring_.set_base(value);
      break;
    case kRingSize:
      ring_.set_size(value);
      break;
    case kDoorbell:
      ring_.set_tail(value);
      if (!halted_) {
        ring_.fetch();
        schedule_next();
      }
      show();
      break;
    case kNotifyBase:
      notify_ring_.set_base(value);
      break;
    case kNotifySize:
      notify_ring_.set_size(value);
      break;
    case kNotifyHead:
      notify_ring_.set_head(value);
      break;
    case kControl:
      reset();
      break;
    case kTimeout:
      timeout_ = static_cast<SimTime>(value);
      break;
    default:
      break;
  }
}

/// One transaction with host memory.
DescriptorRing::Transaction ExecutionUnit::access_host(tlm::tlm_command command,
                                                       std::uint64_t address, void* data,
                                                       std::size_t bytes, const FaultSite& site) {
  tlm::tlm_generic_payload payload;
  payload.set_command(command);
  payload.set_address(address);
  payload.set_data_ptr(static_cast<unsigned char*>(data));
  payload.set_data_length(static_cast<unsigned>(bytes));
  sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
  const bool watched = Faults::active(parts_.faults);
  if (watched) {
    site_.origin = site.origin;
    site_.phase = site.phase;
    site_.error = DeviceError::None;
    payload.set_extension(&site_);
  }
  mem->b_transport(payload, delay);
  if (watched) {
    payload.clear_extension<ScatterList>();
  }
  return {static_cast<SimTime>(delay.value()), site_.error};
}

void ExecutionUnit::schedule_next() {
  if (!busy_ && !halted_ && !ring_.empty()) {
    next_.notify(to_sc(std::max(ring_.next_ready(), now()) - now()));
  }
}

void ExecutionUnit::begin() {
  if (busy_ || halted_ || ring_.empty()) {
    return;
  }
  current_ = ring_.take();
  ring_.fetch();
  busy_ = true;
  started_ = now();
  ++run_;
  ++requests_;
  show();
  begin_path();
  injected_ = injections_.next();
  if (strikes(FaultPoint::BadDescriptor, FaultPhase::Fetch)) {
    current_.descriptor.opcode = static_cast<RequestOpcode>(UINT32_MAX);
  }
  if (!notify(NotificationType::Trace, DeviceError::None)) {
    return;
  }
  if (current_.descriptor.opcode != RequestOpcode::Collective) {
    start_watchdog();
  }
  launch_.notify(to_sc(params_.launch_latency));
}

void ExecutionUnit::run() {
  if (!busy_) {
    return;
  }
  launched_ = follow(PathKind::Launch, ended_);
  ended_ = launched_;
  if (current_.error != DeviceError::None) {
    finish(current_.error);
    return;
  }
  if (!shows_while_running(injected_)) {
    finish(injected_);
    return;
  }
  switch (current_.descriptor.opcode) {
    case RequestOpcode::Nop:
      if (injected_ != DeviceError::Hang) {
        finish(injected_);
      }
      return;
    case RequestOpcode::Execute:
      run_program();
      return;
    case RequestOpcode::Copy:
    case RequestOpcode::Fill:
      run_copy();
      return;
    case RequestOpcode::Collective:
      run_collective();
      return;
  }
  finish(DeviceError::BadDescriptor);
}

bool ExecutionUnit::valid_program(const LoadedProgram* program) const {
  if (address_.type != UnitType::Compute || program == nullptr ||
      program->core != static_cast<int>(address_.core) ||
      program->streams->cores.size() != parts_.cores.size() ||
      program->streams->tensors.size() != current_.bindings.size()) {
    return false;
  }
  for (std::size_t t = 0; t < current_.bindings.size(); ++t) {
    const isa::Tensor& tensor = program->streams->tensors[t];
    const auto bytes = static_cast<std::uint64_t>(tensor.bytes());
    if (tensor.kind != isa::TensorKind::View &&
        parts_.map->locate(current_.bindings[t], bytes).region != Region::Hbm) {
      return false;
    }
  }
  return true;
}

void ExecutionUnit::run_program() {
  const LoadedProgram* program = parts_.programs->find(current_.descriptor.program);
  if (!valid_program(program)) {
    finish(DeviceError::BadDescriptor);
    return;
  }
  streams_ = program->streams;
  context_ = {streams_.get(),
              &current_.bindings,
              program->trace,
              current_.descriptor.flow,
              run_,
              origin(),
              params_.dge_notifications ? this : nullptr,
              moments_.get(),
              launched_};
  cores_left_ = static_cast<int>(parts_.cores.size());
  core_error_ = DeviceError::None;
  if (injected_ == DeviceError::Hang) {
    parts_.cores.front().core->hang();
  } else if (injected_ == DeviceError::DmaAbort) {
    parts_.cores.front().dge->arm(injected_);
  }
  for (std::size_t c = 0; c < parts_.cores.size(); ++c) {
    NeuronCore& core = *parts_.cores[c].core;
    core.start(streams_->cores[c], context_, [this, &core, run = run_](DeviceError error) {
      core_done(run, error, core.ended_by());
    });
  }
}

/// A core is through; the first error of one ends the others with the same error.
void ExecutionUnit::core_done(std::uint64_t run, DeviceError error, MomentId last) {
  if (run != run_ || !busy_) {
    return;
  }
  ended_ = last;
  --cores_left_;
  if (error != DeviceError::None && core_error_ == DeviceError::None) {
    core_error_ = error;
    for (const CoreParts& part : parts_.cores) {
      part.core->abort(error);  // a running one comes back here
    }
  }
  if (cores_left_ == 0 && busy_) {
    const DeviceError left = parts_.cores.front().dge->disarm();
    DeviceError result = core_error_ != DeviceError::None ? core_error_ : left;
    if (result == DeviceError::None && injected_ == DeviceError::NumericalNan) {
      result = injected_;
    }
    finish(result);
  }
}

void ExecutionUnit::finish(DeviceError error) {
  watchdog_.cancel();
  parts_.deadlines->remove(address_);
  launch_.cancel();
  busy_ = false;
  busy_time_ += now() - started_;
  failed_ += error != DeviceError::None ? 1 : 0;
  if (parts_.trace->enabled()) {
    const RequestTrace trace(*parts_.trace, parts_.trace_process);
    trace.show(address_, core_numbers_, current_.descriptor, started_, now());
  }
  hand_over_path(error);
  streams_.reset();
  if (error != DeviceError::None && !notify(NotificationType::Error, error)) {
    return;
  }
  halted_ = is_fatal(error);
  if (!notify(NotificationType::Notify, error)) {
    return;
  }
  if (halted_) {
    ring_.drop();
  }
  show();
  interrupt();
  schedule_next();
}

void ExecutionUnit::interrupt() {
  parts_.interrupts->raise(origin());
}

bool ExecutionUnit::strikes(FaultPoint point, FaultPhase phase) const {
  return Faults::active(parts_.faults) &&
         parts_.faults->strikes(point, {origin(), phase, nullptr, 0});
}

bool ExecutionUnit::post(NotificationType type, DeviceError error) {
  const std::uint32_t tag = current_.descriptor.tag;
  if (type != NotificationType::Notify || !Faults::active(parts_.faults)) {
    return notify_ring_.post(type, error, tag);
  }
  writing_ = FaultPhase::Completion;
  const bool posted = notify_ring_.post_last(error, tag, origin(), *parts_.faults);
  writing_ = FaultPhase::Issue;
  return posted;
}

/// The cores fail when there is no room, and the end of the request says so.
bool ExecutionUnit::descriptors_generated() {
  return notify_ring_.post(NotificationType::TraceDma, DeviceError::None, current_.descriptor.tag);
}

/// False: there was no room. Then the current request has ended with that error, and the unit
/// halted.
bool ExecutionUnit::notify(NotificationType type, DeviceError error) {
  if (post(type, error)) {
    return true;
  }
  watchdog_.cancel();
  hand_over_path(DeviceError::NotificationOverflow);
  halted_ = true;
  busy_ = false;
  ++failed_;
  ring_.drop();
  show();
  if (notify_ring_.post_overflow(current_.descriptor.tag)) {
    interrupt();
  }
  return false;
}

void ExecutionUnit::reset() {
  const bool was_busy = std::exchange(busy_, false);
  hand_over_path(DeviceError::Hang);
  ++run_;
  watchdog_.cancel();
  launch_.cancel();
  parts_.dma->abort(address_);
  if (was_busy && cores_left_ > 0) {
    for (const CoreParts& part : parts_.cores) {
      part.core->abort(DeviceError::Hang);  // nobody listens any more
      part.dge->disarm();
    }
  }
  cores_left_ = 0;
  if (parts_.stream != nullptr) {
    parts_.stream->reset();
    parts_.deadlines->remove(address_);
  }
  ring_.drop();
  injections_.clear();
  halted_ = false;
  show();
}

}  // namespace nsim::hw
