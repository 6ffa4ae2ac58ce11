// SPDX-License-Identifier: Apache-2.0
#include "models/lower.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "models/lowering.h"

namespace nsim::ml {
namespace {

struct Row {
  const char* kind;
  void (*lower)(Lowering&, const Call&);
};

constexpr std::array kRows{
    Row{"matmul", lower_matmul},
    Row{"mlp", lower_mlp},
    Row{"attention", lower_attention},
    Row{"conv2d", lower_conv2d},
    Row{"softmax", lower_softmax},
    Row{"layernorm", lower_layernorm},
    Row{"rmsnorm", lower_rmsnorm},
    Row{"reduce", lower_reduce},
    Row{"transpose", lower_transpose},
    Row{"embedding", lower_embedding},
    Row{"rope", lower_rope},
    Row{"slice", lower_slice},
    Row{"add", lower_binary},
    Row{"sub", lower_binary},
    Row{"mul", lower_binary},
    Row{"max", lower_binary},
    Row{"relu", lower_unary},
    Row{"gelu", lower_unary},
    Row{"gelu_apprx_tanh", lower_unary},
    Row{"silu", lower_unary},
    Row{"sigmoid", lower_unary},
    Row{"tanh", lower_unary},
    Row{"exp", lower_unary},
};

}  // namespace

isa::Program lower(const Model& model, const isa::Limits& limits) {
  Lowering lowering(model, limits);
  for (const Operator& op : model.operators) {
    const auto row = std::find_if(kRows.begin(), kRows.end(),
                                  [&](const Row& each) { return op.kind == each.kind; });
    if (row == kRows.end()) {
      throw InternalError("operator kind '" + op.kind + "' has no lowering");
    }
    const Call call = resolve(model, op);
    lowering.begin(call);
    row->lower(lowering, call);
    lowering.end();
  }
  return lowering.builder().finish();
}

}  // namespace nsim::ml
