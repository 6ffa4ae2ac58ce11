// SPDX-License-Identifier: Apache-2.0
#include "models/reference.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "models/operators.h"
#include "models/reference_operators.h"

namespace nsim::ml {
namespace {

using ref::Values;

struct Row {
  const char* kind;
  Values (*compute)(const ref::Arguments&);
};

constexpr std::array kRows{
    Row{"matmul", ref::matmul},
    Row{"mlp", ref::mlp},
    Row{"attention", ref::attention},
    Row{"conv2d", ref::conv2d},
    Row{"softmax", ref::softmax},
    Row{"layernorm", ref::layernorm},
    Row{"rmsnorm", ref::rmsnorm},
    Row{"reduce", ref::reduce},
    Row{"transpose", ref::transpose},
    Row{"embedding", ref::embedding},
    Row{"rope", ref::rope},
    Row{"slice", ref::slice},
    Row{"add", ref::binary},
    Row{"sub", ref::binary},
    Row{"mul", ref::binary},
    Row{"max", ref::binary},
    Row{"relu", ref::unary},
    Row{"gelu", ref::unary},
    Row{"gelu_apprx_tanh", ref::unary},
    Row{"silu", ref::unary},
    Row{"sigmoid", ref::unary},
    Row{"tanh", ref::unary},
    Row{"exp", ref::unary},
};

const Values& given_values(const HostTensors& given, const ModelTensor& tensor) {
  const auto found = given.find(tensor.name);
  if (found == given.end() ||
      static_cast<std::int64_t>(found->second.size()) != product(tensor.shape)) {
    throw InternalError("reference: no values, or not as many as needed, for '" + tensor.name +
                        "'");
  }
  return found->second;
}

}  // namespace

HostTensors reference(const Model& model, const HostTensors& given) {
  HostTensors results;
  HostTensors outputs;
  for (const Operator& op : model.operators) {
    const Call call = resolve(model, op);
    ref::Arguments arguments{call, {}};
    for (const ModelTensor* input : call.inputs) {
      const bool computed = results.count(input->name) != 0;
      arguments.inputs.push_back(computed ? &results.at(input->name)
                                          : &given_values(given, *input));
    }
    const auto row = std::find_if(kRows.begin(), kRows.end(),
                                  [&](const Row& each) { return op.kind == each.kind; });
    if (row == kRows.end()) {
      throw InternalError("operator kind '" + op.kind + "' has no reference");
    }
    Values values = row->compute(arguments);
    const ModelTensor& result = *model.find(op.output);
    for (float& value : values) {
      value = num::round_to(result.dtype, value);
    }
    results[op.output] = std::move(values);
  }
  for (const ModelTensor& tensor : model.tensors) {
    if (tensor.kind == isa::TensorKind::Output) {
      outputs[tensor.name] = std::move(results.at(tensor.name));
    }
  }
  return outputs;
}

Difference compare(const std::vector<float>& actual, const std::vector<float>& expected) {
  if (actual.size() != expected.size()) {
    throw InternalError("compare: " + std::to_string(actual.size()) + " values against " +
                        std::to_string(expected.size()));
  }
  Difference result;
  double largest = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(expected[i])));
    const double difference =
        std::abs(static_cast<double>(actual[i]) - static_cast<double>(expected[i]));
    // Not a number is the largest difference there is.
    if (!(difference <= result.max_absolute)) {
      result.max_absolute = std::isnan(difference) ? HUGE_VAL : difference;
      result.at = i;
    }
  }
  result.max_relative = result.max_absolute == 0 ? 0
                        : largest > 0            ? result.max_absolute / largest
                                                 : HUGE_VAL;
  return result;
}

}  // namespace nsim::ml
