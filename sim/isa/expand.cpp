// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/expand.h"

#include <algorithm>
#include <deque>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "sim/base/words.h"
#include "sim/isa/check.h"
#include "sim/isa/checked.h"
#include "sim/isa/dependencies.h"
#include "sim/isa/dynamic_loop.h"
#include "sim/isa/instruction_pool.h"
#include "sim/isa/opcode.h"
#include "sim/isa/place.h"
#include "sim/isa/psum_writers.h"
#include "sim/isa/resolve.h"
#include "sim/isa/target.h"

namespace nsim::isa {
namespace {

constexpr int kMaxLoopDepth = 32;
/// Generation of NeuronCores on which products add to whatever is in PSUM.
constexpr int kAccumulatesOntoAnything = 4;

/// The body as a flat list: instructions, and the begin and end of loops.
struct Step {
  /// Branch: as Issue, but the next instruction instead in the last iteration. Core: what follows,
  /// up to step number `index`, is for one core alone.
  enum class Kind : std::uint8_t { Issue, Branch, Begin, End, Core };
  Kind kind = Kind::Issue;
  std::uint32_t index = 0;  // of the instruction, of the loop, or of the step after the body
  std::uint32_t loop = 0;   // Branch: its loop; Core: the core
};

struct FlatLoop {
  std::uint32_t variable = 0;
  std::int64_t begin = 0;
  std::int64_t step = 0;
  std::int64_t trips = 0;
  std::size_t first_step = 0;  // after its Begin
};

template <class Visit>
void for_each_expression(const Instruction& instruction, Visit&& visit) {
  const auto access = [&](const Access& each) {
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

/// What unrolling for one core keeps besides the streams.
struct Unrolling {
  std::vector<std::int64_t> variables;
  std::optional<Dependencies> dependencies;
  std::optional<PsumWriters> psum;
  InstructionPool pool;
};

/// Checks and prepares a program once, then unrolls it for each core.
class Expansion {
 public:
  Expansion(const Program& program, const Limits& limits)
      : program_(program),
        limits_(limits),
        placement_(find_places(program, limits)),
        resolver_(program, limits, placement_),
        open_(program.variables.size(), false) {
    check_header();
    open_[0] = true;
    const std::size_t count = count_instructions(program.body);
    instructions_.reserve(count);
    steps_.reserve(count);
    flatten(program.body, program.cores, 0);
    find_written_memory();
  }

  std::shared_ptr<const Streams> run() {
    auto streams = std::make_shared<Streams>();
    streams->name = program_.name;
    streams->target = program_.target;
    streams->labels = program_.labels;
    streams->semaphores = program_.semaphores;
    streams->sbuf_bytes = placement_.sbuf_bytes;
    streams->psum_bytes = placement_.psum_bytes;
    streams->sbuf_peak = placement_.sbuf_peak;
    streams->psum_peak = placement_.psum_peak;
    streams->spilled_bytes = program_.spilled_bytes;
    for (const Tensor& tensor : program_.tensors) {
      streams->tensors.push_back(
          {tensor.name,
           tensor.kind,
           tensor.dtype,
           tensor.shape,
           {tensor.init.kind, tensor.init.low, tensor.init.high, tensor.init.seed, {}},
           tensor.where,
           tensor.view});
    }
    streams->cores.resize(static_cast<std::size_t>(program_.cores));
    streams->label_work.resize(streams->labels.size());
    for (std::size_t core = 0; core < streams->cores.size(); ++core) {
      unroll(static_cast<std::int64_t>(core), streams->cores[core], streams->label_work);
    }
    for (const Work& work : streams->label_work) {
      streams->work += work;
    }
    return streams;
  }

 private:
  void check_header() const;
  void flatten(const std::vector<Item>& items, std::int64_t times, int depth);
  void flatten_loop(const Loop& loop, std::int64_t times, int depth);
  void flatten_core(const CoreBody& body, int depth);
  void add_instruction(const Instruction& instruction, std::int64_t times);
  void add_control(const Instruction& made, std::int64_t times);
  void end_iteration(const std::vector<LoopControl>& control, std::uint32_t loop,
                     std::int64_t times);
  void check_scope(const Instruction& instruction) const;
  void find_written_memory();
  void unroll(std::int64_t core, CoreStreams& out, std::vector<Work>& work);
  void issue(std::uint32_t index, Unrolling& unrolling, CoreStreams& out, std::vector<Work>& work);
  void explicit_sync(const Instruction& source, const std::vector<std::int64_t>& variables,
                     Issue& issue, CoreStreams& out) const;

  const Program& program_;
  const Limits& limits_;
  Placement placement_;
  Resolver resolver_;
  std::vector<bool> open_;  // variables that have a value here
  std::vector<Step> steps_;
  std::vector<FlatLoop> loops_;
  std::vector<PreparedInstruction> instructions_;
  std::vector<bool> once_;           // of each: a core issues it once
  std::deque<Instruction> control_;  // made for dynamic loops: instructions_ refers to them
  int dynamic_depth_ = 0;
  bool in_core_ = false;
  std::int64_t total_ = 0;                               // instructions of all cores
  std::array<std::int64_t, kEngineCount> per_engine_{};  // of one core
  TrackedMemory memory_;
};

void Expansion::check_header() const {
  if (program_.target != limits_.target) {
    throw UserError("program " + program_.name + " is made for target " + program_.target +
                    ", the device is " + limits_.target + ": make it again for that target");
  }
  if (program_.cores != limits_.cores_per_logical) {
    throw UserError("program " + program_.name + " runs on " + counted(program_.cores, "core") +
                    " per logical core, the device is set to " +
                    std::to_string(limits_.cores_per_logical) + ": set device.cores_per_logical=" +
                    std::to_string(program_.cores) + ", or make the program for cores " +
                    std::to_string(limits_.cores_per_logical));
  }
  if (program_.variables.empty() || program_.labels.empty()) {
    throw UserError("program " + program_.name + " has no variable `core` or no label");
  }
  if (program_.semaphores.size() > kSemaphoreCount) {
    throw UserError("program " + program_.name + " has " +
                    std::to_string(program_.semaphores.size()) + " semaphores, a core has " +
                    std::to_string(kSemaphoreCount));
  }
  for (const Tensor& tensor : program_.tensors) {
    if (std::any_of(tensor.shape.begin(), tensor.shape.end(),
                    [](std::int64_t extent) { return extent < 1; })) {
      throw UserError(tensor.where, "tensor " + tensor.name + " has an empty dimension");
    }
    tensor.bytes();  // throws when too large
  }
}

void Expansion::flatten(const std::vector<Item>& items, std::int64_t times, int depth) {
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

void Expansion::flatten_core(const CoreBody& body, int depth) {
  if (body.core < 0 || body.core >= program_.cores) {
    throw UserError(body.where, "core " + std::to_string(body.core) + " is not one of the " +
                                    counted(program_.cores, "core") + " of the program");
  }
  if (depth != 0 || in_core_) {
    throw UserError(body.where, "the body of a core stands in a loop or in that of a core");
  }
  in_core_ = true;
  const std::size_t at = steps_.size();
  steps_.push_back({Step::Kind::Core, 0, static_cast<std::uint32_t>(body.core)});
  flatten(body.body, 1, depth);
  steps_[at].index = static_cast<std::uint32_t>(steps_.size());
  in_core_ = false;
}

void Expansion::flatten_loop(const Loop& loop, std::int64_t times, int depth) {
  if (depth > kMaxLoopDepth) {
    throw UserError(loop.where, "loops are nested deeper than " + std::to_string(kMaxLoopDepth));
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
  const std::size_t first = steps_.size();
  const auto index = static_cast<std::uint32_t>(loops_.size());
  steps_.push_back({Step::Kind::Begin, index});
  loops_.push_back({loop.variable, loop.begin, loop.step, trips, first + 1});
  open_[loop.variable] = true;
  // More than the limit is caught where an instruction is added; a loop around nothing is no work.
  const bool many = trips != 0 && times > most / trips;
  const std::int64_t iterations = many ? most : times * trips;
  dynamic_depth_ += loop.dynamic ? 1 : 0;
  flatten(loop.body, iterations, depth);
  dynamic_depth_ -= loop.dynamic ? 1 : 0;
  end_iteration(control, index, iterations);
  open_[loop.variable] = false;
  if (trips == 0 || steps_.size() == first + 1) {
    steps_.resize(first);
  } else {
    steps_.push_back({Step::Kind::End, index});
  }
}

void Expansion::add_instruction(const Instruction& instruction, std::int64_t times) {
  total_ += times;
  if (total_ > limits_.max_instructions) {
    throw UserError(instruction.where, "the program unrolls to more than " +
                                           std::to_string(limits_.max_instructions) +
                                           " instructions");
  }
  check_scope(instruction);
  steps_.push_back({Step::Kind::Issue, static_cast<std::uint32_t>(instructions_.size())});
  instructions_.push_back(resolver_.prepare(instruction));
  const std::int64_t issues = in_core_ ? times : times / program_.cores;
  once_.push_back(issues == 1);
  per_engine_.at(static_cast<std::size_t>(instruction.engine)) += issues;
}

void Expansion::add_control(const Instruction& made, std::int64_t times) {
  control_.push_back(made);
  add_instruction(control_.back(), times);
}

/// Every engine of a dynamic loop counts it for itself.
void Expansion::end_iteration(const std::vector<LoopControl>& control, std::uint32_t loop,
                              std::int64_t times) {
  for (const LoopControl& engine : control) {
    add_control(engine.update, times);
    add_control(engine.branch, times);
    steps_.back() = {Step::Kind::Branch, steps_.back().index, loop};
    control_.push_back(engine.through);
    instructions_.push_back(resolver_.prepare(control_.back()));
    once_.push_back(false);
  }
}

void Expansion::check_scope(const Instruction& instruction) const {
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

void Expansion::find_written_memory() {
  memory_.sbuf_bytes = placement_.sbuf_bytes;
  memory_.psum_bytes = placement_.psum_bytes;
  memory_.tensor_bytes.resize(program_.tensors.size());
  for (const PreparedInstruction& each : instructions_) {
    const StreamInstruction& in = each.resolved;
    if (info(in.opcode).dma) {
      memory_.queues |= 1U << (static_cast<unsigned>(in.engine) * kQueuesPerEngine + in.queue);
    }
    if (in.dst.present() && in.dst.space == Space::Hbm) {
      memory_.tensor_bytes[in.dst.tensor] = program_.tensors[in.dst.tensor].bytes();
    }
  }
}

void Expansion::unroll(std::int64_t core, CoreStreams& out, std::vector<Work>& work) {
  for (std::size_t e = 0; e < kEngineCount; ++e) {
    out.engine[e].reserve(static_cast<std::size_t>(per_engine_[e]));
  }
  out.instructions.reserve(instructions_.size());
  Unrolling unrolling{std::vector<std::int64_t>(program_.variables.size()),
                      {},
                      {},
                      InstructionPool(out.instructions)};
  if (program_.auto_sync) {
    unrolling.dependencies.emplace(memory_);
  }
  if (core_version(limits_.target) < kAccumulatesOntoAnything) {
    unrolling.psum.emplace(memory_.psum_bytes);
  }
  std::vector<std::int64_t>& variables = unrolling.variables;
  variables[0] = core;
  std::vector<std::int64_t> left(loops_.size());  // iterations
  for (std::size_t at = 0; at < steps_.size(); ++at) {
    const Step& step = steps_[at];
    if (step.kind == Step::Kind::Issue) {
      issue(step.index, unrolling, out, work);
      continue;
    }
    if (step.kind == Step::Kind::Branch) {
      issue(left[step.loop] == 1 ? step.index + 1 : step.index, unrolling, out, work);
      continue;
    }
    if (step.kind == Step::Kind::Core) {
      at = step.loop == core ? at : step.index - 1;
      continue;
    }
    const FlatLoop& loop = loops_[step.index];
    if (step.kind == Step::Kind::Begin) {
      variables[loop.variable] = loop.begin;
      left[step.index] = loop.trips;
    } else if (--left[step.index] != 0) {
      variables[loop.variable] += loop.step;
      at = loop.first_step - 1;
    }
  }
  if (unrolling.dependencies) {
    unrolling.dependencies->finish(out);
  }
}

void Expansion::issue(std::uint32_t index, Unrolling& unrolling, CoreStreams& out,
                      std::vector<Work>& work) {
  PreparedInstruction& prepared = instructions_[index];
  resolver_.issue(prepared, unrolling.variables);
  const StreamInstruction& instruction = prepared.resolved;
  if (unrolling.psum && !unrolling.psum->add(instruction)) {
    refuse(program_, *prepared.source,
           "accumulates onto PSUM that the Tensor engine was not the last to write: that is "
           "undefined before " +
               core_name(kAccumulatesOntoAnything) +
               "; let the first product overwrite (accumulate 0) and add what another engine wrote "
               "afterwards, on vector");
  }
  Issue issue;
  if (once_[index]) {
    unrolling.pool.add(instruction, issue);
  } else {
    unrolling.pool.share(index, instruction, issue);
  }
  if (unrolling.dependencies) {
    unrolling.dependencies->add(instruction, issue, out, prepared.source);
  } else {
    explicit_sync(*prepared.source, unrolling.variables, issue, out);
  }
  const auto engine = static_cast<std::size_t>(instruction.engine);
  out.engine[engine].push_back(issue);
  out.rolled[engine] += instruction.opcode == Opcode::Branch ? instruction.base : 0;
  work[instruction.label] += prepared.work;
}

void Expansion::explicit_sync(const Instruction& source, const std::vector<std::int64_t>& variables,
                              Issue& issue, CoreStreams& out) const {
  issue.first_wait = static_cast<std::uint32_t>(out.waits.size());
  issue.waits = static_cast<std::uint8_t>(source.waits.size());
  for (const SemaphoreWait& wait : source.waits) {
    const std::int64_t value = wait.value.evaluate(variables);
    if (value < 0 || value > std::numeric_limits<std::int32_t>::max()) {
      refuse(program_, source,
             "waits for semaphore " + program_.semaphores[wait.semaphore] + " to be " +
                 std::to_string(value) + ", which is not 0 to 2^31-1");
    }
    out.waits.push_back(
        {static_cast<std::uint16_t>(wait.semaphore), static_cast<std::int32_t>(value)});
  }
  issue.first_update = static_cast<std::uint32_t>(out.updates.size());
  issue.updates = static_cast<std::uint8_t>(source.updates.size());
  const SemaphoreOwner self =
      info(source.opcode).dma ? SemaphoreOwner::Dma
                              : static_cast<SemaphoreOwner>(static_cast<int>(source.engine) + 1);
  for (const SemaphoreUpdate& update : source.updates) {
    out.updates.push_back({static_cast<std::uint16_t>(update.semaphore), update.add});
    SemaphoreOwner& owner = out.owner.at(update.semaphore);
    owner = owner == SemaphoreOwner::None || owner == self ? self : SemaphoreOwner::Mixed;
  }
}

}  // namespace

std::shared_ptr<const Streams> expand(const Program& program, const Limits& limits) {
  return Expansion(program, limits).run();
}

}  // namespace nsim::isa
