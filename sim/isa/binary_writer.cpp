// SPDX-License-Identifier: Apache-2.0
// The binary form of programs, version 1. Fixed numbers are little endian. `number` is LEB128,
// `integer` is zigzag LEB128, `string` and `blob` are a number of bytes and the bytes, `list` is a
// number of entries and the entries.
//
//   file     = "NSIMPROG", version fixed32, size of what follows fixed64, program
//   program  = name string, target string, cores number, auto_sync byte, spilled_bytes number,
//              tensors list, buffers list, semaphores list of string, labels list of string
//              (without the first, ""), body list of item
//   tensor   = name string, kind byte, dtype byte, shape list of number, init,
//              [base number, offset number: of a view]
//   init     = kind byte, [low fixed64 (double): constant, index, uniform, normal],
//              [high fixed64 (double), seed number: uniform, normal], [blob: bytes]
//   buffer   = name string, space byte, dtype byte, partition number, partitions number, elements
//   number,
//              0 byte | 1 byte, address number | 2 byte: transient |
//              3 byte, base number, offset number: a view | 4 byte, copies number: transient
//   item     = 0 byte, instruction | 1 byte, loop | 2 byte, loop that the device runs |
//              3 byte, core number, body list of item: for that core alone
//   loop     = variable's name string, begin integer, end integer, step number, body list of item
//              (its variable gets the next index; loops count from 1 in the order of the file,
//              `core` is 0)
//   instruction = opcode byte, engine byte (+ 128: named, or after others), label number,
//              [string: the number is one more than any before], [order: named, or after others],
//              operands of the opcode (access each),
//              attributes number (bit i: Attribute i is not the default), their values in the order
//              of the bits, waits list of (semaphore number, value expr), updates list of
//              (semaphore number, add integer)
//   order    = its own name string ("": none), after list of number (of names, from 1 in the order
//              of the file)
//   value    = byte (enumerations, queue, keep) | nothing (flags: they are set) | fixed32 (float) |
//   scalar | expr |
//              integer | list of integer | access
//   scalar   = 0 byte, fixed32 (float) | 1 byte, access
//   access   = space byte, index number, [copy expr: of a buffer with copies], [partition expr,
//   partitions number: on chip], offset expr,
//              dims list of (step integer, count number)
//   expr     = constant integer, terms list of (variable number, coefficient integer, divide
//   number, modulo number)
#include "sim/isa/attribute.h"
#include "sim/isa/binary.h"
#include "sim/isa/byte_stream.h"

namespace nsim::isa {
namespace {

class Writer {
 public:
  explicit Writer(const Program& program)
      : program_(program),
        variable_index_(program.variables.size(), 0),
        label_index_(program.labels.size(), 0) {}

  std::vector<std::byte> write() {
    out_.string(program_.name);
    out_.string(program_.target);
    out_.number(static_cast<std::uint64_t>(program_.cores));
    out_.byte(program_.auto_sync ? 1 : 0);
    out_.number(static_cast<std::uint64_t>(program_.spilled_bytes));
    list(program_.tensors, [&](const Tensor& each) { tensor(each); });
    list(program_.buffers, [&](const Buffer& each) { buffer(each); });
    list(program_.semaphores, [&](const std::string& each) { out_.string(each); });
    items(program_.body);
    return out_.take();
  }

  // The values of attributes.
  void operator()(bool) {}
  void operator()(float value) { out_.real(value); }
  void operator()(int value) { out_.byte(static_cast<std::uint8_t>(value)); }
  void operator()(std::uint8_t value) { out_.byte(value); }
  void operator()(std::int64_t value) { out_.integer(value); }
  void operator()(const Expr& value) { expr(value); }
  void operator()(const std::vector<std::int64_t>& value) {
    list(value, [&](std::int64_t each) { out_.integer(each); });
  }
  void operator()(const std::optional<Access>& value) {
    if (value) {
      access(*value);
    }
  }
  void operator()(const ScalarOperand& value) {
    out_.byte(value.access ? 1 : 0);
    if (value.access) {
      access(*value.access);
    } else {
      out_.real(value.immediate);
    }
  }
  template <class Enum, std::enable_if_t<std::is_enum_v<Enum>, int> = 0>
  void operator()(Enum value) {
    out_.byte(static_cast<std::uint8_t>(value));
  }

 private:
  template <class List, class Action>
  void list(const List& entries, Action action) {
    out_.number(entries.size());
    for (const auto& each : entries) {
      action(each);
    }
  }

  void tensor(const Tensor& each) {
    out_.string(each.name);
    (*this)(each.kind);
    (*this)(each.dtype);
    list(each.shape, [&](std::int64_t extent) { out_.number(static_cast<std::uint64_t>(extent)); });
    (*this)(each.init.kind);
    init(each.init);
    if (each.kind == TensorKind::View) {
      view(each.view);
    }
  }

  void view(const View& each) {
    out_.number(each.base);
    out_.number(static_cast<std::uint64_t>(each.offset));
  }

  void init(const num::Init& each) {
    const InitFields fields = fields_of(each.kind);
    if (fields.low) {
      out_.real(each.low);
    }
    if (fields.high_and_seed) {
      out_.real(each.high);
      out_.number(each.seed);
    }
    if (fields.bytes) {
      out_.blob(each.bytes);
    }
  }

  void buffer(const Buffer& each) {
    out_.string(each.name);
    (*this)(each.space);
    (*this)(each.dtype);
    out_.number(static_cast<std::uint64_t>(each.partition));
    out_.number(static_cast<std::uint64_t>(each.partitions));
    out_.number(static_cast<std::uint64_t>(each.elements));
    if (each.address) {
      (*this)(BufferPlace::Address);
      out_.number(static_cast<std::uint64_t>(*each.address));
    } else if (each.view) {
      (*this)(BufferPlace::View);
      view(*each.view);
    } else if (each.copies != 1) {
      (*this)(BufferPlace::Copies);
      out_.number(static_cast<std::uint64_t>(each.copies));
    } else {
      (*this)(each.transient ? BufferPlace::Transient : BufferPlace::Anywhere);
    }
  }

  void items(const std::vector<Item>& body) {
    list(body, [&](const Item& each) {
      if (const auto* made = std::get_if<Instruction>(&each)) {
        out_.byte(kInstructionItem);
        instruction(*made);
      } else if (const auto* core = std::get_if<CoreBody>(&each)) {
        out_.byte(kCoreItem);
        out_.number(static_cast<std::uint64_t>(core->core));
        items(core->body);
      } else {
        const Loop& of = std::get<Loop>(each);
        out_.byte(of.dynamic ? kDynamicLoopItem : kLoopItem);
        loop(of);
      }
    });
  }

  void loop(const Loop& each) {
    variable_index_.at(each.variable) = ++loops_;
    out_.string(program_.variables.at(each.variable));
    out_.integer(each.begin);
    out_.integer(each.end);
    out_.number(static_cast<std::uint64_t>(each.step));
    items(each.body);
  }

  void instruction(const Instruction& each) {
    const OpcodeInfo& opcode = info(each.opcode);
    (*this)(each.opcode);
    const bool ordered = each.event != 0 || !each.after.empty();
    out_.byte(static_cast<std::uint8_t>(each.engine) | (ordered ? kOrdered : 0));
    label(each.label);
    if (ordered) {
      out_.string(program_.events.at(each.event));
      list(each.after, [&](std::uint32_t event) { out_.number(event); });
    }
    for (int i = 0; i < opcode.operand_count(); ++i) {
      const OperandInfo& wanted = opcode.operands.at(static_cast<std::size_t>(i));
      const Access* found = operand(each, wanted.role);
      if (found == nullptr) {
        throw UserError(each.where, std::string(opcode.name) + " lacks its operand " + wanted.name);
      }
      access(*found);
    }
    AttributeSet written = 0;
    for_each(opcode.required | opcode.optional, [&](Attribute attribute) {
      written |= has_default(attribute, each) ? AttributeSet{0} : bit(attribute);
    });
    out_.number(written);
    for_each(written, [&](Attribute attribute) { visit(attribute, each, *this); });
    list(each.waits, [&](const SemaphoreWait& wait) {
      out_.number(wait.semaphore);
      expr(wait.value);
    });
    list(each.updates, [&](const SemaphoreUpdate& update) {
      out_.number(update.semaphore);
      out_.integer(update.add);
    });
  }

  void label(std::uint32_t index) {
    const bool fresh = index != 0 && label_index_.at(index) == 0;
    if (fresh) {
      label_index_[index] = ++labels_;
    }
    out_.number(label_index_.at(index));
    if (fresh) {
      out_.string(program_.labels[index]);
    }
  }

  void access(const Access& each) {
    (*this)(each.space);
    out_.number(each.index);
    if (each.space != Space::Hbm) {
      if (program_.buffers[each.index].copies != 1) {
        expr(each.copy);
      }
      expr(each.partition);
      out_.number(static_cast<std::uint64_t>(each.partitions));
    }
    expr(each.offset);
    list(each.dims, [&](const Dim& dim) {
      out_.integer(dim.step);
      out_.number(static_cast<std::uint64_t>(dim.count));
    });
  }

  void expr(const Expr& each) {
    out_.integer(each.constant);
    list(each.terms, [&](const Term& term) {
      out_.number(variable_index_.at(term.variable));
      out_.integer(term.coefficient);
      out_.number(static_cast<std::uint64_t>(term.divide));
      out_.number(static_cast<std::uint64_t>(term.modulo));
    });
  }

  const Program& program_;
  ByteWriter out_;
  std::vector<std::uint32_t> variable_index_;  // of the file, by index of the program
  std::vector<std::uint32_t> label_index_;     // likewise
  std::uint32_t loops_ = 0;
  std::uint32_t labels_ = 0;
};

}  // namespace

std::vector<std::byte> write_binary(const Program& program) {
  const std::vector<std::byte> content = Writer(program).write();
  ByteWriter out;
  for (const char c : kBinaryMagic) {
    out.byte(static_cast<std::uint8_t>(c));
  }
  out.fixed32(kBinaryVersion);
  out.fixed64(content.size());
  std::vector<std::byte> file = out.take();
  file.insert(file.end(), content.begin(), content.end());
  return file;
}

}  // namespace nsim::isa
