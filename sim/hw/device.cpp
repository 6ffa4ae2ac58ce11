// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/device.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>

namespace nsim::hw {
namespace {

/// Queues of each unit type of a logical core (nrt_async.h: compute 1, collectives 3, tensor op 2;
/// two for each direction of tensor traffic; the driver's own: one for copies, one on which hosts
/// meet).
constexpr std::array<int, kUnitTypeCount> kQueues{2, 2, 2, 1, 3, 2};

int units_per_core() {
  return std::accumulate(kQueues.begin(), kQueues.end(), 0);
}

}  // namespace

struct Device::Core {
  std::unique_ptr<NeuronCore> core;
  std::unique_ptr<CoreWindow> window;
  std::unique_ptr<DmaScheduler> scheduler;
  DmaActivity dma_activity;
  std::vector<std::unique_ptr<DmaEngine>> engines;
  std::unique_ptr<DmaEngine> gpsimd_dma;
  std::unique_ptr<Dge> dge;
};

int Device::units_per_device(const InstanceParams& params) {
  return params.logical_cores_per_device() * units_per_core();
}

int Device::unit_index(const InstanceParams& params, UnitAddress address) {
  const int core = address.core % params.logical_cores_per_device();
  const auto type = static_cast<std::size_t>(address.type);
  if (type >= kQueues.size() || address.queue >= kQueues[type]) {
    return -1;
  }
  return core * units_per_core() + std::accumulate(kQueues.begin(), kQueues.begin() + type, 0) +
         address.queue;
}

Device::Device(sc_core::sc_module_name name, int index, const Shared& shared)
    : sc_module(name),
      params_(*shared.params),
      map_(*shared.map),
      index_(index),
      link_("host_link", params_.host_link, shared.faults),
      port_("host_port", link_),
      interrupts_("interrupts", params_.interrupts, link_, shared.faults),
      fabric_("fabric", params_.fabric, map_, index) {
  reg_.register_b_transport(this, &Device::write_register);
  port_.reg.bind(reg_);
  build_memory(shared);
  for (int core = 0; core < params_.device.cores; ++core) {
    build_core(core, shared);
  }
  bind_fabric(shared);
  for (int core = 0; core < params_.device.cc_cores; ++core) {
    cc_cores_.push_back(std::make_unique<CcCore>(params_.cc_core));
  }
  for (int core = 0; core < params_.logical_cores_per_device(); ++core) {
    build_units(core, shared);
  }
}

Device::~Device() = default;

void Device::build_memory(const Shared& shared) {
  for (int stack = 0; stack < params_.hbm.stacks; ++stack) {
    stacks_.push_back(std::make_unique<Hbm>(fmt::format("hbm{}", stack).c_str(), params_.hbm,
                                            shared.map->hbm(index_, stack), shared.faults));
    host_dma_.push_back(std::make_unique<HostDma>(fmt::format("host_dma{}", stack).c_str(),
                                                  params_.host_dma, stack, params_.numerics,
                                                  shared.faults));
    host_dma_.back()->bind(fabric_);
  }
}

void Device::build_core(int core, const Shared& shared) {
  const int home = static_cast<int>(core * params_.hbm.stacks / params_.device.cores);
  auto parts = std::make_unique<Core>();
  parts->core = std::make_unique<NeuronCore>(fmt::format("nc{}", core).c_str(), params_.neuron_core,
                                             params_.numerics, core, shared.faults);
  parts->window = std::make_unique<CoreWindow>(
      fmt::format("core_window{}", core).c_str(), params_.core_window,
      shared.map->sbuf(index_, core, 0, 0), parts->core->sbuf(), shared.faults);
  parts->scheduler = std::make_unique<DmaScheduler>(fmt::format("dma{}", core).c_str());
  std::vector<DmaEngine*> engines;
  for (int engine = 0; engine < params_.device.dma_engines; ++engine) {
    parts->engines.push_back(std::make_unique<DmaEngine>(
        fmt::format("dma{}_{}", core, engine).c_str(), params_.dma_engine, home,
        fmt::format("DMA{}(nc{})", engine, core),
        DmaShared{*parts->scheduler, parts->dma_activity, shared.faults}));
    engines.push_back(parts->engines.back().get());
    engines.back()->out.bind(fabric_.in);
  }
  if (params_.device.gpsimd_dma) {
    DmaEngineParams own = params_.dma_engine;
    own.rate = params_.device.gpsimd_dma_rate;
    own.descriptor_overhead = params_.device.gpsimd_dma_descriptor_overhead;
    parts->gpsimd_dma = std::make_unique<DmaEngine>(
        fmt::format("gpsimd_dma{}", core).c_str(), own, home, fmt::format("GpSimdDMA(nc{})", core),
        DmaShared{*parts->scheduler, parts->dma_activity, shared.faults});
    parts->gpsimd_dma->out.bind(fabric_.in);
  }
  parts->dge =
      std::make_unique<Dge>(params_.dge, map_, Dge::Place{index_, core}, parts->core->sbuf(),
                            std::move(engines), parts->gpsimd_dma.get(), shared.faults);
  cores_.push_back(std::move(parts));
}

void Device::bind_fabric(const Shared& shared) {
  for (const auto& stack : stacks_) {
    fabric_.out.bind(stack->in);
  }
  for (const auto& core : cores_) {
    fabric_.out.bind(core->window->in);
  }
  fabric_.out.bind(link_.in);
  link_.out.bind(shared.host_memory->in);
  if (shared.links != nullptr) {
    fabric_.out.bind(shared.links->in);
    shared.links->out.bind(fabric_.in);
  }
}

void Device::build_units(int logical_core, const Shared& shared) {
  const int per_logical = static_cast<int>(params_.device.cores_per_logical);
  const int first = logical_core * per_logical;
  UnitParts parts;
  parts.map = shared.map;
  parts.programs = shared.programs;
  parts.interrupts = &interrupts_;
  parts.deadlines = shared.deadlines;
  parts.faults = shared.faults;
  parts.dma =
      host_dma_[static_cast<std::size_t>(first * params_.hbm.stacks / params_.device.cores)].get();
  parts.trace = shared.trace;
  parts.trace_process = shared.trace_process;
  std::vector<NeuronCore*> peers;
  for (int core = first; core < first + per_logical; ++core) {
    const auto& physical = *cores_[static_cast<std::size_t>(core)];
    parts.cores.push_back({physical.core.get(), physical.dge.get(), core});
    peers.push_back(physical.core.get());
  }
  for (int core = first; core < first + per_logical; ++core) {
    const auto& physical = *cores_[static_cast<std::size_t>(core)];
    physical.core->bind(*physical.dge, peers);
  }
  for (int type = 0; type < kUnitTypeCount; ++type) {
    for (int queue = 0; queue < kQueues[static_cast<std::size_t>(type)]; ++queue) {
      UnitAddress address;
      address.core =
          static_cast<std::uint16_t>(index_ * params_.logical_cores_per_device() + logical_core);
      address.type = static_cast<UnitType>(type);
      address.queue = static_cast<std::uint8_t>(queue);
      parts.ring = static_cast<int>(units_.size()) % units_per_core();
      parts.stream = does_collectives(address) ? build_stream(address, shared) : nullptr;
      units_.push_back(std::make_unique<ExecutionUnit>(
          fmt::format("xu{}_{}{}", logical_core, nsim::hw::name(address.type), queue).c_str(),
          params_.execution_unit, address, parts));
      units_.back()->mem.bind(fabric_.in);
    }
  }
}

/// Its collectives core: those of the device are shared out evenly over the logical cores, and
/// among these over the queues.
CcStream* Device::build_stream(UnitAddress unit, const Shared& shared) {
  const int logical = params_.logical_cores_per_device();
  const int local = unit.core % logical;
  const int count = static_cast<int>(cc_cores_.size());
  const int each = std::max(count / logical, 1);
  CcStreamParts parts;
  parts.core =
      cc_cores_[static_cast<std::size_t>((local * each + unit.queue % each) % count)].get();
  parts.mail = shared.mail;
  parts.faults = shared.faults;
  const auto per_logical = static_cast<int>(params_.device.cores_per_logical);
  for (int core = local * per_logical; core < (local + 1) * per_logical; ++core) {
    for (const auto& engine : cores_[static_cast<std::size_t>(core)]->engines) {
      parts.engines.push_back(engine.get());
    }
  }
  // Rates with arithmetic are those of the result of two sources; here bytes read count.
  parts.combine_rate = 2 * params_.dge.compute_rate;
  parts.numerics = params_.numerics;
  parts.trace = shared.trace;
  parts.trace_process = shared.trace_process;
  streams_.push_back(std::make_unique<CcStream>(unit, std::move(parts)));
  return streams_.back().get();
}

void Device::write_register(tlm::tlm_generic_payload& payload, sc_core::sc_time&) {
  const Location location = map_.locate(payload.get_address(), payload.get_data_length());
  std::uint64_t value = 0;
  if (location.region != Region::Registers || location.device != index_ || !payload.is_write() ||
      payload.get_data_length() != sizeof value) {
    payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
    return;
  }
  std::memcpy(&value, payload.get_data_ptr(), sizeof value);
  units_[location.offset / kUnitRegisterBytes]->write_register(location.offset % kUnitRegisterBytes,
                                                               value);
  payload.set_response_status(tlm::TLM_OK_RESPONSE);
}

ExecutionUnit& Device::unit(UnitAddress address) {
  return *units_[static_cast<std::size_t>(unit_index(params_, address))];
}

void Device::watch(Waves& waves) {
  const std::string self = fmt::format("nd{}", index_);
  for (std::size_t c = 0; c < cores_.size(); ++c) {
    Core& core = *cores_[c];
    const std::string scope = fmt::format("{}.nc{}", self, c);
    core.core->watch(waves, scope);
    core.dge->watch(waves, scope + ".dma.queue");
    for (std::size_t e = 0; e < core.engines.size(); ++e) {
      core.engines[e]->watch(waves, fmt::format("{}.dma.engine{}", scope, e));
    }
    if (core.gpsimd_dma) {
      core.gpsimd_dma->watch(waves, scope + ".dma.gpsimd");
    }
  }
  const int logical = params_.logical_cores_per_device();
  const auto unit_name = [logical](UnitAddress unit) {
    return fmt::format("lnc{}.{}{}", unit.core % logical, nsim::hw::name(unit.type), unit.queue);
  };
  for (const auto& unit : units_) {
    unit->watch(waves, fmt::format("{}.{}", self, unit_name(unit->address())));
  }
  interrupts_.watch(waves, self + ".interrupts", unit_name);
  for (const auto& unit : units_) {
    waves.expect({fmt::format("{}.interrupts.{}", self, unit_name(unit->address()))});
  }
}

void Device::record_paths(const PathHandler& handler) {
  for (const auto& unit : units_) {
    unit->record_paths(handler);
  }
}

void Device::report(StatsScope stats) const {
  for (std::size_t s = 0; s < stacks_.size(); ++s) {
    stacks_[s]->report(stats.scope(fmt::format("hbm{}", s)));
    host_dma_[s]->report(stats.scope(fmt::format("host_dma{}", s)));
  }
  link_.report(stats.scope("host_link"));
  interrupts_.report(stats.scope("interrupts"));
  for (std::size_t c = 0; c < cores_.size(); ++c) {
    const Core& core = *cores_[c];
    const StatsScope scope = stats.scope(fmt::format("nc{}", c));
    core.core->report(scope);
    core.window->report(scope.scope("core_window"));
    core.dge->report(scope.scope("dma"));
    core.dma_activity.report(scope.scope("dma"));
    if (core.gpsimd_dma) {
      core.gpsimd_dma->report(scope.scope("dma").scope("gpsimd"));
    }
    for (std::size_t e = 0; e < core.engines.size(); ++e) {
      core.engines[e]->report(scope.scope("dma").scope(fmt::format("engine{}", e)));
    }
  }
  for (std::size_t c = 0; c < cc_cores_.size(); ++c) {
    cc_cores_[c]->report(stats.scope(fmt::format("cc_core{}", c)));
  }
  std::size_t unit = 0;
  for (int core = 0; core < params_.logical_cores_per_device(); ++core) {
    for (int type = 0; type < kUnitTypeCount; ++type) {
      for (int queue = 0; queue < kQueues[static_cast<std::size_t>(type)]; ++queue) {
        units_[unit++]->report(
            stats.scope(fmt::format("lnc{}", core))
                .scope(fmt::format("{}{}", nsim::hw::name(static_cast<UnitType>(type)), queue)));
      }
    }
  }
}

}  // namespace nsim::hw
