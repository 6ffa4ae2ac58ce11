// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/resolve.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string>

#include "sim/isa/check.h"
#include "sim/isa/checked.h"
#include "sim/isa/matmul_shape.h"
#include "sim/isa/opcode.h"
#include "sim/numerics/mx.h"

namespace nsim::isa {
namespace {

enum Slot : std::uint8_t { kDst, kDst2, kSrc0, kSrc1, kOperand0, kOperand1, kSlots };

Operand& operand_at(StreamInstruction& instruction, std::uint8_t slot) {
  const std::array<Operand*, kSlots> slots{&instruction.dst,
                                           &instruction.dst2,
                                           &instruction.src[0],
                                           &instruction.src[1],
                                           &instruction.operand0.operand,
                                           &instruction.operand1.operand};
  return *slots.at(slot);
}

std::array<const Access*, kSlots> accesses(const Instruction& instruction) {
  const auto pointer = [](const std::optional<Access>& access) {
    return access ? &*access : nullptr;
  };
  return {pointer(instruction.dst),
          pointer(instruction.dst2),
          operand(instruction, OperandRole::Src0),
          operand(instruction, OperandRole::Src1),
          pointer(instruction.operand0.access),
          pointer(instruction.operand1.access)};
}

StreamInstruction unresolved(const Instruction& source) {
  StreamInstruction result;
  result.opcode = source.opcode;
  result.engine = source.engine;
  result.op0 = source.op0;
  result.op1 = source.op1;
  result.function = source.function;
  result.perf_mode = source.perf_mode;
  result.dge = source.dge;
  result.queue = source.queue;
  result.qos = source.qos;
  result.keep = static_cast<std::uint8_t>(source.keep);
  result.reverse0 = source.reverse0;
  result.reverse1 = source.reverse1;
  result.negate = source.negate;
  result.reduce_op = source.reduce_op;
  result.reduce_cmd = source.reduce_cmd;
  result.count = source.count;
  result.immediate = source.immediate;
  result.operand0.immediate = source.operand0.immediate;
  result.operand1.immediate = source.operand1.immediate;
  result.partition_step = source.partition_step;
  if (source.opcode == Opcode::NcStreamShuffle) {
    pack_mask(source.pattern, result);
  } else if (info(source.opcode).has(Attribute::SrcRegisters)) {
    std::transform(source.pattern.begin(), source.pattern.end(), result.pattern.begin(),
                   [](std::int64_t number) { return static_cast<std::int32_t>(number + 1); });
  } else {
    std::transform(source.pattern.begin(), source.pattern.end(), result.pattern.begin(),
                   [](std::int64_t step) { return static_cast<std::int32_t>(step); });
  }
  result.oob = source.oob;
  result.label = source.label;
  result.line = static_cast<std::uint32_t>(std::max(source.where.line, 0));
  return result;
}

std::int64_t hbm_bytes(const Operand& operand, std::int64_t elements) {
  return operand.present() && operand.space == Space::Hbm
             ? elements * static_cast<std::int64_t>(num::size_of(operand.dtype))
             : 0;
}

Work work_of(const StreamInstruction& in) {
  Work work;
  work.instructions = 1;
  // Of an indexed transfer the table's access describes a single row.
  const Operand& whole = in.opcode == Opcode::DmaScatter ? in.src[0] : in.dst;
  const std::int64_t results = whole.elements() * whole.partitions;
  if (info(in.opcode).dma) {
    work.dma_transfers = 1;
    // One element read for every element written.
    work.hbm_read_bytes = hbm_bytes(in.src[0], results);
    work.hbm_write_bytes = hbm_bytes(in.dst, results);
    if (in.opcode == Opcode::DmaCompute) {
      work.hbm_read_bytes += hbm_bytes(in.src[1], results);
    } else if (is_indexed(in.opcode) && in.op0 != num::AluOp::Bypass) {
      work.hbm_read_bytes += work.hbm_write_bytes;
    }
  } else if (is_matmul(in.opcode)) {
    work.matmul_flops = 2 * matmul_shape(in).contraction * results;
  } else if (in.engine != Engine::Tensor && in.dst.present()) {
    work.elementwise_ops = results;
  }
  return work;
}

std::string in_program(const Program& program, const Access& access) {
  return access.space == Space::Hbm ? "tensor " + program.tensors[access.index].name
                                    : "buffer " + program.buffers[access.index].name;
}

}  // namespace

DgeMode choose_dge(const Limits& limits, const StreamInstruction& transfer) {
  if (transfer.dge != DgeMode::Unknown || !info(transfer.opcode).dma) {
    return transfer.dge == DgeMode::Unknown ? DgeMode::None : transfer.dge;
  }
  if (is_indexed(transfer.opcode)) {
    return DgeMode::Swdge;
  }
  const bool on_generator_queue =
      transfer.engine == Engine::Sync || transfer.engine == Engine::Scalar;
  return limits.has_hwdge && on_generator_queue && transfer.opcode == Opcode::DmaCopy &&
                 transfer.dst.dtype == transfer.src[0].dtype
             ? DgeMode::Hwdge
             : DgeMode::None;
}

PreparedInstruction Resolver::prepare(const Instruction& instruction) const {
  check_form(program_, limits_, instruction);
  PreparedInstruction result;
  result.source = &instruction;
  result.resolved = unresolved(instruction);
  const auto all = accesses(instruction);
  for (std::uint8_t slot = 0; slot < kSlots; ++slot) {
    if (all[slot] != nullptr) {
      result.addresses.push_back(
          resolve(instruction, *all[slot], slot, operand_at(result.resolved, slot)));
    }
  }
  for (const AddressRule& rule : result.addresses) {
    if (rule.row != 0) {
      result.resolved.count = rule.row * rule.size;
    }
  }
  result.resolved.dge = choose_dge(limits_, result.resolved);
  check_shapes(program_, limits_, instruction, result.resolved);
  result.work = work_of(result.resolved);
  return result;
}

AddressRule Resolver::resolve(const Instruction& instruction, const Access& access,
                              std::uint8_t slot, Operand& out) const {
  AddressRule rule;
  rule.slot = slot;
  rule.access = &access;
  out.space = access.space;
  out.dims = static_cast<std::uint8_t>(access.dims.size());
  for (std::size_t d = 0; d < access.dims.size(); ++d) {
    const Dim& dim = access.dims[d];
    out.dim[d] = {static_cast<std::int32_t>(dim.step), static_cast<std::int32_t>(dim.count)};
    const std::int64_t reach = checked_multiply(dim.step, dim.count - 1);
    (reach < 0 ? rule.first : rule.last) = checked_add(reach < 0 ? rule.first : rule.last, reach);
  }
  const bool dma = info(instruction.opcode).dma;
  if (access.space == Space::Hbm) {
    const Tensor& tensor = program_.tensors[access.index];
    const View& place = placement_.tensor[access.index];
    out.tensor = place.base;
    rule.base = place.offset;
    out.dtype = tensor.dtype;
    out.partitions = 1;
    rule.elements = tensor.elements();
    const std::uint8_t table = instruction.opcode == Opcode::DmaGather ? kSrc0 : kDst;
    if (is_indexed(instruction.opcode) && slot == table) {
      // The access describes row 0: of the table as it is declared, or of one with `step`.
      rule.row = instruction.count;
      if (rule.row == 0) {
        rule.rows = tensor.shape.empty() ? 1 : tensor.shape[0];
        rule.row = rule.elements /= rule.rows;
      }
    }
  } else {
    const Buffer& buffer = program_.buffers[access.index];
    out.dtype = buffer.dtype;
    out.partitions = static_cast<std::uint16_t>(access.partitions);
    rule.place = placement_.first[access.index];
    rule.copies = buffer.copies;
    rule.base = placement_.address[rule.place];
    rule.elements = buffer.elements;
    rule.base_partition = placement_.partition[access.index];
    rule.partitions = buffer.partitions;
    rule.engine_access = !dma && !is_sequencer(instruction.opcode);
    rule.dynamic = (instruction.opcode == Opcode::TensorCopyDynamicSrc && slot == kSrc0) ||
                   (instruction.opcode == Opcode::TensorCopyDynamicDst && slot == kDst);
    rule.scale_rows =
        (instruction.opcode == Opcode::QuantizeMx && slot == kDst2) ||
        (instruction.opcode == Opcode::NcMatmulMx && (slot == kOperand0 || slot == kOperand1));
    rule.one_bank = access.space == Space::Psum && instruction.engine == Engine::Tensor &&
                    limits_.matmul_result_bytes <= limits_.psum_bank_bytes;
    if (slot == kDst && limits_.transpose_mode && instruction.opcode == Opcode::NcTranspose &&
        instruction.engine == Engine::Tensor && num::is_fp8(out.dtype)) {
      ++rule.last;  // the byte behind the last element
    }
    if (!instruction.pattern.empty() && is_matmul(instruction.opcode) && slot <= kSrc1) {
      rule.tile = instruction.pattern[slot == kDst && instruction.pattern.size() > 1 ? 1 : 0];
    }
  }
  rule.size = static_cast<std::int64_t>(num::size_of(out.dtype));
  const auto& moved = slot == kDst ? instruction.dst_offset : instruction.src_offset;
  if ((slot == kDst || slot == kSrc0) && moved.size() == 2) {
    rule.step = moved[1];
  }
  return rule;
}

void Resolver::issue(PreparedInstruction& prepared,
                     const std::vector<std::int64_t>& variables) const {
  const Instruction& source = *prepared.source;
  StreamInstruction& out = prepared.resolved;
  out.accumulate = source.accumulate.evaluate(variables) != 0;
  out.base = source.base.evaluate(variables);
  if (out.base != static_cast<std::int32_t>(out.base)) {
    refuse(program_, source, "base " + std::to_string(out.base) + " does not fit in 32 bits");
  }
  for (const AddressRule& rule : prepared.addresses) {
    Operand& operand = operand_at(out, rule.slot);
    const std::int64_t base = rule.copies == 1 ? rule.base : copy_base(source, rule, variables);
    const std::int64_t offset = rule.access->offset.evaluate(variables);
    const std::int64_t first = checked_add(offset, rule.first);
    const std::int64_t last = checked_add(offset, rule.last);
    if (first < 0 || last >= rule.elements) {
      refuse(program_, source,
             "elements " + std::to_string(first) + " to " + std::to_string(last) +
                 " are not within the " + std::to_string(rule.elements) + " of " +
                 in_program(program_, *rule.access));
    }
    operand.offset = base + offset * rule.size;
    if (rule.dynamic) {
      out.base = (rule.elements - 1 - last) / out.count;
    }
    if (rule.row != 0) {
      out.base = rule.rows != 0 ? rule.rows - 1 : (rule.elements - 1 - last) / rule.row;
    }
    if (rule.step != 0) {
      Moved& moved = rule.slot == kDst ? out.dst_moved : out.src_moved;
      const auto& given = rule.slot == kDst ? source.dst_offset : source.src_offset;
      moved.source = static_cast<std::uint8_t>(given[0] + 1);
      moved.step = rule.step * rule.size;
      moved.most = (rule.elements - 1 - last) / rule.step;
    }
    if (operand.space != Space::Hbm) {
      place_on_chip(prepared, rule, variables, operand);
    }
  }
  check_tile(prepared, out);
}

std::int64_t Resolver::copy_base(const Instruction& source, const AddressRule& rule,
                                 const std::vector<std::int64_t>& variables) const {
  const std::int64_t copy = rule.access->copy.evaluate(variables);
  if (copy < 0 || copy >= rule.copies) {
    refuse(program_, source,
           "copy " + std::to_string(copy) + " is not one of the " + std::to_string(rule.copies) +
               " of " + in_program(program_, *rule.access));
  }
  return placement_.address[rule.place + static_cast<std::size_t>(copy)];
}

/// Both operands of a tile enter the array in the same rows.
void Resolver::check_tile(const PreparedInstruction& prepared, const StreamInstruction& in) const {
  if (limits_.transpose_mode && is_padded_transpose(in) && in.dst.offset % 2 != 0) {
    refuse(program_, *prepared.source,
           "writes 16 bits for each element: dst starts at byte " + std::to_string(in.dst.offset) +
               ", an even one is needed");
  }
  const std::int64_t rows = in.pattern[0];
  if (is_matmul(in.opcode) && rows != 0 &&
      in.src[0].partition / rows != in.src[1].partition / rows) {
    refuse(program_, *prepared.source,
           "stationary starts at partition " + std::to_string(in.src[0].partition) +
               " and moving at " + std::to_string(in.src[1].partition) +
               ": both must lie in the same tile of " + std::to_string(rows));
  }
}

void Resolver::place_on_chip(const PreparedInstruction& prepared, const AddressRule& rule,
                             const std::vector<std::int64_t>& variables, Operand& out) const {
  const Instruction& source = *prepared.source;
  const std::int64_t partition = rule.access->partition.evaluate(variables);
  const std::int64_t count = rule.access->partitions;
  if (partition < 0 || checked_add(partition, count) > rule.partitions) {
    refuse(program_, source,
           "partitions " + std::to_string(partition) + " to " +
               std::to_string(partition + count - 1) + " are not within the " +
               std::to_string(rule.partitions) + " of " + in_program(program_, *rule.access));
  }
  const std::int64_t start = rule.base_partition + partition;
  // Up to four scale tensors share the first 16 partitions of each quadrant.
  const std::int64_t in_quadrant = start % num::kMxQuadrant;
  const bool shared = rule.scale_rows && in_quadrant % num::kMxScaleRows == 0 &&
                      in_quadrant < num::kMxScaleRows * num::kPacked;
  const std::int64_t aligned = shared ? start - in_quadrant : start;
  if (rule.engine_access && !legal_start(aligned, count)) {
    refuse(program_, source,
           std::to_string(count) + " partitions cannot start at " + std::to_string(start) +
               ": more than 64 start at 0, more than 32 at 0 or 64, others at 0, 32, 64 or 96");
  }
  if (rule.tile != 0 && start / rule.tile != (start + count - 1) / rule.tile) {
    refuse(program_, source,
           "partitions " + std::to_string(start) + " to " + std::to_string(start + count - 1) +
               " do not lie in one tile of " + std::to_string(rule.tile));
  }
  out.partition = static_cast<std::uint8_t>(start);
  if (rule.one_bank) {
    const std::int64_t first = out.offset + rule.first * rule.size;
    const std::int64_t last = out.offset + (rule.last + 1) * rule.size - 1;
    if (first / limits_.psum_bank_bytes != last / limits_.psum_bank_bytes) {
      refuse(program_, source,
             "PSUM bytes " + std::to_string(first) + " to " + std::to_string(last) +
                 " cross a bank boundary (banks have " + std::to_string(limits_.psum_bank_bytes) +
                 " bytes): a matmul writes within one bank");
    }
  }
}

}  // namespace nsim::isa
