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
constexpr std::array<ActivationInfo, 19> kActivations = {{
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
}};
static_assert(static_cast<std::size_t>(Activation::Abs) + 1 == kActivations.size());

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

void activate_row(Activation function, float* row, float scale, float bias, std::size_t count) {
  kActivations[static_cast<std::size_t>(function)].loop(row, scale, bias, count);
}

void activation(const View& dst, const View& data, Activation function, const Scalar& scale,
                const Scalar& bias, const View* accumulate) {
  const Rows to(dst);
  const Rows from(data);
  float* row = scratch<float>(0, from.elements());
  for (std::int64_t p = 0; p < to.partitions(); ++p) {
    from.read(p, row);
    activate_row(function, row, scalar_value<float>(scale, p), scalar_value<float>(bias, p),
                 from.elements());
    to.write(p, row);
    if (accumulate != nullptr) {
      const float total = sum(row, from.elements());
      Rows(*accumulate).write(p, &total);
    }
  }
}

}  // namespace nsim::num
