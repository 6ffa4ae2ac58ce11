// SPDX-License-Identifier: Apache-2.0
// Functions of the Scalar engine, computed with libm in fp32. The hardware interpolates piecewise
// polynomials; their tables are not published, and results differ in the last bits only.
#include <array>
#include <cmath>

#include "sim/numerics/alu.h"
#include "sim/numerics/rows.h"

namespace nsim::num {
namespace {

float sigmoid(float x) {
  return 1.0F / (1.0F + std::exp(-x));
}

// One function object per activation, so that each gets a loop of its own.
struct Copy {
  static float apply(float x) { return x; }
};
struct Square {
  static float apply(float x) { return x * x; }
};
struct Sigmoid {
  static float apply(float x) { return sigmoid(x); }
};
struct Relu {
  static float apply(float x) { return x < 0 ? 0.0F : x; }  // NaN passes
};
struct Gelu {
  static float apply(float x) { return 0.5F * x * (1.0F + std::erf(x * 0.70710678118654752F)); }
};
struct GeluApprxTanh {
  // 0.5 x (1 + tanh(u)) is x sigmoid(2u), and exp is several times faster than tanh.
  static float apply(float x) {
    constexpr float kTwoSqrt2OverPi = 1.59576912160573071F;
    return x * sigmoid(kTwoSqrt2OverPi * (x + 0.044715F * x * x * x));
  }
};
struct GeluApprxSigmoid {
  static float apply(float x) { return x * sigmoid(1.702F * x); }
};
struct Silu {
  static float apply(float x) { return x * sigmoid(x); }
};
struct Tanh {
  static float apply(float x) { return std::tanh(x); }
};
struct Softplus {
  static float apply(float x) {
    return (x > 0 ? x : 0.0F * x) + std::log1p(std::exp(-std::fabs(x)));
  }
};
struct Erf {
  static float apply(float x) { return std::erf(x); }
};
struct Exp {
  static float apply(float x) { return std::exp(x); }
};
struct Log {
  static float apply(float x) { return std::log(x); }
};
struct Sin {
  static float apply(float x) { return std::sin(x); }
};
struct Sqrt {
  static float apply(float x) { return std::sqrt(x); }
};
struct Rsqrt {
  static float apply(float x) { return 1.0F / std::sqrt(x); }
};
struct Reciprocal {
  static float apply(float x) { return 1.0F / x; }
};
struct Sign {
  static float apply(float x) { return x > 0 ? 1.0F : x < 0 ? -1.0F : x; }
};
struct Abs {
  static float apply(float x) { return std::fabs(x); }
};
// Its slope left of 0 is an operand: activate_row() has a loop of its own.
struct Prelu {
  static float apply(float x) { return x; }
};
/// The density of the normal distribution.
float bell(float x) {
  return 0.39894228040143268F * std::exp(-0.5F * x * x);
}
/// x times a factor that vanishes faster than x grows: 0 also where x is infinite.
float vanishing(float x, float factor) {
  return factor == 0 ? 0.0F : x * factor;
}
struct GeluDx {
  static float apply(float x) {
    return 0.5F * (1.0F + std::erf(x * 0.70710678118654752F)) + vanishing(x, bell(x));
  }
};
struct GeluApprxSigmoidDx {
  static float apply(float x) {
    const float s = sigmoid(1.702F * x);
    return s + vanishing(1.702F * x, s * (1.0F - s));
  }
};
struct SiluDx {
  static float apply(float x) {
    const float s = sigmoid(x);
    return s + vanishing(x, s * (1.0F - s));
  }
};
struct Mish {
  static float apply(float x) { return vanishing(x, std::tanh(std::log1p(std::exp(x)))); }
};
struct ErfDx {
  static float apply(float x) { return 1.12837916709551257F * std::exp(-x * x); }
};
struct Arctan {
  static float apply(float x) { return std::atan(x); }
};

template <class Function>
void loop(float* row, float scale, float bias, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    row[i] = Function::apply(row[i] * scale + bias);
  }
}

struct ActivationInfo {
  const char* name;
  void (*loop)(float* row, float scale, float bias, std::size_t count);
};

// In the order of Activation.
constexpr std::array<ActivationInfo, 26> kActivations = {{
    {"copy", loop<Copy>},
    {"square", loop<Square>},
    {"sigmoid", loop<Sigmoid>},
    {"relu", loop<Relu>},
    {"gelu", loop<Gelu>},
    {"gelu_apprx_tanh", loop<GeluApprxTanh>},
    {"gelu_apprx_sigmoid", loop<GeluApprxSigmoid>},
    {"silu", loop<Silu>},
    {"tanh", loop<Tanh>},
    {"softplus", loop<Softplus>},
    {"erf", loop<Erf>},
    {"exp", loop<Exp>},
    {"log", loop<Log>},
    {"sin", loop<Sin>},
    {"sqrt", loop<Sqrt>},
    {"rsqrt", loop<Rsqrt>},
    {"reciprocal", loop<Reciprocal>},
    {"sign", loop<Sign>},
    {"abs", loop<Abs>},
    {"prelu", loop<Prelu>},
    {"gelu_dx", loop<GeluDx>},
    {"gelu_apprx_sigmoid_dx", loop<GeluApprxSigmoidDx>},
    {"silu_dx", loop<SiluDx>},
    {"mish", loop<Mish>},
    {"erf_dx", loop<ErfDx>},
    {"arctan", loop<Arctan>},
}};
static_assert(static_cast<std::size_t>(kLastActivation) + 1 == kActivations.size());

}  // namespace

const char* name(Activation function) {
  return kActivations[static_cast<std::size_t>(function)].name;
}

std::optional<Activation> parse_activation(std::string_view name) {
  for (std::size_t i = 0; i < kActivations.size(); ++i) {
    if (name == kActivations[i].name) {
      return static_cast<Activation>(i);
    }
  }
  return std::nullopt;
}

void activate_row(Activation function, float* row, float scale, float bias, std::size_t count,
                  float relu_param) {
  kActivations[static_cast<std::size_t>(function)].loop(row, scale, bias, count);
  if (function == Activation::Prelu) {
    for (std::size_t i = 0; i < count; ++i) {
      row[i] = row[i] < 0 ? row[i] * relu_param : row[i];
    }
  }
}

void activation(const View& dst, const View& data, Activation function, const Scalar& scale,
                const Scalar& bias, const View* accumulate, float relu_param) {
  const Rows to(dst);
  const Rows from(data);
  float* row = scratch<float>(0, from.elements());
  for (std::int64_t p = 0; p < to.partitions(); ++p) {
    from.read(p, row);
    activate_row(function, row, scalar_value<float>(scale, p), scalar_value<float>(bias, p),
                 from.elements(), relu_param);
    to.write(p, row);
    if (accumulate != nullptr) {
      const float total = sum(row, from.elements());
      Rows(*accumulate).write(p, &total);
    }
  }
}

}  // namespace nsim::num
