// SPDX-License-Identifier: Apache-2.0
#include "models/operators.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "models/shapes.h"
#include "sim/numerics/dtype.h"

namespace nsim::ml {
namespace {

using Type = AttributeInfo::Type;

void require(const Call& call, bool condition, const std::string& message) {
  if (!condition) {
    call.fail(message);
  }
}

const std::vector<const char*> kFunctions{"none", "relu",    "gelu", "gelu_apprx_tanh",
                                          "silu", "sigmoid", "tanh", "exp"};

std::vector<OperatorInfo> make_table() {
  const AttributeInfo dtype{"dtype", Type::Text, {}};
  const AttributeInfo activation{"activation", Type::Text, kFunctions};
  const AttributeInfo epsilon{"epsilon", Type::Number, {}};
  const AttributeInfo heads{"heads", Type::Integer, {}};
  std::vector<OperatorInfo> table{
      {"matmul",
       2,
       3,
       {{"transpose_a", Type::Flag, {}}, {"transpose_b", Type::Flag, {}}, activation},
       shapes::matmul},
      {"softmax", 1, 1, {{"scale", Type::Number, {}}}, shapes::unary},
      {"layernorm", 3, 3, {epsilon}, shapes::norm},
      {"rmsnorm", 2, 2, {epsilon}, shapes::norm},
      {"transpose", 1, 1, {}, shapes::transpose},
      {"attention",
       3,
       5,
       {heads,
        {"kv_heads", Type::Integer, {}},
        {"causal", Type::Flag, {}},
        {"scale", Type::Number, {}}},
       shapes::attention},
      {"mlp",
       4,
       5,
       {{"activation", Type::Text, {"relu", "gelu", "gelu_apprx_tanh", "silu", "swiglu"}}},
       shapes::mlp},
      {"embedding", 2, 2, {}, shapes::embedding},
      {"reduce", 1, 1, {{"op", Type::Text, {"add", "max", "mean"}}}, shapes::reduce},
      {"conv2d",
       2,
       3,
       {{"stride", Type::Integer, {}}, {"padding", Type::Integer, {}}, activation},
       shapes::conv2d},
      {"rope", 3, 3, {heads}, shapes::rope},
      {"slice", 1, 1, {{"begin", Type::Integer, {}}, {"end", Type::Integer, {}}}, shapes::slice},
  };
  for (const char* kind : {"add", "sub", "mul", "max"}) {
    table.push_back({kind, 2, 2, {activation}, shapes::binary});
  }
  for (const char* kind : {"relu", "gelu", "gelu_apprx_tanh", "silu", "sigmoid", "tanh", "exp"}) {
    table.push_back({kind, 1, 1, {}, shapes::unary});
  }
  for (OperatorInfo& row : table) {
    row.attributes.push_back(dtype);
  }
  return table;
}

template <class Container, class Name>
std::vector<std::string> names_of(const Container& container, Name name) {
  std::vector<std::string> names;
  for (const auto& each : container) {
    names.emplace_back(name(each));
  }
  return names;
}

std::string did_you_mean(const std::string& wrong, const std::vector<std::string>& names) {
  const std::string near = nearest_name(wrong, names);
  return near.empty() ? "" : "; did you mean '" + near + "'?";
}

void check_attribute(const Call& call, const OperatorInfo& info, const std::string& name,
                     const Attribute& value) {
  const auto row = std::find_if(info.attributes.begin(), info.attributes.end(),
                                [&](const AttributeInfo& each) { return name == each.name; });
  if (row == info.attributes.end()) {
    call.fail("unknown attribute '" + name + "'" +
              did_you_mean(name, names_of(info.attributes, [](const auto& a) { return a.name; })));
  }
  const bool is_integer = std::holds_alternative<std::int64_t>(value);
  const bool right = row->type == Type::Integer ? is_integer
                     : row->type == Type::Number
                         ? is_integer || std::holds_alternative<double>(value)
                     : row->type == Type::Flag ? std::holds_alternative<bool>(value)
                                               : std::holds_alternative<std::string>(value);
  constexpr const char* kTypeNames[] = {"a whole number", "a number", "true or false", "a text"};
  require(call, right, "attribute '" + name + "' is " + kTypeNames[static_cast<int>(row->type)]);
  if (!row->values.empty()) {
    const auto& chosen = std::get<std::string>(value);
    const std::vector<std::string> allowed(row->values.begin(), row->values.end());
    require(call, std::find(allowed.begin(), allowed.end(), chosen) != allowed.end(),
            "attribute '" + name + "' cannot be '" + chosen + "'" + did_you_mean(chosen, allowed));
  }
}

num::Dtype result_dtype(const Call& call) {
  const std::string wanted = call.text("dtype", "");
  if (wanted.empty()) {
    return call.input(0).dtype;
  }
  const auto dtype = num::parse_dtype(wanted);
  require(call, dtype.has_value() && num::is_float(*dtype),
          "attribute 'dtype' is a float type such as bfloat16, not '" + wanted + "'");
  return *dtype;
}

}  // namespace

std::int64_t Call::integer(const char* attribute, std::int64_t otherwise) const {
  const auto found = op->attributes.find(attribute);
  return found == op->attributes.end() ? otherwise : std::get<std::int64_t>(found->second);
}

double Call::number(const char* attribute, double otherwise) const {
  const auto found = op->attributes.find(attribute);
  if (found == op->attributes.end()) {
    return otherwise;
  }
  const auto* whole = std::get_if<std::int64_t>(&found->second);
  return whole != nullptr ? static_cast<double>(*whole) : std::get<double>(found->second);
}

bool Call::flag(const char* attribute) const {
  const auto found = op->attributes.find(attribute);
  return found != op->attributes.end() && std::get<bool>(found->second);
}

std::string Call::text(const char* attribute, const char* otherwise) const {
  const auto found = op->attributes.find(attribute);
  return found == op->attributes.end() ? otherwise : std::get<std::string>(found->second);
}

void Call::fail(const std::string& message) const {
  throw UserError(op->where, "operator '" + op->name + "' (" + op->kind + "): " + message);
}

Call resolve(const Model& model, const Operator& op) {
  Call result{&op, {}};
  for (const std::string& name : op.inputs) {
    const ModelTensor* tensor = model.find(name);
    if (tensor == nullptr) {
      result.fail(
          "no tensor '" + name + "' before it" +
          did_you_mean(name, names_of(model.tensors, [](const auto& t) { return t.name; })));
    }
    result.inputs.push_back(tensor);
  }
  return result;
}

const std::vector<OperatorInfo>& operator_table() {
  static const std::vector<OperatorInfo> table = make_table();
  return table;
}

const OperatorInfo& operator_info(const Operator& op) {
  for (const OperatorInfo& row : operator_table()) {
    if (op.kind == row.kind) {
      return row;
    }
  }
  throw UserError(
      op.where,
      "unknown kind of operator '" + op.kind + "'" +
          did_you_mean(op.kind, names_of(operator_table(), [](const auto& r) { return r.kind; })));
}

void add_operator(Model& model, Operator op) {
  const OperatorInfo& info = operator_info(op);
  const Call checked = resolve(model, op);
  require(checked, info.min_inputs <= op.inputs.size() && op.inputs.size() <= info.max_inputs,
          "has " + std::to_string(op.inputs.size()) + " inputs, takes " +
              std::to_string(info.min_inputs) +
              (info.min_inputs == info.max_inputs ? "" : " to " + std::to_string(info.max_inputs)));
  for (const auto& [name, value] : op.attributes) {
    check_attribute(checked, info, name, value);
  }
  require(checked, model.find(op.output) == nullptr,
          "there is already a tensor '" + op.output + "'");
  ModelTensor result;
  result.name = op.output;
  result.shape = info.infer(checked);
  result.dtype = result_dtype(checked);
  result.where = op.where;
  model.tensors.push_back(std::move(result));
  model.operators.push_back(std::move(op));
}

std::string text(const Shape& shape) {
  std::string result = "[";
  for (const std::int64_t extent : shape) {
    result += (result.size() == 1 ? "" : ", ") + std::to_string(extent);
  }
  return result + "]";
}

std::int64_t product(const Shape& shape) {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

}  // namespace nsim::ml
