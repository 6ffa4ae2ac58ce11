// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/instance.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/base/error.h"
#include "sim/hw/time.h"

namespace nsim::hw {
namespace {

/// Encoded size of an instruction; not published. Two 32-byte words hold opcode, three operands
/// with four dimensions each, and semaphores.
constexpr std::int64_t kInstructionBytes = 64;

AddressMap::Layout layout_of(const InstanceParams& params) {
  AddressMap::Layout layout;
  layout.devices = static_cast<int>(params.devices);
  layout.stacks = static_cast<int>(params.hbm.stacks);
  layout.hbm_stride = static_cast<std::uint64_t>(params.hbm.stride);
  layout.hbm_bytes = static_cast<std::uint64_t>(params.hbm.capacity);
  layout.cores = static_cast<int>(params.device.cores);
  layout.partition_bytes = static_cast<std::uint64_t>(params.neuron_core.sbuf.partition_bytes);
  layout.units = Device::units_per_device(params);
  return layout;
}

}  // namespace

std::int64_t code_bytes(const isa::CoreStreams& streams) {
  std::int64_t instructions = 0;
  for (int e = 0; e < isa::kEngineCount; ++e) {
    instructions += streams.code_size(static_cast<isa::Engine>(e));
  }
  return instructions * kInstructionBytes;
}

std::shared_ptr<const InstanceParams> Hardware::resolve(Config& config) {
  return std::make_shared<const InstanceParams>(config);
}

Topology Hardware::topology_of(const InstanceParams& params) {
  const AddressMap map(layout_of(params));
  Topology topology;
  topology.name = params.name;
  topology.target = params.device.target;
  topology.devices = static_cast<int>(params.devices);
  topology.cores_per_device = static_cast<int>(params.device.cores);
  topology.dma_engines = static_cast<int>(params.device.dma_engines);
  topology.cores_per_logical = static_cast<int>(params.device.cores_per_logical);
  topology.logical_cores = topology.devices * params.logical_cores_per_device();
  const int stacks = static_cast<int>(params.hbm.stacks);
  for (int device = 0; device < topology.devices; ++device) {
    for (int stack = 0; stack < stacks; ++stack) {
      topology.hbm.push_back({device, stack, map.hbm(device, stack),
                              static_cast<std::uint64_t>(params.hbm.capacity),
                              static_cast<std::uint64_t>(params.hbm.reserved), nullptr});
    }
  }
  const int logical_per_device = params.logical_cores_per_device();
  for (int core = 0; core < topology.logical_cores; ++core) {
    topology.hbm_of_core.push_back(core / logical_per_device * stacks +
                                   core % logical_per_device * stacks / logical_per_device);
  }
  return topology;
}

isa::Limits Hardware::limits_of(const InstanceParams& params) {
  isa::Limits limits;
  limits.target = params.device.target;
  limits.cores_per_logical = static_cast<int>(params.device.cores_per_logical);
  limits.sbuf_partition_bytes = params.neuron_core.sbuf.partition_bytes;
  limits.psum_partition_bytes = params.neuron_core.psum.partition_bytes;
  limits.psum_bank_bytes = params.neuron_core.psum.bank_bytes;
  limits.hbm_stack_bytes = params.hbm.capacity - params.hbm.reserved;
  limits.has_hwdge = params.dge.hardware_blocks > 0;
  limits.has_gpsimd_dma = params.device.gpsimd_dma;
  limits.has_dma_transpose = params.device.dma_transpose;
  limits.dma_qos_classes = static_cast<int>(params.device.dma_qos_classes);
  limits.scalar_tensor_scalar = params.device.scalar_tensor_scalar;
  const cost::TensorParams& tensor = params.neuron_core.engines.tensor;
  limits.transpose_mode = tensor.transpose_mode;
  limits.matmul_double_row = tensor.double_row;
  limits.matmul_sparse = tensor.sparse;
  limits.matmul_small_tiles = tensor.small_tiles;
  limits.matmul_bf16_result = tensor.bf16_result;
  limits.matmul_result_bytes = tensor.result_bytes;
  return limits;
}

bool Hardware::numerics_of(const InstanceParams& params) {
  return params.numerics;
}

std::shared_ptr<Hardware> Hardware::create(std::shared_ptr<const InstanceParams> params,
                                           TraceSet& traces) {
  return std::make_shared<Instance>("instance", std::move(params), traces);
}

Instance::Instance(sc_core::sc_module_name name, std::shared_ptr<const InstanceParams> params,
                   TraceSet& traces)
    : sc_module(name),
      params_(std::move(params)),
      traces_(traces),
      map_(layout_of(*params_)),
      faults_(params_->fault_seed) {
  add_faults(params_->faults);
  Device::Shared shared;
  shared.params = params_.get();
  shared.map = &map_;
  shared.programs = &programs_;
  shared.host_memory = &host_memory_;
  if (params_->neuron_link.topology != "none") {
    links_ = std::make_unique<NeuronLink>("neuron_link", params_->neuron_link,
                                          static_cast<int>(params_->devices), &faults_);
    shared.links = links_.get();
  }
  mail_ = std::make_unique<CcMail>("cc_mail", params_->fabric, params_->logical_cores_per_device(),
                                   links_.get());
  shared.mail = mail_.get();
  shared.deadlines = &deadlines_;
  shared.faults = &faults_;
  shared.trace = &traces.system();
  if (shared.trace->enabled()) {
    shared.trace_process = shared.trace->process(params_->name + "/neuron_hw", 1, 1);
  }
  for (int device = 0; device < params_->devices; ++device) {
    devices_.push_back(
        std::make_unique<Device>(fmt::format("nd{}", device).c_str(), device, shared));
  }
  if (traces.waves().enabled()) {
    traces.waves().follow([] { return now(); });
    for (const auto& device : devices_) {
      device->watch(traces.waves());
    }
    traces.waves().check();
  }
  topology_ = topology_of(*params_);
  for (HbmRegion& region : topology_.hbm) {
    region.storage = devices_[static_cast<std::size_t>(region.device)]->hbm(region.stack).storage();
  }
}

Device& Instance::device_of(UnitAddress unit) {
  return *devices_.at(unit.core / static_cast<std::size_t>(params_->logical_cores_per_device()));
}

std::uint64_t Instance::unit_registers(UnitAddress unit) const {
  const int index = Device::unit_index(*params_, unit);
  if (index < 0 || unit.core >= topology_.logical_cores) {
    throw InternalError(fmt::format("no unit {} queue {} on core {}", nsim::hw::name(unit.type),
                                    unit.queue, unit.core));
  }
  return map_.registers(unit.core / params_->logical_cores_per_device(), index);
}

void Instance::write_register(std::uint64_t address, std::uint64_t value) {
  const Location location = map_.locate(address, sizeof value);
  if (location.region != Region::Registers) {
    throw InternalError(fmt::format("register write to {:#x}, which is no register", address));
  }
  if (!Faults::active(&faults_) || !loses(location, value)) {
    devices_[static_cast<std::size_t>(location.device)]->host_port().write(address, value);
  }
}

void Instance::fence(int device, std::function<void()> answered) {
  devices_[static_cast<std::size_t>(device)]->host_port().fence(std::move(answered));
}

bool Instance::loses(const Location& location, std::uint64_t value) {
  Device& device = *devices_[static_cast<std::size_t>(location.device)];
  Origin origin{device.unit_at(location.offset / kUnitRegisterBytes), value};
  switch (location.offset % kUnitRegisterBytes) {
    case kDoorbell:
      if (faults_.strikes(FaultPoint::DeviceGone, {origin, FaultPhase::Doorbell, nullptr, 0})) {
        device.link().die();
      }
      return false;
    case kNotifyHead:
      origin.request = 0;
      return faults_.strikes(FaultPoint::NotificationOverflow,
                             {origin, FaultPhase::Drain, nullptr, 0});
    default:
      return false;
  }
}

bool Instance::answers(int device) const {
  return !devices_[static_cast<std::size_t>(device)]->link().dead();
}

void Instance::add_faults(const std::vector<FaultRule>& rules) {
  for (const FaultRule& rule : rules) {
    faults_.add(rule);
  }
}

void Instance::on_interrupt(std::function<void(UnitAddress)> handler) {
  for (const auto& device : devices_) {
    device->interrupts().on_interrupt(handler);
  }
}

std::uint64_t Instance::load_program(int core, std::shared_ptr<const isa::Streams> streams,
                                     std::uint32_t model_id, std::uint64_t code) {
  return programs_.add({core, std::move(streams), &traces_.device(model_id), code});
}

std::byte* Instance::pointer(std::uint64_t address, std::uint64_t bytes) {
  const Location location = map_.locate(address, bytes);
  switch (location.region) {
    case Region::Hbm:
      return devices_[static_cast<std::size_t>(location.device)]
          ->hbm(location.index)
          .pointer(address, bytes);
    case Region::Host:
      return reinterpret_cast<std::byte*>(location.offset);
    case Region::Sbuf:
    case Region::Registers:
    case Region::None:
      break;
  }
  return nullptr;
}

void Instance::inject(UnitAddress unit, DeviceError error, std::uint64_t skip) {
  device_of(unit).unit(unit).inject(error, skip);
}

void Instance::record_paths(PathHandler handler) {
  for (const auto& device : devices_) {
    device->record_paths(handler);
  }
}

void Instance::report(StatsScope stats) const {
  for (std::size_t device = 0; device < devices_.size(); ++device) {
    devices_[device]->report(stats.scope(fmt::format("nd{}", device)));
  }
  if (links_) {
    links_->report(stats.scope("neuron_link"));
  }
  faults_.report(stats.scope("faults"));
}

}  // namespace nsim::hw
