// SPDX-License-Identifier: Apache-2.0
// All parameters of the hardware of an instance.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/config.h"
#include "sim/hw/cc_core.h"
#include "sim/hw/core_window.h"
#include "sim/hw/dge.h"
#include "sim/hw/dma_engine.h"
#include "sim/hw/execution_unit.h"
#include "sim/hw/fabric.h"
#include "sim/hw/fault_plan.h"
#include "sim/hw/hbm.h"
#include "sim/hw/interrupts.h"
#include "sim/hw/link.h"
#include "sim/hw/neuron_core.h"
#include "sim/hw/neuron_link.h"

namespace nsim::hw {

struct DeviceParams {
  explicit DeviceParams(ParamScope scope);  // [device]
  std::string target;                       // architecture that programs are made for
  std::int64_t cores;                       // physical
  std::int64_t cores_per_logical;
  std::int64_t dma_engines;      // of a physical core
  std::int64_t cc_cores;         // collectives cores (TOP_SP) of a device
  bool dma_transpose;            // the DMA engines can transpose
  bool gpsimd_dma;               // GpSimd has a DMA engine of its own
  std::int64_t gpsimd_dma_rate;  // of a copy by it
  SimTime gpsimd_dma_descriptor_overhead;
  std::int64_t dma_qos_classes;  // of DMA traffic, strictly by priority
  bool scalar_tensor_scalar;     // tensor_scalar on the Scalar engine
};

struct InstanceParams {
  /// Throws UserError for anything that does not fit together.
  explicit InstanceParams(Config& config);
  std::string name;  // [instance]
  std::int64_t devices;
  bool numerics;
  DeviceParams device;
  HbmParams hbm;
  FabricParams fabric;
  LinkParams host_link;
  NeuronLinkParams neuron_link;
  CoreWindowParams core_window;
  DmaEngineParams dma_engine;
  DmaEngineParams host_dma;
  DgeParams dge;
  CcCoreParams cc_core;
  ExecutionUnitParams execution_unit;
  InterruptParams interrupts;
  NeuronCoreParams neuron_core;
  std::uint64_t fault_seed;       // [faults]
  std::vector<FaultRule> faults;  // [[fault]]

  int logical_cores_per_device() const {
    return static_cast<int>(device.cores / device.cores_per_logical);
  }
};

}  // namespace nsim::hw
