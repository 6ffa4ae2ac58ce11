// SPDX-License-Identifier: Apache-2.0
// Reads model files. The only place that knows TOML; what operators mean is in operators.cpp.
//
//   name = "mini"
//   tolerance = 0.02                  # of --check: largest |difference| / largest |reference|
//   outputs = ["y"]                   # inputs cannot be outputs
//
//   [[input]]                         # and [[weight]], with the same keys
//   name = "x"
//   dtype = "bfloat16"                # as nki.language names them
//   shape = [1024, 768]
//   init = { normal = 1.0 }           # standard deviation, with optional mean and seed; or one of
//                                     # { uniform = [low, high] }, { constant = c },
//                                     # { index = modulus }; { rope_cos = base } and
//                                     # { rope_sin = base } with optional first
//
//   [[operator]]                      # in the order they run
//   name = "norm"                     # for messages and statistics
//   kind = "layernorm"                # inputs and attributes of each kind: docs/model-files.md
//   inputs = ["x", "gamma", "beta"]   # tensors named before
//   output = "y"                      # a new tensor; its shape follows from the inputs
//   epsilon = 1e-5                    # attributes stand beside the other keys
#include "models/model.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <utility>

#include "models/operators.h"
#include "models/rope_table.h"
#include "sim/base/text_file.h"
#include "sim/base/toml_text.h"

namespace nsim::ml {
namespace {

constexpr std::size_t kMaxFileSize = 16U << 20;
constexpr std::size_t kMaxRank = 4;
constexpr std::int64_t kMaxExtent = std::int64_t{1} << 31;
constexpr std::int64_t kMaxElements = std::int64_t{1} << 40;
constexpr std::size_t kMaxTensors = 10'000;
// Tables computed here are kept with the model.
constexpr std::int64_t kMaxTableElements = std::int64_t{1} << 24;

class Reader {
 public:
  explicit Reader(std::string file) : file_(std::move(file)) {}

  Model model(const toml::table& document);

 private:
  [[noreturn]] void fail(const toml::source_region& region, const std::string& message) const {
    throw UserError(position(region), message);
  }
  SourcePos position(const toml::source_region& region) const {
    return {file_, static_cast<int>(region.begin.line), static_cast<int>(region.begin.column)};
  }
  [[noreturn]] void fail(const toml::node& node, const std::string& message) const {
    fail(node.source(), message);
  }
  void check_keys(const toml::table& table, std::initializer_list<const char*> known) const;
  const toml::node& need(const toml::table& table, const char* key) const;
  std::string string(const toml::table& table, const char* key) const;
  std::string name(const toml::table& table, const char* key) const;
  double number(const toml::node& node) const;
  std::vector<std::string> strings(const toml::table& table, const char* key) const;
  template <class Read>
  void each(const toml::table& document, const char* key, Read read) const;

  ModelTensor tensor(const toml::table& table, isa::TensorKind kind) const;
  Shape shape(const toml::table& table) const;
  num::Init init(const toml::table& table, const ModelTensor& of) const;
  num::Init rope_table(const toml::table& init, const char* key, const ModelTensor& of) const;
  Operator op(const toml::table& table) const;
  Attribute attribute(const toml::node& node) const;
  void outputs(const toml::table& document, Model& model) const;

  std::string file_;
};

void Reader::check_keys(const toml::table& table, std::initializer_list<const char*> known) const {
  for (const auto& [key, node] : table) {
    const std::string text(key.str());
    if (std::find(known.begin(), known.end(), text) == known.end()) {
      const std::string near =
          nearest_name(text, std::vector<std::string>(known.begin(), known.end()));
      fail(key.source(),
           "unknown key '" + text + "'" + (near.empty() ? "" : "; did you mean '" + near + "'?"));
    }
  }
}

const toml::node& Reader::need(const toml::table& table, const char* key) const {
  const toml::node* node = table.get(key);
  if (node == nullptr) {
    fail(table, std::string("key '") + key + "' is missing");
  }
  return *node;
}

std::string Reader::string(const toml::table& table, const char* key) const {
  const toml::node& node = need(table, key);
  const auto* value = node.as_string();
  if (value == nullptr) {
    fail(node, std::string("'") + key + "' is a text in quotes");
  }
  return value->get();
}

std::string Reader::name(const toml::table& table, const char* key) const {
  std::string value = string(table, key);
  const auto allowed = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '.'; };
  if (value.empty() || value.size() > 200 || !std::all_of(value.begin(), value.end(), allowed) ||
      std::isdigit(static_cast<unsigned char>(value[0])) != 0 || value[0] == '.') {
    fail(need(table, key),
         std::string("'") + key + "' has letters, digits, '_' and '.', a letter first");
  }
  return value;
}

double Reader::number(const toml::node& node) const {
  const auto value = node.value<double>();
  if (!node.is_number() || !value || !std::isfinite(*value)) {
    fail(node, "a number is needed here");
  }
  return *value;
}

std::vector<std::string> Reader::strings(const toml::table& table, const char* key) const {
  const toml::node& node = need(table, key);
  const toml::array* array = node.as_array();
  if (array == nullptr || array->empty()) {
    fail(node, std::string("'") + key + "' is a list of names");
  }
  std::vector<std::string> result;
  for (const toml::node& element : *array) {
    if (!element.is_string()) {
      fail(element, std::string("'") + key + "' is a list of names");
    }
    result.push_back(element.as_string()->get());
  }
  return result;
}

template <class Read>
void Reader::each(const toml::table& document, const char* key, Read read) const {
  const toml::node* node = document.get(key);
  if (node == nullptr) {
    return;
  }
  const toml::array* array = node->as_array();
  if (array == nullptr || !array->is_array_of_tables()) {
    fail(*node, std::string("write [[") + key + "]], one per " + key);
  }
  for (const toml::node& element : *array) {
    read(*element.as_table());
  }
}

Shape Reader::shape(const toml::table& table) const {
  const toml::node& node = need(table, "shape");
  const toml::array* array = node.as_array();
  if (array == nullptr || array->empty() || array->size() > kMaxRank) {
    fail(node, "'shape' is a list of 1 to " + std::to_string(kMaxRank) + " sizes");
  }
  Shape result;
  for (const toml::node& element : *array) {
    const auto* extent = element.as_integer();
    if (extent == nullptr || extent->get() < 1 || extent->get() > kMaxExtent) {
      fail(element, "a size is a whole number from 1 to 2^31");
    }
    result.push_back(extent->get());
    // Checked at every step: the product of what was accepted so far cannot overflow.
    if (product(result) > kMaxElements) {
      fail(node, "a tensor has at most 2^40 elements");
    }
  }
  return result;
}

ModelTensor Reader::tensor(const toml::table& table, isa::TensorKind kind) const {
  check_keys(table, {"name", "dtype", "shape", "init"});
  ModelTensor result;
  result.kind = kind;
  result.where = position(table.source());
  result.name = name(table, "name");
  const std::string dtype = string(table, "dtype");
  const auto parsed = num::parse_dtype(dtype);
  if (!parsed) {
    std::vector<std::string> names;
    for (int i = 0; i <= static_cast<int>(num::Dtype::Uint32); ++i) {
      names.emplace_back(num::name(static_cast<num::Dtype>(i)));
    }
    const std::string near = nearest_name(dtype, names);
    fail(need(table, "dtype"),
         "unknown dtype '" + dtype + "'" + (near.empty() ? "" : "; did you mean '" + near + "'?"));
  }
  result.dtype = *parsed;
  result.shape = shape(table);
  const toml::node& node = need(table, "init");
  if (!node.is_table()) {
    fail(node, "'init' is a table such as { normal = 1.0 }");
  }
  result.init = init(*node.as_table(), result);
  return result;
}

num::Init Reader::init(const toml::table& table, const ModelTensor& of) const {
  check_keys(table, {"normal", "mean", "uniform", "constant", "index", "rope_cos", "rope_sin",
                     "first", "seed"});
  using Kind = num::Init::Kind;
  num::Init result;
  if (const toml::node* seed = table.get("seed")) {
    const auto* value = seed->as_integer();
    if (value == nullptr || value->get() < 0) {
      fail(*seed, "'seed' is a whole number, at least 0");
    }
    result.seed = static_cast<std::uint64_t>(value->get());
  }
  if (const toml::node* deviation = table.get("normal")) {
    result.kind = Kind::Normal;
    result.low = table.contains("mean") ? number(*table.get("mean")) : 0;
    result.high = number(*deviation);
  } else if (const toml::node* bounds = table.get("uniform")) {
    const toml::array* pair = bounds->as_array();
    if (pair == nullptr || pair->size() != 2) {
      fail(*bounds, "'uniform' is [low, high]");
    }
    result.kind = Kind::Uniform;
    result.low = number(*pair->get(0));
    result.high = number(*pair->get(1));
  } else if (const toml::node* constant = table.get("constant")) {
    result.kind = Kind::Constant;
    result.low = number(*constant);
  } else if (const toml::node* modulus = table.get("index")) {
    result.kind = Kind::Index;
    result.low = number(*modulus);
    if (result.low < 0 || result.low > kMaxExtent || result.low != std::floor(result.low)) {
      fail(*modulus, "'index' is the modulus, a whole number up to 2^31, 0 for none");
    }
  } else if (table.contains("rope_cos") || table.contains("rope_sin")) {
    return rope_table(table, table.contains("rope_cos") ? "rope_cos" : "rope_sin", of);
  } else {
    fail(table, "'init' needs one of normal, uniform, constant, index, rope_cos, rope_sin");
  }
  return result;
}

num::Init Reader::rope_table(const toml::table& init, const char* key,
                             const ModelTensor& of) const {
  const double base = number(*init.get(key));
  const double first = init.contains("first") ? number(*init.get("first")) : 0;
  if (of.shape.size() != 2 || product(of.shape) > kMaxTableElements || base <= 0) {
    fail(init, std::string("'") + key +
                   "' is for a small table [positions, half a head] and a base above 0");
  }
  const bool cosine = std::string(key) == "rope_cos";
  return {num::Init::Kind::Bytes, 0, 0, 0, rope_bytes(of.dtype, of.shape, base, first, cosine)};
}

Attribute Reader::attribute(const toml::node& node) const {
  if (const auto* whole = node.as_integer()) {
    return whole->get();
  }
  if (node.is_floating_point()) {
    return number(node);
  }
  if (const auto* truth = node.as_boolean()) {
    return truth->get();
  }
  if (const auto* characters = node.as_string()) {
    return characters->get();
  }
  fail(node, "an attribute is a number, true, false or a text");
}

Operator Reader::op(const toml::table& table) const {
  Operator result;
  result.where = position(table.source());
  result.name = name(table, "name");
  result.kind = string(table, "kind");
  result.inputs = strings(table, "inputs");
  result.output = name(table, "output");
  for (const auto& [key, node] : table) {
    const std::string attribute_name(key.str());
    if (attribute_name != "name" && attribute_name != "kind" && attribute_name != "inputs" &&
        attribute_name != "output") {
      result.attributes[attribute_name] = attribute(node);
    }
  }
  return result;
}

void Reader::outputs(const toml::table& document, Model& model) const {
  for (const std::string& wanted : strings(document, "outputs")) {
    const auto found = std::find_if(model.tensors.begin(), model.tensors.end(),
                                    [&](const ModelTensor& each) { return each.name == wanted; });
    const toml::node& node = need(document, "outputs");
    if (found == model.tensors.end()) {
      std::vector<std::string> names;
      for (const Operator& each : model.operators) {
        names.push_back(each.output);
      }
      const std::string near = nearest_name(wanted, names);
      fail(node, "no operator gives '" + wanted + "'" +
                     (near.empty() ? "" : "; did you mean '" + near + "'?"));
    }
    if (found->kind != isa::TensorKind::Internal) {
      fail(node, "'" + wanted + "' is not the result of an operator, or named twice");
    }
    found->kind = isa::TensorKind::Output;
  }
}

Model Reader::model(const toml::table& document) {
  check_keys(document, {"name", "tolerance", "outputs", "input", "weight", "operator"});
  Model result;
  result.name = name(document, "name");
  result.tolerance = number(need(document, "tolerance"));
  if (result.tolerance < 0) {
    fail(need(document, "tolerance"), "'tolerance' is at least 0");
  }
  for (const auto& [key, kind] :
       {std::pair{"input", isa::TensorKind::Input}, std::pair{"weight", isa::TensorKind::Weight}}) {
    each(document, key, [&, tensor_kind = kind](const toml::table& table) {
      ModelTensor read = tensor(table, tensor_kind);
      if (result.find(read.name) != nullptr || result.tensors.size() >= kMaxTensors) {
        fail(table, "there is already a tensor '" + read.name + "'");
      }
      result.tensors.push_back(std::move(read));
    });
  }
  each(document, "operator", [&](const toml::table& table) { add_operator(result, op(table)); });
  outputs(document, result);
  return result;
}

}  // namespace

const ModelTensor* Model::find(const std::string& tensor) const {
  const auto found = std::find_if(tensors.begin(), tensors.end(),
                                  [&](const ModelTensor& each) { return each.name == tensor; });
  return found == tensors.end() ? nullptr : &*found;
}

Model parse_model(const std::string& text, const std::string& file) {
  if (text.size() > kMaxFileSize) {
    throw UserError(SourcePos{file, 0, 0}, "a model file has at most 16 MiB");
  }
  return Reader(file).model(parse_toml(text, file));
}

Model load_model(const std::string& path) {
  return parse_model(read_text_file(path), path);
}

}  // namespace nsim::ml
