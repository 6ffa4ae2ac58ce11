// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/expand.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "sim/base/words.h"
#include "sim/isa/check.h"
#include "sim/isa/dependencies.h"
#include "sim/isa/flatten.h"
#include "sim/isa/instruction_pool.h"
#include "sim/isa/opcode.h"
#include "sim/isa/place.h"
#include "sim/isa/psum_writers.h"
#include "sim/isa/resolve.h"
#include "sim/isa/target.h"

namespace nsim::isa {
namespace {

/// Generation of NeuronCores on which products add to whatever is in PSUM.
constexpr int kAccumulatesOntoAnything = 4;

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
        resolver_(program, limits, placement_) {
    check_header();
    flat_ = flatten(program, limits, resolver_);
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
  void find_written_memory();
  void unroll(std::int64_t core, CoreStreams& out, std::vector<Work>& work);
  void issue(std::uint32_t index, Unrolling& unrolling, CoreStreams& out, std::vector<Work>& work);
  void explicit_sync(const Instruction& source, const std::vector<std::int64_t>& variables,
                     Issue& issue, CoreStreams& out) const;

  const Program& program_;
  const Limits& limits_;
  Placement placement_;
  Resolver resolver_;
  FlatProgram flat_;
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
                    std::to_string(limits_.cores_per_logical) +
                    ": set device.cores_per_logical=" + std::to_string(program_.cores) +
                    ", or make the program for cores " + std::to_string(limits_.cores_per_logical));
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

void Expansion::find_written_memory() {
  memory_.sbuf_bytes = placement_.sbuf_bytes;
  memory_.psum_bytes = placement_.psum_bytes;
  memory_.tensor_bytes.resize(program_.tensors.size());
  for (const PreparedInstruction& each : flat_.instructions) {
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
    out.engine[e].reserve(static_cast<std::size_t>(flat_.per_engine[e]));
  }
  out.instructions.reserve(flat_.instructions.size());
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
  std::vector<std::int64_t> left(flat_.loops.size());  // iterations
  for (std::size_t at = 0; at < flat_.steps.size(); ++at) {
    const Step& step = flat_.steps[at];
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
    const FlatLoop& loop = flat_.loops[step.index];
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
  PreparedInstruction& prepared = flat_.instructions[index];
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
  if (flat_.once[index]) {
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
