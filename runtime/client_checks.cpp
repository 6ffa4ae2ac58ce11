// SPDX-License-Identifier: Apache-2.0
#include "runtime/client_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <optional>

#include "runtime/host_thread.h"
#include "sim/base/log.h"
#include "sim/hw/collective.h"

namespace nsim::rt {
namespace {

// A client that never asks about a unit must not fill the memory: its oldest requests are
// forgotten.
constexpr std::size_t kMaxLive = 4096;
constexpr std::size_t kMaxFindings = 1000;

bool overlap(const ClientChecks::Range& a, const ClientChecks::Range& b) {
  return a.begin < b.end && b.begin < a.end;
}

bool touches(const ClientChecks::Call& call, const ClientChecks::Range& range) {
  return std::any_of(
      call.accesses.begin(), call.accesses.end(),
      [&](const ClientChecks::Access& access) { return overlap(access.range, range); });
}

void add_access(ClientChecks::Call& call, std::uint64_t address, std::uint64_t bytes, bool writes) {
  if (bytes != 0) {
    call.accesses.push_back({{address, address + bytes}, writes});
  }
}

/// Those of the rank's own: what other ranks do with theirs is in their requests.
void add_buffers(ClientChecks::Call& call, const Request& request) {
  const std::optional<hw::Collective> collective = hw::Collective::parse(request.bindings);
  if (!collective) {
    return;
  }
  for (const hw::CollectiveBuffer& buffer : collective->buffers) {
    add_access(call, buffer.input, buffer.bytes, false);
    add_access(call, buffer.output, collective->output_bytes(buffer), true);
  }
}

ClientCall this_call(const char* api) {
  ClientCall call;
  call.api = api;
  call.thread = host_thread_index();
  return call;
}

}  // namespace

ClientChecks::Call ClientChecks::describe(const UnitQueue& queue, const Request& request) {
  Call call;
  call.call = {request.api, unit_name(queue.address()), 0, request.thread};
  call.status = request.sink.status;
  call.tracker = request.sink.tracker.get();
  call.model = request.model.get();
  call.blocking = request.sync != nullptr;
  const hw::RequestDescriptor& descriptor = request.descriptor;
  switch (descriptor.opcode) {
    case hw::RequestOpcode::Copy:
      add_access(call, descriptor.source, descriptor.size, false);
      add_access(call, descriptor.destination, descriptor.size, true);
      break;
    case hw::RequestOpcode::Fill:
      add_access(call, descriptor.destination, descriptor.size, true);
      break;
    case hw::RequestOpcode::Collective:
      add_buffers(call, request);
      break;
    default:
      break;
  }
  if (request.model) {
    for (const LoadedModel::Port& port : request.model->inputs) {
      add_access(call, request.bindings[port.index], port.bytes, false);
    }
    for (const LoadedModel::Port& port : request.model->outputs) {
      add_access(call, request.bindings[port.index], port.bytes, true);
    }
  }
  return call;
}

template <class Step>
void ClientChecks::watch(Step step) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (blind_) {
    return;
  }
  try {
    step();
  } catch (const std::bad_alloc&) {
    blind_ = true;
    NSIM_LOG(Nrt, Error, "client check: out of host memory, the checks end here");
  }
}

void ClientChecks::scheduled(Call call, nrta_seq_t sequence) {
  watch([&] {
    const std::uint64_t number = NRTA_SEQ_GET_SEQ_NUM(sequence);
    const nrta_xu_id_t id = NRTA_SEQ_GET_XU_ID(sequence);
    call.call.sequence = sequence;
    for (const auto& [other, unit] : units_) {
      for (const Call& earlier : unit.live) {
        if (earlier.status != nullptr && earlier.status == call.status) {
          add(ClientBug::StatusReuse, earlier.call, call.call, "");
        }
        if (other != id) {
          compare(earlier, call);
        }
      }
    }
    Unit& unit = units_[id];
    unit.name = call.call.unit;
    unit.given = std::max(unit.given, number);
    // Several threads may schedule on one unit: the order is that of the numbers.
    const auto place = std::find_if(unit.live.begin(), unit.live.end(), [&](const Call& each) {
      return each.call.sequence > sequence;
    });
    Call& added = *unit.live.insert(place, std::move(call));
    if (const auto early = unit.early.find(number); early != unit.early.end()) {
      const NRT_STATUS status = early->second;
      unit.early.erase(early);
      finish(unit, added, status);
    }
    observe(unit, unit.observed);
    if (unit.live.size() > kMaxLive) {
      unit.forgotten = NRTA_SEQ_GET_SEQ_NUM(unit.live.front().call.sequence);
      unit.live.pop_front();
    }
  });
}

void ClientChecks::compare(const Call& earlier, const Call& later) {
  for (const Access& a : earlier.accesses) {
    for (const Access& b : later.accesses) {
      if ((a.writes || b.writes) && overlap(a.range, b.range)) {
        bool is_tensor = false;
        const std::string object =
            object_of({std::max(a.range.begin, b.range.begin), std::min(a.range.end, b.range.end)},
                      is_tensor);
        add(is_tensor ? ClientBug::UnorderedAccess : ClientBug::BufferReuse, earlier.call,
            later.call, object);
      }
    }
  }
}

void ClientChecks::completed(const Request& request) {
  watch([&] {
    Unit& unit = units_[NRTA_SEQ_GET_XU_ID(request.sequence)];
    const auto found = std::find_if(unit.live.begin(), unit.live.end(), [&](const Call& call) {
      return call.call.sequence == request.sequence;
    });
    if (found != unit.live.end()) {
      finish(unit, *found, request.status);
    } else if (request.number() > unit.forgotten) {
      unit.early[request.number()] = request.status;
    }
  });
}

void ClientChecks::finish(Unit& unit, Call& call, NRT_STATUS status) {
  call.complete = true;
  if (status != NRT_SUCCESS && status != NRT_CLOSED && !call.blocking) {
    if (call.tracker != nullptr) {
      unseen_[call.tracker].push_back(call.call);
    } else if (call.status == nullptr) {
      ClientCall nowhere;
      nowhere.api = "its end, with neither an error tracker nor a place for the status";
      add(ClientBug::ErrorNotSeen, call.call, nowhere, "");
    }
  }
  if (call.blocking || call.has_event || unit.has_event) {
    observe(unit, NRTA_SEQ_GET_SEQ_NUM(call.call.sequence));
  }
}

void ClientChecks::observe(Unit& unit, std::uint64_t number) {
  unit.observed = std::max(unit.observed, number);
  while (!unit.live.empty() &&
         NRTA_SEQ_GET_SEQ_NUM(unit.live.front().call.sequence) <= unit.observed) {
    if (!unit.live.front().complete) {
      return;  // its end is about to be told: completed() comes before it is visible
    }
    unit.live.pop_front();
  }
}

void ClientChecks::observed(nrta_seq_t sequence) {
  watch([&] { observe(units_[NRTA_SEQ_GET_XU_ID(sequence)], NRTA_SEQ_GET_SEQ_NUM(sequence)); });
}

void ClientChecks::event(nrta_seq_t sequence) {
  watch([&] {
    Unit& unit = units_[NRTA_SEQ_GET_XU_ID(sequence)];
    if (NRTA_SEQ_GET_SEQ_NUM(sequence) == 0) {
      unit.has_event = true;
      return;
    }
    for (Call& call : unit.live) {
      if (call.call.sequence == sequence) {
        call.has_event = true;
        if (call.complete) {
          observe(unit, NRTA_SEQ_GET_SEQ_NUM(sequence));
        }
        return;
      }
    }
  });
}

void ClientChecks::outputs_observed(const Range& range) {
  watch([&] {
    for (auto& [id, unit] : units_) {
      std::uint64_t last = 0;
      for (const Call& call : unit.live) {
        if (call.complete && call.model != nullptr && touches(call, range)) {
          last = NRTA_SEQ_GET_SEQ_NUM(call.call.sequence);
        }
      }
      observe(unit, last);
    }
  });
}

void ClientChecks::errors_listed(const void* tracker) {
  watch([&] {
    const auto found = unseen_.find(tracker);
    if (found == unseen_.end()) {
      return;
    }
    for (const ClientCall& call : found->second) {
      observe(units_[NRTA_SEQ_GET_XU_ID(call.sequence)], NRTA_SEQ_GET_SEQ_NUM(call.sequence));
    }
    unseen_.erase(found);
  });
}

void ClientChecks::tracker_destroyed(const void* tracker) {
  watch([&] {
    const ClientCall now = this_call("nrta_error_tracker_destroy");
    if (const auto found = unseen_.find(tracker); found != unseen_.end()) {
      for (const ClientCall& call : found->second) {
        add(ClientBug::ErrorNotSeen, call, now, "");
      }
      unseen_.erase(found);
    }
    for (const auto& [id, unit] : units_) {
      for (const Call& call : unit.live) {
        if (call.tracker == tracker) {
          add(ClientBug::FreedInFlight, call.call, now, "error tracker");
        }
      }
    }
  });
}

void ClientChecks::released(const char* api, const Range& range, const std::string& what) {
  watch([&] {
    for (const auto& [id, unit] : units_) {
      for (const Call& call : unit.live) {
        if (touches(call, range)) {
          add(ClientBug::FreedInFlight, call.call, this_call(api), what);
        }
      }
    }
  });
}

void ClientChecks::unloading(const void* model, const std::string& name) {
  watch([&] {
    for (const auto& [id, unit] : units_) {
      for (const Call& call : unit.live) {
        if (call.model == model) {
          add(ClientBug::FreedInFlight, call.call, this_call("nrt_unload"),
              fmt::format("model \"{}\"", name));
        }
      }
    }
  });
}

void ClientChecks::unknown_sequence(nrta_seq_t sequence) {
  watch([&] {
    const std::uint64_t number = NRTA_SEQ_GET_SEQ_NUM(sequence);
    std::string object = fmt::format("sequence id {:#x}", sequence);
    const auto own = units_.find(NRTA_SEQ_GET_XU_ID(sequence));
    if (own != units_.end() && !own->second.name.empty()) {
      object += fmt::format(" (number {} of {}, which gave {} so far)", number, own->second.name,
                            own->second.given);
    }
    for (const auto& [id, unit] : units_) {
      if (id != NRTA_SEQ_GET_XU_ID(sequence) && number != 0 && number <= unit.given) {
        object += fmt::format(", {} gave one of that number", unit.name);
      }
    }
    add(ClientBug::UnknownSequence, {}, this_call("a query of completion"), object);
  });
}

void ClientChecks::closing() {
  watch([&] {
    for (const auto& [tracker, calls] : unseen_) {
      for (const ClientCall& call : calls) {
        add(ClientBug::ErrorNotSeen, call, this_call("nrt_close"), "");
      }
    }
    unseen_.clear();
  });
}

std::vector<ClientFinding> ClientChecks::findings() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return findings_;
}

std::string ClientChecks::object_of(const Range& range, bool& is_tensor) const {
  const std::string tensor = naming_(range);
  is_tensor = !tensor.empty();
  if (is_tensor) {
    return tensor;
  }
  const std::uint64_t host =
      range.begin >= hw::kHostWindow ? range.begin - hw::kHostWindow : range.begin;
  return fmt::format("{} bytes of host memory at {:#x}", range.end - range.begin, host);
}

void ClientChecks::add(ClientBug bug, const ClientCall& first, const ClientCall& second,
                       const std::string& object) {
  const Key key{bug, first.api, first.unit, second.api, second.unit, object};
  const auto known = known_.find(key);
  if (known != known_.end()) {
    ++findings_[known->second].count;
    return;
  }
  if (findings_.size() == kMaxFindings) {
    return;
  }
  known_.emplace(key, findings_.size());
  findings_.push_back({bug, first, second, object, 1});
  NSIM_LOG(Nrt, Error, "client check: {}", findings_.back().text());
}

}  // namespace nsim::rt
