// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/psum_writers.h"

#include <catch2/catch.hpp>

#include "sim/isa/expand.h"
#include "sim/isa/text.h"
#include "tests/support/isa_limits.h"

using namespace nsim;
using namespace nsim::isa;

namespace {

std::string refusal(const std::string& body, const std::string& target = "trn2") {
  Limits limits = test::trn2_limits();
  limits.target = target;
  const std::string head = "program p\ntarget " + target +
                           "\nsbuf s bfloat16 [128, 512]\nsbuf f float32 [128, 128]\n"
                           "psum acc float32 [128, 1024]\n";
  try {
    expand(parse_text(head + body, "p.nasm"), limits);
  } catch (const UserError& error) {
    return error.what();
  }
  return "accepted";
}

const std::string kProduct = "tensor.nc_matmul acc[:, 0 +: 512], s[:, 0 +: 128], s accumulate ";
void check_refused(const std::string& message) {
  CHECK_THAT(
      message,
      Catch::Contains("accumulates onto PSUM that the Tensor engine was not the last to write") &&
          Catch::Contains("before NeuronCore-v4"));
}

}  // namespace

TEST_CASE("products may accumulate onto products and transposes") {
  CHECK(refusal("loop k 0..3 {\n" + kProduct + "k\n}\n") == "accepted");
  CHECK(
      refusal("tensor.nc_transpose acc[:, 0 +: 128], f\n"
              "tensor.nc_matmul acc[:, 0 +: 128], s[:, 0 +: 128], s[:, 0 +: 128] accumulate 1\n") ==
      "accepted");
}

TEST_CASE("accumulating onto what another engine wrote, or nobody, is refused with its place") {
  CHECK_THAT(refusal(kProduct + "1\n"), Catch::StartsWith("p.nasm:6:1: nc_matmul: "));
  check_refused(refusal("vector.memset acc value 0\n" + kProduct + "1\n"));
  check_refused(refusal(kProduct + "0\nvector.memset acc[:, 511] value 0\n" + kProduct + "1\n"));
  CHECK_THAT(refusal("sync nothing\n"), Catch::Contains("sync"));
}

TEST_CASE("a tile that was Tensor's before is looked at again after another engine wrote") {
  const std::string twice = kProduct + "0\n" + kProduct + "1\n";
  check_refused(refusal(twice + "vector.memset acc[:, 700] value 0\n" +
                        "vector.memset acc[32 +: 1, 3] value 0\n" + kProduct + "1\n"));
  CHECK(refusal(twice + "vector.memset acc[:, 700] value 0\n" + kProduct + "1\n") == "accepted");
  check_refused(
      refusal(twice + "tensor.nc_matmul acc[:, 512 +: 512], s[:, 0 +: 128], s accumulate 1\n"));
}

TEST_CASE("every partition and every element counts") {
  const std::string half =
      "tensor.nc_matmul acc[0 +: 64, 0 +: 512], s[:, 0 +: 64], s accumulate 0\n";
  check_refused(refusal(half + kProduct + "1\n"));
  const std::string upper =
      "tensor.nc_matmul acc[64 +: 64, 0 +: 512], s[:, 0 +: 64], s accumulate 0\n";
  CHECK(refusal(half + upper + kProduct + "1\n") == "accepted");
  check_refused(
      refusal(half + upper + "vector.memset acc[96 +: 16, 0 +: 1] value 0\n" + kProduct + "1\n"));
  // A product over every second column, and one over all of them.
  check_refused(
      refusal("tensor.nc_matmul acc[:, 0 +: 256 by 2], s[:, 0 +: 128], s[:, 0 +: 256] "
              "accumulate 0\n" +
              kProduct + "1\n"));
  CHECK(refusal("tensor.nc_matmul acc[:, 0 +: 256 by 2], s[:, 0 +: 128], s[:, 0 +: 256] "
                "accumulate 0\nvector.memset acc[:, 1 +: 256 by 2] value 0\n"
                "tensor.nc_matmul acc[:, 0 +: 256 by 2], s[:, 0 +: 128], s[:, 0 +: 256] "
                "accumulate 1\n") == "accepted");
}

TEST_CASE("NeuronCore-v4 accumulates onto anything") {
  CHECK(refusal("vector.memset acc value 0\n" + kProduct + "1\n", "trn3") == "accepted");
}
