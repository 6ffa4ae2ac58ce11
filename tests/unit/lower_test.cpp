// SPDX-License-Identifier: Apache-2.0
// Every operator, lowered for both targets and for one and two cores, against the reference. Small
// and odd shapes: tails, blocks and overlapping shares are where lowerings go wrong.
#include "models/lower.h"

#include <catch2/catch.hpp>

#include "models/operators.h"
#include "models/reference.h"
#include "tests/support/functional_machine.h"

namespace {

using namespace nsim;

isa::Limits limits(const std::string& target, int cores) {
  isa::Limits result;
  result.target = target;
  result.cores_per_logical = cores;
  result.has_hwdge = target == "trn2";
  return result;
}

std::vector<isa::Limits> all_limits() {
  return {limits("trn1", 1), limits("trn2", 1), limits("trn2", 2)};
}

/// Largest difference of any output to the reference, relative to its largest value.
double difference(const ml::Model& model, const isa::Limits& on, std::uint64_t seed = 1) {
  const auto streams = isa::expand(ml::lower(model, on), on);
  test::FunctionalMachine machine(*streams, seed);
  ml::HostTensors given;
  for (const ml::ModelTensor& tensor : model.tensors) {
    if (tensor.kind == isa::TensorKind::Input || tensor.kind == isa::TensorKind::Weight) {
      auto& bytes = machine.bytes(tensor.name);
      if (tensor.init.kind == num::Init::Kind::Bytes) {
        bytes = tensor.init.bytes;
      } else {
        num::fill(tensor.init, tensor.name, tensor.dtype, bytes.data(),
                  static_cast<std::size_t>(ml::product(tensor.shape)));
      }
      given[tensor.name] = machine.read(tensor.name);
    }
  }
  machine.run();
  double worst = 0;
  for (const auto& [name, expected] : ml::reference(model, given)) {
    worst = std::max(worst, ml::compare(machine.read(name), expected).max_relative);
  }
  return worst;
}

std::string tensor(const std::string& table, const std::string& name, const std::string& shape,
                   const std::string& dtype = "float32",
                   const std::string& init = "{ normal = 1.0 }") {
  return "[[" + table + "]]\nname = \"" + name + "\"\ndtype = \"" + dtype + "\"\nshape = " + shape +
         "\ninit = " + init + "\n";
}

/// A model of one operator: `tensors` from tensor(), inputs and attributes as TOML.
ml::Model one(const std::string& tensors, const std::string& kind, const std::string& inputs,
              const std::string& attributes = "") {
  return ml::parse_model("name = \"m\"\ntolerance = 0.01\noutputs = [\"y\"]\n" + tensors +
                             "[[operator]]\nname = \"op\"\nkind = \"" + kind +
                             "\"\noutput = \"y\"\ninputs = " + inputs + "\n" + attributes,
                         "test.toml");
}

constexpr double kExact = 1e-5;  // fp32 throughout
constexpr double kBf16 = 0.012;  // one or two roundings to 8 bits

void check(const ml::Model& model, double tolerance) {
  for (const isa::Limits& on : all_limits()) {
    INFO(on.target << " with " << on.cores_per_logical << " cores");
    CHECK(difference(model, on) <= tolerance);
  }
}

}  // namespace

TEST_CASE("a product of whole tiles is right") {
  check(one(tensor("input", "a", "[256, 128]", "bfloat16") +
                tensor("weight", "b", "[256, 512]", "bfloat16"),
            "matmul", "[\"a\", \"b\"]", "transpose_a = true"),
        kBf16);
}

TEST_CASE("products of any storage order and odd sizes are right") {
  for (const bool ta : {false, true}) {
    for (const bool tb : {false, true}) {
      INFO("transpose_a " << ta << " transpose_b " << tb);
      const std::string attributes = std::string("transpose_a = ") + (ta ? "true" : "false") +
                                     "\ntranspose_b = " + (tb ? "true" : "false");
      check(one(tensor("input", "a", ta ? "[200, 137]" : "[137, 200]") +
                    tensor("weight", "b", tb ? "[530, 200]" : "[200, 530]"),
                "matmul", "[\"a\", \"b\"]", attributes),
            kExact);
    }
  }
}

TEST_CASE("a product with bias and activation is right") {
  const std::string tensors = tensor("input", "a", "[300, 96]") +
                              tensor("weight", "b", "[96, 70]") + tensor("weight", "c", "[70]");
  for (const char* activation : {"none", "relu", "gelu"}) {
    check(one(tensors, "matmul", "[\"a\", \"b\", \"c\"]",
              std::string("activation = \"") + activation + "\""),
          kExact);
  }
}

TEST_CASE("a product of a single row is right") {
  check(one(tensor("input", "a", "[1, 384]", "bfloat16") +
                tensor("weight", "b", "[384, 1100]", "bfloat16"),
            "matmul", "[\"a\", \"b\"]"),
        kBf16);
  check(one(tensor("input", "a", "[3, 256]") + tensor("weight", "b", "[256, 700]"), "matmul",
            "[\"a\", \"b\"]"),
        kExact);
}

TEST_CASE("a product that does not fit is streamed in blocks of K with partial sums") {
  const ml::Model model =
      one(tensor("input", "a", "[2200, 300]") + tensor("weight", "b", "[2200, 700]"), "matmul",
          "[\"a\", \"b\"]", "transpose_a = true");
  for (isa::Limits on : all_limits()) {
    on.sbuf_partition_bytes = 30'000;
    CHECK(difference(model, on) <= kExact);
  }
}

TEST_CASE("every order the semaphores allow gives the same product") {
  const ml::Model model =
      one(tensor("input", "a", "[300, 200]") + tensor("weight", "b", "[200, 1100]"), "matmul",
          "[\"a\", \"b\"]");
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    CHECK(difference(model, limits("trn2", 2), seed) <= kExact);
  }
}

TEST_CASE("a product too large for any blocking says how many bytes are missing") {
  isa::Limits on = limits("trn1", 1);
  on.sbuf_partition_bytes = 4096;
  const ml::Model model =
      one(tensor("input", "a", "[8192, 4096]") + tensor("weight", "b", "[8192, 4096]"), "matmul",
          "[\"a\", \"b\"]", "transpose_a = true");
  CHECK_THROWS_WITH(ml::lower(model, on),
                    Catch::Contains("missing") && Catch::Contains("'op' (matmul)"));
}

TEST_CASE("elementwise operators are right, of equal shapes and with a vector along rows") {
  for (const char* kind : {"add", "sub", "mul", "max"}) {
    check(one(tensor("input", "a", "[3, 67, 129]") + tensor("input", "b", "[3, 67, 129]"), kind,
              "[\"a\", \"b\"]"),
          kExact);
    check(one(tensor("input", "a", "[130, 2100]") + tensor("weight", "b", "[2100]"), kind,
              "[\"a\", \"b\"]", "activation = \"relu\""),
          kExact);
  }
  for (const char* kind : {"relu", "gelu", "gelu_apprx_tanh", "silu", "sigmoid", "tanh", "exp"}) {
    check(one(tensor("input", "a", "[131, 77]", "bfloat16"), kind, "[\"a\"]"), kBf16);
  }
}

TEST_CASE("operators on rows are right") {
  check(one(tensor("input", "a", "[2, 67, 129]"), "softmax", "[\"a\"]", "scale = 0.3"), kExact);
  check(one(tensor("input", "a", "[67, 129]"), "softmax", "[\"a\"]", "scale = -2"), kExact);
  const std::string vectors = tensor("weight", "g", "[1100]") + tensor("weight", "b", "[1100]");
  check(one(tensor("input", "a", "[150, 1100]") + vectors, "layernorm", "[\"a\", \"g\", \"b\"]"),
        kExact);
  check(one(tensor("input", "a", "[300, 96]", "bfloat16") + tensor("weight", "g", "[96]"),
            "rmsnorm", "[\"a\", \"g\"]", "epsilon = 1e-6"),
        kBf16);
  for (const char* op : {"add", "max", "mean"}) {
    check(one(tensor("input", "a", "[2, 70, 45]"), "reduce", "[\"a\"]",
              std::string("op = \"") + op + "\""),
          kExact);
    check(one(tensor("input", "a", "[3, 9000]"), "reduce", "[\"a\"]",
              std::string("op = \"") + op + "\""),
          kExact);
  }
}

TEST_CASE("transposes, slices and embeddings are exact") {
  check(one(tensor("input", "a", "[1300, 137]"), "transpose", "[\"a\"]"), 0);
  check(one(tensor("input", "a", "[130, 1100]", "bfloat16"), "transpose", "[\"a\"]"), 0);
  check(one(tensor("input", "a", "[5, 260, 9]"), "slice", "[\"a\"]", "begin = 2\nend = 7"), 0);
  check(one(tensor("weight", "t", "[50, 33]") +
                tensor("input", "i", "[201]", "int32", "{ uniform = [0, 49] }"),
            "embedding", "[\"t\", \"i\"]"),
        0);
}

TEST_CASE("rotary embedding is right") {
  check(one(tensor("input", "a", "[140, 96]") +
                tensor("weight", "c", "[140, 16]", "float32", "{ rope_cos = 10000.0 }") +
                tensor("weight", "s", "[140, 16]", "float32", "{ rope_sin = 10000.0, first = 0 }"),
            "rope", "[\"a\", \"c\", \"s\"]", "heads = 3"),
        kExact);
}

TEST_CASE("attention is right, causal and grouped, whatever the sizes") {
  const auto attention = [](const char* queries, const char* keys, const std::string& attributes,
                            const char* dtype) {
    return one(tensor("input", "q", queries, dtype) + tensor("input", "k", keys, dtype) +
                   tensor("input", "v", keys, dtype),
               "attention", "[\"q\", \"k\", \"v\"]", attributes);
  };
  check(attention("[300, 128]", "[300, 128]", "heads = 2", "float32"), kExact);
  check(attention("[300, 128]", "[300, 128]", "heads = 2\ncausal = true", "bfloat16"), 2 * kBf16);
  check(attention("[70, 192]", "[1500, 96]", "heads = 4\nkv_heads = 2\ncausal = true", "float32"),
        kExact);
  check(attention("[1, 256]", "[130, 64]", "heads = 8\nkv_heads = 2\nscale = 0.5", "float32"),
        kExact);
}

TEST_CASE("attention sees past keys and values before the new ones") {
  for (const char* tokens : {"1", "150"}) {
    const std::string t(tokens);
    check(one(tensor("input", "q", "[" + t + ", 128]") + tensor("input", "k", "[" + t + ", 64]") +
                  tensor("input", "v", "[" + t + ", 64]") + tensor("input", "pk", "[1100, 64]") +
                  tensor("input", "pv", "[1100, 64]"),
              "attention", "[\"q\", \"k\", \"v\", \"pk\", \"pv\"]",
              "heads = 4\nkv_heads = 2\ncausal = true"),
          kExact);
  }
}

TEST_CASE("feed-forward layers are right for many tokens and for one") {
  for (const char* tokens : {"1", "40", "290"}) {
    const std::string x = tensor("input", "x", std::string("[") + tokens + ", 128]");
    check(one(x + tensor("weight", "w1", "[128, 300]", "float32", "{ normal = 0.1 }") +
                  tensor("weight", "b1", "[300]") +
                  tensor("weight", "w2", "[300, 128]", "float32", "{ normal = 0.1 }") +
                  tensor("weight", "b2", "[128]"),
              "mlp", "[\"x\", \"w1\", \"b1\", \"w2\", \"b2\"]", "activation = \"gelu_apprx_tanh\""),
          kExact);
    check(one(x + tensor("weight", "g", "[128, 300]", "float32", "{ normal = 0.1 }") +
                  tensor("weight", "u", "[128, 300]", "float32", "{ normal = 0.1 }") +
                  tensor("weight", "d", "[300, 200]", "float32", "{ normal = 0.1 }"),
              "mlp", "[\"x\", \"g\", \"u\", \"d\"]", "activation = \"swiglu\""),
          kExact);
  }
}

TEST_CASE("convolutions are right, strided and padded") {
  const auto conv = [](const char* x, const char* w, const char* b, const std::string& attributes) {
    return one(tensor("input", "x", x) + tensor("weight", "w", w) + tensor("weight", "b", b),
               "conv2d", "[\"x\", \"w\", \"b\"]", attributes);
  };
  check(conv("[130, 2, 7, 9]", "[3, 3, 130, 140]", "[140]", "padding = 1\nactivation = \"relu\""),
        kExact);
  check(conv("[20, 3, 14, 14]", "[1, 1, 20, 10]", "[10]", "stride = 2"), kExact);
  check(conv("[5, 1, 60, 40]", "[3, 3, 5, 7]", "[7]", "stride = 2\npadding = 1"), kExact);
  check(conv("[3, 1, 5, 600]", "[1, 3, 3, 4]", "[4]", ""), kExact);
}

TEST_CASE("positions of a window that lie on the padding alone add nothing to a convolution") {
  for (const char* window : {"[5, 8, 3, 4]", "[5, 5, 3, 4]"}) {
    check(one(tensor("input", "x", "[3, 2, 3, 65]") + tensor("weight", "w", window), "conv2d",
              "[\"x\", \"w\"]", "stride = 2\npadding = 1"),
          kExact);
  }
}

TEST_CASE("a convolution of a large image works strip by strip") {
  const ml::Model model =
      one(tensor("input", "x", "[10, 2, 40, 30]") + tensor("weight", "w", "[3, 3, 10, 8]"),
          "conv2d", "[\"x\", \"w\"]", "padding = 1");
  for (isa::Limits on : all_limits()) {
    on.sbuf_partition_bytes = 8'000;
    CHECK(difference(model, on) <= kExact);
  }
}

TEST_CASE("results flow from operator to operator and between cores") {
  const ml::Model model = ml::parse_model(
      "name = \"m\"\ntolerance = 0.01\noutputs = [\"y\"]\n" + tensor("input", "x", "[200, 128]") +
          tensor("weight", "w", "[128, 128]", "float32", "{ normal = 0.1 }") +
          "[[operator]]\nname = \"a\"\nkind = \"softmax\"\ninputs = [\"x\"]\noutput = \"s\"\n"
          "[[operator]]\nname = \"b\"\nkind = \"transpose\"\ninputs = [\"s\"]\noutput = \"t\"\n"
          "[[operator]]\nname = \"c\"\nkind = \"matmul\"\ninputs = [\"t\", \"x\"]\noutput = \"p\"\n"
          "[[operator]]\nname = \"d\"\nkind = \"add\"\ninputs = [\"p\", \"w\"]\noutput = \"y\"\n",
      "test.toml");
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    CHECK(difference(model, limits("trn2", 2), seed) <= kExact);
  }
}

TEST_CASE("the shipped models expand on every target") {
  const auto file = GENERATE(as<std::string>(), "gemm_1024", "gpt2_small_layer", "bert_base_layer",
                             "mini_lm", "llama3_8b_decode", "resnet50_stage");
  const ml::Model model =
      ml::load_model(std::string(NSIM_SOURCE_DIR) + "/models/" + file + ".toml");
  for (const isa::Limits& on : all_limits()) {
    INFO(file << " on " << on.target << " with " << on.cores_per_logical << " cores");
    const auto streams = isa::expand(ml::lower(model, on), on);
    CHECK(streams->work.matmul_flops > 0);
    CHECK(streams->sbuf_bytes <= on.sbuf_partition_bytes);
  }
}

TEST_CASE("hidden features that do not fit on chip are counted as spilled") {
  const auto mlp = [](const std::string& tokens) {
    return one(tensor("input", "x", "[" + tokens + ", 128]") +
                   tensor("weight", "w1", "[128, 4096]") + tensor("weight", "b1", "[4096]") +
                   tensor("weight", "w2", "[4096, 128]") + tensor("weight", "b2", "[128]"),
               "mlp", "[\"x\", \"w1\", \"b1\", \"w2\", \"b2\"]");
  };
  CHECK(ml::lower(mlp("256"), limits("trn2", 1)).spilled_bytes == 0);
  CHECK(ml::lower(mlp("4096"), limits("trn2", 1)).spilled_bytes == 4096 * 4096 * 4);
}

TEST_CASE("products of smaller floats are right within their precision") {
  const auto product = [](const std::string& dtype) {
    return one(tensor("input", "a", "[70, 130]", dtype) + tensor("weight", "b", "[130, 90]", dtype),
               "matmul", "[\"a\", \"b\"]", "dtype = \"float32\"");
  };
  for (const char* dtype : {"float16", "float8_e4m3", "float8_e5m2"}) {
    check(product(dtype), kExact);
  }
}
