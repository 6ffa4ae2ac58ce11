// SPDX-License-Identifier: Apache-2.0
#include "models/reference_operators.h"

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <string>

namespace nsim::ml::ref {
namespace {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Pitch = Eigen::OuterStride<>;
using ConstMap = Eigen::Map<const Matrix, 0, Pitch>;
using Map = Eigen::Map<Matrix, 0, Pitch>;

ConstMap matrix(const Values& values, const Shape& shape) {
  return {values.data(), shape[0], shape[1], Pitch(shape[1])};
}

/// Columns `first` to `first + count` of a [rows, pitch] tensor.
ConstMap columns(const Values& values, const Shape& shape, std::int64_t first, std::int64_t count) {
  return {values.data() + first, shape[0], count, Pitch(shape[1])};
}

Values to_values(const Matrix& m) {
  return {m.data(), m.data() + m.size()};
}

double evaluate(const std::string& function, double x) {
  if (function == "relu") {
    return std::max(x, 0.0);
  }
  if (function == "gelu") {
    return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0)));
  }
  if (function == "gelu_apprx_tanh") {
    constexpr double kSqrt2OverPi = 0.7978845608028654;
    return 0.5 * x * (1 + std::tanh(kSqrt2OverPi * (x + 0.044715 * x * x * x)));
  }
  if (function == "silu") {
    return x / (1 + std::exp(-x));
  }
  if (function == "sigmoid") {
    return 1 / (1 + std::exp(-x));
  }
  if (function == "tanh") {
    return std::tanh(x);
  }
  if (function == "exp") {
    return std::exp(x);
  }
  return x;
}

template <class Range>
void apply_to_all(const std::string& function, Range&& values) {
  if (function == "none") {
    return;
  }
  for (float& value : values) {
    value = static_cast<float>(evaluate(function, value));
  }
}

Eigen::Map<const Eigen::RowVectorXf> row(const Values& values) {
  return {values.data(), static_cast<Eigen::Index>(values.size())};
}

/// Calls body(row, width) for every row of the last axis.
template <class Body>
void for_rows(const Shape& shape, Body body) {
  const std::int64_t width = shape.back();
  for (std::int64_t r = 0; r < product(shape) / width; ++r) {
    body(r, width);
  }
}

}  // namespace

Values matmul(const Arguments& a) {
  const ConstMap lhs = matrix(a.input(0), a.call.shape(0));
  const ConstMap rhs = matrix(a.input(1), a.call.shape(1));
  const bool ta = a.call.flag("transpose_a");
  const bool tb = a.call.flag("transpose_b");
  Matrix result(ta ? lhs.cols() : lhs.rows(), tb ? rhs.rows() : rhs.cols());
  if (ta && tb) {
    result.noalias() = lhs.transpose() * rhs.transpose();
  } else if (ta) {
    result.noalias() = lhs.transpose() * rhs;
  } else if (tb) {
    result.noalias() = lhs * rhs.transpose();
  } else {
    result.noalias() = lhs * rhs;
  }
  if (a.call.has_input(2)) {
    result.rowwise() += row(a.input(2));
  }
  Values values = to_values(result);
  apply_to_all(a.call.text("activation", "none"), values);
  return values;
}

Values mlp(const Arguments& a) {
  const std::string function = a.call.text("activation", "gelu");
  const ConstMap x = matrix(a.input(0), a.call.shape(0));
  Matrix hidden = x * matrix(a.input(1), a.call.shape(1));
  const auto all = [](Matrix& m) { return Eigen::Map<Eigen::ArrayXf>(m.data(), m.size()); };
  if (function == "swiglu") {
    apply_to_all("silu", all(hidden));
    const Matrix up = x * matrix(a.input(2), a.call.shape(2));
    hidden = hidden.cwiseProduct(up);
  } else {
    hidden.rowwise() += row(a.input(2));
    apply_to_all(function, all(hidden));
  }
  Matrix result = hidden * matrix(a.input(3), a.call.shape(3));
  if (function != "swiglu") {
    result.rowwise() += row(a.input(4));
  }
  return to_values(result);
}

Values attention(const Arguments& a) {
  const std::int64_t heads = a.call.integer("heads", 1);
  const std::int64_t kv_heads = a.call.integer("kv_heads", heads);
  const Shape& shape = a.call.shape(0);
  const std::int64_t tokens = shape[0];
  const std::int64_t width = shape[1] / heads;
  const std::int64_t past = a.call.has_input(3) ? a.call.shape(3)[0] : 0;
  const std::int64_t keys = past + a.call.shape(1)[0];
  const double scale = a.call.number("scale", 1 / std::sqrt(static_cast<double>(width)));
  Values result(a.input(0).size());
  for (std::int64_t h = 0; h < heads; ++h) {
    const std::int64_t kv = h / (heads / kv_heads) * width;
    Matrix k(keys, width);
    Matrix v(keys, width);
    if (past > 0) {
      k.topRows(past) = columns(a.input(3), a.call.shape(3), kv, width);
      v.topRows(past) = columns(a.input(4), a.call.shape(4), kv, width);
    }
    k.bottomRows(keys - past) = columns(a.input(1), a.call.shape(1), kv, width);
    v.bottomRows(keys - past) = columns(a.input(2), a.call.shape(2), kv, width);
    Matrix weights = columns(a.input(0), shape, h * width, width) * k.transpose();
    for (std::int64_t q = 0; q < tokens; ++q) {
      const std::int64_t visible = a.call.flag("causal") ? q + 1 + keys - tokens : keys;
      const double largest = scale * weights.row(q).head(visible).maxCoeff();
      double sum = 0;
      for (std::int64_t i = 0; i < keys; ++i) {
        const double weight = i < visible ? std::exp(scale * weights(q, i) - largest) : 0;
        weights(q, i) = static_cast<float>(weight);
        sum += weight;
      }
      weights.row(q) /= static_cast<float>(sum);
    }
    Map(result.data() + h * width, tokens, width, Pitch(shape[1])) = weights * v;
  }
  return result;
}

// Images are [C, B, H, W]: patches of all images are columns of one matrix.
Values conv2d(const Arguments& a) {
  const Shape& x = a.call.shape(0);
  const Shape& w = a.call.shape(1);
  const std::int64_t stride = a.call.integer("stride", 1);
  const std::int64_t padding = a.call.integer("padding", 0);
  const std::int64_t height = (x[2] + 2 * padding - w[0]) / stride + 1;
  const std::int64_t width = (x[3] + 2 * padding - w[1]) / stride + 1;
  const std::int64_t patch = w[0] * w[1] * w[2];
  const std::int64_t pixels = height * width;
  Matrix patches(patch, x[1] * pixels);
  for (std::int64_t p = 0; p < patch; ++p) {
    for (std::int64_t i = 0; i < x[1] * pixels; ++i) {
      const float* plane = a.input(0).data() + (p % w[2] * x[1] + i / pixels) * x[2] * x[3];
      const std::int64_t r = i % pixels / width * stride - padding + p / w[2] / w[1];
      const std::int64_t s = i % width * stride - padding + p / w[2] % w[1];
      const bool inside = 0 <= r && r < x[2] && 0 <= s && s < x[3];
      patches(p, i) = inside ? plane[r * x[3] + s] : 0;
    }
  }
  const ConstMap weights(a.input(1).data(), patch, w[3], Pitch(w[3]));
  Matrix out = weights.transpose() * patches;
  if (a.call.has_input(2)) {
    out.colwise() += row(a.input(2)).transpose();
  }
  Values result = to_values(out);
  apply_to_all(a.call.text("activation", "none"), result);
  return result;
}

Values softmax(const Arguments& a) {
  const double scale = a.call.number("scale", 1);
  Values result(a.input(0).size());
  for_rows(a.call.shape(0), [&](std::int64_t r, std::int64_t width) {
    const float* x = a.input(0).data() + r * width;
    float* y = result.data() + r * width;
    double largest = scale * x[0];
    for (std::int64_t i = 1; i < width; ++i) {
      largest = std::max(largest, scale * x[i]);
    }
    double sum = 0;
    for (std::int64_t i = 0; i < width; ++i) {
      sum += std::exp(scale * x[i] - largest);
    }
    for (std::int64_t i = 0; i < width; ++i) {
      y[i] = static_cast<float>(std::exp(scale * x[i] - largest) / sum);
    }
  });
  return result;
}

Values layernorm(const Arguments& a) {
  const double epsilon = a.call.number("epsilon", 1e-5);
  Values result(a.input(0).size());
  for_rows(a.call.shape(0), [&](std::int64_t r, std::int64_t width) {
    const float* x = a.input(0).data() + r * width;
    double sum = 0;
    for (std::int64_t i = 0; i < width; ++i) {
      sum += x[i];
    }
    const double mean = sum / static_cast<double>(width);
    double squares = 0;
    for (std::int64_t i = 0; i < width; ++i) {
      squares += (x[i] - mean) * (x[i] - mean);
    }
    const double factor = 1 / std::sqrt(squares / static_cast<double>(width) + epsilon);
    for (std::int64_t i = 0; i < width; ++i) {
      const auto at = static_cast<std::size_t>(i);
      result[static_cast<std::size_t>(r * width + i)] =
          static_cast<float>((x[i] - mean) * factor * a.input(1)[at] + a.input(2)[at]);
    }
  });
  return result;
}

Values rmsnorm(const Arguments& a) {
  const double epsilon = a.call.number("epsilon", 1e-5);
  Values result(a.input(0).size());
  for_rows(a.call.shape(0), [&](std::int64_t r, std::int64_t width) {
    const float* x = a.input(0).data() + r * width;
    double squares = 0;
    for (std::int64_t i = 0; i < width; ++i) {
      squares += static_cast<double>(x[i]) * x[i];
    }
    const double factor = 1 / std::sqrt(squares / static_cast<double>(width) + epsilon);
    for (std::int64_t i = 0; i < width; ++i) {
      result[static_cast<std::size_t>(r * width + i)] =
          static_cast<float>(x[i] * factor * a.input(1)[static_cast<std::size_t>(i)]);
    }
  });
  return result;
}

Values reduce(const Arguments& a) {
  const std::string op = a.call.text("op", "add");
  Values result;
  for_rows(a.call.shape(0), [&](std::int64_t r, std::int64_t width) {
    const float* x = a.input(0).data() + r * width;
    double value = op == "max" ? -HUGE_VAL : 0;
    for (std::int64_t i = 0; i < width; ++i) {
      value = op == "max" ? std::max(value, static_cast<double>(x[i])) : value + x[i];
    }
    result.push_back(static_cast<float>(op == "mean" ? value / static_cast<double>(width) : value));
  });
  return result;
}

Values transpose(const Arguments& a) {
  return to_values(matrix(a.input(0), a.call.shape(0)).transpose());
}

Values embedding(const Arguments& a) {
  const Shape& table = a.call.shape(0);
  Values result;
  for (const float id : a.input(1)) {
    const auto at = static_cast<std::int64_t>(id);
    if (at < 0 || at >= table[0]) {
      a.call.fail("id " + std::to_string(at) + " is beyond the table's " +
                  std::to_string(table[0]) + " rows");
    }
    const auto first = a.input(0).begin() + at * table[1];
    result.insert(result.end(), first, first + table[1]);
  }
  return result;
}

Values rope(const Arguments& a) {
  const std::int64_t heads = a.call.integer("heads", 1);
  const std::int64_t half = a.call.shape(0)[1] / heads / 2;
  Values result(a.input(0).size());
  for_rows(a.call.shape(0), [&](std::int64_t r, std::int64_t width) {
    for (std::int64_t i = 0; i < width; i += 2 * half) {
      for (std::int64_t j = 0; j < half; ++j) {
        const auto at = static_cast<std::size_t>(r * width + i + j);
        const auto other = at + static_cast<std::size_t>(half);
        const double c = a.input(1)[static_cast<std::size_t>(r * half + j)];
        const double s = a.input(2)[static_cast<std::size_t>(r * half + j)];
        result[at] = static_cast<float>(a.input(0)[at] * c - a.input(0)[other] * s);
        result[other] = static_cast<float>(a.input(0)[other] * c + a.input(0)[at] * s);
      }
    }
  });
  return result;
}

Values slice(const Arguments& a) {
  const std::int64_t begin = a.call.integer("begin", 0);
  const std::int64_t end = a.call.integer("end", a.call.shape(0).back());
  Values result;
  for_rows(a.call.shape(0), [&](std::int64_t r, std::int64_t width) {
    const auto first = a.input(0).begin() + r * width;
    result.insert(result.end(), first + begin, first + end);
  });
  return result;
}

Values binary(const Arguments& a) {
  const std::string& kind = a.call.op->kind;
  const Values& x = a.input(0);
  const Values& y = a.input(1);
  Values result(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const float other = y[i % y.size()];  // a vector along the last axis repeats
    result[i] = kind == "add"   ? x[i] + other
                : kind == "sub" ? x[i] - other
                : kind == "mul" ? x[i] * other
                                : std::max(x[i], other);
  }
  apply_to_all(a.call.text("activation", "none"), result);
  return result;
}

Values unary(const Arguments& a) {
  Values result = a.input(0);
  apply_to_all(a.call.op->kind, result);
  return result;
}

}  // namespace nsim::ml::ref
