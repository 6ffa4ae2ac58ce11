// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/check.h"

#include <algorithm>
#include <limits>

#include "sim/isa/checked.h"
#include "sim/isa/dependencies.h"
#include "sim/isa/opcode.h"
#include "sim/isa/target.h"
#include "sim/numerics/positions.h"

namespace nsim::isa {
namespace {

constexpr std::size_t kChipDims = 4;
constexpr std::size_t kHbmDims = 5;
// NKI trainium2_arch: a tile has at most 64 Ki elements per partition; HBM accesses: a limit of
// ours.
constexpr std::int64_t kChipElements = 64 * 1024;
constexpr std::int64_t kHbmElements = std::int64_t{1} << 31;

using std::to_string;

bool fits_32_bits(std::int64_t value) {
  return value == static_cast<std::int32_t>(value);
}

class FormCheck {
 public:
  FormCheck(const Program& program, const Limits& limits, const Instruction& instruction)
      : program_(program),
        limits_(limits),
        instruction_(instruction),
        row_(info(instruction.opcode)) {}

  void run() const {
    check_engine();
    check_operands();
    check_scalar(instruction_.operand0, scalar_name(row_, true));
    check_scalar(instruction_.operand1, scalar_name(row_, false));
    check_dge();
    check_numbers();
    check_moved(instruction_.dst_offset, "dst_offset");
    check_moved(instruction_.src_offset, "src_offset");
    check_order();
    check_semaphores();
  }

 private:
  [[noreturn]] void fail(const std::string& rule) const { refuse(program_, instruction_, rule); }

  void check_engine() const {
    if (instruction_.label >= program_.labels.size()) {
      throw UserError(instruction_.where, "instruction belongs to label " +
                                              to_string(instruction_.label) + ", the program has " +
                                              to_string(program_.labels.size()));
    }
    if (!row_.runs_on(instruction_.engine)) {
      fail(std::string("cannot run on engine ") + name(instruction_.engine) + ", only on " +
           engine_names(row_.engines));
    }
    const int version = core_version(limits_.target);
    if (row_.since > version) {
      fail("came with " + core_name(row_.since) + ", target " + limits_.target + " has " +
           core_name(version));
    }
    if (instruction_.opcode == Opcode::DmaTranspose && !limits_.has_dma_transpose) {
      fail("target " + limits_.target +
           " cannot transpose by DMA; tensor.nc_transpose can, from SBUF to PSUM");
    }
    if (instruction_.opcode == Opcode::TensorScalar && instruction_.engine == Engine::Scalar &&
        !limits_.scalar_tensor_scalar) {
      fail("the Scalar engine of target " + limits_.target +
           " has no tensor_scalar, that of trn3 has; write vector.tensor_scalar or, for a multiply "
           "and an add, scalar.activation with function copy");
    }
  }

  void check_operands() const {
    std::size_t sources = 0;
    bool takes_dst = false;
    bool takes_dst2 = false;
    for (const OperandInfo& each : row_.operands) {
      if (each.role == OperandRole::None) {
        continue;
      }
      sources += each.role == OperandRole::Src0 || each.role == OperandRole::Src1 ? 1 : 0;
      takes_dst = takes_dst || each.role == OperandRole::Dst;
      takes_dst2 = takes_dst2 || each.role == OperandRole::Dst2;
      const Access* access = operand(instruction_, each.role);
      if (access == nullptr) {
        fail(std::string("operand ") + each.name + " is missing");
      }
      check_access(*access, each.name, each.spaces);
    }
    if (instruction_.dst2 && row_.may_have_dst2()) {
      check_access(*instruction_.dst2, row_.has(Attribute::DstIdx) ? "dst_idx" : "reduce_res",
                   bit(Space::Sbuf) | bit(Space::Psum));
      takes_dst2 = true;
    }
    if (instruction_.src.size() != sources || instruction_.dst.has_value() != takes_dst ||
        instruction_.dst2.has_value() != takes_dst2) {
      fail("takes " + to_string(row_.operand_count()) + " operands, has more");
    }
  }

  void check_scalar(const ScalarOperand& scalar, const char* what) const {
    if (scalar.access) {
      if (row_.dma || !instruction_.dst) {
        fail(std::string("takes no ") + what);
      }
      check_access(*scalar.access, what, bit(Space::Sbuf) | bit(Space::Psum));
    }
  }

  void check_access(const Access& access, const std::string& what, SpaceSet spaces) const {
    if ((spaces & bit(access.space)) == 0) {
      fail(what + " cannot be in " + name(access.space) +
           (access.space == Space::Psum && row_.dma ? ": DMA does not reach PSUM" : ""));
    }
    const bool hbm = access.space == Space::Hbm;
    const std::size_t known = hbm ? program_.tensors.size() : program_.buffers.size();
    if (access.index >= known) {
      fail(what + " is number " + to_string(access.index) + ", the program has " +
           to_string(known));
    }
    if (!hbm && program_.buffers[access.index].space != access.space) {
      fail(what + " is not in " + name(access.space));
    }
    if (!hbm && (access.partitions < 1 || access.partitions > kPartitionCount)) {
      fail(what + " has " + to_string(access.partitions) + " partitions, 1 to " +
           to_string(kPartitionCount) + " are possible");
    }
    if (access.space == Space::Psum && instruction_.engine == Engine::GpSimd) {
      fail(what + " is in PSUM, which GpSimd cannot access");
    }
    check_dims(access, what);
  }

  void check_dims(const Access& access, const std::string& what) const {
    const bool hbm = access.space == Space::Hbm;
    const std::size_t most = hbm ? kHbmDims : kChipDims;
    if (access.dims.size() > most) {
      fail(what + " has " + to_string(access.dims.size()) + " free dimensions, at most " +
           to_string(most) + " are possible in " + name(access.space));
    }
    const std::int64_t most_elements = hbm ? kHbmElements : kChipElements;
    std::int64_t elements = 1;
    for (const Dim& dim : access.dims) {
      if (dim.count < 1 || dim.count > (row_.dma ? kHbmElements - 1 : UINT16_MAX)) {
        fail(what + " has a dimension of " + to_string(dim.count) + " elements, 1 to " +
             (row_.dma ? "2^31-1" : "65535") + " are possible");
      }
      const std::int64_t reach = row_.dma ? INT32_MAX : INT16_MAX;
      if (dim.step > reach || dim.step < -reach) {
        fail(what + " has a step of " + to_string(dim.step) + " elements, which does not fit in " +
             (row_.dma ? "32" : "16") + " bits");
      }
      elements = checked_multiply(elements, dim.count);
      if (elements > most_elements) {
        fail(what + " has more than " + to_string(most_elements) + " elements" +
             (hbm ? "" : " per partition"));
      }
    }
  }

  void check_dge() const {
    if (!row_.dma) {
      return;
    }
    if (instruction_.queue >= kQueuesPerEngine) {
      fail("queue " + to_string(instruction_.queue) +
           " does not exist, an engine has queues 0 to " + to_string(kQueuesPerEngine - 1));
    }
    if (instruction_.qos >= limits_.dma_qos_classes) {
      fail("qos " + to_string(instruction_.qos) + ": target " + limits_.target + " has " +
           (limits_.dma_qos_classes == 1
                ? "no classes of DMA traffic, leave it out"
                : "classes 0 to " + to_string(limits_.dma_qos_classes - 1)));
    }
    const Engine engine = instruction_.engine;
    if (instruction_.dge == DgeMode::Swdge && engine != Engine::GpSimd) {
      fail(std::string("swdge is done by gpsimd, not by ") + name(engine));
    }
    if (instruction_.dge == DgeMode::Hwdge && !limits_.has_hwdge) {
      fail("target " + limits_.target +
           " has no hwdge: its cores have no hardware that makes descriptors; write dge none, or "
           "gpsimd.dma_copy with dge swdge");
    }
    if (instruction_.dge == DgeMode::GpSimd) {
      if (!limits_.has_gpsimd_dma) {
        fail("target " + limits_.target + " has no DMA engine in GpSimd; write dge swdge or none");
      }
      if (engine != Engine::GpSimd || instruction_.opcode != Opcode::DmaCopy) {
        fail(std::string("the DMA engine of GpSimd copies for gpsimd only, this is a ") +
             row_.name + " of " + name(engine));
      }
    }
    if (instruction_.dge == DgeMode::Hwdge && engine != Engine::Sync && engine != Engine::Scalar) {
      fail(std::string("hwdge is commanded by sync or scalar, not by ") + name(engine));
    }
    if (is_indexed(instruction_.opcode) && instruction_.dge != DgeMode::Swdge &&
        instruction_.dge != DgeMode::Unknown) {
      fail(std::string(instruction_.opcode == Opcode::DmaGather ? "gathers" : "scatters") +
           " by swdge only, not by " + name(instruction_.dge));
    }
  }

  void check_numbers() const {
    if (instruction_.opcode == Opcode::NcStreamShuffle) {
      check_mask();
    } else if (instruction_.pattern.size() > kChipDims ||
               !std::all_of(instruction_.pattern.begin(), instruction_.pattern.end(),
                            fits_32_bits)) {
      fail("pattern has at most 4 steps of 32 bits");
    }
    if (!fits_32_bits(instruction_.partition_step)) {
      fail("partition_step " + to_string(instruction_.partition_step) + " does not fit in 32 bits");
    }
    if (instruction_.keep < 0 || instruction_.keep > static_cast<int>(kChipDims)) {
      fail("keep " + to_string(instruction_.keep) + " is not 0 to 4");
    }
  }

  void check_moved(const std::vector<std::int64_t>& moved, const char* what) const {
    if (moved.empty()) {
      return;
    }
    if (moved.size() != 2 || moved[0] < 0 || moved[0] >= kRegisterCount || moved[1] < 1 ||
        moved[1] > INT32_MAX) {
      fail(std::string(what) + " is [register, elements per count]: a register from 0 to " +
           to_string(kRegisterCount - 1) + ", and at least 1 element");
    }
  }

  void check_order() const {
    if (instruction_.event == 0 && instruction_.after.empty()) {
      return;
    }
    if (!program_.auto_sync) {
      fail("`as` and `after` are for programs with sync auto, this one has sync explicit");
    }
    for (const std::uint32_t event : instruction_.after) {
      if (event == 0 || event >= program_.events.size()) {
        fail("comes after instruction " + to_string(event) + ", which has no name");
      }
    }
  }

  void check_mask() const {
    if (instruction_.pattern.size() != num::kQuadrantPartitions) {
      fail("shuffle_mask has " + to_string(instruction_.pattern.size()) +
           " entries, one for each of the 32 partitions of a quadrant is needed");
    }
    for (const std::int64_t entry : instruction_.pattern) {
      if (entry != num::kKeepPartition && (entry < 0 || entry >= num::kQuadrantPartitions)) {
        fail("shuffle_mask has the entry " + to_string(entry) + ", 0 to 31 or 255 are possible");
      }
    }
  }

  void check_semaphores() const {
    const bool any = !instruction_.waits.empty() || !instruction_.updates.empty() ||
                     instruction_.opcode == Opcode::SemaphoreWait;
    if (program_.auto_sync && any) {
      fail("waits and updates are for programs with sync explicit, this one has sync auto");
    }
    if (instruction_.waits.size() > UINT8_MAX || instruction_.updates.size() > UINT8_MAX) {
      fail("has more than 255 waits or updates");
    }
    const auto check_index = [&](std::uint32_t semaphore) {
      if (semaphore >= program_.semaphores.size()) {
        fail("semaphore " + to_string(semaphore) + " does not exist, the program has " +
             to_string(program_.semaphores.size()));
      }
    };
    for (const SemaphoreWait& wait : instruction_.waits) {
      check_index(wait.semaphore);
    }
    for (const SemaphoreUpdate& update : instruction_.updates) {
      check_index(update.semaphore);
      const std::string& semaphore = program_.semaphores[update.semaphore];
      if (row_.dma && update.add != kDmaSignal) {
        fail("adds " + to_string(update.add) + " to semaphore " + semaphore +
             ": a complete DMA has added " + to_string(kDmaSignal) +
             ", no other number is possible");
      }
      if (update.add < 1) {
        fail("adds " + to_string(update.add) + " to semaphore " + semaphore +
             ", at least 1 is needed");
      }
    }
  }

  const Program& program_;
  const Limits& limits_;
  const Instruction& instruction_;
  const OpcodeInfo& row_;
};

}  // namespace

void refuse(const Program& program, const Instruction& instruction, const std::string& rule) {
  if (instruction.where.line > 0) {
    throw UserError(instruction.where, std::string(name(instruction.opcode)) + ": " + rule);
  }
  const std::string& label = program.labels.at(instruction.label);
  throw UserError((label.empty() ? std::string() : "operator " + label + ": ") + "instruction " +
                  name(instruction.opcode) + ": " + rule);
}

bool legal_start(std::int64_t start, std::int64_t count) {
  const std::int64_t grid = count > 64 ? 128 : count > 32 ? 64 : 32;
  return start % grid == 0;
}

void check_form(const Program& program, const Limits& limits, const Instruction& instruction) {
  FormCheck(program, limits, instruction).run();
}

}  // namespace nsim::isa
