// SPDX-License-Identifier: Apache-2.0
// What every operator computes, on the host: products with Eigen in fp32, reductions in fp64. The
// results are not rounded yet.
#pragma once

#include <vector>

#include "models/operators.h"

namespace nsim::ml::ref {

using Values = std::vector<float>;

struct Arguments {
  const Call& call;
  std::vector<const Values*> inputs;

  const Values& input(std::size_t i) const { return *inputs.at(i); }
};

Values matmul(const Arguments& a);
Values mlp(const Arguments& a);
Values attention(const Arguments& a);
Values conv2d(const Arguments& a);
Values softmax(const Arguments& a);
Values layernorm(const Arguments& a);
Values rmsnorm(const Arguments& a);
Values reduce(const Arguments& a);
Values transpose(const Arguments& a);
Values embedding(const Arguments& a);
Values rope(const Arguments& a);
Values slice(const Arguments& a);
Values binary(const Arguments& a);
Values unary(const Arguments& a);

}  // namespace nsim::ml::ref
