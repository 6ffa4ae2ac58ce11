// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/instance_params.h"

#include <fmt/format.h>

#include "sim/base/error.h"

namespace nsim::hw {
namespace {

constexpr DmaEngineParams::Defaults kDmaEngine{"18GB/s", 64};
// 64 KiB descriptors, a few per packet: the reads and writes of several requests take turns soon.
constexpr DmaEngineParams::Defaults kHostDma{"16GB/s", 4};

}  // namespace

DeviceParams::DeviceParams(ParamScope scope)
    : target(scope.choice("target", "trn1", {"inf2", "trn1", "trn2", "trn3"},
                          "Architecture of the NeuronCores")),
      cores(scope.count("cores", 2, 1, 128, "Physical NeuronCores of a device")),
      cores_per_logical(
          scope.count("cores_per_logical", 1, 1, 8, "Physical NeuronCores of a logical one (LNC)")),
      dma_engines(scope.count("dma_engines", 16, 1, Dge::kMaxEngines,
                              "DMA engines of a physical NeuronCore; a transfer counts 16 on its "
                              "semaphores whatever their number")),
      cc_cores(scope.count("cc_cores", 6, 1, 128, "Collectives cores (TOP_SP) of a device")),
      dma_transpose(scope.flag("dma_transpose", true, "The DMA engines can transpose")),
      gpsimd_dma(scope.flag("gpsimd_dma", false, "GpSimd has a DMA engine of its own")),
      gpsimd_dma_rate(scope.rate("gpsimd_dma_rate", "153.5GB/s", "1MB/s", "10TB/s",
                                 "Rate of a copy by the DMA engine of GpSimd")),
      gpsimd_dma_descriptor_overhead(
          scope.duration("gpsimd_dma_descriptor_overhead", "2.75ns", "0ns", "100us",
                         "Time of the DMA engine of GpSimd per descriptor beside its bytes")),
      dma_qos_classes(scope.count("dma_qos_classes", 1, 1, 8,
                                  "Classes of DMA traffic; a higher one is served first")),
      scalar_tensor_scalar(
          scope.flag("scalar_tensor_scalar", false, "The Scalar engine executes tensor_scalar")) {
  if (cores % cores_per_logical != 0) {
    throw UserError(fmt::format("device.cores_per_logical: {} does not divide device.cores = {}",
                                cores_per_logical, cores));
  }
}

InstanceParams::InstanceParams(Config& config)
    : name(ParamScope(config, "instance").text("name", "trn1.2xlarge", "Name of the instance")),
      devices(ParamScope(config, "instance").count("devices", 1, 1, 64, "Devices of the instance")),
      numerics(ParamScope(config, "instance")
                   .from("assumed: a setting of the simulator")
                   .choice("numerics", "on", {"on", "off"},
                           "Whether instructions compute, or only take time") == "on"),
      device(ParamScope(config, "device")),
      hbm(ParamScope(config, "hbm")),
      fabric(ParamScope(config, "fabric")),
      host_link(ParamScope(config, "host_link")),
      neuron_link(ParamScope(config, "neuron_link")),
      core_window(ParamScope(config, "core_window")),
      dma_engine(ParamScope(config, "dma_engine"), kDmaEngine),
      host_dma(ParamScope(config, "host_dma"), kHostDma),
      dge(ParamScope(config, "dge")),
      cc_core(ParamScope(config, "cc_core")),
      execution_unit(ParamScope(config, "execution_unit")),
      interrupts(ParamScope(config, "interrupts")),
      neuron_core(ParamScope(config, "neuron_core")),
      fault_seed(static_cast<std::uint64_t>(
          ParamScope(config, "faults")
              .from("assumed: a setting of the simulator")
              .count("seed", 1, 0, INT64_MAX, "Seed of the faults that have a probability"))),
      faults(take_fault_plan(config)) {
  if (device.cores % hbm.stacks != 0 || device.cores / hbm.stacks % device.cores_per_logical != 0) {
    throw UserError(
        fmt::format("device.cores = {} with device.cores_per_logical = {} cannot be shared out "
                    "over hbm.stacks = {}: "
                    "every stack needs the same number of logical cores",
                    device.cores, device.cores_per_logical, hbm.stacks));
  }
}

}  // namespace nsim::hw
