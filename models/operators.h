// SPDX-License-Identifier: Apache-2.0
// The operators a model file may use, as one table: how many inputs, which attributes, which
// result. What each one computes is documented in docs/model-files.md; how, in lower.cpp's table
// and reference.cpp's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/model.h"

namespace nsim::ml {

using Shape = std::vector<std::int64_t>;

/// An operator with its inputs looked up: what shape inference, lowering and the reference work
/// with.
struct Call {
  const Operator* op = nullptr;
  std::vector<const ModelTensor*> inputs;

  const ModelTensor& input(std::size_t i) const { return *inputs.at(i); }
  const Shape& shape(std::size_t i) const { return input(i).shape; }
  bool has_input(std::size_t i) const { return i < inputs.size(); }

  std::int64_t integer(const char* attribute, std::int64_t otherwise) const;
  double number(const char* attribute, double otherwise) const;
  bool flag(const char* attribute) const;
  std::string text(const char* attribute, const char* otherwise) const;

  /// Throws UserError at the operator's place.
  [[noreturn]] void fail(const std::string& message) const;
};

/// The inputs of `op` in `model`. They exist: parse_model() has checked.
Call resolve(const Model& model, const Operator& op);

struct AttributeInfo {
  enum class Type : std::uint8_t { Integer, Number, Flag, Text };
  const char* name = "";
  Type type = Type::Integer;
  std::vector<const char*> values;  // of a Text: the allowed ones
};

struct OperatorInfo {
  const char* kind = "";
  std::size_t min_inputs = 0;
  std::size_t max_inputs = 0;
  std::vector<AttributeInfo> attributes;
  /// Checks dtypes and shapes of the inputs and gives the shape of the result.
  Shape (*infer)(const Call&) = nullptr;
};

const std::vector<OperatorInfo>& operator_table();
/// Throws UserError with the nearest kind.
const OperatorInfo& operator_info(const Operator& op);

/// Checks an operator against its row of the table and the tensors known so far, and appends its
/// result.
void add_operator(Model& model, Operator op);

/// "[2048, 4096]".
std::string text(const Shape& shape);
std::int64_t product(const Shape& shape);

}  // namespace nsim::ml
