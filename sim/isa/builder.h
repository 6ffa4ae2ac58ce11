// SPDX-License-Identifier: Apache-2.0
// Builds a Program from C++: what the lowering of models/ writes with.
//
//   Builder b("gemm", "trn2", 2);
//   auto a = b.tensor("a", TensorKind::Input, Dtype::Bf16, {4096, 4096});
//   auto tile = b.sbuf("tile", Dtype::Bf16, 128, 2 * 512);
//   b.loop("m", 0, 32, 1, [&](Var m) {
//     b.dma_copy(Engine::Sync, tile.at(m % 2 * 512, {{1, 512}}), a.at(m * (128 * 4096), {{4096,
//     128}, {1, 512}}));
//   });
#pragma once

#include <functional>
#include <map>
#include <string>

#include "sim/isa/program.h"

namespace nsim::isa {

/// An induction variable in an expression: `v`, `v / 2`, `v % 4`, `v / 2 % 4`, times and plus
/// constants.
struct Var {
  std::uint32_t index = 0;
  std::int64_t divide = 1;
  std::int64_t modulo = 0;
  operator Expr() const;
};
Var operator/(Var v, std::int64_t divisor);
Var operator%(Var v, std::int64_t modulus);
Expr operator*(Var v, std::int64_t factor);
Expr operator+(Var v, const Expr& e);
Expr operator+(Expr e, Var v);
Expr operator+(Var a, Var b);

struct TensorRef {
  std::uint32_t index = 0;
  Access at(Expr offset, std::vector<Dim> dims) const;
};
struct BufferRef {
  std::uint32_t index = 0;
  Space space = Space::Sbuf;
  std::int64_t partitions = 128;
  /// All partitions of the buffer.
  Access at(Expr offset, std::vector<Dim> dims) const;
  Access at(Expr partition, std::int64_t partition_count, Expr offset, std::vector<Dim> dims) const;
};

class Builder {
 public:
  Builder(std::string name, std::string target, int cores);

  /// The names of tensors are the program's interface: a second one of the same name throws
  /// UserError.
  TensorRef tensor(std::string name, TensorKind kind, num::Dtype dtype,
                   std::vector<std::int64_t> shape, num::Init init = {});
  /// The name of a buffer gets a number when it is taken.
  BufferRef sbuf(const std::string& name, num::Dtype dtype, std::int64_t partitions,
                 std::int64_t elements, std::optional<std::int64_t> address = {});
  BufferRef psum(const std::string& name, num::Dtype dtype, std::int64_t partitions,
                 std::int64_t elements, std::optional<std::int64_t> address = {});
  /// Instructions emitted from here on belong to this operator.
  void label(const std::string& operator_name);
  Var core() const { return Var{0, 1, 0}; }

  void loop(const std::string& variable, std::int64_t begin, std::int64_t end, std::int64_t step,
            const std::function<void(Var)>& body);
  /// One that the device runs.
  void dynamic_loop(const std::string& variable, std::int64_t begin, std::int64_t end,
                    std::int64_t step, const std::function<void(Var)>& body);

  /// Appends; the convenience calls below fill an Instruction and use this. The reference is valid
  /// until the next instruction or loop. An instruction that brings no label of its own gets the
  /// current one.
  Instruction& emit(Instruction instruction);

  Instruction& dma_copy(Engine queue_of, Access dst, Access src, DgeMode dge = DgeMode::Unknown);
  Instruction& dma_gather(Access dst, Access table_row, Access index);
  Instruction& nc_matmul(Access dst, Access stationary, Access moving, Expr accumulate);
  Instruction& nc_transpose(Access dst, Access data, Engine engine = Engine::Tensor);
  Instruction& tensor_copy(Engine engine, Access dst, Access src);
  Instruction& memset(Engine engine, Access dst, float value);
  Instruction& tensor_tensor(Engine engine, Access dst, Access a, Access b, num::AluOp op);
  Instruction& tensor_scalar(Engine engine, Access dst, Access data, num::AluOp op0,
                             ScalarOperand operand0, num::AluOp op1 = num::AluOp::Bypass,
                             ScalarOperand operand1 = {});
  Instruction& scalar_tensor_tensor(Access dst, Access data, num::AluOp op0, ScalarOperand operand0,
                                    num::AluOp op1, Access operand1);
  Instruction& tensor_tensor_scan(Access dst, Access data0, Access data1, ScalarOperand initial,
                                  num::AluOp op0, num::AluOp op1);
  Instruction& tensor_reduce(Access dst, Access data, num::AluOp op, int keep = 0,
                             bool negate = false);
  Instruction& activation(Access dst, Access data, num::Activation function,
                          ScalarOperand scale = {1.0F, {}}, ScalarOperand bias = {});
  Instruction& activation_reduce(Access dst, Access row_sums, Access data, num::Activation function,
                                 ScalarOperand scale = {1.0F, {}}, ScalarOperand bias = {});
  Instruction& reciprocal(Access dst, Access data);
  Instruction& bn_stats(Access dst, Access data);
  Instruction& bn_aggr(Access dst, Access data);
  Instruction& iota(Access dst, Expr base, std::int64_t partition_step,
                    std::vector<std::int64_t> pattern);
  Instruction& affine_select(Access dst, Access data, Expr base, std::int64_t partition_step,
                             std::vector<std::int64_t> pattern, float fill);
  Instruction& core_barrier();

  Program finish();
  Program& program() { return program_; }

 private:
  BufferRef buffer(Space space, const std::string& name, num::Dtype dtype, std::int64_t partitions,
                   std::int64_t elements, std::optional<std::int64_t> address);

  std::string unique_name(const std::string& wanted);

  Program program_;
  std::map<std::string, int> names_;      // of tensors and buffers, with the last number appended
  std::vector<std::vector<Item>*> open_;  // lists of the open loops, innermost last
  std::vector<std::uint32_t> open_variables_;    // their variables
  std::map<std::string, std::uint32_t> labels_;  // indices into the program's labels
  std::string label_;                            // enters the program with its first instruction
};

}  // namespace nsim::isa
