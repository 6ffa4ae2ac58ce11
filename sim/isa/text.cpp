// SPDX-License-Identifier: Apache-2.0
// The text form of programs. One statement per line; `#` starts a comment; a line may break inside
// ( ) and [ ], after a comma, and after a backslash. Names are words ([A-Za-z_][A-Za-z0-9_.]*) or
// "quoted strings". Numbers are decimal or 0x hexadecimal and may contain underscores.
//
//   program     = "program" name                     first statement
//                 { "target" name                    trn1, inf2, trn2 or trn3: the architecture
//                 | "cores" integer                  physical cores per logical core, default 1
//                 | "sync" ("auto" | "explicit")     default auto: semaphores are inserted
//                 | "spilled" integer                HBM bytes written only because a buffer did
//                                                    not fit
//                 | tensor | buffer | semaphores | label | loop | core | instruction }
//   tensor      = "tensor" name ("input" | "output" | "weight" | "internal") dtype shape ["=" init]
//               | "tensor" name "view" tensor's name dtype shape "at" bytes
//   shape       = "[" [integer {"," integer}] "]"
//   init        = "zero" | "constant" "(" real ")"
//               | "uniform" "(" real "," real "," "seed" integer ")"
//               | "normal" "(" mean "," deviation "," "seed" integer ")"
//               | "index" ["(" modulus ")"]
//               | "bytes" "(" {string of hexadecimal digits} ")"
//   buffer      = ("sbuf" | "psum") name dtype "[" partitions "," elements "]"
//                 ["partition" integer]
//                 ["address" bytes | "transient" ["copies" integer]
//                 | "view" buffer's name "at" bytes]
//   semaphores  = "semaphore" name {"," name}
//   label       = "label" name                         of the instructions that follow; "" for none
//   loop        = "loop" name integer ".." integer ["step" integer] ["dynamic"]
//                 "{" {label | loop | instruction} "}"
//   core        = "core" integer "{" {label | loop | instruction} "}"
//                                                      for that physical core alone
//   instruction = engine "." opcode [access {"," access}] {attribute}
//                 ["wait" wait {"," wait}] ["signal" update {"," update}]
//                                                      operands and attributes: opcode.cpp
//   wait        = name ">=" expr
//   update      = name "+=" integer
//   access      = name [copy]                          all of it
//               | buffer [copy] "[" index "," index "]"       partitions, then elements of each
//               | tensor "[" index {"," index} "]"     one index per dimension, or one that counts
//                                                      all elements
//   copy        = "{" expr "}"                         of a buffer with copies
//   index       = ":" | expr {"+:" integer ["by" integer]}
//                                                      start +: count by step, outermost first
//   expr        = product {("+" | "-") product}        must come out affine in the variables
//   product     = {"-"} primary {("*" | "/" | "%") {"-"} primary}
//   primary     = integer | variable | "(" expr ")"
#include "sim/isa/text.h"

#include <algorithm>

#include "sim/isa/checked.h"
#include "sim/isa/init_text.h"
#include "sim/isa/instruction_text.h"
#include "sim/isa/limits.h"
#include "sim/isa/opcode.h"

namespace nsim::isa {
namespace {

constexpr std::size_t kMostReserved = std::size_t{1} << 17;

class ProgramParser {
 public:
  ProgramParser(const std::string& text, const std::string& file) : state_(text, file) {
    state_.labels.emplace("", 0);
    // Traced programs are long, and items large: they are not moved as their number grows.
    const auto lines = std::count(text.begin(), text.end(), '\n');
    state_.program.body.reserve(std::min(static_cast<std::size_t>(lines), kMostReserved));
  }

  Program parse() {
    tokens_.skip_newlines();
    tokens_.expect("program", "and the program's name first");
    state_.program.name = tokens_.name("the program's name");
    tokens_.end_statement();
    while (tokens_.peek().kind != Token::Kind::End) {
      statement();
    }
    if (state_.program.target.empty()) {
      tokens_.fail(
          "the program does not say what it is for: write target trn1, inf2, trn2 or trn3");
    }
    return std::move(state_.program);
  }

 private:
  using Rule = void (ProgramParser::*)();
  struct Statement {
    const char* keyword;
    Rule rule;
    bool in_loops;
  };
  static const std::vector<Statement>& statements() {
    static const std::vector<Statement> all{
        {"target", &ProgramParser::target, false}, {"cores", &ProgramParser::cores, false},
        {"sync", &ProgramParser::sync, false},     {"spilled", &ProgramParser::spilled, false},
        {"tensor", &ProgramParser::tensor, false}, {"sbuf", &ProgramParser::buffer, false},
        {"psum", &ProgramParser::buffer, false},   {"semaphore", &ProgramParser::semaphore, false},
        {"label", &ProgramParser::label, true},    {"loop", &ProgramParser::loop, true},
        {"core", &ProgramParser::core, false},
    };
    return all;
  }

  void statement() {
    for (const Statement& each : statements()) {
      if (tokens_.at(each.keyword)) {
        if (!each.in_loops && open_.size() > 1) {
          tokens_.fail(std::string("'") + each.keyword + "' may not stand inside a loop" +
                       (in_core_ ? " or the body of a core" : ""));
        }
        return (this->*each.rule)();
      }
    }
    const Token& token = tokens_.peek();
    if (token.kind != Token::Kind::Word || token.text.find('.') == std::string::npos) {
      unknown_statement(token);
    }
    open_.back()->emplace_back(parse_instruction(state_));
  }

  [[noreturn]] void unknown_statement(const Token& token) {
    if (const auto opcode = parse_opcode(token.text); opcode) {
      const std::string engines = engine_names(info(*opcode).engines);
      tokens_.fail("say which engine issues it: " + engines + ", as in " +
                   engines.substr(0, engines.find(',')) + "." + token.text);
    }
    std::vector<std::string> keywords{"program"};
    for (const Statement& each : statements()) {
      keywords.emplace_back(each.keyword);
    }
    tokens_.fail("expected a statement or an instruction such as vector.tensor_copy, not " +
                 describe(token) + did_you_mean(token.text, keywords));
  }

  /// Header statements stand once.
  void once(bool& seen) {
    if (seen) {
      tokens_.fail("'" + tokens_.peek().text + "' is given twice");
    }
    seen = true;
    tokens_.next();
  }

  void target() {
    once(has_target_);
    state_.program.target = tokens_.name("the target: trn1, inf2, trn2 or trn3");
    if (state_.program.target.empty()) {
      tokens_.fail("the target may not be empty");
    }
    tokens_.end_statement();
  }

  void cores() {
    once(has_cores_);
    state_.program.cores = static_cast<int>(tokens_.integer("the number of cores", 1, kMaxCores));
    tokens_.end_statement();
  }

  void sync() {
    once(has_sync_);
    state_.program.auto_sync = tokens_.at("auto");
    if (!tokens_.accept("auto")) {
      tokens_.expect("explicit", "or 'auto' after sync");
    }
    tokens_.end_statement();
  }

  void spilled() {
    once(has_spilled_);
    state_.program.spilled_bytes = tokens_.integer("the spilled bytes", 0, kMaxTensorBytes);
    tokens_.end_statement();
  }

  void tensor() {
    tokens_.next();
    Tensor made;
    made.where = tokens_.where();
    made.name = declare(Space::Hbm, state_.program.tensors.size());
    made.kind = kind();
    if (made.kind == TensorKind::View) {
      made.view.base = base(Space::Hbm, state_.program.tensors.size());
    }
    made.dtype = dtype();
    shape(made);
    if (made.kind == TensorKind::View) {
      made.view.offset = view_offset();
    } else if (tokens_.accept("=")) {
      made.init = parse_init(tokens_, made);
    }
    tokens_.end_statement();
    state_.program.tensors.push_back(std::move(made));
  }

  void shape(Tensor& made) {
    const SourcePos where = tokens_.where();
    tokens_.expect("[", "before the shape");
    while (!tokens_.accept("]")) {
      if (made.shape.size() == kMaxRank) {
        tokens_.fail("a tensor has at most " + std::to_string(kMaxRank) + " dimensions");
      }
      made.shape.push_back(tokens_.integer("an extent of the shape", 1, kMaxTensorBytes));
      if (!tokens_.at("]")) {
        tokens_.expect(",", "or ']' after an extent of the shape");
      }
    }
    if (located(where, [&] { return made.bytes(); }) > kMaxTensorBytes) {
      throw UserError(where, "a tensor has at most 2^48 bytes");
    }
  }

  void buffer() {
    Buffer made;
    made.space = tokens_.next().text == "psum" ? Space::Psum : Space::Sbuf;
    made.where = tokens_.where();
    made.name = declare(made.space, state_.program.buffers.size());
    made.dtype = dtype();
    tokens_.expect("[", "before the partitions of the buffer");
    made.partitions = tokens_.integer("the number of partitions", 1, kMaxPartitions);
    tokens_.expect(",", "and the elements per partition");
    made.elements = tokens_.integer("the elements per partition", 1, kMaxBufferBytes);
    tokens_.expect("]", "after the elements per partition");
    if (tokens_.accept("partition")) {
      made.partition = tokens_.integer("the first partition", 0, kMaxPartitions);
    }
    if (tokens_.accept("address")) {
      made.address = tokens_.integer("the address, bytes within a partition,", 0, kMaxBufferBytes);
    } else if (tokens_.accept("view")) {
      const std::uint32_t index = base(made.space, state_.program.buffers.size());
      made.view = View{index, view_offset()};
      made.copies = state_.program.buffers[index].copies;
    } else if (tokens_.accept("transient")) {
      made.transient = true;
      made.copies =
          tokens_.accept("copies") ? tokens_.integer("the number of copies", 1, kMaxCopies) : 1;
    }
    tokens_.end_statement();
    state_.program.buffers.push_back(std::move(made));
  }

  /// What a view, entry number `self` of its table, is a view of.
  std::uint32_t base(Space space, std::size_t self) {
    const SourcePos where = tokens_.where();
    const std::string name = tokens_.name("what it is a view of");
    const auto found = state_.memory.find(name);
    if (found == state_.memory.end() || found->second.space != space ||
        found->second.index >= self) {
      throw UserError(where, "'" + name + "' is no " +
                                 (space == Space::Hbm    ? "tensor"
                                  : space == Space::Sbuf ? "buffer in SBUF"
                                                         : "buffer in PSUM") +
                                 ", declared before");
    }
    return found->second.index;
  }

  std::int64_t view_offset() {
    tokens_.expect("at", "and the byte at which the view begins");
    return tokens_.integer("the byte at which the view begins", 0, kMaxTensorBytes);
  }

  void semaphore() {
    tokens_.next();
    do {
      const SourcePos where = tokens_.where();
      const std::string name = tokens_.name("the semaphore's name");
      const auto index = static_cast<std::uint32_t>(state_.program.semaphores.size());
      if (!state_.semaphores.emplace(name, index).second) {
        throw UserError(where, "the semaphore '" + name + "' is declared twice");
      }
      state_.program.semaphores.push_back(name);
    } while (tokens_.accept(","));
    tokens_.end_statement();
  }

  void label() {
    tokens_.next();
    state_.label = tokens_.name("the label");
    tokens_.end_statement();
  }

  void loop() {
    Loop made;
    made.where = tokens_.where();
    tokens_.next();
    if (open_.size() > kMaxLoopDepth) {
      throw UserError(made.where,
                      "loops are nested more than " + std::to_string(kMaxLoopDepth) + " deep");
    }
    const std::string variable = loop_variable();
    made.begin = tokens_.integer("the first value of " + variable, -kMaxInteger, kMaxInteger);
    tokens_.expect("..", "between the first value and the end of " + variable);
    made.end = tokens_.integer("the end of " + variable, -kMaxInteger, kMaxInteger);
    if (tokens_.accept("step")) {
      made.step = tokens_.integer("the step of " + variable, 1, kMaxInteger);
    }
    made.dynamic = tokens_.accept("dynamic");
    tokens_.expect("{", "before the body of the loop");
    made.variable = static_cast<std::uint32_t>(state_.program.variables.size());
    state_.program.variables.push_back(variable);
    state_.open_variables.push_back(made.variable);
    body(made.body, made.where, "the loop");
    state_.open_variables.pop_back();
    open_.back()->emplace_back(std::move(made));
  }

  void core() {
    CoreBody made;
    made.where = tokens_.where();
    tokens_.next();
    made.core = static_cast<int>(tokens_.integer("the number of the core", 0, kMaxCores - 1));
    tokens_.expect("{", "before what the core runs");
    in_core_ = true;
    body(made.body, made.where, "the body of the core");
    in_core_ = false;
    open_.back()->emplace_back(std::move(made));
  }

  std::string loop_variable() {
    const SourcePos where = tokens_.where();
    std::string name = tokens_.name("the loop's variable");
    for (const std::uint32_t open : state_.open_variables) {
      if (state_.program.variables[open] == name) {
        throw UserError(where, "'" + name + "' is already the variable of " +
                                   (open == 0 ? "the physical core" : "an enclosing loop"));
      }
    }
    return name;
  }

  void body(std::vector<Item>& items, const SourcePos& begin, const std::string& what) {
    open_.push_back(&items);
    tokens_.skip_newlines();
    while (!tokens_.at("}")) {
      if (tokens_.peek().kind == Token::Kind::End) {
        throw UserError(begin, what + " that starts here has no closing '}'");
      }
      statement();
    }
    open_.pop_back();
    tokens_.next();
    tokens_.end_statement();
  }

  std::string declare(Space space, std::size_t index) {
    const SourcePos where = tokens_.where();
    std::string name = tokens_.name("the name of the tensor or buffer");
    const MemoryName made{space, static_cast<std::uint32_t>(index)};
    const auto [entry, added] = state_.memory.emplace(name, made);
    if (!added) {
      const MemoryName& other = entry->second;
      const int line = other.space == Space::Hbm ? state_.program.tensors[other.index].where.line
                                                 : state_.program.buffers[other.index].where.line;
      throw UserError(where, "'" + name + "' is already declared in line " + std::to_string(line));
    }
    return name;
  }

  TensorKind kind() {
    const std::string text = tokens_.peek().text;
    const auto found = parse_tensor_kind(text);
    if (!found) {
      tokens_.fail("expected input, output, weight, internal or view, not " +
                   describe(tokens_.peek()));
    }
    tokens_.next();
    return *found;
  }

  num::Dtype dtype() {
    const std::string text = tokens_.peek().text;
    const auto found = num::parse_dtype(text);
    if (!found) {
      std::vector<std::string> names;
      for (int i = 0; i <= static_cast<int>(num::kLastDtype); ++i) {
        names.emplace_back(num::name(static_cast<num::Dtype>(i)));
      }
      tokens_.fail("expected an element type such as bfloat16, not " + describe(tokens_.peek()) +
                   did_you_mean(text, names));
    }
    tokens_.next();
    return *found;
  }

  TextState state_;
  TokenStream& tokens_ = state_.tokens;
  std::vector<std::vector<Item>*> open_{&state_.program.body};  // innermost last
  bool in_core_ = false;
  bool has_target_ = false;
  bool has_cores_ = false;
  bool has_sync_ = false;
  bool has_spilled_ = false;
};

}  // namespace

Program parse_text(const std::string& text, const std::string& file) {
  return ProgramParser(text, file).parse();
}

}  // namespace nsim::isa
