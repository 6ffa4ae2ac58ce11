// SPDX-License-Identifier: Apache-2.0
#include "models/operators.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "sim/numerics/dtype.h"

namespace nsim::ml {
namespace {

using Type = AttributeInfo::Type;

void require(const Call& call, bool condition, const std::string& message) {
  if (!condition) {
    call.fail(message);
  }
}

void require_rank(const Call& call, std::size_t input, std::size_t rank) {
  require(call, call.shape(input).size() == rank,
          "'" + call.input(input).name + "' has shape " + text(call.shape(input)) + ", " +
              std::to_string(rank) + " dimensions are needed");
}

void require_shape(const Call& call, std::size_t input, const Shape& shape) {
  require(call, call.shape(input) == shape,
          "'" + call.input(input).name + "' has shape " + text(call.shape(input)) + ", " +
              text(shape) + " is needed");
}

/// Optional inputs are covered: every input there is.
void require_floats(const Call& call) {
  for (const ModelTensor* each : call.inputs) {
    require(call, num::is_float(each->dtype),
            "'" + each->name + "' is " + num::name(each->dtype) + ", a float type is needed");
  }
}

void require_same_dtype(const Call& call, std::size_t a, std::size_t b) {
  require(call, call.input(a).dtype == call.input(b).dtype,
          "'" + call.input(a).name + "' is " + num::name(call.input(a).dtype) + " but '" +
              call.input(b).name + "' is " + num::name(call.input(b).dtype) +
              "; both sides of a product have one type");
}

Shape unary(const Call& call) {
  require_floats(call);
  return call.shape(0);
}

Shape binary(const Call& call) {
  require_floats(call);
  if (call.shape(1) != call.shape(0)) {
    require_shape(call, 1, {call.shape(0).back()});
  }
  return call.shape(0);
}

Shape matmul(const Call& call) {
  require_floats(call);
  require_rank(call, 0, 2);
  require_rank(call, 1, 2);
  require_same_dtype(call, 0, 1);
  const bool transpose_a = call.flag("transpose_a");
  const bool transpose_b = call.flag("transpose_b");
  const std::int64_t m = call.shape(0)[transpose_a ? 1 : 0];
  const std::int64_t k = call.shape(0)[transpose_a ? 0 : 1];
  const std::int64_t n = call.shape(1)[transpose_b ? 0 : 1];
  require_shape(call, 1, transpose_b ? Shape{n, k} : Shape{k, n});
  if (call.has_input(2)) {
    require_shape(call, 2, {n});
  }
  return {m, n};
}

Shape norm(const Call& call) {
  require_floats(call);
  for (std::size_t i = 1; i < call.inputs.size(); ++i) {
    require_shape(call, i, {call.shape(0).back()});
  }
  return call.shape(0);
}

Shape transpose(const Call& call) {
  require_floats(call);
  require_rank(call, 0, 2);
  return {call.shape(0)[1], call.shape(0)[0]};
}

Shape reduce(const Call& call) {
  require_floats(call);
  Shape shape = call.shape(0);
  shape.pop_back();
  return shape.empty() ? Shape{1} : shape;
}

Shape attention(const Call& call) {
  require_floats(call);
  for (std::size_t i = 0; i < call.inputs.size(); ++i) {
    require_rank(call, i, 2);
    require_same_dtype(call, 0, i);
  }
  require(call, call.inputs.size() != 4,
          "past keys need past values: inputs q, k, v, past_k, past_v");
  const std::int64_t heads = call.integer("heads", 0);
  const std::int64_t kv_heads = call.integer("kv_heads", heads);
  const std::int64_t width = call.shape(0)[1];
  require(call, heads > 0, "attribute 'heads' is needed, at least 1");
  require(call, width % heads == 0,
          "'" + call.input(0).name + "' has " + std::to_string(width) +
              " columns, not a multiple of " + std::to_string(heads) + " heads");
  require(call, kv_heads > 0 && heads % kv_heads == 0, "'heads' must be a multiple of 'kv_heads'");
  const std::int64_t head = width / heads;
  require(call, head <= 128, "a head of " + std::to_string(head) + " columns is wider than 128");
  require_shape(call, 1, {call.shape(1)[0], kv_heads * head});
  require_shape(call, 2, call.shape(1));
  if (call.has_input(3)) {
    require_shape(call, 3, {call.shape(3)[0], kv_heads * head});
    require_shape(call, 4, call.shape(3));
  }
  require(call, call.number("scale", 1) > 0, "'scale' is above 0");
  const std::int64_t keys = call.shape(1)[0] + (call.has_input(3) ? call.shape(3)[0] : 0);
  require(call, !call.flag("causal") || keys >= call.shape(0)[0],
          "causal attention needs at least as many keys as queries");
  return call.shape(0);
}

Shape mlp(const Call& call) {
  require_floats(call);
  require_rank(call, 0, 2);
  const std::int64_t width = call.shape(0)[1];
  require_rank(call, 1, 2);
  const std::int64_t hidden = call.shape(1)[1];
  require_shape(call, 1, {width, hidden});
  const bool gated = call.text("activation", "gelu") == "swiglu";
  require(call, call.inputs.size() == (gated ? 4U : 5U),
          gated ? "swiglu takes x, gate, up, down" : "takes x, w1, b1, w2, b2");
  const std::size_t down = 3;
  if (gated) {
    require_shape(call, 2, {width, hidden});
  } else {
    require_shape(call, 2, {hidden});
  }
  require_rank(call, down, 2);
  const std::int64_t out = call.shape(down)[1];
  require_shape(call, down, {hidden, out});
  if (!gated) {
    require_shape(call, 4, {out});
  }
  for (const std::size_t weight :
       gated ? std::vector<std::size_t>{1, 2, 3} : std::vector<std::size_t>{1, 3}) {
    require_same_dtype(call, 0, weight);
  }
  return {call.shape(0)[0], out};
}

Shape embedding(const Call& call) {
  require_rank(call, 0, 2);
  require_rank(call, 1, 1);
  require(call, num::is_float(call.input(0).dtype), "the table has a float type");
  require(call, call.input(1).dtype == num::Dtype::Int32,
          "'" + call.input(1).name + "' is " + num::name(call.input(1).dtype) + ", ids are int32");
  return {call.shape(1)[0], call.shape(0)[1]};
}

Shape conv2d(const Call& call) {
  require_floats(call);
  require_rank(call, 0, 4);
  require_rank(call, 1, 4);
  require_same_dtype(call, 0, 1);
  const Shape& x = call.shape(0);
  const Shape& w = call.shape(1);
  require_shape(call, 1, {w[0], w[1], x[1], w[3]});
  if (call.has_input(2)) {
    require_shape(call, 2, {w[3]});
  }
  const std::int64_t stride = call.integer("stride", 1);
  const std::int64_t padding = call.integer("padding", 0);
  require(call, stride == 1 || stride == 2, "'stride' is 1 or 2");
  require(call, padding >= 0 && padding < std::min(w[0], w[1]),
          "'padding' is less than the window");
  const std::int64_t height = x[2] + 2 * padding - w[0];
  const std::int64_t width = x[3] + 2 * padding - w[1];
  require(call, height >= 0 && width >= 0, "the window is larger than the image");
  return {x[0], w[3], height / stride + 1, width / stride + 1};
}

Shape rope(const Call& call) {
  require_floats(call);
  require_rank(call, 0, 2);
  const std::int64_t heads = call.integer("heads", 0);
  const Shape& x = call.shape(0);
  require(call, heads > 0 && x[1] % (2 * heads) == 0,
          "attribute 'heads' is needed, and every head has an even number of columns");
  require_shape(call, 1, {x[0], x[1] / heads / 2});
  require_shape(call, 2, call.shape(1));
  return x;
}

Shape slice(const Call& call) {
  require_floats(call);
  Shape shape = call.shape(0);
  const std::int64_t begin = call.integer("begin", 0);
  const std::int64_t end = call.integer("end", shape.back());
  require(call, 0 <= begin && begin < end && end <= shape.back(),
          "needs 0 <= begin < end <= " + std::to_string(shape.back()));
  shape.back() = end - begin;
  return shape;
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
       matmul},
      {"softmax", 1, 1, {{"scale", Type::Number, {}}}, unary},
      {"layernorm", 3, 3, {epsilon}, norm},
      {"rmsnorm", 2, 2, {epsilon}, norm},
      {"transpose", 1, 1, {}, transpose},
      {"attention",
       3,
       5,
       {heads,
        {"kv_heads", Type::Integer, {}},
        {"causal", Type::Flag, {}},
        {"scale", Type::Number, {}}},
       attention},
      {"mlp",
       4,
       5,
       {{"activation", Type::Text, {"relu", "gelu", "gelu_apprx_tanh", "silu", "swiglu"}}},
       mlp},
      {"embedding", 2, 2, {}, embedding},
      {"reduce", 1, 1, {{"op", Type::Text, {"add", "max", "mean"}}}, reduce},
      {"conv2d",
       2,
       3,
       {{"stride", Type::Integer, {}}, {"padding", Type::Integer, {}}, activation},
       conv2d},
      {"rope", 3, 3, {heads}, rope},
      {"slice", 1, 1, {{"begin", Type::Integer, {}}, {"end", Type::Integer, {}}}, slice},
  };
  for (const char* kind : {"add", "sub", "mul", "max"}) {
    table.push_back({kind, 2, 2, {activation}, binary});
  }
  for (const char* kind : {"relu", "gelu", "gelu_apprx_tanh", "silu", "sigmoid", "tanh", "exp"}) {
    table.push_back({kind, 1, 1, {}, unary});
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
