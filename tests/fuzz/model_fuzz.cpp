// SPDX-License-Identifier: Apache-2.0
// Any text is a model or a UserError. A small model lowers, and what lowers keeps the rules of the
// hardware: expanding it may fail for want of room or for its length, never for a broken rule.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "models/lower.h"
#include "models/operators.h"

using namespace nsim;

namespace {

constexpr std::int64_t kMostElements = 1 << 20;  // of any tensor of a model that is lowered
constexpr std::size_t kMostOperators = 20;

bool is_small(const ml::Model& model) {
  return model.operators.size() <= kMostOperators &&
         std::all_of(model.tensors.begin(), model.tensors.end(), [](const ml::ModelTensor& each) {
           return ml::product(each.shape) <= kMostElements;
         });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ml::Model model;
  try {
    model = ml::parse_model(std::string(reinterpret_cast<const char*>(data), size), "fuzz.toml");
  } catch (const UserError&) {
    return 0;
  }
  if (!is_small(model)) {
    return 0;
  }
  isa::Limits limits;
  limits.target = "trn2";
  limits.cores_per_logical = 2;
  limits.has_hwdge = true;
  isa::Program program;
  try {
    program = ml::lower(model, limits);
  } catch (const UserError&) {
    return 0;  // does not fit, and says so
  }
  isa::expand(program, limits);
  return 0;
}
