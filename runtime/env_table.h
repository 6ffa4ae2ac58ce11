// SPDX-License-Identifier: Apache-2.0
// Every environment variable of the Neuron Runtime that is known here, and what it takes: first
// those that have an effect. Data only; env.cpp reads.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace nsim::rt {

struct VariableRow {
  enum class Kind {
    Number,    // min .. max, a multiple of `step`
    Flag,      // 0, 1, false, true; empty: as unset
    Text,      // anything
    Choice,    // one of `choices`, separated by spaces
    HostPort,  // host:port
  };
  const char* name;
  Kind kind;
  std::int64_t min = 0;
  std::int64_t max = 0;
  std::int64_t step = 1;
  const char* choices = "";
};

const std::vector<VariableRow>& neuron_variables();

/// Throws UserError that names the variable, its value and what would be right.
void check_variable(const VariableRow& row, const std::string& value);

}  // namespace nsim::rt
