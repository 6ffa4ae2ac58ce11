// SPDX-License-Identifier: Apache-2.0
// The canonical text of a program: the inverse of the parser in text.cpp.
#include <algorithm>

#include "sim/isa/init_text.h"
#include "sim/isa/instruction_text.h"
#include "sim/isa/opcode.h"
#include "sim/isa/text.h"

namespace nsim::isa {
namespace {

class ProgramPrinter {
 public:
  explicit ProgramPrinter(const Program& program) : program_(program) {}

  std::string print() {
    header();
    declarations();
    items(program_.body);
    return std::move(text_);
  }

 private:
  void line(const std::string& content) {
    text_.append(2 * depth_, ' ');
    text_ += content;
    text_ += '\n';
  }

  void header() {
    line("program " + quote_name(program_.name));
    line("target " + quote_name(program_.target));
    line("cores " + std::to_string(program_.cores));
    line(program_.auto_sync ? "sync auto" : "sync explicit");
    if (program_.spilled_bytes != 0) {
      line("spilled " + std::to_string(program_.spilled_bytes));
    }
  }

  void declarations() {
    blank_line(!program_.tensors.empty());
    for (const Tensor& each : program_.tensors) {
      tensor(each);
    }
    blank_line(!program_.buffers.empty());
    for (const Buffer& each : program_.buffers) {
      buffer(each);
    }
    blank_line(!program_.semaphores.empty());
    for (const std::string& each : program_.semaphores) {
      line("semaphore " + quote_name(each));
    }
    blank_line(!program_.body.empty());
  }

  void blank_line(bool wanted) { text_ += wanted ? "\n" : ""; }

  void tensor(const Tensor& each) {
    std::string shape;
    for (const std::int64_t extent : each.shape) {
      shape += (shape.empty() ? "" : ", ") + std::to_string(extent);
    }
    const std::string init = print_init(each.init);
    const bool view = each.kind == TensorKind::View;
    line("tensor " + quote_name(each.name) + " " + name(each.kind) + " " +
         (view ? quote_name(program_.tensors.at(each.view.base).name) + " " : "") +
         num::name(each.dtype) + " [" + shape + "]" + (init.empty() ? "" : " = " + init) +
         (view ? " at " + std::to_string(each.view.offset) : ""));
  }

  void buffer(const Buffer& each) {
    std::string content = each.space == Space::Psum ? "psum " : "sbuf ";
    content += quote_name(each.name) + " " + num::name(each.dtype) + " [" +
               std::to_string(each.partitions) + ", " + std::to_string(each.elements) + "]";
    if (each.partition != 0) {
      content += " partition " + std::to_string(each.partition);
    }
    if (each.address) {
      content += " address " + std::to_string(*each.address);
    }
    if (each.view) {
      content += " view " + quote_name(program_.buffers.at(each.view->base).name) + " at " +
                 std::to_string(each.view->offset);
    }
    content += each.transient ? " transient" : "";
    if (each.transient && each.copies != 1) {
      content += " copies " + std::to_string(each.copies);
    }
    line(content);
  }

  void items(const std::vector<Item>& list) {
    for (const Item& each : list) {
      if (const auto* instruction = std::get_if<Instruction>(&each)) {
        label(instruction->label);
        line(print_instruction(*instruction, program_));
      } else if (const auto* part = std::get_if<CoreBody>(&each)) {
        line("core " + std::to_string(part->core) + " {");
        body(part->body);
      } else {
        loop(std::get<Loop>(each));
      }
    }
  }

  void body(const std::vector<Item>& list) {
    ++depth_;
    items(list);
    --depth_;
    line("}");
  }

  void label(std::uint32_t index) {
    if (index != label_) {
      line("label " + quote_name(program_.labels.at(index)));
      label_ = index;
    }
  }

  void loop(const Loop& each) {
    line("loop " + quote_name(program_.variables.at(each.variable)) + " " +
         std::to_string(each.begin) + ".." + std::to_string(each.end) +
         (each.step == 1 ? "" : " step " + std::to_string(each.step)) +
         (each.dynamic ? " dynamic {" : " {"));
    body(each.body);
  }

  const Program& program_;
  std::string text_;
  std::size_t depth_ = 0;
  std::uint32_t label_ = 0;  // of the last instruction
};

}  // namespace

std::string print_text(const Program& program) {
  return ProgramPrinter(program).print();
}

}  // namespace nsim::isa
