// SPDX-License-Identifier: Apache-2.0
#include "sim/numerics/reduction.h"

#include <array>
#include <cmath>
#include <limits>

#include "sim/base/error.h"
#include "sim/numerics/alu.h"
#include "sim/numerics/rows.h"

namespace nsim::num {
namespace {

constexpr std::array<const char*, 5> kCommands{"idle", "reset", "reduce", "reset_reduce",
                                               "load_reduce"};

/// What the accumulator holds before the elements of the instruction.
float before(const Reduction& reduction, std::int64_t partition) {
  switch (reduction.command) {
    case ReduceCmd::Idle:
    case ReduceCmd::Reduce:
      return reduction.accumulator[partition];
    case ReduceCmd::LoadReduce:
      return scalar_value<float>(reduction.initial, partition);
    case ReduceCmd::Reset:
    case ReduceCmd::ResetReduce:
      break;
  }
  return identity(reduction.op);
}

void read_out(const Reduction& reduction, std::int64_t partition) {
  if (reduction.result != nullptr) {
    const float held = reduction.accumulator[partition];
    const float value = reduction.negate ? -held : held;
    Rows(*reduction.result).write(partition, &value);
  }
}

void accumulate(const Reduction& reduction, std::int64_t partition, const float* row,
                std::size_t count) {
  const AluLoops<float>& loops = alu_loops<float>(reduction.op);
  if (loops.fold == nullptr) {
    throw InternalError(std::string("no reduction with ") + name(reduction.op));
  }
  float value = before(reduction, partition);
  if (reduction.command == ReduceCmd::ResetReduce) {
    value = loops.fold(row, count);
  } else if (reduction.command == ReduceCmd::Reduce || reduction.command == ReduceCmd::LoadReduce) {
    value = loops.one(value, loops.fold(row, count));
  }
  reduction.accumulator[partition] = value;
  read_out(reduction, partition);
}

/// For each partition: the row of `data`, changed by `work(partition, row, count)`, is written to
/// dst and reduced.
template <class Work>
void run(const View& dst, const View& data, const Reduction& reduction, Work&& work) {
  const Rows to(dst);
  const Rows from(data);
  float* row = scratch<float>(0, from.elements());
  for (std::int64_t p = 0; p < to.partitions(); ++p) {
    from.read(p, row);
    work(p, row, from.elements());
    to.write(p, row);
    accumulate(reduction, p, row, from.elements());
  }
}

void apply(float* row, std::size_t count, AluOp op, float value, bool reverse) {
  const AluLoops<float>& loops = alu_loops<float>(op);
  (reverse ? loops.scalar_reversed : loops.scalar)(row, value, count);
}

}  // namespace

const char* name(ReduceCmd command) {
  return kCommands.at(static_cast<std::size_t>(command));
}

std::optional<ReduceCmd> parse_reduce_cmd(std::string_view name) {
  for (std::size_t i = 0; i < kCommands.size(); ++i) {
    if (name == kCommands[i]) {
      return static_cast<ReduceCmd>(i);
    }
  }
  return std::nullopt;
}

bool is_reduction(AluOp op) {
  switch (op) {
    case AluOp::Add:
    case AluOp::Multiply:
    case AluOp::Maximum:
    case AluOp::Minimum:
    case AluOp::AbsMax:
    case AluOp::AbsMin:
      return true;
    default:
      return false;
  }
}

bool folds(AluOp op) {
  return alu_loops<float>(op).fold != nullptr;
}

float identity(AluOp op) {
  switch (op) {
    case AluOp::Multiply:
      return 1;
    case AluOp::Maximum:
      return -std::numeric_limits<float>::infinity();
    case AluOp::Minimum:
    case AluOp::AbsMin:
      return std::numeric_limits<float>::infinity();
    default:
      return 0;
  }
}

void tensor_scalar_reduce(const View& dst, const View& data, AluOp op0, const Scalar& operand0,
                          bool reverse0, const Reduction& reduction) {
  run(dst, data, reduction, [&](std::int64_t p, float* row, std::size_t count) {
    apply(row, count, op0, scalar_value<float>(operand0, p), reverse0);
  });
}

void activation(const View& dst, const View& data, Activation function, const Scalar& scale,
                const Scalar& bias, const Reduction& reduction, float relu_param) {
  run(dst, data, reduction, [&](std::int64_t p, float* row, std::size_t count) {
    activate_row(function, row, scalar_value<float>(scale, p), scalar_value<float>(bias, p), count,
                 relu_param);
  });
}

void activate2(const View& dst, const View& data, const Activate2& ops,
               const Reduction& reduction) {
  run(dst, data, reduction, [&](std::int64_t p, float* row, std::size_t count) {
    if (ops.op0 != AluOp::Bypass) {
      apply(row, count, ops.op0, scalar_value<float>(ops.imm0, p), ops.reverse0);
    }
    if (ops.op1 != AluOp::Bypass) {
      apply(row, count, ops.op1, scalar_value<float>(ops.imm1, p), ops.reverse1);
    }
    activate_row(ops.function, row, 1, 0, count, ops.relu_param);
  });
}

void exponential(const View& dst, const View& src, const Scalar& max_value,
                 const Reduction& reduction) {
  run(dst, src, reduction, [&](std::int64_t p, float* row, std::size_t count) {
    activate_row(Activation::Exp, row, 1, -scalar_value<float>(max_value, p), count);
  });
}

void range_select(const View& dst, const View& data, const Range& range,
                  const Reduction& reduction) {
  const auto first = alu_loops<float>(range.op0).one;
  const auto second = alu_loops<float>(range.op1).one;
  run(dst, data, reduction, [&](std::int64_t p, float* row, std::size_t count) {
    const float bound0 = scalar_value<float>(range.bound0, p);
    const float bound1 = scalar_value<float>(range.bound1, p);
    for (std::size_t i = 0; i < count; ++i) {
      const auto at = static_cast<float>(range.start + static_cast<std::int64_t>(i));
      if (first(at, bound0) == 0 || second(at, bound1) == 0) {
        row[i] = range.on_false;
      }
    }
  });
}

void select_reduce(const View& dst, const View& predicate, const View& on_true,
                   const Scalar& on_false, bool reverse, const Reduction& reduction) {
  const Rows chooses(predicate);
  run(dst, on_true, reduction, [&](std::int64_t p, float* row, std::size_t count) {
    float* choice = scratch<float>(1, count);
    chooses.read(p, choice);
    const float other = scalar_value<float>(on_false, p);
    for (std::size_t i = 0; i < count; ++i) {
      row[i] = (choice[i] != 0) != reverse ? row[i] : other;
    }
  });
}

void tensor_scalar_cumulative(const View& dst, const View& src, AluOp op0, const Scalar& imm0,
                              const Reduction& reduction) {
  const Rows to(dst);
  const Rows from(src);
  const auto step = alu_loops<float>(reduction.op).one;
  float* row = scratch<float>(0, from.elements());
  for (std::int64_t p = 0; p < to.partitions(); ++p) {
    from.read(p, row);
    if (op0 != AluOp::Bypass) {
      apply(row, from.elements(), op0, scalar_value<float>(imm0, p), false);
    }
    float result = before(reduction, p);
    for (std::size_t i = 0; i < from.elements(); ++i) {
      result = step(row[i], result);
      row[i] = result;
    }
    reduction.accumulator[p] = result;
    to.write(p, row);
  }
}

}  // namespace nsim::num
