// SPDX-License-Identifier: Apache-2.0
// Collectives on a simulated instance, with a rank per logical core of a list.
#pragma once

#include <algorithm>
#include <cstdint>
#include <list>
#include <vector>

#include "sim/hw/collective.h"
#include "tests/support/instance_bench.h"

namespace nsim::test {

class Collectives {
 public:
  /// `cores`: of the ranks. Buffers lie in the HBM of their cores, `offset` bytes from its start.
  Collectives(InstanceBench& bench, std::vector<int> cores, std::uint64_t bytes,
              std::uint64_t offset = 0)
      : bench_(bench), cores_(std::move(cores)), bytes_(bytes), offset_(offset) {}

  std::uint64_t input(std::size_t rank) const {
    return bench_.hbm(cores_[rank]) + offset_ + rank * 3 * room();
  }
  std::uint64_t output(std::size_t rank) const { return input(rank) + room(); }

  /// What one rank is told; `bytes` of its input.
  hw::Collective make(hw::CollectiveOp op, std::size_t rank, std::uint64_t order = 1,
                      num::ElementType type = num::ElementType::Int32) const {
    hw::Collective collective;
    collective.header.op = op;
    collective.header.type = static_cast<std::uint8_t>(type);
    collective.header.communicator = 1;
    collective.header.order = order;
    collective.header.rank = static_cast<std::uint32_t>(rank);
    collective.header.ranks = static_cast<std::uint32_t>(cores_.size());
    for (const int core : cores_) {
      collective.cores.push_back(static_cast<std::uint64_t>(core));
    }
    if (op != hw::CollectiveOp::Barrier) {
      collective.buffers = {{input(rank), output(rank), bytes_}};
    }
    return collective;
  }

  hw::UnitAddress unit(std::size_t rank, int queue = 0) const {
    return {static_cast<std::uint16_t>(cores_[rank]), hw::UnitType::Collectives,
            static_cast<std::uint8_t>(queue)};
  }
  void submit(std::size_t rank, const hw::Collective& collective, int queue = 0) {
    tables_.push_back(collective.table());
    hw::RequestDescriptor descriptor;
    descriptor.opcode = hw::RequestOpcode::Collective;
    descriptor.bindings = host_address(tables_.back().data());
    descriptor.binding_count = static_cast<std::uint32_t>(tables_.back().size());
    bench_.submit(unit(rank, queue), descriptor);
  }
  void submit_all(hw::CollectiveOp op, std::uint64_t order = 1, int queue = 0) {
    for (std::size_t rank = 0; rank < cores_.size(); ++rank) {
      submit(rank, make(op, rank, order), queue);
    }
  }
  /// From the first rank's start to the last one's end, of the last request.
  SimTime duration(int queue = 0) {
    std::uint64_t start = UINT64_MAX;
    std::uint64_t end = 0;
    for (std::size_t rank = 0; rank < cores_.size(); ++rank) {
      std::uint64_t own = 0;
      for (const InstanceBench::Entry& entry : bench_.entries(unit(rank, queue))) {
        own = entry.notification.type == hw::NotificationType::Trace ? entry.notification.timestamp
                                                                     : own;
        end = std::max(end, entry.notification.timestamp);
      }
      start = std::min(start, own);
    }
    return static_cast<SimTime>(end - start);
  }

 private:
  std::uint64_t room() const { return bytes_ * std::max<std::uint64_t>(cores_.size(), 1); }

  InstanceBench& bench_;
  const std::vector<int> cores_;
  const std::uint64_t bytes_;
  const std::uint64_t offset_;
  std::list<std::vector<std::uint64_t>> tables_;  // read by the device
};

}  // namespace nsim::test
