// SPDX-License-Identifier: Apache-2.0
// Test hooks; see nsim_hooks.h, whose macros of the same names parentheses keep away.
#include <nsim_hooks.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "runtime/border.h"
#include "runtime/json_text.h"
#include "runtime/scheduling.h"
#include "runtime/severity.h"
#include "runtime/status.h"
#include "sim/hw/fault_plan.h"

using namespace nsim::rt;

namespace nsim::rt {
namespace {

template <class Body>
NRT_STATUS with_hooks(const char* function, Body body) {
  return in_session(function, [&](Session& session) {
    if (!session.environment().hooks) {
      throw StatusError(NRT_INVALID, "hooks need NSIM_HOOKS=1");
    }
    return body(session);
  });
}

UnitQueue& unit_named(Session& session, std::uint32_t lnc, int xu, int queue) {
  UnitQueue* unit = xu >= 0 && xu < NRTA_XU_TYPE_NUM
                        ? session.unit(lnc, static_cast<hw::UnitType>(xu), queue)
                        : nullptr;
  if (unit == nullptr) {
    throw StatusError(NRT_INVALID, "no such unit");
  }
  return *unit;
}

}  // namespace
}  // namespace nsim::rt

NRT_STATUS(nsim_hook_inject)(uint32_t lnc, int xu, int queue, nsim_fault_t fault, uint64_t skip) {
  return with_hooks(__func__, [&](Session& session) {
    if (fault < NSIM_FAULT_HANG || fault > NSIM_FAULT_BAD_DESCRIPTOR) {
      throw StatusError(NRT_INVALID, "no such fault");
    }
    const UnitQueue& unit = unit_named(session, lnc, xu, queue);
    session.on_device([&](nsim::hw::Hardware& hardware) {
      hardware.inject(unit.address(), static_cast<nsim::hw::DeviceError>(fault), skip);
    });
    return NRT_SUCCESS;
  });
}

NRT_STATUS nsim_hook_inject_plan(const char* toml) {
  return with_hooks(__func__, [&](Session& session) {
    require_pointer(toml, "toml");
    nsim::Config config = nsim::Config::parse(toml, "plan");
    const std::vector<nsim::hw::FaultRule> rules = nsim::hw::take_fault_plan(config);
    config.finish();
    session.on_device([&](nsim::hw::Hardware& hardware) { hardware.add_faults(rules); });
    return NRT_SUCCESS;
  });
}

NRT_STATUS nsim_hook_fault_cell(uint32_t index, nsim_fault_cell_t* cell) {
  return with_hooks(__func__, [&](Session&) {
    require_pointer(cell, "cell");
    const std::optional<nsim::hw::FaultCell> found = nsim::hw::fault_cell(index);
    if (!found) {
      throw StatusError(NRT_INVALID, "no such cell");
    }
    const nsim::hw::FaultPointInfo& point = nsim::hw::info(found->point);
    *cell = {point.name, nsim::hw::name(found->phase), nsim::hw::name(found->unit),
             status_of(found->error), nsim::hw::is_fatal(found->error)};
    return NRT_SUCCESS;
  });
}

NRT_STATUS nsim_hook_reload_driver(void) {
  return at_border(__func__, [] {
    if (!read_environment().hooks) {
      throw StatusError(NRT_INVALID, "hooks need NSIM_HOOKS=1");
    }
    DeviceHealth::of_process().reload();
    return NRT_SUCCESS;
  });
}

NRT_STATUS nsim_hook_times(nrta_seq_t sequence, uint64_t* started, uint64_t* ended) {
  return with_hooks(__func__, [&](Session& session) {
    require_pointer(started, "started");
    require_pointer(ended, "ended");
    const auto record =
        session.find_record(issued_unit(session, sequence), NRTA_SEQ_GET_SEQ_NUM(sequence));
    if (!record) {
      throw StatusError(NRT_INVALID, "the request is not complete, or many were since");
    }
    *started = static_cast<std::uint64_t>(record->started);
    *ended = static_cast<std::uint64_t>(record->ended);
    return NRT_SUCCESS;
  });
}

NRT_STATUS(nsim_hook_pause)(uint32_t lnc, int xu, int queue, bool paused) {
  return with_hooks(__func__, [&](Session& session) {
    session.pause(unit_named(session, lnc, xu, queue), paused);
    return NRT_SUCCESS;
  });
}

NRT_STATUS(nsim_hook_set_next_number)(uint32_t lnc, int xu, int queue, uint64_t number) {
  return with_hooks(__func__, [&](Session& session) {
    if (!unit_named(session, lnc, xu, queue).set_next_number(number)) {
      throw StatusError(NRT_INVALID, "the unit has requests outstanding, or that is no number");
    }
    return NRT_SUCCESS;
  });
}

NRT_STATUS nsim_hook_counters(char* json, size_t* size) {
  return with_hooks(__func__, [&](Session& session) {
    require_pointer(size, "size");
    const std::string text = json_text(counters_json(session.counter_record()), 1);
    const std::size_t room = std::exchange(*size, text.size() + 1);
    if (json == nullptr || room <= text.size()) {
      return NRT_RESOURCE;
    }
    std::memcpy(json, text.c_str(), text.size() + 1);
    return NRT_SUCCESS;
  });
}

NRT_STATUS nsim_hook_now(uint64_t* picoseconds) {
  return with_hooks(__func__, [&](Session& session) {
    require_pointer(picoseconds, "picoseconds");
    *picoseconds = static_cast<std::uint64_t>(session.now());
    return NRT_SUCCESS;
  });
}
