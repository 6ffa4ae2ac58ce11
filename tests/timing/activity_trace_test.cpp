// SPDX-License-Identifier: Apache-2.0
// What the trace shows of an engine is what its statistics say.
#include <catch2/catch.hpp>
#include <filesystem>

#include "sim/base/trace_reader.h"
#include "tests/support/core_bench.h"
#include "tests/support/scratch_folder.h"

using namespace nsim;
using isa::Engine;
using isa::SemaphoreOwner;
using test::CoreBench;
using test::in_psum;
using test::in_sbuf;
using test::StreamMaker;

namespace {

StreamMaker pipeline() {
  StreamMaker maker;
  maker.owner(1, SemaphoreOwner::Dma).owner(2, SemaphoreOwner::Tensor);
  for (int i = 1; i <= 4; ++i) {
    maker.add(test::dma(Engine::Sync), {}, {{1, 16}});
    isa::StreamInstruction matmul =
        test::instruction(Engine::Tensor, isa::Opcode::NcMatmul, in_psum(0, 256),
                          in_sbuf(0, 128, num::Dtype::Bf16), in_sbuf(1024, 256, num::Dtype::Bf16));
    matmul.label = 1;
    matmul.line = 42;
    maker.add(matmul, {{1, 16 * i}}, {{2, 1}});
    maker.add(test::copy(Engine::Scalar, in_sbuf(4096, 256), in_psum(0, 256)), {{2, i}});
    maker.add(test::copy(Engine::Vector, in_sbuf(8192, 256), in_psum(0, 256)), {{2, i}});
  }
  return maker;
}

struct Row {
  const char* track;
  const char* engine;
};
constexpr Row kRows[] = {{"Tensor(nc0)", "tensor"},
                         {"Vector(nc0)", "vector"},
                         {"Scalar(nc0)", "scalar"},
                         {"GpSimd(nc0)", "gpsimd"},
                         {"Sync(nc0)", "sync"}};
const std::pair<const char*, const char*> kCauses[] = {{"waiting for tensor", "idle_tensor"},
                                                       {"waiting for dma", "idle_dma"},
                                                       {"waiting for port", "idle_port"},
                                                       {"fetching", "idle_fetch"},
                                                       {"drained", "idle_drained"}};

void check_trace_against_statistics(const TraceFile& file, const CoreBench& bench) {
  for (const Row& row : kRows) {
    INFO(row.track);
    const std::string track = row.track;
    const std::string engine = row.engine;
    CHECK(file.busy(track) == bench.time(engine + ".busy"));
    std::map<std::string, SimTime> idle;
    for (const TraceSlice& slice : file.slices_of(track + "/" + track + " wait")) {
      idle[slice.name] += slice.duration_ps;
    }
    for (const auto& [slice, stat] : kCauses) {
      INFO(slice);
      CHECK(idle[slice] == bench.time(engine + "." + stat));
    }
  }
}

}  // namespace

TEST_CASE("slices of an engine add up to its statistics") {
  const test::ScratchFolder folder;
  const StreamMaker maker = pipeline();
  CoreBench bench;
  Trace trace(folder / "t.pftrace");
  bench.trace = &trace;
  bench.flow = 77;
  bench.start(maker.streams());
  bench.kernel.run();
  trace.close();
  const TraceFile read = read_trace(folder / "t.pftrace");
  check_trace_against_statistics(read, bench);

  int arrows = 0;
  for (const TraceSlice& slice : read.slices) {
    arrows += static_cast<int>(slice.flows.size());
  }
  CHECK(arrows == 1);
  const TraceSlice matmul = read.slices_of("Tensor(nc0)").at(1);  // behind its weights
  CHECK(matmul.name == "nc_matmul");
  CHECK(matmul.texts.at("label") == "layer");
  CHECK(matmul.numbers.at("line") == 42);
  CHECK(matmul.numbers.at("done_ps") >= matmul.start_ps + matmul.duration_ps);
  const TraceSlice weights = read.slices_of("Tensor(nc0)").at(0);
  CHECK(weights.name == "load_stationary");
  CHECK(weights.texts.at("label") == "layer");
}

TEST_CASE("slices of an aborted execution add up to its statistics") {
  const test::ScratchFolder folder;
  const StreamMaker maker = pipeline();
  CoreBench bench;
  Trace trace(folder / "t.pftrace");
  bench.trace = &trace;
  bench.start(maker.streams());
  bench.kernel.at(5 * kMicrosecond, [&] { bench.core().abort(hw::DeviceError::Hang); });
  bench.kernel.run();
  trace.close();
  check_trace_against_statistics(read_trace(folder / "t.pftrace"), bench);
}
