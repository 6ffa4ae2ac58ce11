// SPDX-License-Identifier: Apache-2.0
// A model file (TOML): inputs, weights, operators in order, outputs. The format is documented on top of model.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "sim/base/error.h"
#include "sim/isa/program.h"

namespace nsim::ml {

/// A tensor of the model: an input, a weight, or the result of an operator.
struct ModelTensor {
  std::string name;
  isa::TensorKind kind = isa::TensorKind::Internal;
  num::Dtype dtype = num::Dtype::Fp32;
  std::vector<std::int64_t> shape;
  num::Init init;
  SourcePos where;
};

using Attribute = std::variant<std::int64_t, double, bool, std::string>;

/// One operator: `kind` ("matmul", "softmax", ...) applied to named tensors.
struct Operator {
  std::string name;
  std::string kind;
  std::vector<std::string> inputs;
  std::string output;
  std::map<std::string, Attribute> attributes;
  SourcePos where;
};

struct Model {
  std::string name;
  std::vector<ModelTensor> tensors;
  std::vector<Operator> operators;
  double tolerance = 0;  // --check: largest allowed |difference| / largest |reference|

  const ModelTensor* find(const std::string& tensor) const;
};

/// Throws UserError with file, line and key. Survives any input. Shapes of operator results are inferred and checked.
Model load_model(const std::string& path);
Model parse_model(const std::string& text, const std::string& file);

}  // namespace nsim::ml
