// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/stream.h"

#include <algorithm>
#include <sstream>

#include "sim/isa/opcode.h"
#include "sim/isa/text.h"

namespace nsim::isa {

std::int64_t Operand::elements() const {
  if (!present()) {
    return 0;
  }
  std::int64_t product = 1;
  for (std::size_t d = 0; d < dims; ++d) {
    product *= dim[d].count;
  }
  return product;
}

StreamInstruction CoreStreams::complete(const Issue& issue) const {
  StreamInstruction result = instruction(issue);
  result.dst.offset += issue.dst_offset;
  result.src[0].offset += issue.src_offset;
  return result;
}

void pack_mask(const std::vector<std::int64_t>& mask, StreamInstruction& instruction) {
  std::array<std::uint32_t, 8> packed{};
  for (std::size_t i = 0; i < mask.size() && i < 4 * packed.size(); ++i) {
    packed[i / 4] |= static_cast<std::uint32_t>(mask[i] & 0xff) << (8 * (i % 4));
  }
  std::copy(packed.begin(), packed.end(), instruction.pattern.begin());
}

std::array<std::uint8_t, 32> shuffle_mask(const StreamInstruction& instruction) {
  std::array<std::uint8_t, 32> mask{};
  for (std::size_t i = 0; i < mask.size(); ++i) {
    const auto packed = static_cast<std::uint32_t>(instruction.pattern[i / 4]);
    mask[i] = static_cast<std::uint8_t>(packed >> (8 * (i % 4)));
  }
  return mask;
}

Work& operator+=(Work& sum, const Work& more) {
  sum.matmul_flops += more.matmul_flops;
  sum.elementwise_ops += more.elementwise_ops;
  sum.hbm_read_bytes += more.hbm_read_bytes;
  sum.hbm_write_bytes += more.hbm_write_bytes;
  sum.instructions += more.instructions;
  sum.dma_transfers += more.dma_transfers;
  return sum;
}

namespace {

class Printer {
 public:
  explicit Printer(const Streams& streams) : streams_(streams) {}

  std::string run() {
    for (std::size_t core = 0; core < streams_.cores.size(); ++core) {
      const CoreStreams& one = streams_.cores[core];
      for (std::size_t e = 0; e < kEngineCount; ++e) {
        out_ << "core " << core << " " << name(static_cast<Engine>(e)) << ": "
             << one.engine[e].size() << " instructions\n";
        for (std::size_t i = 0; i < one.engine[e].size(); ++i) {
          out_ << "  " << i << ": ";
          print(one, one.engine[e][i]);
        }
      }
    }
    return out_.str();
  }

 private:
  void print(const CoreStreams& core, const Issue& issue) {
    const StreamInstruction in = core.complete(issue);
    out_ << name(in.opcode);
    for (const Operand* operand :
         {&in.dst, &in.dst2, &in.src[0], &in.src[1], &in.operand0.operand, &in.operand1.operand}) {
      print(*operand);
    }
    if (in.opcode == Opcode::NcMatmul || in.opcode == Opcode::NcMatmulMx) {
      out_ << (in.accumulate ? " accumulate" : " overwrite");
    }
    if (info(in.opcode).dma) {
      out_ << " queue " << int{in.queue} << " dge " << name(in.dge);
    }
    for (std::size_t i = issue.first_wait; i < std::size_t{issue.first_wait} + issue.waits; ++i) {
      out_ << " wait s" << core.waits[i].semaphore << ">=" << core.waits[i].value;
    }
    for (std::size_t i = issue.first_update; i < std::size_t{issue.first_update} + issue.updates;
         ++i) {
      out_ << " signal s" << core.updates[i].semaphore << "+" << core.updates[i].add;
    }
    if (in.label != 0) {
      out_ << " ; " << streams_.labels[in.label];
    }
    out_ << "\n";
  }

  void print(const Operand& operand) {
    if (!operand.present()) {
      return;
    }
    if (operand.space == Space::Hbm) {
      out_ << " " << streams_.tensors[operand.tensor].name;
    } else {
      out_ << " " << name(operand.space) << "[" << int{operand.partition} << ":"
           << operand.partition + operand.partitions << "]";
    }
    out_ << "+" << operand.offset << "B:" << num::name(operand.dtype) << "(";
    for (std::size_t d = 0; d < operand.dims; ++d) {
      out_ << (d == 0 ? "" : ", ") << operand.dim[d].step << ":" << operand.dim[d].count;
    }
    out_ << ")";
  }

  const Streams& streams_;
  std::ostringstream out_;
};

}  // namespace

std::string print_streams(const Streams& streams) {
  return Printer(streams).run();
}

}  // namespace nsim::isa
