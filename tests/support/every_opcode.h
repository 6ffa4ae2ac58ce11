// SPDX-License-Identifier: Apache-2.0
// A program with every opcode, each with every operand and attribute it can have, none at its
// default: what text and container must bring back. No device would take it.
#pragma once

#include "sim/isa/attribute.h"
#include "sim/isa/builder.h"

namespace nsim::isa::test {

/// Gives a field a value that no opcode has by default.
struct SetField {
  const Access& access;
  Expr expression;

  void operator()(num::AluOp& op) const { op = num::AluOp::LessEqual; }
  void operator()(num::Activation& function) const { function = num::Activation::Silu; }
  void operator()(num::ReduceCmd& command) const { command = num::ReduceCmd::Reset; }
  void operator()(PerfMode& mode) const { mode = PerfMode::Sparse2_8; }
  void operator()(OobMode& mode) const { mode = OobMode::Skip; }
  void operator()(DgeMode& dge) const { dge = DgeMode::None; }
  void operator()(bool& flag) const { flag = true; }
  void operator()(int& keep) const { keep = 2; }
  void operator()(std::uint8_t& queue) const { queue = 2; }
  void operator()(float& value) const { value = -1e-9F; }
  void operator()(std::int64_t& value) const { value = -5; }
  void operator()(Expr& value) const { value = expression; }
  void operator()(std::vector<std::int64_t>& list) const { list = {1, -2, 3}; }
  void operator()(std::optional<Access>& value) const { value = access; }
  void operator()(ScalarOperand& scalar) const {
    scalar = {};
    if (access.index % 2 == 0) {
      scalar.immediate = 2.5F;
    } else {
      scalar.access = access;
    }
  }
};

inline Program every_opcode() {
  Builder b("all", "trn2", 2);
  const TensorRef hbm = b.tensor("x \"quoted\"\n\x01", TensorKind::Weight, num::Dtype::Fp32,
                                 {64, 64}, {num::Init::Kind::Normal, 0.1, 1e300, 7, {}});
  const BufferRef sbuf = b.sbuf("nan", num::Dtype::Bf16, 128, 64, 4096);
  const BufferRef psum = b.psum("12", num::Dtype::Fp32, 64, 64);
  b.sbuf("packed", num::kLastDtype, 128, 8);
  b.program().buffers[1].partition = 32;
  b.program().auto_sync = false;
  b.program().semaphores = {"s", "t.0"};
  b.loop("v", -3, 9, 2, [&](Var v) {
    for (int i = 0; i < kOpcodeCount; ++i) {
      const OpcodeInfo& opcode = info(static_cast<Opcode>(i));
      b.label("op" + std::to_string(i % 3));
      Instruction each = with_defaults(opcode.opcode);
      each.engine = static_cast<Engine>(i % kEngineCount);
      const Access chip =
          i % 2 == 0 ? sbuf.at(v / 2 % 3, 7, v * -4 + 9, {{3, 2}, {-1, 4}}) : psum.at(0, {{1, 64}});
      for (const OperandInfo& operand_info : opcode.operands) {
        const bool source =
            operand_info.role == OperandRole::Src0 || operand_info.role == OperandRole::Src1;
        set_operand(each, operand_info.role, source ? hbm.at(v + 3, {{64, 8}, {1, 64}}) : chip);
      }
      for_each(opcode.required | opcode.optional, [&](Attribute attribute) {
        visit(attribute, each, SetField{chip, v * 3 + Expr(-7)});
      });
      if (i % 2 == 0) {
        each.event = static_cast<std::uint32_t>(b.program().events.size());
        b.program().events.push_back("event " + std::to_string(i));
      }
      for (std::uint32_t event = 1; event < b.program().events.size() && event < 3; ++event) {
        each.after.insert(each.after.end(), event == each.event ? 0 : 1, event);
      }
      each.waits = {{1, Expr(v)}, {0, 5}};
      each.updates = {{0, 16}};
      b.emit(each);
    }
  });
  b.dynamic_loop("w", 0, 2, 1, [&](Var) { b.emit(with_defaults(Opcode::Nop)); });
  return b.finish();
}

}  // namespace nsim::isa::test
