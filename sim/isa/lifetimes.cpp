// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/lifetimes.h"

#include <algorithm>

namespace nsim::isa {
namespace {

class Walk {
 public:
  explicit Walk(const Program& program) : lifetimes_(program.buffers.size()) {
    for (std::uint32_t i = 0; i < program.buffers.size(); ++i) {
      const std::optional<View>& view = program.buffers[i].view;
      root_.push_back(view && view->base < i ? root_[view->base] : i);
    }
    items(program.body, false);
  }

  std::vector<Lifetime> take() { return std::move(lifetimes_); }

 private:
  void items(const std::vector<Item>& list, bool in_loop) {
    for (const Item& item : list) {
      if (const auto* one = std::get_if<Instruction>(&item)) {
        instruction(*one, in_loop);
      } else if (const auto* core = std::get_if<CoreBody>(&item)) {
        items(core->body, in_loop);
      } else {
        items(std::get<Loop>(item).body, true);
        now_ += in_loop ? 0 : 1;
      }
    }
  }

  void instruction(const Instruction& each, bool in_loop) {
    label_ = each.label;
    for (const auto* access :
         {&each.dst, &each.dst2, &each.operand0.access, &each.operand1.access}) {
      if (*access) {
        use(**access);
      }
    }
    std::for_each(each.src.begin(), each.src.end(), [&](const Access& access) { use(access); });
    now_ += in_loop ? 0 : 1;
  }

  void use(const Access& access) {
    if (access.space == Space::Hbm || access.index >= root_.size()) {
      return;
    }
    Lifetime& life = lifetimes_[root_[access.index]];
    if (life.last < life.first) {
      life = {now_, now_, label_};
    }
    life.last = now_;
  }

  std::vector<std::uint32_t> root_;
  std::vector<Lifetime> lifetimes_;
  std::int64_t now_ = 0;
  std::uint32_t label_ = 0;
};

}  // namespace

std::vector<Lifetime> lifetimes(const Program& program) {
  return Walk(program).take();
}

}  // namespace nsim::isa
