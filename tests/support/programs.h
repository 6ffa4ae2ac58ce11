// SPDX-License-Identifier: Apache-2.0
// Small programs and their execution on an InstanceBench.
#pragma once

#include <cstring>
#include <memory>
#include <vector>

#include "sim/isa/builder.h"
#include "sim/isa/expand.h"
#include "tests/support/instance_bench.h"

namespace nsim::test {

/// out = in + in on a [128, 512] tile, the rows shared out to the cores of the logical core.
inline std::shared_ptr<const isa::Streams> doubling_program(const hw::Hardware& hardware,
                                                            num::Dtype dtype = num::Dtype::Fp32) {
  const isa::Limits limits = hardware.limits();
  const int cores = limits.cores_per_logical;
  const std::int64_t rows = 128 / cores;
  isa::Builder b("double", limits.target, cores);
  auto in = b.tensor("in", isa::TensorKind::Input, dtype, {128, 512});
  auto out = b.tensor("out", isa::TensorKind::Output, dtype, {128, 512});
  auto tile = b.sbuf("tile", dtype, rows, 512);
  auto sum = b.sbuf("sum", dtype, rows, 512);
  const isa::Expr offset = isa::Expr(b.core()) * (rows * 512);
  const std::vector<isa::Dim> all{{512, rows}, {1, 512}};
  b.dma_copy(isa::Engine::Sync, tile.at(0, {{1, 512}}), in.at(offset, all));
  b.tensor_tensor(isa::Engine::Vector, sum.at(0, {{1, 512}}), tile.at(0, {{1, 512}}),
                  tile.at(0, {{1, 512}}), num::AluOp::Add);
  b.dma_copy(isa::Engine::Sync, out.at(offset, all), sum.at(0, {{1, 512}}));
  return isa::expand(b.finish(), limits);
}

/// A loaded program with its tensors one after the other at the start of the core's HBM.
struct Loaded {
  Loaded(InstanceBench& bench, std::shared_ptr<const isa::Streams> program, int core = 0)
      : streams(std::move(program)) {
    std::uint64_t address = bench.hbm(core);
    for (const isa::Tensor& tensor : streams->tensors) {
      bindings.push_back(address);
      address += static_cast<std::uint64_t>(tensor.bytes() + 4095) / 4096 * 4096;
    }
    id = bench.hardware().load_program(core, streams, 1, address);
  }

  hw::RequestDescriptor request() const {
    hw::RequestDescriptor descriptor;
    descriptor.opcode = hw::RequestOpcode::Execute;
    descriptor.program = id;
    descriptor.bindings = host_address(bindings.data());
    descriptor.binding_count = static_cast<std::uint32_t>(bindings.size());
    return descriptor;
  }

  std::shared_ptr<const isa::Streams> streams;
  std::vector<std::uint64_t> bindings;
  std::uint64_t id = 0;
};

}  // namespace nsim::test
