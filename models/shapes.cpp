// SPDX-License-Identifier: Apache-2.0
#include "models/shapes.h"

#include <algorithm>
#include <string>
#include <vector>

#include "sim/numerics/dtype.h"

namespace nsim::ml::shapes {
namespace {

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

}  // namespace

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
  require_shape(call, 1, {w[0], w[1], x[0], w[3]});
  if (call.has_input(2)) {
    require_shape(call, 2, {w[3]});
  }
  const std::int64_t stride = call.integer("stride", 1);
  const std::int64_t padding = call.integer("padding", 0);
  require(call, stride == 1 || stride == 2, "'stride' is 1 or 2");
  require(call, padding >= 0 && 2 * padding < std::min(w[0], w[1]),
          "'padding' is less than half of the window");
  const std::int64_t height = x[2] + 2 * padding - w[0];
  const std::int64_t width = x[3] + 2 * padding - w[1];
  require(call, height >= 0 && width >= 0, "the window is larger than the image");
  return {w[3], x[1], height / stride + 1, width / stride + 1};
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

}  // namespace nsim::ml::shapes
