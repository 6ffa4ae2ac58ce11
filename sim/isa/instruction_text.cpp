// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/instruction_text.h"

#include <limits>

#include "sim/isa/access_text.h"
#include "sim/isa/attribute.h"
#include "sim/isa/checked.h"
#include "sim/isa/expr_text.h"

namespace nsim::isa {
namespace {

constexpr std::int64_t kMaxKeep = 4;  // free dims of an on-chip access

/// The names of an enumeration whose last value is `last`.
template <class Enum>
std::vector<std::string> names_up_to(Enum last) {
  std::vector<std::string> names;
  for (int i = 0; i <= static_cast<int>(last); ++i) {
    names.emplace_back(name(static_cast<Enum>(i)));
  }
  return names;
}

std::vector<std::string> opcode_names() {
  return names_up_to(kLastOpcode);
}

/// Reads the value that follows an attribute's keyword into the field it is called with.
class AttributeParser {
 public:
  AttributeParser(TextState& state, Attribute attribute)
      : state_(state),
        tokens_(state.tokens),
        keyword_(name(attribute)),
        most_entries_(most_entries(attribute)) {}

  void operator()(num::AluOp& op) const {
    op = word(num::parse_alu_op, names_up_to(num::kLastAluOp), "an operator");
  }
  void operator()(num::Activation& function) const {
    function = word(num::parse_activation, names_up_to(num::kLastActivation), "a function");
  }
  void operator()(DgeMode& dge) const {
    dge = word(parse_dge, names_up_to(DgeMode::GpSimd), "a DGE mode");
  }
  void operator()(OobMode& mode) const {
    mode = word(parse_oob, names_up_to(OobMode::Skip), "what happens out of bounds");
  }
  void operator()(num::ReduceCmd& command) const {
    command = word(num::parse_reduce_cmd, names_up_to(num::ReduceCmd::LoadReduce),
                   "what happens to the accumulator");
  }
  void operator()(PerfMode& mode) const {
    mode = word(parse_perf_mode, names_up_to(PerfMode::Sparse1_2), "a mode");
  }
  void operator()(bool& flag) const { flag = true; }
  void operator()(std::optional<Access>& access) const { access = parse_access(state_, keyword_); }
  void operator()(float& value) const { value = tokens_.real32("the number after " + keyword_); }
  void operator()(ScalarOperand& scalar) const {
    scalar = {};
    if (tokens_.at_number()) {
      scalar.immediate = tokens_.real32("the number after " + keyword_);
    } else {
      scalar.access = parse_access(state_, "a number or " + keyword_);
    }
  }
  void operator()(Expr& expr) const { expr = parse_expr(state_); }
  void operator()(int& keep) const {
    keep = static_cast<int>(tokens_.integer(keyword_, 0, kMaxKeep));
  }
  void operator()(std::int64_t& value) const {
    value = tokens_.integer(keyword_, -kMaxInteger, kMaxInteger);
  }
  void operator()(std::uint8_t& queue_or_class) const {
    queue_or_class = static_cast<std::uint8_t>(tokens_.integer(keyword_, 0, UINT8_MAX));
  }
  void operator()(std::vector<std::int64_t>& pattern) const {
    tokens_.expect("[", "before the steps of " + keyword_);
    while (!tokens_.accept("]")) {
      if (pattern.size() == most_entries_) {
        tokens_.fail("a " + keyword_ + " has at most " + std::to_string(most_entries_) +
                     (most_entries_ == 4 ? " steps, one per free dimension" : " entries"));
      }
      pattern.push_back(tokens_.integer("an entry of " + keyword_, -kMaxInteger, kMaxInteger));
      if (!tokens_.at("]")) {
        tokens_.expect(",", "or ']' after an entry");
      }
    }
  }

 private:
  template <class Value>
  Value word(std::optional<Value> (*parse)(std::string_view), const std::vector<std::string>& names,
             const std::string& kind) const {
    const std::string& text = tokens_.peek().text;
    const auto value = parse(text);
    if (tokens_.peek().kind != Token::Kind::Word || !value) {
      tokens_.fail("expected " + kind + " after " + keyword_ + ", not " + describe(tokens_.peek()) +
                   did_you_mean(text, names));
    }
    tokens_.next();
    return *value;
  }

  TextState& state_;
  TokenStream& tokens_;
  std::string keyword_;
  std::size_t most_entries_;
};

/// Appends " keyword value".
class AttributePrinter {
 public:
  AttributePrinter(std::string& text, const Program& program) : text_(text), program_(program) {}

  void operator()(num::AluOp op) const { add(name(op)); }
  void operator()(num::Activation function) const { add(name(function)); }
  void operator()(DgeMode dge) const { add(name(dge)); }
  void operator()(OobMode mode) const { add(name(mode)); }
  void operator()(num::ReduceCmd command) const { add(name(command)); }
  void operator()(PerfMode mode) const { add(name(mode)); }
  void operator()(bool) const {}
  void operator()(const std::optional<Access>& access) const {
    if (access) {
      add(print_access(*access, program_));
    }
  }
  void operator()(float value) const { add(print_real(value)); }
  void operator()(const ScalarOperand& scalar) const {
    add(scalar.access ? print_access(*scalar.access, program_) : print_real(scalar.immediate));
  }
  void operator()(const Expr& expr) const { add(print_expr(expr, program_)); }
  void operator()(int keep) const { add(std::to_string(keep)); }
  void operator()(std::int64_t value) const { add(std::to_string(value)); }
  void operator()(std::uint8_t queue) const { add(std::to_string(queue)); }
  void operator()(const std::vector<std::int64_t>& pattern) const {
    std::string list;
    for (const std::int64_t step : pattern) {
      list += (list.empty() ? "" : ", ") + std::to_string(step);
    }
    add("[" + list + "]");
  }

 private:
  void add(const std::string& value) const { text_ += " " + value; }

  std::string& text_;
  const Program& program_;
};

void set_opcode(TextState& state, Instruction& instruction) {
  const std::string word = state.tokens.peek().text;
  const std::size_t dot = word.find('.');
  const std::string engine_name = word.substr(0, dot);
  const std::string opcode_name = word.substr(dot + 1);
  const auto engine = parse_engine(engine_name);
  if (!engine) {
    state.tokens.fail("no engine is called '" + engine_name + "'" +
                      did_you_mean(engine_name, names_up_to(Engine::Sync)));
  }
  const auto opcode = parse_opcode(opcode_name);
  if (!opcode) {
    state.tokens.fail("no instruction is called '" + opcode_name + "'" +
                      did_you_mean(opcode_name, opcode_names()));
  }
  instruction = with_defaults(*opcode);
  instruction.engine = *engine;
  instruction.where = state.tokens.where();
  state.tokens.next();
}

void parse_operands(TextState& state, const OpcodeInfo& opcode, Instruction& instruction) {
  for (int i = 0; i < opcode.operand_count(); ++i) {
    const OperandInfo& each = opcode.operands.at(static_cast<std::size_t>(i));
    if (i > 0) {
      state.tokens.expect(",", std::string("and the operand ") + each.name);
    }
    set_operand(instruction, each.role, parse_access(state, each.name));
  }
}

/// The attributes in any order, each at most once, until something that is none of them.
AttributeSet parse_attributes(TextState& state, const OpcodeInfo& opcode,
                              Instruction& instruction) {
  AttributeSet seen = 0;
  for (bool found = true; found;) {
    found = false;
    for_each(opcode.required | opcode.optional, [&](Attribute attribute) {
      if (found || !state.tokens.at(name(attribute))) {
        return;
      }
      if ((seen & bit(attribute)) != 0) {
        state.tokens.fail(std::string("'") + name(attribute) + "' is given twice");
      }
      state.tokens.next();
      visit(attribute, instruction, AttributeParser(state, attribute));
      seen |= bit(attribute);
      found = true;
    });
  }
  return seen;
}

void require_attributes(const OpcodeInfo& opcode, AttributeSet seen, const SourcePos& where) {
  for_each(opcode.required & ~seen, [&](Attribute attribute) {
    throw UserError(where, std::string(opcode.name) + " needs '" + name(attribute) + "'");
  });
}

std::uint32_t parse_semaphore(TextState& state) {
  const SourcePos where = state.tokens.where();
  const std::string name = state.tokens.name("a semaphore");
  const auto found = state.semaphores.find(name);
  if (found == state.semaphores.end()) {
    throw UserError(where, "no semaphore is called '" + name + "'" +
                               did_you_mean(name, state.program.semaphores));
  }
  return found->second;
}

/// "as NAME", then "after NAME, NAME": order by name.
void parse_order(TextState& state, Instruction& instruction) {
  if (state.tokens.accept("as")) {
    const SourcePos where = state.tokens.where();
    std::string name = state.tokens.name("a name for this instruction");
    instruction.event = static_cast<std::uint32_t>(state.program.events.size());
    if (!state.events.try_emplace(name, instruction.event).second) {
      throw UserError(where, "another instruction is called '" + name + "' already");
    }
    state.program.events.push_back(std::move(name));
  }
  if (!state.tokens.accept("after")) {
    return;
  }
  do {
    const SourcePos where = state.tokens.where();
    const std::string name = state.tokens.name("the name of an instruction");
    const auto found = state.events.find(name);
    if (found == state.events.end() || found->second == instruction.event) {
      throw UserError(where, "no instruction before this one is called '" + name + "'" +
                                 did_you_mean(name, state.program.events));
    }
    instruction.after.push_back(found->second);
  } while (state.tokens.accept(","));
}

void parse_waits(TextState& state, Instruction& instruction) {
  if (!state.tokens.accept("wait")) {
    return;
  }
  do {
    SemaphoreWait wait;
    wait.semaphore = parse_semaphore(state);
    state.tokens.expect(">=", "between a semaphore and the value to wait for");
    wait.value = parse_expr(state);
    instruction.waits.push_back(std::move(wait));
  } while (state.tokens.accept(","));
}

void parse_updates(TextState& state, Instruction& instruction) {
  if (!state.tokens.accept("signal")) {
    return;
  }
  do {
    SemaphoreUpdate update;
    update.semaphore = parse_semaphore(state);
    state.tokens.expect("+=", "between a semaphore and the number to add");
    update.add = static_cast<std::int32_t>(
        state.tokens.integer("the number to add", -std::numeric_limits<std::int32_t>::max(),
                             std::numeric_limits<std::int32_t>::max()));
    instruction.updates.push_back(update);
  } while (state.tokens.accept(","));
}

/// Says what could have stood where the statement should have ended.
void end_instruction(TextState& state, const OpcodeInfo& opcode) {
  const Token& token = state.tokens.peek();
  if (token.kind != Token::Kind::Word) {
    return state.tokens.end_statement();
  }
  std::vector<std::string> possible{"as", "after", "wait", "signal"};
  std::string list;
  for_each(opcode.required | opcode.optional, [&](Attribute attribute) {
    possible.emplace_back(name(attribute));
    list += std::string(name(attribute)) + ", ";
  });
  std::string hint = did_you_mean(token.text, possible);
  if (hint.empty()) {
    hint = "; it takes " + list + "as, after, wait, signal, in this order";
  }
  state.tokens.fail(std::string(opcode.name) + " takes no '" + token.text + "' here" + hint);
}

std::uint32_t current_label(TextState& state) {
  const auto [entry, added] = state.labels.try_emplace(
      state.label, static_cast<std::uint32_t>(state.program.labels.size()));
  if (added) {
    state.program.labels.push_back(state.label);
  }
  return entry->second;
}

}  // namespace

Instruction parse_instruction(TextState& state) {
  Instruction instruction;
  set_opcode(state, instruction);
  const OpcodeInfo& opcode = info(instruction.opcode);
  parse_operands(state, opcode, instruction);
  const AttributeSet seen = parse_attributes(state, opcode, instruction);
  parse_order(state, instruction);
  parse_waits(state, instruction);
  parse_updates(state, instruction);
  end_instruction(state, opcode);
  require_attributes(opcode, seen, instruction.where);
  instruction.label = current_label(state);
  return instruction;
}

std::string print_instruction(const Instruction& instruction, const Program& program) {
  const OpcodeInfo& opcode = info(instruction.opcode);
  std::string text = std::string(name(instruction.engine)) + "." + opcode.name;
  for (int i = 0; i < opcode.operand_count(); ++i) {
    const OperandInfo& each = opcode.operands.at(static_cast<std::size_t>(i));
    const Access* access = operand(instruction, each.role);
    if (access == nullptr) {
      throw UserError(instruction.where,
                      std::string(opcode.name) + " lacks its operand " + each.name);
    }
    text += (i == 0 ? " " : ", ") + print_access(*access, program);
  }
  for_each(opcode.required | opcode.optional, [&](Attribute attribute) {
    if (opcode.needs(attribute) || !has_default(attribute, instruction)) {
      text += std::string(" ") + name(attribute);
      visit(attribute, instruction, AttributePrinter(text, program));
    }
  });
  if (instruction.event != 0) {
    text += " as " + quote_name(program.events.at(instruction.event));
  }
  const char* separator = " after ";
  for (const std::uint32_t event : instruction.after) {
    text += separator + quote_name(program.events.at(event));
    separator = ", ";
  }
  separator = " wait ";
  for (const SemaphoreWait& wait : instruction.waits) {
    text += separator + quote_name(program.semaphores.at(wait.semaphore)) +
            " >= " + print_expr(wait.value, program);
    separator = ", ";
  }
  separator = " signal ";
  for (const SemaphoreUpdate& update : instruction.updates) {
    text += separator + quote_name(program.semaphores.at(update.semaphore)) +
            " += " + std::to_string(update.add);
    separator = ", ";
  }
  return text;
}

}  // namespace nsim::isa
