// SPDX-License-Identifier: Apache-2.0
// What the configuration of a run has that the product it stands for has not.
#pragma once

#include <string>
#include <vector>

namespace nsim::tool {

struct ConfigDifference {
  std::string path;     // "hbm.bandwidth"
  std::string product;  // values as text
  std::string run;
  std::string product_source;  // where the product's value comes from
};

struct ConfigComparison {
  std::string product;  // name of the shipped configuration; "" when none is of the run's instance
  std::vector<ConfigDifference> differences;
};

/// Compares resolved.toml of the run in `folder` with the shipped configuration of the same
/// instance that differs least from it. Empty when the run left no resolved.toml.
ConfigComparison compare_with_product(const std::string& folder);

}  // namespace nsim::tool
