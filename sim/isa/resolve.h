// SPDX-License-Identifier: Apache-2.0
// From an Instruction to the StreamInstructions of its iterations. What does not depend on loop
// variables is resolved and checked once (prepare), the rest per iteration (issue). What issue()
// fills in is what InstructionPool tells iterations apart by: whoever adds to one adds to the
// other.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/isa/expand.h"
#include "sim/isa/place.h"
#include "sim/isa/program.h"
#include "sim/isa/stream.h"

namespace nsim::isa {

/// Where an operand may lie and how its address follows from the loop variables.
struct AddressRule {
  std::uint8_t slot = 0;  // of operand_slots()
  const Access* access = nullptr;
  std::int64_t size = 1;   // bytes of an element
  std::int64_t base = 0;   // bytes: of the buffer in its partitions, or of a view in its tensor
  std::int64_t first = 0;  // lowest and highest element accessed, relative to the offset
  std::int64_t last = 0;
  std::int64_t elements = 0;        // of a row of the buffer, or of the tensor
  std::uint32_t place = 0;          // number of the buffer's first copy
  std::int64_t copies = 1;          // of the buffer; of several each has its base
  std::int64_t base_partition = 0;  // of the buffer
  std::int64_t partitions = 0;      // of the buffer
  bool engine_access = false;       // start partitions are restricted
  bool one_bank = false;            // a matmul's destination
  std::int64_t tile = 0;            // a tiled matmul: partitions of the tile it must lie in
  bool dynamic = false;             // moves on by a value known at run time
  std::int64_t row = 0;             // of an indexed transfer: elements from row to row of its table
  std::int64_t rows = 0;    // of that table as it is declared; 0: as many as there is room for
  std::int64_t step = 0;    // elements per count of the register it moves on by
  bool scale_rows = false;  // of MX groups: may start at 4, 8 or 12 in a quadrant
};

struct PreparedInstruction {
  const Instruction* source = nullptr;
  StreamInstruction resolved;  // what depends on loop variables: as of the last issue()
  std::vector<AddressRule> addresses;
  Work work;  // of one issue
};

class Resolver {
 public:
  /// All three must outlive the resolver and what it prepares.
  Resolver(const Program& program, const Limits& limits, const Placement& placement)
      : program_(program), limits_(limits), placement_(placement) {}

  /// Throws UserError for anything wrong in every iteration.
  PreparedInstruction prepare(const Instruction& instruction) const;
  /// Completes prepared.resolved for one iteration; throws UserError for an address that is wrong
  /// in it.
  void issue(PreparedInstruction& prepared, const std::vector<std::int64_t>& variables) const;

 private:
  AddressRule resolve(const Instruction& instruction, const Access& access, std::uint8_t slot,
                      Operand& out) const;
  /// Bytes: of the copy that an iteration accesses, in its partitions.
  std::int64_t copy_base(const Instruction& source, const AddressRule& rule,
                         const std::vector<std::int64_t>& variables) const;
  void check_tile(const PreparedInstruction& prepared, const StreamInstruction& in) const;
  void place_on_chip(const PreparedInstruction& prepared, const AddressRule& rule,
                     const std::vector<std::int64_t>& variables, Operand& out) const;

  const Program& program_;
  const Limits& limits_;
  const Placement& placement_;
};

/// Static descriptors, software or hardware descriptor generation, for an instruction that leaves
/// it open: a gather needs software; Sync and Scalar use the hardware's generator where there is
/// one and it can do the transfer (no conversion, no transposition); everything else has static
/// descriptors.
DgeMode choose_dge(const Limits& limits, const StreamInstruction& transfer);

}  // namespace nsim::isa
