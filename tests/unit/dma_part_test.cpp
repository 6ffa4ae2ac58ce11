// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/dma_part.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/support/dma_machine.h"

using namespace nsim;
using namespace nsim::hw;
using namespace nsim::test;
using isa::Builder;
using num::Dtype;
using Machine = DmaMachine;

TEST_CASE("A job of more than 64 descriptors takes several packets") {
  Machine m([](Builder& b) {
    auto in = input(b, Dtype::Bf16, {128, 64, 64});
    auto tile = b.sbuf("tile", Dtype::Bf16, 128, 32 * 32);
    b.dma_copy(isa::Engine::Sync, tile.at(0, {{1, 32 * 32}}),
               in.at(0, {{4096, 128}, {64, 32}, {1, 32}}));
  });
  CHECK(m.run() == DeviceError::None);
  CHECK(m.engine(3, "descriptors") == 8 * 32);
  CHECK(m.engine(3, "packets") == 4);
}

TEST_CASE("Elements keep their places through any two access patterns") {
  Machine m([](Builder& b) {
    auto in = input(b, Dtype::Int32, {128, 6});
    auto out = output(b, Dtype::Int32, {6, 128});
    auto tile = b.sbuf("tile", Dtype::Int32, 128, 12);
    b.dma_copy(isa::Engine::Sync, tile.at(1, {{2, 6}}), in.at(0, {{6, 128}, {1, 6}}));
    b.dma_copy(isa::Engine::Sync, out.at(0, {{1, 128}, {128, 6}}), tile.at(1, {{2, 6}}));
  });
  for (int i = 0; i < 768; ++i) {
    m.tensor<std::int32_t>(0)[i] = i;
  }
  CHECK(m.run() == DeviceError::None);
  int wrong = 0;
  for (int r = 0; r < 128; ++r) {
    for (int c = 0; c < 6; ++c) {
      wrong += m.tensor<std::int32_t>(1)[c * 128 + r] == r * 6 + c ? 0 : 1;
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("Elements of different types are converted on the way") {
  Machine m([](Builder& b) {
    auto in = input(b, Dtype::Fp32, {128, 64});
    auto out = output(b, Dtype::Fp32, {128, 64});
    auto tile = b.sbuf("tile", Dtype::Bf16, 128, 64);
    b.dma_copy(isa::Engine::Sync, tile.at(0, {{1, 64}}), in.at(0, {{64, 128}, {1, 64}}));
    b.dma_copy(isa::Engine::Sync, out.at(0, {{64, 128}, {1, 64}}), tile.at(0, {{1, 64}}));
  });
  for (int i = 0; i < 128 * 64; ++i) {
    m.tensor<float>(0)[i] = 1.0F + static_cast<float>(i) / 1000;
  }
  CHECK(m.run() == DeviceError::None);
  int wrong = 0;
  for (int i = 0; i < 128 * 64; ++i) {
    wrong += m.tensor<float>(1)[i] == num::round_to(Dtype::Bf16, m.tensor<float>(0)[i]) ? 0 : 1;
  }
  CHECK(wrong == 0);
}

TEST_CASE("A DMA transpose swaps rows and columns, at less than the copy rate") {
  const auto program = [](Builder& b) {
    auto in = input(b, Dtype::Bf16, {512, 128});
    auto out = output(b, Dtype::Bf16, {128, 512});
    auto tile = b.sbuf("tile", Dtype::Bf16, 128, 512);
    isa::Instruction transpose;
    transpose.opcode = isa::Opcode::DmaTranspose;
    transpose.engine = isa::Engine::Sync;
    transpose.dst = tile.at(0, {{1, 512}});
    transpose.src = {in.at(0, {{128, 512}, {1, 128}})};
    b.emit(transpose);
    b.dma_copy(isa::Engine::Sync, out.at(0, {{512, 128}, {1, 512}}), tile.at(0, {{1, 512}}));
  };
  Machine m(program);
  for (int i = 0; i < 512 * 128; ++i) {
    m.tensor<std::uint16_t>(0)[i] = static_cast<std::uint16_t>(i);
  }
  CHECK(m.run() == DeviceError::None);
  int wrong = 0;
  for (int r = 0; r < 512; ++r) {
    for (int c = 0; c < 128; ++c) {
      wrong += m.tensor<std::uint16_t>(1)[c * 512 + r] == r * 128 + c ? 0 : 1;
    }
  }
  CHECK(wrong == 0);
  Machine fast(program, {"dge.transpose_rate=1"});
  fast.run();
  const double slower = m.engine(5, "busy") - fast.engine(5, "busy");
  CHECK(slower == Approx(8192 / 25.2 * (1 / 0.9 - 1)).epsilon(0.01));
}

TEST_CASE("A DMA with arithmetic adds in fp32, at half the rate of a copy") {
  const auto program = [](Builder& b) {
    auto in = input(b, Dtype::Bf16, {128, 1024});
    auto out = output(b, Dtype::Fp32, {128, 512});
    auto tile = b.sbuf("tile", Dtype::Fp32, 128, 512);
    isa::Instruction sum;
    sum.opcode = isa::Opcode::DmaCompute;
    sum.engine = isa::Engine::Sync;
    sum.op0 = num::AluOp::Add;
    sum.dst = tile.at(0, {{1, 512}});
    sum.src = {in.at(0, {{1024, 128}, {1, 512}}), in.at(512, {{1024, 128}, {1, 512}})};
    b.emit(sum);
    b.dma_copy(isa::Engine::Sync, out.at(0, {{512, 128}, {1, 512}}), tile.at(0, {{1, 512}}));
  };
  Machine m(program);
  for (int i = 0; i < 128 * 1024; ++i) {
    m.tensor<std::uint16_t>(0)[i] = static_cast<std::uint16_t>(0x3F80 + i % 100);
  }
  CHECK(m.run() == DeviceError::None);
  const auto value = [&](int i) {
    return num::load(Dtype::Bf16, reinterpret_cast<std::byte*>(m.tensor<std::uint16_t>(0) + i));
  };
  int wrong = 0;
  for (int r = 0; r < 128; ++r) {
    for (int c = 0; c < 512; ++c) {
      const float sum = value(r * 1024 + c) + value(r * 1024 + 512 + c);
      wrong += m.tensor<float>(1)[r * 512 + c] == sum ? 0 : 1;
    }
  }
  CHECK(wrong == 0);
  Machine fast(program, {"dge.compute_rate=1"});
  fast.run();
  // 8 rows of 1 KiB of each source: at the rate of a copy what one of them takes.
  CHECK(m.engine(5, "busy") - fast.engine(5, "busy") == Approx(8192 / 25.2).epsilon(0.01));
}

namespace {

void gather_program(Builder& b) {
  auto table = input(b, Dtype::Fp32, {1000, 32});
  auto rows = b.tensor("rows", isa::TensorKind::Input, Dtype::Int32, {128});
  auto out = output(b, Dtype::Fp32, {128, 32});
  auto index = b.sbuf("index", Dtype::Int32, 128, 1);
  auto tile = b.sbuf("tile", Dtype::Fp32, 128, 32);
  b.dma_copy(isa::Engine::Sync, index.at(0, {{1, 1}}), rows.at(0, {{1, 128}, {1, 1}}));
  b.dma_gather(tile.at(0, {{1, 32}}), table.at(0, {{1, 32}}), index.at(0, {{1, 1}}));
  b.dma_copy(isa::Engine::Sync, out.at(0, {{32, 128}, {1, 32}}), tile.at(0, {{1, 32}}));
}

}  // namespace

TEST_CASE("A gather takes the rows that the index names") {
  Machine m(gather_program);
  for (int i = 0; i < 1000 * 32; ++i) {
    m.tensor<float>(0)[i] = static_cast<float>(i);
  }
  for (int p = 0; p < 128; ++p) {
    m.tensor<std::int32_t>(1)[p] = p * 37 % 1000;
  }
  CHECK(m.run() == DeviceError::None);
  int wrong = 0;
  for (int p = 0; p < 128; ++p) {
    for (int i = 0; i < 32; ++i) {
      wrong += m.tensor<float>(2)[p * 32 + i] == static_cast<float>(p * 37 % 1000 * 32 + i) ? 0 : 1;
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("A gather of a row that does not exist is out of bounds; the unit goes on") {
  Machine m(gather_program);
  m.tensor<std::int32_t>(1)[77] = 1000;
  CHECK(m.run() == DeviceError::OutOfBounds);
  m.tensor<std::int32_t>(1)[77] = 999;
  CHECK(m.run() == DeviceError::None);
  m.tensor<std::int32_t>(1)[0] = -1;
  CHECK(m.run() == DeviceError::OutOfBounds);
}

TEST_CASE("A gather leaves rows that do not exist as they were, when it may") {
  Machine m([](Builder& b) {
    auto table = input(b, Dtype::Fp32, {16, 4});
    auto rows = b.tensor("rows", isa::TensorKind::Input, Dtype::Int32, {32, 2});
    auto out = output(b, Dtype::Fp32, {32, 4});
    auto index = b.sbuf("index", Dtype::Int32, 32, 2);
    auto tile = b.sbuf("tile", Dtype::Fp32, 32, 4);
    b.dma_copy(isa::Engine::Sync, index.at(0, {{1, 2}}), rows.at(0, {{2, 32}, {1, 2}}));
    b.memset(isa::Engine::Vector, tile.at(0, {{1, 4}}), 5);
    // Rows of two elements, each picked by an index of its own; 31 of them fit.
    isa::Instruction& gather =
        b.dma_gather(tile.at(0, {{1, 4}}), table.at(2, {{1, 2}}), index.at(0, {{1, 2}}));
    gather.count = 2;
    gather.oob = isa::OobMode::Skip;
    b.dma_copy(isa::Engine::Sync, out.at(0, {{4, 32}, {1, 4}}), tile.at(0, {{1, 4}}));
  });
  for (int i = 0; i < 64; ++i) {
    m.tensor<float>(0)[i] = static_cast<float>(100 + i);
    m.tensor<std::int32_t>(1)[i] = 2 * i - 20;  // -20 to 106
  }
  CHECK(m.run() == DeviceError::None);
  for (int i = 0; i < 64; ++i) {
    const int row = 2 * i - 20;
    const bool inside = row >= 0 && row < 31;
    for (int e = 0; e < 2; ++e) {
      const auto value = static_cast<float>(100 + 2 + 2 * row + e);
      CHECK(m.tensor<float>(2)[2 * i + e] == (inside ? value : 5.0F));
    }
  }
}

namespace {

void scatter_program(Builder& b, bool adds, isa::OobMode oob) {
  auto rows = b.tensor("rows", isa::TensorKind::Input, Dtype::Int32, {128});
  auto in = input(b, Dtype::Bf16, {128, 32});
  auto table = output(b, Dtype::Fp32, {300, 32});
  auto index = b.sbuf("index", Dtype::Int32, 128, 1);
  auto tile = b.sbuf("tile", Dtype::Bf16, 128, 32);
  b.dma_copy(isa::Engine::Sync, index.at(0, {{1, 1}}), rows.at(0, {{1, 128}, {1, 1}}));
  b.dma_copy(isa::Engine::Sync, tile.at(0, {{1, 32}}), in.at(0, {{32, 128}, {1, 32}}));
  isa::Instruction scatter;
  scatter.opcode = isa::Opcode::DmaScatter;
  scatter.engine = isa::Engine::GpSimd;
  scatter.dst = table.at(0, {{1, 32}});
  scatter.src = {tile.at(0, {{1, 32}}), index.at(0, {{1, 1}})};
  scatter.op0 = adds ? num::AluOp::Add : num::AluOp::Bypass;
  scatter.oob = oob;
  b.emit(scatter);
}

}  // namespace

TEST_CASE("A scatter writes the rows that the index names, or adds to them") {
  for (const bool adds : {false, true}) {
    Machine m([&](Builder& b) { scatter_program(b, adds, isa::OobMode::Skip); });
    for (int i = 0; i < 128 * 32; ++i) {
      m.tensor<std::uint16_t>(1)[i] = 0x4040;  // 3
    }
    for (int i = 0; i < 300 * 32; ++i) {
      m.tensor<float>(2)[i] = 10;
    }
    for (int p = 0; p < 128; ++p) {
      m.tensor<std::int32_t>(0)[p] = p * 5 % 331;  // 0, 5, ... 330, 4, ...: some are too large
    }
    CHECK(m.run() == DeviceError::None);
    std::vector<float> want(300, 10);
    for (int p = 0; p < 128; ++p) {
      if (p * 5 % 331 < 300) {
        want[static_cast<std::size_t>(p * 5 % 331)] = adds ? 13.0F : 3.0F;
      }
    }
    int wrong = 0;
    for (int i = 0; i < 300 * 32; ++i) {
      wrong += m.tensor<float>(2)[i] == want[static_cast<std::size_t>(i / 32)] ? 0 : 1;
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("A scatter to a row that does not exist is out of bounds") {
  Machine m([](Builder& b) { scatter_program(b, false, isa::OobMode::Error); });
  m.tensor<std::int32_t>(0)[5] = 300;
  CHECK(m.run() == DeviceError::OutOfBounds);
}

TEST_CASE("A gather takes as long with numerics off") {
  SimTime ended[2] = {0, 0};
  for (int off = 0; off < 2; ++off) {
    Machine m(gather_program, {off == 1 ? "instance.numerics=off" : "instance.numerics=on"});
    m.run();
    ended[off] = m.bench.entries(Machine::kUnit).back().at;
  }
  CHECK(ended[0] == ended[1]);
}
