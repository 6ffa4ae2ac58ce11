// SPDX-License-Identifier: Apache-2.0
// Reads the binary form. What comes out is structurally valid: every index is in range, every name
// is unique where the text form needs it, every number is within the limits. Whether a device can
// run it is expand()'s question.
#include <algorithm>
#include <unordered_set>
#include <utility>

#include "sim/isa/access_text.h"
#include "sim/isa/attribute.h"
#include "sim/isa/binary.h"
#include "sim/isa/binary_values.h"
#include "sim/isa/checked.h"
#include "sim/isa/expr_text.h"
#include "sim/isa/limits.h"

namespace nsim::isa {
namespace {

class Reader : private BinaryValues {
 public:
  using BinaryValues::BinaryValues;

  Program read() {
    program_.name = in_.string("the program's name", kMaxNameLength);
    program_.target = in_.string("the target", kMaxNameLength);
    program_.cores = static_cast<int>(positive("the number of cores", kMaxCores));
    program_.auto_sync = flag("auto_sync");
    program_.spilled_bytes = natural("spilled_bytes", kMaxTensorBytes);
    list("the number of tensors", [&] { program_.tensors.push_back(tensor()); });
    list("the number of buffers", [&] { program_.buffers.push_back(buffer()); });
    list("the number of semaphores",
         [&] { program_.semaphores.push_back(unique("a semaphore", semaphores_)); });
    labels_.insert("");
    program_.body = items();
    if (in_.remaining() != 0) {
      in_.fail("the program ends here, but " + std::to_string(in_.remaining()) + " bytes follow");
    }
    return std::move(program_);
  }

  // The values of attributes.
  void operator()(num::AluOp& op) { op = enumerator("an operator", num::kLastAluOp); }
  void operator()(num::Activation& function) {
    function = enumerator("a function", num::kLastActivation);
  }
  void operator()(PerfMode& mode) { mode = enumerator("a matmul mode", PerfMode::Sparse1_2); }
  void operator()(DgeMode& dge) { dge = enumerator("a DGE mode", DgeMode::GpSimd); }
  void operator()(OobMode& mode) { mode = enumerator("what happens out of bounds", OobMode::Skip); }
  void operator()(num::ReduceCmd& command) {
    command = enumerator("a reduce command", num::ReduceCmd::LoadReduce);
  }
  void operator()(std::optional<Access>& value) { value = access(); }
  void operator()(bool& value) { value = true; }
  void operator()(float& value) { value = in_.real32("a number"); }
  void operator()(int& keep) { keep = static_cast<int>(natural("keep", max_dims(Space::Sbuf))); }
  void operator()(std::uint8_t& value) { value = in_.byte("a queue or class"); }
  void operator()(std::int64_t& value) { value = in_.integer("a step", -kMaxInteger, kMaxInteger); }
  void operator()(Expr& value) { value = expr(); }
  void operator()(std::vector<std::int64_t>& pattern) {
    list(
        "the entries of a list",
        [&] { pattern.push_back(in_.integer("an entry", -kMaxInteger, kMaxInteger)); },
        most_entries(attribute_));
  }
  void operator()(ScalarOperand& scalar) {
    scalar = {};
    if (flag("the kind of a scalar")) {
      scalar.access = access();
    } else {
      scalar.immediate = in_.real32("a number");
    }
  }

 private:
  using Names = std::unordered_set<std::string>;

  std::string unique(const char* what, Names& names) {
    std::string name = in_.string(what, kMaxNameLength);
    if (!names.insert(name).second) {
      in_.fail(std::string(what) + " has the name of another");
    }
    return name;
  }

  Tensor tensor() {
    Tensor made;
    made.name = unique("a tensor", memory_);
    made.kind = enumerator("a tensor's kind", kLastTensorKind);
    made.dtype = enumerator("an element type", num::kLastDtype);
    list(
        "the rank", [&] { made.shape.push_back(positive("an extent", kMaxTensorBytes)); },
        kMaxRank);
    std::int64_t bytes = static_cast<std::int64_t>(num::size_of(made.dtype));
    for (const std::int64_t extent : made.shape) {
      if (extent > kMaxTensorBytes / bytes) {
        in_.fail("a tensor has more than 2^48 bytes");
      }
      bytes *= extent;
    }
    init(made.init, bytes);
    if (made.kind == TensorKind::View) {
      if (made.init.kind != num::Init::Kind::None) {
        in_.fail("a view of a tensor has initial contents of its own");
      }
      made.view = view(program_.tensors.size());
    }
    return made;
  }

  void init(num::Init& made, std::int64_t tensor_bytes) {
    made.kind = enumerator("the kind of initial contents", num::Init::Kind::Bytes);
    const InitFields fields = fields_of(made.kind);
    if (fields.low) {
      made.low = in_.real64("a parameter of initial contents");
    }
    if (fields.high_and_seed) {
      made.high = in_.real64("a parameter of initial contents");
      made.seed = in_.number("a seed", UINT64_MAX);
    }
    if (fields.bytes) {
      made.bytes = in_.blob("the bytes of a tensor");
    }
    if (fields.bytes && made.bytes.size() != static_cast<std::size_t>(tensor_bytes)) {
      in_.fail("the initial bytes do not have the size of the tensor");
    }
  }

  Buffer buffer() {
    Buffer made;
    made.name = unique("a buffer", memory_);
    made.space = enumerator("a buffer's space", Space::Psum);
    if (made.space == Space::Hbm) {
      in_.fail("a buffer is in SBUF or PSUM");
    }
    made.dtype = enumerator("an element type", num::kLastDtype);
    made.partition = natural("a buffer's first partition", kMaxPartitions);
    made.partitions = positive("a buffer's partitions", kMaxPartitions);
    made.elements = positive("a buffer's elements", kMaxBufferBytes);
    switch (enumerator("what says where a buffer lies", kLastBufferPlace)) {
      case BufferPlace::Anywhere:
        break;
      case BufferPlace::Address:
        made.address = natural("a buffer's address", kMaxBufferBytes);
        break;
      case BufferPlace::Transient:
        made.transient = true;
        break;
      case BufferPlace::Copies:
        made.transient = true;
        made.copies = positive("a buffer's copies", kMaxCopies);
        break;
      case BufferPlace::View:
        made.view = view(program_.buffers.size());
        made.copies = program_.buffers[made.view->base].copies;
        if (program_.buffers[made.view->base].space != made.space) {
          in_.fail("a buffer and what it is a view of are in different spaces");
        }
        break;
    }
    return made;
  }

  /// Of an entry of a table that has `size` already.
  View view(std::size_t size) {
    const std::uint32_t base = index("what is viewed", size);
    return {base, natural("the offset of a view", kMaxTensorBytes)};
  }

  std::vector<Item> items() {
    std::vector<Item> made;
    list("the number of items", [&] {
      if (++item_count_ > kMaxItems) {
        in_.fail("a program has at most " + std::to_string(kMaxItems) + " instructions and loops");
      }
      const std::uint64_t kind =
          in_.number("the kind of an item", in_body_ ? kDynamicLoopItem : kCoreItem);
      if (kind == kInstructionItem) {
        made.emplace_back(instruction());
      } else if (kind == kCoreItem) {
        made.emplace_back(core_body());
      } else {
        made.emplace_back(loop(kind == kDynamicLoopItem));
      }
    });
    return made;
  }

  CoreBody core_body() {
    CoreBody made;
    made.core = static_cast<int>(natural("the number of a core", kMaxCores - 1));
    in_body_ = true;
    made.body = items();
    in_body_ = false;
    return made;
  }

  Loop loop(bool dynamic) {
    Loop made;
    made.dynamic = dynamic;
    std::string name = in_.string("a loop's variable", kMaxNameLength);
    for (const std::uint32_t open : open_variables_) {
      if (program_.variables[open] == name) {
        in_.fail("a loop's variable has the name of an enclosing loop's");
      }
    }
    if (open_variables_.size() > kMaxLoopDepth) {
      in_.fail("loops are nested more than " + std::to_string(kMaxLoopDepth) + " deep");
    }
    made.begin = in_.integer("a loop's begin", -kMaxInteger, kMaxInteger);
    made.end = in_.integer("a loop's end", -kMaxInteger, kMaxInteger);
    made.step = positive("a loop's step", kMaxInteger);
    made.variable = static_cast<std::uint32_t>(program_.variables.size());
    program_.variables.push_back(std::move(name));
    open_variables_.push_back(made.variable);
    const bool in_body = std::exchange(in_body_, true);
    made.body = items();
    in_body_ = in_body;
    open_variables_.pop_back();
    return made;
  }

  Instruction instruction() {
    const Opcode code = enumerator("an opcode", kLastOpcode);
    const OpcodeInfo& opcode = info(code);
    Instruction made = with_defaults(code);
    const std::uint8_t engine = in_.byte("an engine");
    if ((engine & ~kOrdered) > static_cast<std::uint8_t>(Engine::Sync)) {
      in_.fail("there is no engine " + std::to_string(engine & ~kOrdered));
    }
    made.engine = static_cast<Engine>(engine & ~kOrdered);
    made.label = label();
    if ((engine & kOrdered) != 0) {
      order(made);
    }
    for (int i = 0; i < opcode.operand_count(); ++i) {
      set_operand(made, opcode.operands.at(static_cast<std::size_t>(i)).role, access());
    }
    const AttributeSet all = opcode.required | opcode.optional;
    const auto present = static_cast<AttributeSet>(in_.number("the attributes", all));
    if ((present & ~all) != 0) {
      in_.fail(std::string(opcode.name) + " has an attribute it does not take");
    }
    for_each(present, [&](Attribute attribute) {
      attribute_ = attribute;
      visit(attribute, made, *this);
    });
    list(
        "the number of waits", [&] { made.waits.push_back(wait()); }, kMaxSemaphoreUses);
    list(
        "the number of updates", [&] { made.updates.push_back(update()); }, kMaxSemaphoreUses);
    return made;
  }

  void order(Instruction& made) {
    std::string name = in_.string("the name of an instruction", kMaxNameLength);
    const std::size_t before = program_.events.size();
    if (!name.empty()) {
      if (!events_.insert(name).second) {
        in_.fail("two instructions are called '" + name + "'");
      }
      made.event = static_cast<std::uint32_t>(before);
      program_.events.push_back(std::move(name));
    }
    list("the instructions it comes after", [&] {
      made.after.push_back(index("an instruction it comes after", before));
      if (made.after.back() == 0) {
        in_.fail("an instruction comes after one without a name");
      }
    });
  }

  std::uint32_t label() {
    const std::uint32_t made = index("a label", program_.labels.size() + 1);
    if (made == program_.labels.size()) {
      program_.labels.push_back(unique("a label", labels_));
    }
    return made;
  }

  SemaphoreWait wait() {
    const std::uint32_t semaphore = index("a semaphore", program_.semaphores.size());
    return {semaphore, expr()};
  }

  SemaphoreUpdate update() {
    const std::uint32_t semaphore = index("a semaphore", program_.semaphores.size());
    return {semaphore, static_cast<std::int32_t>(in_.integer("an update", -INT32_MAX, INT32_MAX))};
  }

  Access access() {
    Access made;
    made.space = enumerator("an operand's space", Space::Psum);
    const bool hbm = made.space == Space::Hbm;
    made.index = index("an operand", hbm ? program_.tensors.size() : program_.buffers.size());
    if (!hbm && program_.buffers[made.index].space != made.space) {
      in_.fail("an operand and its buffer are in different spaces");
    }
    if (!hbm) {
      if (program_.buffers[made.index].copies != 1) {
        made.copy = expr();
      }
      made.partition = expr();
      made.partitions = positive("the partitions of an operand", kMaxPartitions);
    }
    made.offset = expr();
    list(
        "the dimensions of an operand", [&] { made.dims.push_back(dim()); }, max_dims(made.space));
    if (made.dims.empty()) {
      in_.fail("an operand has no dimensions");
    }
    return made;
  }

  Dim dim() {
    const std::int64_t step = in_.integer("a step", -kMaxInteger, kMaxInteger);
    return {step, positive("a count", kMaxInteger)};
  }

  Expr expr() {
    Expr made(in_.integer("a constant", -kMaxInteger, kMaxInteger));
    list(
        "the terms of an expression", [&] { made.terms.push_back(term(made)); }, kMaxTerms);
    return made;
  }

  /// A program of expressions that + and * made has each kind of term at most once and none with 0.
  Term term(const Expr& others) {
    Term made;
    made.variable = index("a variable", program_.variables.size());
    if (std::find(open_variables_.begin(), open_variables_.end(), made.variable) ==
        open_variables_.end()) {
      in_.fail("a variable is used outside of its loop");
    }
    made.coefficient = in_.integer("a coefficient", -kMaxInteger, kMaxInteger);
    made.divide = positive("a divisor", kMaxInteger);
    made.modulo = natural("a modulus", kMaxInteger);
    const bool repeated =
        std::any_of(others.terms.begin(), others.terms.end(), [&](const Term& other) {
          return other.variable == made.variable && other.divide == made.divide &&
                 other.modulo == made.modulo;
        });
    if (repeated || made.coefficient == 0) {
      in_.fail("an expression has a term that is empty or repeated");
    }
    return made;
  }

  Program program_;
  Names memory_;
  Names semaphores_;
  Names labels_;
  Names events_;
  std::vector<std::uint32_t> open_variables_{0};
  bool in_body_ = false;  // of a loop or of a core: there are no bodies of cores in it
  std::size_t item_count_ = 0;
  Attribute attribute_ = Attribute::Op;  // whose value is read
};

}  // namespace

Program read_binary(const std::byte* data, std::size_t size) {
  ByteReader head(data, size);
  for (const char c : kBinaryMagic) {
    if (head.byte("the magic number") != static_cast<std::uint8_t>(c)) {
      head.fail("this is not a program: it does not start with NSIMPROG");
    }
  }
  const std::uint32_t version = head.fixed32("the version");
  if (version != kBinaryVersion) {
    throw ContainerError(ContainerError::Kind::UnsupportedVersion,
                         "the program has version " + std::to_string(version) + ", supported is " +
                             std::to_string(kBinaryVersion));
  }
  const std::uint64_t length = head.fixed64("the size");
  if (length != head.remaining()) {
    head.fail("the program says it has " + std::to_string(length) + " bytes, but " +
              std::to_string(head.remaining()) + " follow");
  }
  return Reader(data + (size - length), length).read();
}

}  // namespace nsim::isa
