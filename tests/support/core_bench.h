// SPDX-License-Identifier: Apache-2.0
// A NeuronCore on the bench: hand-made streams, a DMA system that takes a fixed time, and what
// happened when.
#pragma once

#include <cstdint>
#include <deque>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/hw/neuron_core.h"
#include "sim/hw/time.h"
#include "tests/support/fresh_kernel.h"

namespace nsim::test {

/// `elements` contiguous elements from byte `offset` of `partitions` partitions.
inline isa::Operand on_chip(isa::Space space, num::Dtype dtype, int partitions, std::int64_t offset,
                            std::int32_t elements) {
  isa::Operand operand;
  operand.space = space;
  operand.dtype = dtype;
  operand.partitions = static_cast<std::uint16_t>(partitions);
  operand.offset = offset;
  operand.dims = 1;
  operand.dim[0] = {1, elements};
  return operand;
}
inline isa::Operand in_sbuf(std::int64_t offset, std::int32_t elements,
                            num::Dtype dtype = num::Dtype::Fp32, int partitions = 128) {
  return on_chip(isa::Space::Sbuf, dtype, partitions, offset, elements);
}
inline isa::Operand in_psum(std::int64_t offset, std::int32_t elements, int partitions = 128) {
  return on_chip(isa::Space::Psum, num::Dtype::Fp32, partitions, offset, elements);
}

inline isa::StreamInstruction instruction(isa::Engine engine, isa::Opcode opcode,
                                          const isa::Operand& dst = {},
                                          const isa::Operand& src0 = {},
                                          const isa::Operand& src1 = {}) {
  isa::StreamInstruction made;
  made.engine = engine;
  made.opcode = opcode;
  made.dst = dst;
  made.src = {src0, src1};
  return made;
}
inline isa::StreamInstruction copy(isa::Engine engine, const isa::Operand& dst,
                                   const isa::Operand& src) {
  return instruction(engine, isa::Opcode::TensorCopy, dst, src);
}
inline isa::StreamInstruction nop(isa::Engine engine) {
  return instruction(engine, isa::Opcode::Nop);
}
/// A transfer that FakeDma does not look into: also a probe of the time at which an engine issues.
inline isa::StreamInstruction dma(isa::Engine engine) {
  return instruction(engine, isa::Opcode::DmaCopy, in_sbuf(0, 1), in_sbuf(64, 1));
}

/// Streams by hand, in the order of each engine.
class StreamMaker {
 public:
  explicit StreamMaker(int cores = 1) {
    streams_.name = "test";
    streams_.labels = {"", "layer"};
    streams_.cores.resize(static_cast<std::size_t>(cores));
  }

  StreamMaker& add(const isa::StreamInstruction& instruction,
                   std::initializer_list<isa::StreamWait> waits = {},
                   std::initializer_list<isa::StreamUpdate> updates = {}, int core = 0) {
    isa::CoreStreams& streams = streams_.cores[static_cast<std::size_t>(core)];
    isa::Issue issue;
    issue.instruction = static_cast<std::uint32_t>(streams.instructions.size());
    issue.first_wait = static_cast<std::uint32_t>(streams.waits.size());
    issue.first_update = static_cast<std::uint32_t>(streams.updates.size());
    issue.waits = static_cast<std::uint8_t>(waits.size());
    issue.updates = static_cast<std::uint8_t>(updates.size());
    streams.instructions.push_back(instruction);
    streams.waits.insert(streams.waits.end(), waits);
    streams.updates.insert(streams.updates.end(), updates);
    streams.engine[static_cast<std::size_t>(instruction.engine)].push_back(issue);
    return *this;
  }
  StreamMaker& owner(int semaphore, isa::SemaphoreOwner owner, int core = 0) {
    streams_.cores[static_cast<std::size_t>(core)].owner[static_cast<std::size_t>(semaphore)] =
        owner;
    return *this;
  }

  const isa::Streams& streams() const { return streams_; }

 private:
  isa::Streams streams_;
};

/// Every transfer takes `latency`; its 16 parts are done together.
class FakeDma : public hw::DmaFrontEnd {
 public:
  struct Submitted {
    SimTime at = 0;
    const isa::StreamInstruction* instruction = nullptr;
  };

  FakeDma(Agenda& agenda, SimTime transfer_latency) : latency(transfer_latency), agenda_(&agenda) {}

  void submit(const hw::DmaTransfer& transfer) override {
    submitted.push_back({hw::now(), transfer.instruction});
    const std::uint64_t execution = transfer.context->execution;
    agenda_->at(hw::now() + latency, [this, transfer, execution] {
      if (error != hw::DeviceError::None) {
        transfer.listener->dma_error(error, execution);
        return;
      }
      for (int i = 0; i < isa::kDmaSignal; ++i) {
        transfer.listener->dma_part_done(*transfer.issue, execution, transfer.issued);
      }
      transfer.listener->dma_done(*transfer.issue, execution, transfer.issued);
    });
  }
  void abort(std::uint64_t execution) override { aborted.push_back(execution); }

  SimTime latency;
  hw::DeviceError error = hw::DeviceError::None;  // what transfers end with
  std::vector<Submitted> submitted;
  std::vector<std::uint64_t> aborted;

 private:
  Agenda* agenda_;
};

/// A logical core of one or more NeuronCores. `settings` are "path=value" below [neuron_core], on
/// top of the defaults or of the `device` file.
class CoreBench {
 public:
  static constexpr SimTime kDmaLatency = 2 * kMicrosecond;

  explicit CoreBench(std::initializer_list<const char*> settings = {}, bool numerics = false,
                     int cores = 1, const char* device = nullptr)
      : dma(kernel.agenda(), kDmaLatency), params(resolve(settings, device)) {
    std::vector<hw::NeuronCore*> peers;
    for (int i = 0; i < cores; ++i) {
      const std::string name = "nc" + std::to_string(i);
      cores_.push_back(std::make_unique<hw::NeuronCore>(name.c_str(), params, numerics, i));
      peers.push_back(cores_.back().get());
    }
    for (const auto& core : cores_) {
      core->bind(dma, peers);
    }
  }

  std::size_t cores() const { return cores_.size(); }
  /// The one whose execution ended last.
  const hw::NeuronCore& last_core() const { return *cores_[ended_.back()]; }
  hw::NeuronCore& core(int index = 0) { return *cores_[static_cast<std::size_t>(index)]; }

  /// Starts an execution of every core's streams at `time`.
  void start(const isa::Streams& streams, SimTime time = 0) {
    kernel.at(time, [this, &streams, time] {
      for (std::size_t i = 0; i < cores_.size(); ++i) {
        contexts_.emplace_back();
        contexts_.back().streams = &streams;
        contexts_.back().trace = trace;
        contexts_.back().moments = moments;
        contexts_.back().launched = moments != nullptr && i == 0 ? moments->begin(time)
                                    : moments != nullptr         ? 1
                                                                 : 0;
        contexts_.back().flow = flow;
        contexts_.back().execution = contexts_.size();
        cores_[i]->start(streams.cores[i], contexts_.back(), [this, i](hw::DeviceError error) {
          ended_.push_back(i);
          ended.push_back({hw::now(), error});
        });
      }
    });
  }

  /// When the first instructions of an execution started at 0 issue.
  SimTime first_issue() const { return params.preamble + params.fetch.latency; }
  SimTime cycles(isa::Engine engine, std::int64_t cycles) const {
    return ClockDomain(cost::clock_of(engine, params.engines)).duration(cycles);
  }
  SimTime interval(const isa::StreamInstruction& instruction) const {
    return cycles(instruction.engine, cost::instruction_cost(instruction, params.engines).interval);
  }
  SimTime latency(const isa::StreamInstruction& instruction) const {
    return cycles(instruction.engine, cost::instruction_cost(instruction, params.engines).latency);
  }
  /// Of weights.
  SimTime load(const isa::StreamInstruction& instruction) const {
    return cycles(instruction.engine, cost::instruction_cost(instruction, params.engines).load);
  }

  /// A statistic of core `index`, by name below the core.
  double stat(const std::string& name, int index = 0) const {
    Stats stats;
    cores_[static_cast<std::size_t>(index)]->report(StatsScope(stats));
    return stats.value(name);
  }
  /// The same for one in nanoseconds.
  SimTime time(const std::string& name, int index = 0) const {
    return static_cast<SimTime>(stat(name, index) * kNanosecond + 0.5);
  }

  struct Ended {
    SimTime at = 0;
    hw::DeviceError error = hw::DeviceError::None;
  };

  FreshKernel kernel;
  FakeDma dma;
  const hw::NeuronCoreParams params;
  Trace* trace = nullptr;
  hw::Moments* moments = nullptr;  // nullptr: nobody asks why
  std::uint64_t flow = 0;
  std::vector<Ended> ended;

 private:
  std::vector<std::size_t> ended_;  // cores, by their ends
  static hw::NeuronCoreParams resolve(std::initializer_list<const char*> settings,
                                      const char* device) {
    Config config = device != nullptr ? Config::load(device) : Config();
    for (const char* setting : settings) {
      config.set(std::string("neuron_core.") + setting);
    }
    hw::NeuronCoreParams params(ParamScope(config, "neuron_core"));
    if (device == nullptr) {
      config.finish();
    }
    return params;
  }

  std::deque<hw::ExecutionContext> contexts_;
  std::vector<std::unique_ptr<hw::NeuronCore>> cores_;
};

}  // namespace nsim::test
