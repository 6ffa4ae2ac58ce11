// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/builder.h"

#include <algorithm>
#include <utility>

#include "sim/isa/checked.h"

namespace nsim::isa {
namespace {

std::vector<Dim> at_least_one(std::vector<Dim> dims) {
  if (dims.empty()) {
    dims.push_back({1, 1});
  }
  return dims;
}

}  // namespace

Var::operator Expr() const {
  Expr e;
  e.terms.push_back({index, 1, divide, modulo});
  return e;
}

Var operator/(Var v, std::int64_t divisor) {
  if (divisor < 1) {
    throw InternalError("a variable can only be divided by a positive number");
  }
  if (v.modulo != 0) {
    // (x % m) / d is (x / d) % (m / d), for whole m / d only.
    if (v.modulo % divisor != 0) {
      throw InternalError("a variable modulo m can only be divided by a divisor of m");
    }
    v.modulo /= divisor;
  }
  v.divide = checked_multiply(v.divide, divisor);
  return v;
}

Var operator%(Var v, std::int64_t modulus) {
  if (modulus < 1) {
    throw InternalError("the modulus of a variable must be positive");
  }
  if (v.modulo != 0 && v.modulo % modulus != 0) {
    throw InternalError("a variable modulo m can only be taken modulo a divisor of m");
  }
  v.modulo = modulus;
  return v;
}

Expr operator*(Var v, std::int64_t factor) {
  return Expr(v) * factor;
}
Expr operator+(Var v, const Expr& e) {
  return Expr(v) + e;
}
Expr operator+(Expr e, Var v) {
  return std::move(e) + Expr(v);
}

Expr operator+(Var a, Var b) {
  return Expr(a) + Expr(b);
}

Access TensorRef::at(Expr offset, std::vector<Dim> dims) const {
  Access access;
  access.space = Space::Hbm;
  access.index = index;
  access.offset = std::move(offset);
  access.dims = at_least_one(std::move(dims));
  return access;
}

Access BufferRef::at(Expr offset, std::vector<Dim> dims) const {
  return at(0, partitions, std::move(offset), std::move(dims));
}

Access BufferRef::at(Expr partition, std::int64_t partition_count, Expr offset,
                     std::vector<Dim> dims) const {
  Access access;
  access.space = space;
  access.index = index;
  access.partition = std::move(partition);
  access.partitions = partition_count;
  access.offset = std::move(offset);
  access.dims = at_least_one(std::move(dims));
  return access;
}

Builder::Builder(std::string name, std::string target, int cores) {
  program_.name = std::move(name);
  program_.target = std::move(target);
  program_.cores = cores;
  open_.push_back(&program_.body);
}

TensorRef Builder::tensor(std::string name, TensorKind kind, num::Dtype dtype,
                          std::vector<std::int64_t> shape, num::Init init) {
  if (!names_.emplace(name, 1).second) {
    throw UserError("the program has two tensors or buffers called '" + name + "'");
  }
  program_.tensors.push_back({std::move(name), kind, dtype, std::move(shape), std::move(init), {}});
  return {static_cast<std::uint32_t>(program_.tensors.size() - 1)};
}

std::string Builder::unique_name(const std::string& wanted) {
  std::string name = wanted;
  while (!names_.emplace(name, 1).second) {
    name = wanted + "_" + std::to_string(++names_[wanted]);
  }
  return name;
}

BufferRef Builder::buffer(Space space, const std::string& name, num::Dtype dtype,
                          std::int64_t partitions, std::int64_t elements,
                          std::optional<std::int64_t> address) {
  program_.buffers.push_back(
      {unique_name(name), space, dtype, 0, partitions, elements, address, {}});
  return {static_cast<std::uint32_t>(program_.buffers.size() - 1), space, partitions};
}

BufferRef Builder::sbuf(const std::string& name, num::Dtype dtype, std::int64_t partitions,
                        std::int64_t elements, std::optional<std::int64_t> address) {
  return buffer(Space::Sbuf, name, dtype, partitions, elements, address);
}

BufferRef Builder::psum(const std::string& name, num::Dtype dtype, std::int64_t partitions,
                        std::int64_t elements, std::optional<std::int64_t> address) {
  return buffer(Space::Psum, name, dtype, partitions, elements, address);
}

void Builder::label(const std::string& operator_name) {
  label_ = operator_name;
}

void Builder::loop(const std::string& variable, std::int64_t begin, std::int64_t end,
                   std::int64_t step, const std::function<void(Var)>& body) {
  // A name is unique among the loops around it, as the text form demands.
  const auto taken = [this](const std::string& wanted) {
    return wanted == program_.variables[0] ||
           std::any_of(open_variables_.begin(), open_variables_.end(),
                       [&](std::uint32_t open) { return program_.variables[open] == wanted; });
  };
  std::string name = variable;
  for (int n = 2; taken(name); ++n) {
    name = variable + "_" + std::to_string(n);
  }
  const auto index = static_cast<std::uint32_t>(program_.variables.size());
  program_.variables.push_back(name);

  // The body grows outside of the program: appending to a list never moves a list that is open.
  Loop loop{index, begin, end, step, false, {}, {}};
  open_.push_back(&loop.body);
  open_variables_.push_back(index);
  body(Var{index, 1, 0});
  open_variables_.pop_back();
  open_.pop_back();
  open_.back()->emplace_back(std::move(loop));
}

void Builder::dynamic_loop(const std::string& variable, std::int64_t begin, std::int64_t end,
                           std::int64_t step, const std::function<void(Var)>& body) {
  loop(variable, begin, end, step, body);
  std::get<Loop>(open_.back()->back()).dynamic = true;
}

Instruction& Builder::emit(Instruction instruction) {
  if (instruction.label == 0 && !label_.empty()) {
    const auto [entry, fresh] =
        labels_.emplace(label_, static_cast<std::uint32_t>(program_.labels.size()));
    if (fresh) {
      program_.labels.push_back(label_);
    }
    instruction.label = entry->second;
  }
  return std::get<Instruction>(open_.back()->emplace_back(std::move(instruction)));
}

Program Builder::finish() {
  return std::move(program_);
}

namespace {

Instruction make(Opcode opcode, Engine engine) {
  Instruction instruction;
  instruction.opcode = opcode;
  instruction.engine = engine;
  return instruction;
}

Instruction make(Opcode opcode, Engine engine, Access dst) {
  Instruction instruction = make(opcode, engine);
  instruction.dst = std::move(dst);
  return instruction;
}

Instruction make(Opcode opcode, Engine engine, Access dst, Access src) {
  Instruction instruction = make(opcode, engine, std::move(dst));
  instruction.src.push_back(std::move(src));
  return instruction;
}

Instruction make(Opcode opcode, Engine engine, Access dst, Access src0, Access src1) {
  Instruction instruction = make(opcode, engine, std::move(dst), std::move(src0));
  instruction.src.push_back(std::move(src1));
  return instruction;
}

}  // namespace

Instruction& Builder::dma_copy(Engine queue_of, Access dst, Access src, DgeMode dge) {
  Instruction& made = emit(make(Opcode::DmaCopy, queue_of, std::move(dst), std::move(src)));
  made.dge = dge;
  return made;
}

Instruction& Builder::dma_gather(Access dst, Access table_row, Access index) {
  Instruction& made = emit(make(Opcode::DmaGather, Engine::GpSimd, std::move(dst),
                                std::move(table_row), std::move(index)));
  made.dge = DgeMode::Swdge;
  return made;
}

Instruction& Builder::nc_matmul(Access dst, Access stationary, Access moving, Expr accumulate) {
  Instruction& made = emit(make(Opcode::NcMatmul, Engine::Tensor, std::move(dst),
                                std::move(stationary), std::move(moving)));
  made.accumulate = std::move(accumulate);
  return made;
}

Instruction& Builder::nc_transpose(Access dst, Access data, Engine engine) {
  return emit(make(Opcode::NcTranspose, engine, std::move(dst), std::move(data)));
}

Instruction& Builder::tensor_copy(Engine engine, Access dst, Access src) {
  return emit(make(Opcode::TensorCopy, engine, std::move(dst), std::move(src)));
}

Instruction& Builder::memset(Engine engine, Access dst, float value) {
  Instruction& made = emit(make(Opcode::Memset, engine, std::move(dst)));
  made.immediate = value;
  return made;
}

Instruction& Builder::tensor_tensor(Engine engine, Access dst, Access a, Access b, num::AluOp op) {
  Instruction& made =
      emit(make(Opcode::TensorTensor, engine, std::move(dst), std::move(a), std::move(b)));
  made.op0 = op;
  return made;
}

Instruction& Builder::tensor_scalar(Engine engine, Access dst, Access data, num::AluOp op0,
                                    ScalarOperand operand0, num::AluOp op1,
                                    ScalarOperand operand1) {
  Instruction& made = emit(make(Opcode::TensorScalar, engine, std::move(dst), std::move(data)));
  made.op0 = op0;
  made.operand0 = std::move(operand0);
  made.op1 = op1;
  made.operand1 = std::move(operand1);
  return made;
}

Instruction& Builder::scalar_tensor_tensor(Access dst, Access data, num::AluOp op0,
                                           ScalarOperand operand0, num::AluOp op1,
                                           Access operand1) {
  Instruction& made = emit(make(Opcode::ScalarTensorTensor, Engine::Vector, std::move(dst),
                                std::move(data), std::move(operand1)));
  made.op0 = op0;
  made.operand0 = std::move(operand0);
  made.op1 = op1;
  return made;
}

Instruction& Builder::tensor_tensor_scan(Access dst, Access data0, Access data1,
                                         ScalarOperand initial, num::AluOp op0, num::AluOp op1) {
  Instruction& made = emit(make(Opcode::TensorTensorScan, Engine::Vector, std::move(dst),
                                std::move(data0), std::move(data1)));
  made.operand0 = std::move(initial);
  made.op0 = op0;
  made.op1 = op1;
  return made;
}

Instruction& Builder::tensor_reduce(Access dst, Access data, num::AluOp op, int keep, bool negate) {
  Instruction& made =
      emit(make(Opcode::TensorReduce, Engine::Vector, std::move(dst), std::move(data)));
  made.op0 = op;
  made.keep = keep;
  made.negate = negate;
  return made;
}

Instruction& Builder::activation(Access dst, Access data, num::Activation function,
                                 ScalarOperand scale, ScalarOperand bias) {
  Instruction& made =
      emit(make(Opcode::Activation, Engine::Scalar, std::move(dst), std::move(data)));
  made.function = function;
  made.operand0 = std::move(scale);
  made.operand1 = std::move(bias);
  return made;
}

Instruction& Builder::activation_reduce(Access dst, Access row_sums, Access data,
                                        num::Activation function, ScalarOperand scale,
                                        ScalarOperand bias) {
  Instruction& made =
      activation(std::move(dst), std::move(data), function, std::move(scale), std::move(bias));
  made.opcode = Opcode::ActivationReduce;
  made.dst2 = std::move(row_sums);
  return made;
}

Instruction& Builder::reciprocal(Access dst, Access data) {
  return emit(make(Opcode::Reciprocal, Engine::Vector, std::move(dst), std::move(data)));
}

Instruction& Builder::bn_stats(Access dst, Access data) {
  return emit(make(Opcode::BnStats, Engine::Vector, std::move(dst), std::move(data)));
}

Instruction& Builder::bn_aggr(Access dst, Access data) {
  return emit(make(Opcode::BnAggr, Engine::Vector, std::move(dst), std::move(data)));
}

Instruction& Builder::iota(Access dst, Expr base, std::int64_t partition_step,
                           std::vector<std::int64_t> pattern) {
  Instruction& made = emit(make(Opcode::Iota, Engine::GpSimd, std::move(dst)));
  made.base = std::move(base);
  made.partition_step = partition_step;
  made.pattern = std::move(pattern);
  return made;
}

Instruction& Builder::affine_select(Access dst, Access data, Expr base, std::int64_t partition_step,
                                    std::vector<std::int64_t> pattern, float fill) {
  Instruction& made =
      emit(make(Opcode::AffineSelect, Engine::GpSimd, std::move(dst), std::move(data)));
  made.base = std::move(base);
  made.partition_step = partition_step;
  made.pattern = std::move(pattern);
  made.op0 = num::AluOp::GreaterEqual;
  made.immediate = fill;
  return made;
}

Instruction& Builder::core_barrier() {
  return emit(make(Opcode::CoreBarrier, Engine::GpSimd));
}

}  // namespace nsim::isa
