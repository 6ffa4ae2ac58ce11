// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/datapath.h"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <limits>

#include "tests/support/core_bench.h"

using namespace nsim;
using isa::Engine;
using isa::Opcode;
using test::in_psum;
using test::in_sbuf;
using test::instruction;

namespace {

struct Bench {
  Bench()
      : sbuf(hw::SbufParams(ParamScope(config, "sbuf")), true),
        psum(hw::PsumParams(ParamScope(config, "psum")), true),
        datapath(sbuf, psum) {}

  float* at(isa::Space space, int partition, std::int64_t offset) {
    std::byte* base = space == isa::Space::Psum
                          ? psum.storage() + partition * psum.partition_stride()
                          : sbuf.storage() + partition * sbuf.partition_stride();
    return reinterpret_cast<float*>(base + offset);
  }
  void put(int partition, std::int64_t offset, std::initializer_list<float> values) {
    std::copy(values.begin(), values.end(), at(isa::Space::Sbuf, partition, offset));
  }
  std::vector<float> row(const isa::Operand& operand, int partition) {
    const float* from = at(operand.space, partition, operand.offset);
    return {from, from + operand.dim[0].count};
  }

  Config config;
  hw::Sbuf sbuf;
  hw::Psum psum;
  hw::Datapath datapath;
};

isa::Operand sbuf_rows(std::int64_t offset, std::int32_t elements, int partitions) {
  return in_sbuf(offset, elements, num::Dtype::Fp32, partitions);
}

using Row = std::vector<float>;

}  // namespace

TEST_CASE("an operand is resolved to address, strides in bytes and counts") {
  Bench bench;
  isa::Operand operand = in_sbuf(256, 8, num::Dtype::Bf16, 32);
  operand.partition = 64;
  operand.dims = 2;
  operand.dim[0] = {100, 4};
  operand.dim[1] = {-2, 8};
  const num::View view = bench.datapath.view(operand);
  CHECK(view.base == bench.sbuf.storage() + 64 * bench.sbuf.partition_stride() + 256);
  CHECK(view.dtype == num::Dtype::Bf16);
  CHECK(view.partitions == 32);
  CHECK(view.partition_stride == bench.sbuf.partition_stride());
  CHECK(view.stride == std::array<std::int64_t, 4>{200, -4, 0, 0});
  CHECK(view.count == std::array<std::int64_t, 4>{4, 8, 1, 1});
}

TEST_CASE("an operand in PSUM is resolved to PSUM") {
  Bench bench;
  const num::View view = bench.datapath.view(in_psum(2048, 8));
  CHECK(view.base == bench.psum.storage() + 2048);
  CHECK(view.partition_stride == bench.psum.partition_stride());
}

TEST_CASE("a scan takes its initial values from the operand that holds them") {
  Bench bench;
  bench.put(0, 0, {1, 2, 3});
  bench.put(0, 64, {10, 20, 30});
  bench.put(0, 128, {4});
  isa::StreamInstruction scan =
      instruction(Engine::Vector, Opcode::TensorTensorScan, sbuf_rows(256, 3, 1),
                  sbuf_rows(0, 3, 1), sbuf_rows(64, 3, 1));
  scan.op0 = num::AluOp::Multiply;
  scan.op1 = num::AluOp::Add;
  scan.operand0.operand = sbuf_rows(128, 1, 1);
  bench.datapath.execute(scan);
  CHECK(bench.row(scan.dst, 0) == Row{14, 48, 174});
}

TEST_CASE("nc_matmul multiplies the transposed stationary operand into PSUM and accumulates") {
  Bench bench;
  bench.put(0, 0, {1, 2});  // stationary [K=2, M=2]
  bench.put(1, 0, {3, 4});
  bench.put(0, 64, {5, 6, 7});  // moving [K=2, N=3]
  bench.put(1, 64, {8, 9, 10});
  isa::StreamInstruction matmul = instruction(Engine::Tensor, Opcode::NcMatmul, in_psum(0, 3, 2),
                                              sbuf_rows(0, 2, 2), sbuf_rows(64, 3, 2));
  bench.datapath.execute(matmul);
  CHECK(bench.row(matmul.dst, 0) == Row{29, 33, 37});
  CHECK(bench.row(matmul.dst, 1) == Row{42, 48, 54});
  matmul.accumulate = true;
  bench.datapath.execute(matmul);
  CHECK(bench.row(matmul.dst, 1) == Row{84, 96, 108});
}

TEST_CASE("nc_transpose, tensor_copy and memset move data") {
  Bench bench;
  bench.put(0, 0, {1, 2, 3});
  bench.put(1, 0, {4, 5, 6});
  const isa::StreamInstruction transpose =
      instruction(Engine::Tensor, Opcode::NcTranspose, in_psum(0, 2, 3), sbuf_rows(0, 3, 2));
  bench.datapath.execute(transpose);
  CHECK(bench.row(transpose.dst, 2) == Row{3, 6});
  const isa::StreamInstruction copy =
      test::copy(Engine::Vector, sbuf_rows(64, 2, 3), in_psum(0, 2, 3));
  bench.datapath.execute(copy);
  CHECK(bench.row(copy.dst, 1) == Row{2, 5});
  isa::StreamInstruction memset = instruction(Engine::GpSimd, Opcode::Memset, sbuf_rows(64, 2, 2));
  memset.immediate = 9;
  bench.datapath.execute(memset);
  CHECK(bench.row(copy.dst, 1) == Row{9, 9});
  CHECK(bench.row(copy.dst, 2) == Row{3, 6});
}

TEST_CASE(
    "a transpose by multiplication spreads what is not finite, one that moves bits does not") {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const isa::StreamInstruction turn =
      instruction(Engine::Tensor, Opcode::NcTranspose, in_psum(0, 3, 4), sbuf_rows(0, 4, 3));
  const auto run = [&](bool transpose_mode) {
    Bench bench;
    bench.put(0, 0, {1, kInfinity, NAN, -kInfinity});
    bench.put(1, 0, {-0.0F, 4, 5, kInfinity});
    bench.put(2, 0, {7, 8, 9, 10});
    hw::Datapath(bench.sbuf, bench.psum, transpose_mode).execute(turn);
    std::vector<Row> rows;
    for (int f = 0; f < 4; ++f) {
      rows.push_back(bench.row(turn.dst, f));
    }
    return rows;
  };
  const std::vector<Row> exact = run(true);
  CHECK((std::signbit(exact[0][1]) && std::isnan(exact[2][0])));
  CHECK(exact[1] == Row{kInfinity, 4, 8});
  CHECK(exact[3] == Row{-kInfinity, kInfinity, 10});
  const std::vector<Row> product = run(false);
  CHECK((product[0] == Row{1, 0, 7} && !std::signbit(product[0][1])));
  const auto nan = [](float value) { return std::isnan(value); };
  CHECK(product[1][0] == kInfinity);
  CHECK(std::all_of(product[1].begin() + 1, product[1].end(), nan));
  for (const Row& row : {product[2], product[3]}) {
    CHECK(std::all_of(row.begin(), row.end(), nan));
  }
}

TEST_CASE("a transpose of fp8 writes each element with a zero byte behind it") {
  Bench bench;
  isa::Operand data = in_sbuf(0, 2, num::Dtype::Fp8E4, 3);
  isa::Operand turned = data;
  turned.space = isa::Space::Psum;
  turned.partitions = 2;
  turned.dim[0] = {2, 3};
  for (int p = 0; p < 3; ++p) {
    bench.sbuf.storage()[p * bench.sbuf.partition_stride()] = std::byte(0x11 * (p + 1));
    bench.sbuf.storage()[p * bench.sbuf.partition_stride() + 1] = std::byte(0x12 * (p + 1));
  }
  std::memset(bench.psum.storage(), 0xff, 8);
  bench.datapath.execute(instruction(Engine::Tensor, Opcode::NcTranspose, turned, data));
  const std::array<unsigned char, 8> expected{0x11, 0, 0x22, 0, 0x33, 0, 0xff, 0xff};
  CHECK(std::memcmp(bench.psum.storage(), expected.data(), expected.size()) == 0);
}

TEST_CASE("tensor_tensor and scalar_tensor_tensor take both tiles in order") {
  Bench bench;
  bench.put(0, 0, {7, 8});
  bench.put(0, 32, {2, 3});
  isa::StreamInstruction two =
      instruction(Engine::Vector, Opcode::TensorTensor, sbuf_rows(64, 2, 1), sbuf_rows(0, 2, 1),
                  sbuf_rows(32, 2, 1));
  two.op0 = num::AluOp::Subtract;
  bench.datapath.execute(two);
  CHECK(bench.row(two.dst, 0) == Row{5, 5});
  two.opcode = Opcode::ScalarTensorTensor;
  two.operand0.immediate = 10;
  two.op0 = num::AluOp::Multiply;
  two.op1 = num::AluOp::Subtract;
  two.reverse1 = true;
  bench.datapath.execute(two);
  CHECK(bench.row(two.dst, 0) == Row{-68, -77});
}

TEST_CASE("tensor_scalar takes immediates and one element per partition") {
  Bench bench;
  bench.put(0, 0, {1, 2});
  bench.put(1, 0, {3, 4});
  bench.put(0, 32, {10});
  bench.put(1, 32, {20});
  isa::StreamInstruction scale =
      instruction(Engine::Vector, Opcode::TensorScalar, sbuf_rows(64, 2, 2), sbuf_rows(0, 2, 2));
  scale.op0 = num::AluOp::Multiply;
  scale.operand0.operand = sbuf_rows(32, 1, 2);
  scale.op1 = num::AluOp::Subtract;
  scale.operand1.immediate = 1;
  bench.datapath.execute(scale);
  CHECK(bench.row(scale.dst, 0) == Row{9, 19});
  CHECK(bench.row(scale.dst, 1) == Row{59, 79});
}

TEST_CASE("reductions and statistics leave one result per row") {
  Bench bench;
  bench.put(0, 0, {1, 2, 3, 6});
  isa::StreamInstruction reduce =
      instruction(Engine::Vector, Opcode::TensorReduce, sbuf_rows(64, 1, 1), sbuf_rows(0, 4, 1));
  reduce.op0 = num::AluOp::Add;
  reduce.negate = true;
  bench.datapath.execute(reduce);
  CHECK(bench.row(reduce.dst, 0) == Row{-12});
  const isa::StreamInstruction stats =
      instruction(Engine::Vector, Opcode::BnStats, sbuf_rows(96, 3, 1), sbuf_rows(0, 4, 1));
  bench.datapath.execute(stats);
  CHECK(bench.row(stats.dst, 0) == Row{4, 3, 14});
  const isa::StreamInstruction aggregate =
      instruction(Engine::Vector, Opcode::BnAggr, sbuf_rows(128, 2, 1), sbuf_rows(96, 3, 1));
  bench.datapath.execute(aggregate);
  CHECK(bench.row(aggregate.dst, 0) == Row{3, 3.5});
}

TEST_CASE("activation scales, adds the bias and sums rows when asked") {
  Bench bench;
  bench.put(0, 0, {1, -2, 3});
  isa::StreamInstruction relu =
      instruction(Engine::Scalar, Opcode::Activation, sbuf_rows(64, 3, 1), sbuf_rows(0, 3, 1));
  relu.function = num::Activation::Relu;
  relu.operand0.immediate = 2;
  relu.operand1.immediate = 1;
  bench.datapath.execute(relu);
  CHECK(bench.row(relu.dst, 0) == Row{3, 0, 7});
  relu.opcode = Opcode::ActivationReduce;
  relu.dst2 = sbuf_rows(96, 1, 1);
  bench.datapath.execute(relu);
  CHECK(bench.row(relu.dst2, 0) == Row{10});
  isa::StreamInstruction reciprocal =
      instruction(Engine::Vector, Opcode::Reciprocal, sbuf_rows(128, 1, 1), sbuf_rows(96, 1, 1));
  bench.datapath.execute(reciprocal);
  CHECK(bench.row(reciprocal.dst, 0) == Row{0.1F});
}

TEST_CASE("iota and affine_select follow their pattern") {
  Bench bench;
  isa::StreamInstruction iota = instruction(Engine::GpSimd, Opcode::Iota, sbuf_rows(0, 3, 2));
  iota.base = 10;
  iota.partition_step = 100;
  iota.pattern = {2, 0, 0, 0};
  bench.datapath.execute(iota);
  CHECK(bench.row(iota.dst, 1) == Row{110, 112, 114});
  isa::StreamInstruction select =
      instruction(Engine::GpSimd, Opcode::AffineSelect, sbuf_rows(64, 3, 2), sbuf_rows(0, 3, 2));
  select.op0 = num::AluOp::GreaterEqual;
  select.base = 0;  // causal mask: column <= row
  select.partition_step = 1;
  select.pattern = {-1, 0, 0, 0};
  select.immediate = -1;
  bench.datapath.execute(select);
  CHECK(bench.row(select.dst, 0) == Row{10, -1, -1});
  CHECK(bench.row(select.dst, 1) == Row{110, 112, -1});
}

TEST_CASE("instructions without arithmetic, and numerics off, change nothing") {
  Bench bench;
  bench.datapath.execute(test::dma(Engine::Sync));
  bench.datapath.execute(test::nop(Engine::Tensor));
  CHECK(bench.row(sbuf_rows(0, 4, 1), 0) == Row{0, 0, 0, 0});
  const hw::Sbuf sbuf(hw::SbufParams(ParamScope(bench.config, "sbuf")), false);
  const hw::Psum psum(hw::PsumParams(ParamScope(bench.config, "psum")), false);
  hw::Datapath(sbuf, psum).execute(test::copy(Engine::Vector, in_sbuf(0, 4), in_sbuf(64, 4)));
}

TEST_CASE("registers are loaded, computed with and stored, each engine has its own") {
  Bench bench;
  isa::StreamInstruction move = instruction(Engine::Vector, Opcode::RegisterMove);
  move.count = 5;
  move.base = -3;
  isa::StreamInstruction load =
      instruction(Engine::Vector, Opcode::RegisterLoad, {}, in_sbuf(64, 1, num::Dtype::Int16, 1));
  load.count = 6;
  isa::StreamInstruction alu = instruction(Engine::Vector, Opcode::RegisterAlu);
  alu.op0 = num::AluOp::Multiply;
  alu.count = 7;
  alu.pattern = {5 + 1, 6 + 1};
  isa::StreamInstruction store =
      instruction(Engine::Vector, Opcode::RegisterStore, in_sbuf(0, 1, num::Dtype::Int32, 1));
  store.pattern = {7 + 1};
  isa::StreamInstruction other = store;
  other.engine = Engine::Sync;
  other.dst.offset = 4;
  const std::int16_t input = -1000;
  std::memcpy(bench.at(isa::Space::Sbuf, 0, 64), &input, sizeof input);
  for (const auto& each : {move, load, alu, store, other}) {
    bench.datapath.execute(each);
  }
  std::array<std::int32_t, 2> results{};
  std::memcpy(results.data(), bench.at(isa::Space::Sbuf, 0, 0), sizeof results);
  CHECK(results == std::array<std::int32_t, 2>{3000, 0});
  bench.datapath.reset();
  bench.datapath.execute(store);
  std::memcpy(results.data(), bench.at(isa::Space::Sbuf, 0, 0), sizeof results);
  CHECK(results[0] == 0);
}

TEST_CASE("an accumulator is kept from instruction to instruction, per engine and partition") {
  Bench bench;
  bench.put(32, 0, {1, 2, 3});
  isa::StreamInstruction reduce = instruction(Engine::Vector, Opcode::TensorScalarReduce,
                                              sbuf_rows(64, 3, 1), sbuf_rows(0, 3, 1));
  for (isa::Operand* operand : {&reduce.dst, &reduce.src[0]}) {
    operand->partition = 32;
  }
  reduce.op0 = num::AluOp::Multiply;
  reduce.operand0.immediate = 2;
  reduce.reduce_cmd = num::ReduceCmd::ResetReduce;
  bench.datapath.execute(reduce);
  reduce.reduce_cmd = num::ReduceCmd::Reduce;
  reduce.dst2 = sbuf_rows(128, 1, 1);
  reduce.dst2.partition = 32;
  bench.datapath.execute(reduce);
  CHECK(bench.row(reduce.dst2, 32) == Row{24});
  CHECK(bench.datapath.accumulators(Engine::Vector)[32] == 24);
  CHECK(bench.datapath.accumulators(Engine::Scalar)[32] == 0);
  bench.datapath.reset();
  CHECK(bench.datapath.accumulators(Engine::Vector)[32] == 0);
}

TEST_CASE("activation_reduce leaves its sums in the accumulator of Scalar, activation may go on") {
  Bench bench;
  bench.put(0, 0, {1, 2, 3});
  isa::StreamInstruction sums = instruction(Engine::Scalar, Opcode::ActivationReduce,
                                            sbuf_rows(64, 3, 1), sbuf_rows(0, 3, 1));
  sums.function = num::Activation::Square;
  sums.operand0.immediate = 1;
  sums.dst2 = sbuf_rows(128, 1, 1);
  bench.datapath.execute(sums);
  CHECK(bench.row(sums.dst2, 0) == Row{14});
  isa::StreamInstruction more = sums;
  more.opcode = Opcode::Activation;
  more.reduce_cmd = num::ReduceCmd::Reduce;
  bench.datapath.execute(more);
  CHECK(bench.row(sums.dst2, 0) == Row{28});
}

TEST_CASE("a dynamic copy moves as far as its index says, and not out of its buffer") {
  Bench bench;
  bench.put(0, 0, {10, 11, 12, 13, 14, 15});
  isa::StreamInstruction moved = instruction(Engine::Vector, Opcode::TensorCopyDynamicSrc,
                                             sbuf_rows(64, 2, 1), sbuf_rows(0, 2, 1));
  moved.operand0.operand = in_sbuf(128, 1, num::Dtype::Int32, 1);
  moved.count = 2;
  moved.base = 2;
  const auto copied = [&](std::int32_t index) {
    std::memcpy(bench.sbuf.storage() + 128, &index, sizeof index);
    bench.datapath.execute(moved);
    return bench.row(moved.dst, 0);
  };
  CHECK(copied(0) == Row{10, 11});
  CHECK(copied(1) == Row{12, 13});
  CHECK(copied(9) == Row{14, 15});
  CHECK(copied(-1) == Row{10, 11});
  std::swap(moved.dst, moved.src[0]);
  moved.opcode = Opcode::TensorCopyDynamicDst;
  bench.put(0, 64, {-1, -2});
  copied(2);
  CHECK(bench.row(sbuf_rows(0, 6, 1), 0) == Row{10, 11, 12, 13, -1, -2});
}

TEST_CASE("a shuffle finds its mask in the pattern") {
  Bench bench;
  bench.put(0, 0, {1});
  bench.put(31, 0, {2});
  isa::StreamInstruction shuffle = instruction(Engine::Vector, Opcode::NcStreamShuffle,
                                               sbuf_rows(64, 1, 32), sbuf_rows(0, 1, 32));
  std::vector<std::int64_t> mask(32, 255);
  mask[0] = 31;
  mask[31] = 0;
  isa::pack_mask(mask, shuffle);
  bench.datapath.execute(shuffle);
  CHECK(bench.row(shuffle.dst, 0) == Row{2});
  CHECK(bench.row(shuffle.dst, 31) == Row{1});
}

TEST_CASE("random numbers depend on the engine's seed and the partition alone") {
  Bench bench;
  isa::StreamInstruction seed = instruction(Engine::GpSimd, Opcode::SetRngSeed);
  seed.src[0] = in_sbuf(0, 1, num::Dtype::Uint32, 4);
  isa::StreamInstruction draw = instruction(Engine::GpSimd, Opcode::Rand2, sbuf_rows(64, 4, 4));
  draw.operand1.immediate = 1;
  bench.datapath.execute(seed);
  bench.datapath.execute(draw);
  const Row first = bench.row(draw.dst, 3);
  bench.datapath.execute(draw);
  CHECK(bench.row(draw.dst, 3) != first);
  bench.datapath.execute(seed);
  bench.datapath.execute(draw);
  CHECK(bench.row(draw.dst, 3) == first);
}
