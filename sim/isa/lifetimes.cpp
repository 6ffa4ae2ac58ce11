// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/lifetimes.h"

#include <algorithm>

namespace nsim::isa {
namespace {

bool has_instruction(const std::vector<Item>& items) {
  return std::any_of(items.begin(), items.end(), [](const Item& item) {
    const auto* loop = std::get_if<Loop>(&item);
    const auto* core = std::get_if<CoreBody>(&item);
    return loop != nullptr   ? loop->begin < loop->end && has_instruction(loop->body)
           : core != nullptr ? has_instruction(core->body)
                             : true;
  });
}

class Walk {
 public:
  Walk(const Program& program, const std::vector<std::uint32_t>& first_copy, std::int64_t most)
      : program_(program),
        first_copy_(first_copy),
        most_(most),
        variables_(program.variables.size()),
        lifetimes_(first_copy.back()) {
    for (std::uint32_t i = 0; i < program.buffers.size(); ++i) {
      const std::optional<View>& view = program.buffers[i].view;
      root_.push_back(view && view->base < i ? root_[view->base] : i);
    }
    items(program.body);
  }

  std::vector<Lifetime> take() { return std::move(lifetimes_); }

 private:
  void items(const std::vector<Item>& list) {
    for (const Item& item : list) {
      if (const auto* one = std::get_if<Instruction>(&item)) {
        instruction(*one);
      } else if (const auto* core = std::get_if<CoreBody>(&item)) {
        items(core->body);
      } else {
        loop(std::get<Loop>(item));
      }
    }
  }

  void loop(const Loop& each) {
    if (each.variable >= variables_.size() || each.step < 1 || !has_instruction(each.body)) {
      return;
    }
    for (std::int64_t value = each.begin; value < each.end && now_ <= most_; value += each.step) {
      variables_[each.variable] = value;
      items(each.body);
    }
  }

  void instruction(const Instruction& each) {
    label_ = each.label;
    for (const auto* access :
         {&each.dst, &each.dst2, &each.operand0.access, &each.operand1.access}) {
      if (*access) {
        use(**access);
      }
    }
    std::for_each(each.src.begin(), each.src.end(), [&](const Access& access) { use(access); });
    ++now_;
  }

  void use(const Access& access) {
    if (access.space == Space::Hbm || access.index >= root_.size()) {
      return;
    }
    const std::uint32_t buffer = root_[access.index];
    const std::int64_t copy = number_of(access.copy);
    if (copy < 0 || copy >= program_.buffers[buffer].copies) {
      return;
    }
    Lifetime& life = lifetimes_[first_copy_[buffer] + static_cast<std::size_t>(copy)];
    if (life.last < life.first) {
      life = {now_, now_, label_, turn_++};
    }
    life.last = now_;
  }

  std::int64_t number_of(const Expr& copy) const {
    const bool known = std::all_of(copy.terms.begin(), copy.terms.end(), [&](const Term& term) {
      return term.variable < variables_.size() && term.divide > 0 && term.modulo >= 0;
    });
    return known ? copy.evaluate(variables_) : -1;
  }

  const Program& program_;
  const std::vector<std::uint32_t>& first_copy_;
  std::int64_t most_;
  std::vector<std::int64_t> variables_;
  std::vector<std::uint32_t> root_;
  std::vector<Lifetime> lifetimes_;
  std::int64_t now_ = 0;
  std::int64_t turn_ = 0;
  std::uint32_t label_ = 0;
};

}  // namespace

std::vector<Lifetime> lifetimes(const Program& program,
                                const std::vector<std::uint32_t>& first_copy, std::int64_t most) {
  return Walk(program, first_copy, most).take();
}

}  // namespace nsim::isa
