// SPDX-License-Identifier: Apache-2.0
// Independent reference results of a model: plain fp32/fp64 on the host with Eigen, sharing nothing with the
// lowering or the simulated datapath but the dtype conversions of inputs and outputs.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "models/model.h"

namespace nsim::ml {

using HostTensors = std::map<std::string, std::vector<float>>;

/// Values of all outputs, given the values of all inputs and weights (row-major, already rounded to their dtypes).
HostTensors reference(const Model& model, const HostTensors& given);

struct Difference {
  double max_absolute = 0;
  double max_relative = 0;  // |difference| / largest |expected| of the tensor
  std::size_t at = 0;
};
Difference compare(const std::vector<float>& actual, const std::vector<float>& expected);

}  // namespace nsim::ml
