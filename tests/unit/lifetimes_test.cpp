// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/lifetimes.h"

#include <catch2/catch.hpp>

#include "sim/isa/copies.h"
#include "sim/isa/text.h"

using namespace nsim::isa;

TEST_CASE(
    "a buffer is in use from its first access to its last in the unrolled program, a view with its "
    "base") {
  const Program program = parse_text(R"(program p
target trn2
cores 2
sbuf a float32 [128, 8]
sbuf b float32 [128, 8]
sbuf c float32 [128, 8]
sbuf unused float32 [128, 8]
sbuf half float32 [128, 4] view c at 16
label "first"
vector.memset a value 0
label "loop"
loop i 0..4 {
  vector.tensor_copy b, a
  loop j 0..4 {
    vector.memset c value 0
  }
}
core 1 {
  vector.memset a value 0
  vector.memset half value 0
}
)",
                                     "p");
  const auto lives = lifetimes(program, number_copies(program.buffers), 1000);
  const auto spans = [&](std::size_t i) { return std::pair(lives[i].first, lives[i].last); };
  CHECK(spans(0) == std::pair<std::int64_t, std::int64_t>(0, 21));
  CHECK(spans(1) == std::pair<std::int64_t, std::int64_t>(1, 16));
  CHECK(spans(2) == std::pair<std::int64_t, std::int64_t>(2, 22));
  CHECK(lives[3].first > lives[3].last);
  CHECK(lives[4].first > lives[4].last);
  CHECK(lives[0].label == 1);
  CHECK(lives[2].label == 2);
}
