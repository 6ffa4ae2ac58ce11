// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/instruction_needs.h"

#include <algorithm>
#include <iterator>

#include "sim/isa/opcode.h"

namespace nsim::hw {
namespace {

/// Instructions that stream through the Tensor engine's array. Their weights load while the pass
/// before runs.
bool uses_array(const isa::StreamInstruction& instruction) {
  return instruction.engine == isa::Engine::Tensor &&
         (isa::is_matmul(instruction.opcode) || instruction.opcode == isa::Opcode::NcTranspose);
}

CodeStep code_step(const isa::StreamInstruction& instruction) {
  if (instruction.opcode == isa::Opcode::RegisterMove && instruction.partition_step != 0) {
    return {CodeStep::Kind::Enter, instruction.partition_step};
  }
  if (instruction.opcode == isa::Opcode::Branch) {
    return {instruction.base != 0 ? CodeStep::Kind::Back : CodeStep::Kind::Leave, instruction.base};
  }
  return {};
}

bool reads(const isa::StreamInstruction& instruction, isa::Space space) {
  const isa::Operand* operands[] = {&instruction.src[0], &instruction.src[1],
                                    &instruction.operand0.operand, &instruction.operand1.operand};
  return std::any_of(std::begin(operands), std::end(operands), [&](const isa::Operand* operand) {
    return operand->present() && operand->space == space;
  });
}

InstructionNeeds::Times in_time(const cost::Cost& cost, const ClockDomain& clock) {
  return {clock.duration(cost.interval), clock.duration(cost.latency), clock.duration(cost.load),
          clock.duration(cost.load_latency - cost.load)};
}

}  // namespace

void NeedsTable::start(const isa::CoreStreams& streams) {
  streams_ = &streams;
  table_.assign(streams.instructions.size(), {});
}

void NeedsTable::find(const isa::StreamInstruction& instruction, InstructionNeeds& needs) const {
  const ClockDomain clock(cost::clock_of(instruction.engine, costs_));
  const cost::Cost cost = cost::instruction_cost(instruction, costs_);
  needs.known = true;
  needs.dma = isa::info(instruction.opcode).dma;
  needs.array = uses_array(instruction);
  // A sequencer reads and writes its registers' elements itself, not through the lanes.
  needs.port = sbuf_.needs_port(instruction, cost::is_wide(instruction, costs_)) &&
               !isa::is_sequencer(instruction.opcode);
  needs.step = code_step(instruction);
  needs.reads_sbuf = !needs.dma && reads(instruction, isa::Space::Sbuf);
  needs.reads_psum = !needs.dma && reads(instruction, isa::Space::Psum);
  needs.banks = psum_.banks_of(instruction);
  needs.table = cost::function_set(instruction);
  needs.groups = isa::array_groups(instruction);
  needs.times = needs.throttled = in_time(cost, clock);
  const double rate = costs_.tensor.throttle.rate;
  if (needs.array && rate < 1) {
    const cost::Cost slow = cost::slowed(cost, rate);
    needs.throttled = in_time(slow, clock);
    needs.throttled_by = clock.duration(slow.interval - cost.interval);
  }
}

}  // namespace nsim::hw
