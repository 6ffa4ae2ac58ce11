// SPDX-License-Identifier: Apache-2.0
#include "sim/numerics/reduction.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "tests/support/tile.h"

using namespace nsim::num;
using nsim::num::test::immediate;
using nsim::num::test::Tile;
using Row = std::vector<float>;

namespace {

/// The accumulators of an engine with four lanes.
struct Lanes4 {
  float accumulator[4] = {100, 200, 300, 400};

  Reduction reduction(AluOp op, ReduceCmd command, const View* result = nullptr) {
    Reduction made;
    made.op = op;
    made.command = command;
    made.initial = immediate(1000);
    made.accumulator = accumulator;
    made.result = result;
    return made;
  }
};

}  // namespace

TEST_CASE("the commands of an accumulator are parsed from their own names") {
  for (const ReduceCmd command : {ReduceCmd::Idle, ReduceCmd::Reset, ReduceCmd::Reduce,
                                  ReduceCmd::ResetReduce, ReduceCmd::LoadReduce}) {
    CHECK(parse_reduce_cmd(name(command)) == command);
  }
  CHECK_FALSE(parse_reduce_cmd("restart"));
}

TEST_CASE("each command starts the accumulator where it says, partition by partition") {
  Tile data(Dtype::Fp32, 2, 3), out(Dtype::Fp32, 2, 3), sums(Dtype::Fp32, 2, 1);
  data.set({1, 2, 3, 4, 5, 6});
  const View result = sums.view();
  const auto after = [&](ReduceCmd command) {
    Lanes4 lanes;
    tensor_scalar_reduce(out.view(), data.view(), AluOp::Multiply, immediate(2), false,
                         lanes.reduction(AluOp::Add, command, &result));
    CHECK(out.values() == Row{2, 4, 6, 8, 10, 12});
    CHECK(sums.values() == Row{lanes.accumulator[0], lanes.accumulator[1]});
    return sums.values();
  };
  CHECK(after(ReduceCmd::Idle) == Row{100, 200});
  CHECK(after(ReduceCmd::Reset) == Row{0, 0});
  CHECK(after(ReduceCmd::Reduce) == Row{112, 230});
  CHECK(after(ReduceCmd::ResetReduce) == Row{12, 30});
  CHECK(after(ReduceCmd::LoadReduce) == Row{1012, 1030});
}

TEST_CASE("a reduction can be negated where it is read out, the accumulator is not") {
  Tile data(Dtype::Fp32, 1, 2), sums(Dtype::Fp32, 1, 1);
  const View result = sums.view();
  Lanes4 lanes;
  Reduction reduction = lanes.reduction(AluOp::Maximum, ReduceCmd::ResetReduce, &result);
  reduction.negate = true;
  tensor_scalar_reduce(data.view(), data.set({3, 7}).view(), AluOp::Subtract, immediate(10), true,
                       reduction);
  CHECK(data.values() == Row{7, 3});
  CHECK(sums.get(0, 0) == -7);
  CHECK(lanes.accumulator[0] == 7);
}

TEST_CASE("the identity of an operator changes nothing") {
  for (const AluOp op : {AluOp::Add, AluOp::Multiply, AluOp::Maximum, AluOp::Minimum}) {
    Tile data(Dtype::Fp32, 1, 1);
    Lanes4 lanes;
    tensor_scalar_reduce(data.view(), data.set({-3}).view(), AluOp::Add, immediate(0), false,
                         lanes.reduction(op, ReduceCmd::Reset));
    tensor_scalar_reduce(data.view(), data.view(), AluOp::Add, immediate(0), false,
                         lanes.reduction(op, ReduceCmd::Reduce));
    CHECK(lanes.accumulator[0] == -3);
  }
}

TEST_CASE("activations and exponentials sum what they compute") {
  Tile data(Dtype::Fp32, 1, 3), out(Dtype::Fp32, 1, 3);
  Lanes4 lanes;
  activation(out.view(), data.set({1, 2, 3}).view(), Activation::Square, immediate(2), immediate(1),
             lanes.reduction(AluOp::Add, ReduceCmd::Reduce));
  CHECK(out.values() == Row{9, 25, 49});
  CHECK(lanes.accumulator[0] == 100 + 83);
  exponential(out.view(), data.view(), immediate(3),
              lanes.reduction(AluOp::Add, ReduceCmd::ResetReduce));
  for (std::int64_t i = 0; i < 3; ++i) {
    CHECK(out.get(0, i) == Approx(std::exp(data.get(0, i) - 3)).epsilon(1e-6));
  }
  CHECK(lanes.accumulator[0] == Approx(1 + std::exp(-1.0) + std::exp(-2.0)).epsilon(1e-6));
}

TEST_CASE("activate2 applies two operators of its own before the function") {
  Tile data(Dtype::Fp32, 1, 2), out(Dtype::Fp32, 1, 2);
  Lanes4 lanes;
  const Scalar three = immediate(3);
  const Scalar ten = immediate(10);
  activate2(out.view(), data.set({2, 4}).view(),
            {Activation::Square, AluOp::Multiply, three, false, AluOp::Subtract, ten, true},
            lanes.reduction(AluOp::Maximum, ReduceCmd::ResetReduce));
  CHECK(out.values() == Row{16, 4});  // (10 - 3x)^2
  CHECK(lanes.accumulator[0] == 16);
}

TEST_CASE("range_select keeps positions within both bounds, which each partition has its own of") {
  Tile data(Dtype::Fp32, 2, 4), out(Dtype::Fp32, 2, 4), low(Dtype::Fp32, 2, 1);
  const View lows = low.set({11, 12}).view();
  Scalar bound0;
  bound0.view = &lows;
  const Scalar bound1 = immediate(13);
  Lanes4 lanes;
  range_select(out.view(), data.set({1, 2, 3, 4, 5, 6, 7, 8}).view(),
               {AluOp::GreaterEqual, bound0, AluOp::Less, bound1, 10, -9},
               lanes.reduction(AluOp::Maximum, ReduceCmd::ResetReduce));
  const float none = -9;
  CHECK(out.values() == Row{none, 2, 3, none, none, none, 7, none});
  CHECK(lanes.accumulator[0] == 3);
  CHECK(lanes.accumulator[1] == 7);
}

TEST_CASE("select_reduce chooses by its predicate, or by the opposite") {
  Tile predicate(Dtype::Uint8, 1, 3), data(Dtype::Bf16, 1, 3), out(Dtype::Fp32, 1, 3);
  predicate.set({1, 0, 2});
  data.set({5, 6, 7});
  Lanes4 lanes;
  select_reduce(out.view(), predicate.view(), data.view(), immediate(-1), false,
                lanes.reduction(AluOp::Maximum, ReduceCmd::ResetReduce));
  CHECK(out.values() == Row{5, -1, 7});
  CHECK(lanes.accumulator[0] == 7);
  select_reduce(out.view(), predicate.view(), data.view(), immediate(-1), true,
                lanes.reduction(AluOp::Maximum, ReduceCmd::Idle));
  CHECK(out.values() == Row{-1, 6, -1});
  CHECK(lanes.accumulator[0] == 7);
}

TEST_CASE("a cumulative instruction writes every step and goes on where the one before ended") {
  Tile data(Dtype::Fp32, 1, 3), out(Dtype::Fp32, 1, 3);
  data.set({1, 2, 3});
  Lanes4 lanes;
  const auto run = [&](AluOp op, ReduceCmd command) {
    tensor_scalar_cumulative(out.view(), data.view(), AluOp::Multiply, immediate(2),
                             lanes.reduction(op, command));
    return out.values();
  };
  CHECK(run(AluOp::Add, ReduceCmd::ResetReduce) == Row{2, 6, 12});
  CHECK(run(AluOp::Add, ReduceCmd::Reduce) == Row{14, 18, 24});
  CHECK(run(AluOp::Subtract, ReduceCmd::LoadReduce) == Row{2 - 1000, 4 + 998, 6 - 1002});
  CHECK(run(AluOp::Multiply, ReduceCmd::ResetReduce) == Row{2, 8, 48});
  CHECK(run(AluOp::Minimum, ReduceCmd::ResetReduce) == Row{2, 2, 2});
  CHECK(run(AluOp::Maximum, ReduceCmd::ResetReduce) == Row{2, 4, 6});
}
