// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/execution_unit.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "sim/hw/time.h"

namespace nsim::hw {

// Launch costs are not published; the prologue of profiled kernels (15-18 us until the first
// compute instruction on trn1, fused mamba tutorial) is mostly their own loads.
ExecutionUnitParams::ExecutionUnitParams(ParamScope scope)
    : prefetch(scope.count("prefetch", 4, 1, 64, "Request descriptors a unit fetches ahead")),
      launch_latency(scope.duration("launch_latency", "1us", "0ns", "10ms",
                                    "From the start of a request to its first work")) {}

namespace {

constexpr std::array<const char*, kUnitTypeCount> kTypeNames{
    "tensor_read", "tensor_write", "tensor_op", "compute", "collectives", "sync"};

/// Errors after which the unit goes on; every other one halts it (contract rules R60..R66).
bool goes_on_after(DeviceError error) {
  return error == DeviceError::None || error == DeviceError::SemaphoreMisuse ||
         error == DeviceError::OutOfBounds || error == DeviceError::NumericalNan ||
         error == DeviceError::BadDescriptor;
}

/// Injected errors that show only while the request runs; the others fail it at its start.
bool shows_while_running(DeviceError error) {
  return error == DeviceError::None || error == DeviceError::Hang ||
         error == DeviceError::DmaAbort || error == DeviceError::NumericalNan;
}

}  // namespace

const char* name(UnitType type) {
  return kTypeNames[static_cast<std::size_t>(type)];
}

ExecutionUnit::ExecutionUnit(sc_core::sc_module_name name, const ExecutionUnitParams& params,
                             UnitAddress address, UnitParts parts)
    : sc_module(name),
      params_(params),
      address_(address),
      parts_(std::move(parts)),
      ring_(*parts_.map, params_.prefetch,
            [this](std::uint64_t from, void* to, std::size_t bytes) {
              return access_host(tlm::TLM_READ_COMMAND, from, to, bytes);
            }),
      notify_ring_([this](std::uint64_t to, const void* from, std::size_t bytes) {
        access_host(tlm::TLM_WRITE_COMMAND, to, const_cast<void*>(from), bytes);
      }) {
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

void ExecutionUnit::inject(DeviceError error, std::uint64_t skip) {
  injections_.push_back({error, skip});
}

/// One transaction with host memory; returns how long it takes.
SimTime ExecutionUnit::access_host(tlm::tlm_command command, std::uint64_t address, void* data,
                                   std::size_t bytes) {
  tlm::tlm_generic_payload payload;
  payload.set_command(command);
  payload.set_address(address);
  payload.set_data_ptr(static_cast<unsigned char*>(data));
  payload.set_data_length(static_cast<unsigned>(bytes));
  sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
  mem->b_transport(payload, delay);
  return static_cast<SimTime>(delay.value());
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
  injected_ = inject_next();
  if (!notify(NotificationType::Trace, DeviceError::None)) {
    return;
  }
  if (current_.descriptor.opcode != RequestOpcode::Collective) {
    start_watchdog();
  }
  launch_.notify(to_sc(params_.launch_latency));
}

/// What the request that starts now fails with; counts the others down.
DeviceError ExecutionUnit::inject_next() {
  DeviceError error = DeviceError::None;
  for (auto it = injections_.begin(); it != injections_.end();) {
    if (it->skip == 0 && error == DeviceError::None) {
      error = it->error;
      it = injections_.erase(it);
    } else {
      it->skip -= it->skip > 0 ? 1 : 0;
      ++it;
    }
  }
  return error;
}

void ExecutionUnit::run() {
  if (!busy_) {
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
    if (tensor.kind != isa::TensorKind::View && parts_.map->locate(current_.bindings[t], bytes).region != Region::Hbm) {
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
  context_ = {streams_.get(), &current_.bindings, program->trace, current_.descriptor.flow, run_};
  cores_left_ = static_cast<int>(parts_.cores.size());
  core_error_ = DeviceError::None;
  if (injected_ == DeviceError::Hang) {
    parts_.cores.front().core->hang();
  } else if (injected_ == DeviceError::DmaAbort) {
    parts_.cores.front().dge->arm(injected_);
  }
  for (std::size_t c = 0; c < parts_.cores.size(); ++c) {
    parts_.cores[c].core->start(streams_->cores[c], context_,
                                [this, run = run_](DeviceError error) { core_done(run, error); });
  }
}

bool ExecutionUnit::valid_copy() const {
  const RequestDescriptor& descriptor = current_.descriptor;
  if (descriptor.size == 0) {
    return true;  // touches no memory, wherever its addresses point
  }
  const auto valid = [&](std::uint64_t address) {
    const Region region = parts_.map->locate(address, descriptor.size).region;
    return region == Region::Hbm || region == Region::Host;
  };
  return valid(descriptor.destination) &&
         (descriptor.opcode == RequestOpcode::Fill || valid(descriptor.source));
}

void ExecutionUnit::run_copy() {
  const RequestDescriptor& descriptor = current_.descriptor;
  if (address_.type == UnitType::Compute || address_.type == UnitType::Collectives ||
      !valid_copy()) {
    finish(DeviceError::BadDescriptor);
    return;
  }
  if (injected_ == DeviceError::Hang) {
    return;
  }
  if (descriptor.size == 0) {
    finish(injected_);
    return;
  }
  HostCopy copy;
  copy.source = descriptor.source;
  copy.destination = descriptor.destination;
  copy.bytes = static_cast<std::int64_t>(descriptor.size);
  copy.fill = descriptor.opcode == RequestOpcode::Fill;
  copy.fill_value = static_cast<std::uint8_t>(descriptor.fill_value);
  copy.error = injected_ == DeviceError::DmaAbort ? injected_ : DeviceError::None;
  parts_.dma->submit(parts_.ring, copy, [this, run = run_](DeviceError error) {
    if (run == run_ && busy_) {
      copied_bytes_ +=
          error == DeviceError::None ? static_cast<std::int64_t>(current_.descriptor.size) : 0;
      finish(error == DeviceError::None ? injected_ : error);
    }
  });
}

/// A core is through; the first error of one ends the others with the same error.
void ExecutionUnit::core_done(std::uint64_t run, DeviceError error) {
  if (run != run_ || !busy_) {
    return;
  }
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
  parts_.deadlines->remove(parts_.number);
  launch_.cancel();
  busy_ = false;
  busy_time_ += now() - started_;
  failed_ += error != DeviceError::None ? 1 : 0;
  trace_request(now());
  streams_.reset();
  if (error != DeviceError::None && !notify(NotificationType::Error, error)) {
    return;
  }
  halted_ = !goes_on_after(error);
  if (!notify(NotificationType::Notify, DeviceError::None)) {
    return;
  }
  if (halted_) {
    ring_.drop();
  }
  parts_.interrupts->raise(address_);
  schedule_next();
}

/// False: there was no room. Then the current request has ended with that error, and the unit
/// halted.
bool ExecutionUnit::notify(NotificationType type, DeviceError error) {
  const std::uint32_t tag = current_.descriptor.tag;
  if (notify_ring_.post(type, error, tag)) {
    return true;
  }
  watchdog_.cancel();
  halted_ = true;
  busy_ = false;
  ++failed_;
  ring_.drop();
  if (notify_ring_.post_overflow(tag)) {
    parts_.interrupts->raise(address_);
  }
  return false;
}

void ExecutionUnit::reset() {
  const bool was_busy = std::exchange(busy_, false);
  ++run_;
  watchdog_.cancel();
  launch_.cancel();
  if (was_busy && cores_left_ > 0) {
    for (const CoreParts& part : parts_.cores) {
      part.core->abort(DeviceError::Hang);  // nobody listens any more
      part.dge->disarm();
    }
  }
  cores_left_ = 0;
  if (parts_.stream != nullptr) {
    parts_.stream->reset();
    parts_.deadlines->remove(parts_.number);
  }
  ring_.drop();
  injections_.clear();
  halted_ = false;
}

void ExecutionUnit::trace_request(SimTime end) {
  if (!parts_.trace->enabled()) {
    return;
  }
  Trace& trace = *parts_.trace;
  const RequestDescriptor& descriptor = current_.descriptor;
  if (descriptor.opcode == RequestOpcode::Execute) {
    for (const CoreParts& part : parts_.cores) {
      const TrackId track =
          trace.track(fmt::format("NC{}:{}", address_.core, part.index), parts_.trace_process);
      trace.slice(track, trace.name("nc_exec_running"), started_, end, descriptor.flow);
    }
    return;
  }
  const TrackId track = trace.track(
      fmt::format("NC{} {} {}", address_.core, nsim::hw::name(address_.type), address_.queue),
      parts_.trace_process, 1);
  if (descriptor.opcode == RequestOpcode::Collective) {
    trace.slice(track, trace.name("cc_running"), started_, end, descriptor.flow);
    return;
  }
  trace.slice(track, trace.name(descriptor.opcode == RequestOpcode::Fill ? "fill" : "copy"),
              started_, end, descriptor.flow,
              {{"bytes", static_cast<std::int64_t>(descriptor.size)}});
}

void ExecutionUnit::report(StatsScope stats) const {
  stats.add("requests", static_cast<double>(requests_), "1", "Requests started");
  stats.add("failed", static_cast<double>(failed_), "1", "Requests that ended with an error");
  stats.add("busy", static_cast<double>(busy_time_) / kNanosecond, "ns",
            "Time between start and end of requests");
  stats.add("copied_bytes", static_cast<double>(copied_bytes_), "B", "Bytes copied or filled");
  if (parts_.stream != nullptr) {
    parts_.stream->report(stats);
  }
}

}  // namespace nsim::hw
