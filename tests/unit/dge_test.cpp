// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/dge.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/dma_machine.h"

using namespace nsim;
using namespace nsim::hw;
using namespace nsim::test;
using isa::Builder;
using num::Dtype;
using Machine = DmaMachine;

TEST_CASE("A full tile is shared out evenly to 16 engines, one descriptor per row") {
  Machine m([](Builder& b) {
    auto in = input(b, Dtype::Bf16, {128, 4096});
    auto tile = b.sbuf("tile", Dtype::Bf16, 128, 512);
    b.dma_copy(isa::Engine::Sync, tile.at(0, {{1, 512}}), in.at(0, {{4096, 128}, {1, 512}}));
  });
  CHECK(m.run() == DeviceError::None);
  for (int engine = 0; engine < 16; ++engine) {
    CHECK(m.engine(engine, "descriptors") == 8);
    CHECK(m.engine(engine, "bytes") == 8 * 1024);
    CHECK(m.engine(engine, "packets") == 1);
  }
  CHECK(m.bench.stat("nd0.hbm0.read_bytes") == 128 * 1024);
}

TEST_CASE("Four partitions keep one engine busy; the others only signal") {
  Machine m([](Builder& b) {
    auto in = input(b, Dtype::Bf16, {4, 4096});
    auto tile = b.sbuf("tile", Dtype::Bf16, 4, 4096);
    b.dma_copy(isa::Engine::Sync, tile.at(0, {{1, 4096}}), in.at(0, {{4096, 4}, {1, 4096}}));
  });
  CHECK(m.run() == DeviceError::None);
  CHECK(m.engine(0, "bytes") == 4 * 8192);
  for (int engine = 1; engine < 16; ++engine) {
    CHECK(m.engine(engine, "bytes") == 0);
    CHECK(m.engine(engine, "packets") == 1);
    CHECK(m.engine(engine, "busy") == 7);
  }
}

TEST_CASE("A copy within HBM is split evenly, in descriptors of at most 64 KiB") {
  Machine m([](Builder& b) {
    auto in = input(b, Dtype::Uint8, {4 << 20});
    auto out = output(b, Dtype::Uint8, {4 << 20});
    b.dma_copy(isa::Engine::Sync, out.at(0, {{1, 4 << 20}}), in.at(0, {{1, 4 << 20}}));
  });
  m.tensor<char>(0)[(4 << 20) - 1] = 'x';
  CHECK(m.run() == DeviceError::None);
  CHECK(m.tensor<char>(1)[(4 << 20) - 1] == 'x');
  for (int engine = 0; engine < 16; ++engine) {
    CHECK(m.engine(engine, "bytes") == 256 << 10);
    CHECK(m.engine(engine, "descriptors") == 4);
  }
}

TEST_CASE(
    "A copy begins later by what a register holds; beyond its tensor it fails or is left out") {
  const auto program = [](Builder& b, isa::OobMode oob) {
    auto at = b.tensor("at", isa::TensorKind::Input, Dtype::Int32, {2});
    auto in = input(b, Dtype::Fp32, {64, 32});
    auto out = output(b, Dtype::Fp32, {8, 32});
    auto index = b.sbuf("index", Dtype::Int32, 1, 2);
    b.dma_copy(isa::Engine::Sync, index.at(0, 1, 0, {{1, 2}}), at.at(0, {{1, 2}}));
    for (int r = 0; r < 2; ++r) {
      isa::Instruction load;
      load.opcode = isa::Opcode::RegisterLoad;
      load.engine = isa::Engine::Sync;
      load.src = {index.at(0, 1, r, {{1, 1}})};
      load.count = 7 + r;
      b.emit(load);
    }
    isa::Instruction copy;
    copy.opcode = isa::Opcode::DmaCopy;
    copy.engine = isa::Engine::Sync;
    copy.dst = out.at(32, {{1, 64}});
    copy.src = {in.at(32, {{1, 64}})};
    copy.src_offset = {7, 32};
    copy.dst_offset = {8, 32};
    copy.oob = oob;
    b.emit(copy);
  };
  const auto run = [&](int from, int to, isa::OobMode oob) {
    Machine m([&](Builder& b) { program(b, oob); });
    for (int i = 0; i < 64 * 32; ++i) {
      m.tensor<float>(1)[i] = static_cast<float>(i / 32 + 1);
    }
    m.tensor<std::int32_t>(0)[0] = from;
    m.tensor<std::int32_t>(0)[1] = to;
    const DeviceError error = m.run();
    std::vector<float> rows;
    for (int r = 0; r < 8; ++r) {
      rows.push_back(m.tensor<float>(2)[r * 32 + 31]);
    }
    return std::make_pair(error, rows);
  };
  using Rows = std::vector<float>;
  CHECK(run(10, 3, isa::OobMode::Error) ==
        std::make_pair(DeviceError::None, Rows{0, 0, 0, 0, 12, 13, 0, 0}));
  CHECK(run(61, 5, isa::OobMode::Error) ==
        std::make_pair(DeviceError::None, Rows{0, 0, 0, 0, 0, 0, 63, 64}));
  CHECK(run(62, 0, isa::OobMode::Error).first == DeviceError::OutOfBounds);
  CHECK(run(0, 6, isa::OobMode::Error).first == DeviceError::OutOfBounds);
  CHECK(run(0, -1, isa::OobMode::Skip) == std::make_pair(DeviceError::None, Rows(8, 0)));
}

TEST_CASE("Queues are named as in the public profiler") {
  Machine m([](Builder& b) {
    auto in = input(b, Dtype::Fp32, {128, 8});
    auto tile = b.sbuf("tile", Dtype::Fp32, 128, 8);
    const auto from = in.at(0, {{8, 128}, {1, 8}});
    b.dma_copy(isa::Engine::Sync, tile.at(0, {{1, 8}}), from, isa::DgeMode::None);
    b.dma_copy(isa::Engine::Scalar, tile.at(0, {{1, 8}}), from, isa::DgeMode::Hwdge);
    b.dma_copy(isa::Engine::GpSimd, tile.at(0, {{1, 8}}), from, isa::DgeMode::Swdge);
  });
  CHECK(m.run() == DeviceError::None);
  for (const char* queue : {"qSyncIO0", "qScalarDynamicHW", "qGpSimdDynamic"}) {
    CHECK(m.bench.stat(std::string("nd0.nc0.dma.queue.") + queue + ".transfers") == 1);
    CHECK(m.bench.stat(std::string("nd0.nc0.dma.queue.") + queue + ".bytes") == 128 * 8 * 4);
  }
}

TEST_CASE("Any number of engines shares a transfer and adds 16 to its semaphore in all") {
  for (const int engines : {1, 3, 8, 16, 32}) {
    CAPTURE(engines);
    const std::string setting = "device.dma_engines=" + std::to_string(engines);
    Machine m(
        [](Builder& b) {  // there and back: the second waits for all of the first
          auto in = input(b, Dtype::Int32, {128, 64});
          auto out = output(b, Dtype::Int32, {128, 64});
          auto tile = b.sbuf("tile", Dtype::Int32, 128, 64);
          b.dma_copy(isa::Engine::Sync, tile.at(0, {{1, 64}}), in.at(0, {{64, 128}, {1, 64}}));
          b.dma_copy(isa::Engine::Scalar, out.at(0, {{64, 128}, {1, 64}}), tile.at(0, {{1, 64}}));
        },
        {setting.c_str()});
    for (int i = 0; i < 128 * 64; ++i) {
      m.tensor<std::int32_t>(0)[i] = i;
    }
    CHECK(m.run() == DeviceError::None);
    CHECK(std::memcmp(m.tensor<char>(0), m.tensor<char>(1), 128 * 64 * 4) == 0);
    double bytes = 0;
    for (int engine = 0; engine < engines; ++engine) {
      const double moved = m.engine(engine, "bytes");
      CHECK(moved / (2 * 64 * 4) == Approx(128.0 / engines).margin(1));
      bytes += moved;
    }
    CHECK(bytes == 2 * 128 * 64 * 4);
  }
}
