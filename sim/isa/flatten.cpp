// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/flatten.h"

#include <algorithm>
#include <string>
#include <utility>

#include "sim/base/words.h"
#include "sim/isa/check.h"
#include "sim/isa/dynamic_loop.h"

namespace nsim::isa {
namespace {

/// Programs may be written with deeper loops (kMaxLoopDepth), but not run.
constexpr int kMaxUnrolledDepth = 32;

template <class Visit>
void for_each_expression(const Instruction& instruction, Visit&& visit) {
  const auto access = [&](const Access& each) {
    visit(each.copy);
    visit(each.partition);
    visit(each.offset);
  };
  for (const auto* optional : {&instruction.dst, &instruction.dst2, &instruction.operand0.access,
                               &instruction.operand1.access}) {
    if (*optional) {
      access(**optional);
    }
  }
  std::for_each(instruction.src.begin(), instruction.src.end(), access);
  visit(instruction.accumulate);
  visit(instruction.base);
  for (const SemaphoreWait& wait : instruction.waits) {
    visit(wait.value);
  }
}

std::size_t count_instructions(const std::vector<Item>& items) {
  std::size_t count = 0;
  for (const Item& item : items) {
    if (const auto* loop = std::get_if<Loop>(&item)) {
      count += count_instructions(loop->body);
    } else if (const auto* core = std::get_if<CoreBody>(&item)) {
      count += count_instructions(core->body);
    } else {
      ++count;
    }
  }
  return count;
}

class Flattening {
 public:
  Flattening(const Program& program, const Limits& limits, const Resolver& resolver)
      : program_(program),
        limits_(limits),
        resolver_(resolver),
        open_(program.variables.size(), false) {}

  FlatProgram run() {
    open_[0] = true;
    const std::size_t count = count_instructions(program_.body);
    flat_.instructions.reserve(count);
    flat_.steps.reserve(count);
    flatten(program_.body, program_.cores, 0);
    return std::move(flat_);
  }

 private:
  void flatten(const std::vector<Item>& items, std::int64_t times, int depth);
  void flatten_loop(const Loop& loop, std::int64_t times, int depth);
  void flatten_core(const CoreBody& body, int depth);
  void add_instruction(const Instruction& instruction, std::int64_t times);
  void add_control(const Instruction& made, std::int64_t times);
  void end_iteration(const std::vector<LoopControl>& control, std::uint32_t loop,
                     std::int64_t times);
  void check_scope(const Instruction& instruction) const;

  const Program& program_;
  const Limits& limits_;
  const Resolver& resolver_;
  FlatProgram flat_;
  std::vector<bool> open_;  // variables that have a value here
  int dynamic_depth_ = 0;
  bool in_core_ = false;
  std::int64_t total_ = 0;  // instructions of all cores
};

void Flattening::flatten(const std::vector<Item>& items, std::int64_t times, int depth) {
  for (const Item& item : items) {
    if (const auto* instruction = std::get_if<Instruction>(&item)) {
      check_sequencer(program_, *instruction, dynamic_depth_);
      add_instruction(*instruction, times);
    } else if (const auto* core = std::get_if<CoreBody>(&item)) {
      flatten_core(*core, depth);
    } else {
      flatten_loop(std::get<Loop>(item), times, depth + 1);
    }
  }
}

void Flattening::flatten_core(const CoreBody& body, int depth) {
  if (body.core < 0 || body.core >= program_.cores) {
    throw UserError(body.where, "core " + std::to_string(body.core) + " is not one of the " +
                                    counted(program_.cores, "core") + " of the program");
  }
  if (depth != 0 || in_core_) {
    throw UserError(body.where, "the body of a core stands in a loop or in that of a core");
  }
  in_core_ = true;
  const std::size_t at = flat_.steps.size();
  flat_.steps.push_back({Step::Kind::Core, 0, static_cast<std::uint32_t>(body.core)});
  flatten(body.body, 1, depth);
  flat_.steps[at].index = static_cast<std::uint32_t>(flat_.steps.size());
  in_core_ = false;
}

void Flattening::flatten_loop(const Loop& loop, std::int64_t times, int depth) {
  if (depth > kMaxUnrolledDepth) {
    throw UserError(loop.where,
                    "loops are nested deeper than " + std::to_string(kMaxUnrolledDepth));
  }
  if (loop.variable >= program_.variables.size() || open_[loop.variable]) {
    throw UserError(loop.where, "the loop's variable is not declared or already in use");
  }
  const std::int64_t trips = trip_count(loop);
  const std::int64_t most = limits_.max_instructions + 1;
  std::vector<LoopControl> control;
  if (loop.dynamic && trips != 0) {
    control = loop_control(loop, dynamic_depth_, most);
  }
  for (const LoopControl& engine : control) {
    add_control(engine.entry, times);
  }
  const std::size_t first = flat_.steps.size();
  const auto index = static_cast<std::uint32_t>(flat_.loops.size());
  flat_.steps.push_back({Step::Kind::Begin, index});
  flat_.loops.push_back({loop.variable, loop.begin, loop.step, trips, first + 1});
  open_[loop.variable] = true;
  // More than the limit is caught where an instruction is added; a loop around nothing is no work.
  const bool many = trips != 0 && times > most / trips;
  const std::int64_t iterations = many ? most : times * trips;
  dynamic_depth_ += loop.dynamic ? 1 : 0;
  flatten(loop.body, iterations, depth);
  dynamic_depth_ -= loop.dynamic ? 1 : 0;
  end_iteration(control, index, iterations);
  open_[loop.variable] = false;
  if (trips == 0 || flat_.steps.size() == first + 1) {
    flat_.steps.resize(first);
  } else {
    flat_.steps.push_back({Step::Kind::End, index});
  }
}

void Flattening::add_instruction(const Instruction& instruction, std::int64_t times) {
  total_ += times;
  if (total_ > limits_.max_instructions) {
    throw UserError(instruction.where, "the program unrolls to more than " +
                                           std::to_string(limits_.max_instructions) +
                                           " instructions");
  }
  check_scope(instruction);
  flat_.steps.push_back({Step::Kind::Issue, static_cast<std::uint32_t>(flat_.instructions.size())});
  flat_.instructions.push_back(resolver_.prepare(instruction));
  const std::int64_t issues = in_core_ ? times : times / program_.cores;
  flat_.once.push_back(issues == 1);
  flat_.per_engine.at(static_cast<std::size_t>(instruction.engine)) += issues;
}

void Flattening::add_control(const Instruction& made, std::int64_t times) {
  flat_.control.push_back(made);
  add_instruction(flat_.control.back(), times);
}

/// Every engine of a dynamic loop counts it for itself.
void Flattening::end_iteration(const std::vector<LoopControl>& control, std::uint32_t loop,
                               std::int64_t times) {
  for (const LoopControl& engine : control) {
    add_control(engine.update, times);
    add_control(engine.branch, times);
    flat_.steps.back() = {Step::Kind::Branch, flat_.steps.back().index, loop};
    flat_.control.push_back(engine.through);
    flat_.instructions.push_back(resolver_.prepare(flat_.control.back()));
    flat_.once.push_back(false);
  }
}

void Flattening::check_scope(const Instruction& instruction) const {
  for_each_expression(instruction, [&](const Expr& expression) {
    for (const Term& term : expression.terms) {
      if (term.variable >= program_.variables.size() || !open_[term.variable]) {
        refuse(program_, instruction,
               "uses variable " +
                   (term.variable < program_.variables.size() ? program_.variables[term.variable]
                                                              : std::to_string(term.variable)) +
                   " outside its loop");
      }
      if (term.divide < 1 || term.modulo < 0) {
        refuse(program_, instruction, "divides or takes modulo by a number that is not positive");
      }
    }
  });
}

}  // namespace

FlatProgram flatten(const Program& program, const Limits& limits, const Resolver& resolver) {
  return Flattening(program, limits, resolver).run();
}

}  // namespace nsim::isa
