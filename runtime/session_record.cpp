// SPDX-License-Identifier: Apache-2.0
// What a session remembers and tells: its records, names of tensors, calls in the system trace.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "runtime/host_thread.h"
#include "runtime/session.h"

namespace nsim::rt {

void Session::trace_call(const char* name, int core, SimTime start) {
  for (SysTrace* events : {&events_, &inspection_.events()}) {
    if (events->running()) {
      events->event(name, cores_.first + std::max(core, 0), 0, start, now(), host_thread_index());
    }
  }
}

std::string Session::tensor_at(const ClientChecks::Range& range) const {
  std::string name;
  std::uint64_t smallest = 0;
  objects_.tensors.each([&](const Tensor& tensor) {
    const View view = tensor.view();
    const bool holds =
        view.storage && view.address() <= range.begin && range.end <= view.address() + view.size;
    if (holds && (smallest == 0 || view.size < smallest)) {
      smallest = view.size;
      name = fmt::format("tensor \"{}\" [{}, {})", tensor.name(), range.begin - view.address(),
                         range.end - view.address());
    }
  });
  return name;
}

std::optional<RequestRecord> Session::find_record(const UnitQueue& unit, std::uint64_t number) {
  std::optional<RequestRecord> found;
  kernel_->call([&] { found = recorder_.find_recent(unit.address(), number); });
  return found;
}

std::uint32_t Session::add_model_record(ModelRecord record) {
  const std::lock_guard<std::mutex> lock(models_mutex_);
  record.id = static_cast<std::uint32_t>(models_.size()) + 1;
  counters_.loaded(record.core);
  models_.push_back(std::move(record));
  return models_.back().id;
}

SessionRecord Session::record() {
  SessionRecord out;
  out.topology = topology_;
  out.params = config_.params();
  out.resolved_config = config_.resolved_toml();
  out.clock_mode = parameters_.clock.mode;
  out.numerics = numerics();
  if (checks_) {
    out.client_checks = {true, checks_->findings()};
  }
  out.counters = counter_record();
  out.memory_levels = memory_ledger_->levels();
  {
    const std::lock_guard<std::mutex> lock(models_mutex_);
    out.models = models_;
  }
  kernel_->call([&] {
    out.requests = recorder_.requests();
    hardware_->report(StatsScope(out.stats));
    out.now = kernel_->now();
  });
  return out;
}

}  // namespace nsim::rt
