// SPDX-License-Identifier: Apache-2.0
// Transient buffers with copies: from their text to the streams of the loop that uses them.
#include "sim/isa/copies.h"

#include <catch2/catch.hpp>

#include "sim/isa/compare.h"
#include "sim/isa/container.h"
#include "sim/isa/expand.h"
#include "sim/isa/lifetimes.h"
#include "sim/isa/place.h"
#include "sim/isa/text.h"
#include "tests/support/isa_limits.h"

using namespace nsim;
using namespace nsim::isa;

namespace {

const std::string kHeader = R"(program p
target trn2
tensor x input float32 [128, 64]
tensor y output float32 [128, 64]
sbuf acc float32 [128, 8]
)";

/// Eight columns at a time, each with a tile of its own, seen as bytes too.
const std::string kRolled = kHeader + R"(sbuf tile float32 [128, 8] transient copies 9
sbuf bits uint8 [128, 32] view tile at 0
vector.memset acc value 0
loop i 0..8 {
  sync.dma_copy tile{i}, x[:, i * 8 +: 8]
  vector.tensor_tensor acc, acc, tile{i} op add
  vector.tensor_copy bits{i + 1}[:, 0 +: 4], bits{i}[:, 4 +: 4]
  scalar.dma_copy y[:, i * 8 +: 8], acc
}
)";

std::string unrolled() {
  std::string text = kHeader;
  std::string body = "vector.memset acc value 0\n";
  for (int i = 0; i <= 8; ++i) {
    const std::string n = std::to_string(i);
    text += "sbuf tile" + n + " float32 [128, 8] transient\n";
    text += "sbuf bits" + n + " uint8 [128, 32] view tile" + n + " at 0\n";
    if (i == 8) {
      break;
    }
    const std::string column = "[:, " + std::to_string(8 * i) + " +: 8]";
    body += "sync.dma_copy tile" + n + ", x" + column + "\n";
    body += "vector.tensor_tensor acc, acc, tile" + n + " op add\n";
    body += "vector.tensor_copy bits" + std::to_string(i + 1) + "[:, 0 +: 4], bits" + n +
            "[:, 4 +: 4]\n";
    body += "scalar.dma_copy y" + column + ", acc\n";
  }
  return text + body;
}

void check_same_streams(const Streams& a, const Streams& b) {
  CHECK(a.sbuf_bytes == b.sbuf_bytes);
  CHECK(a.sbuf_peak == b.sbuf_peak);
  for (std::size_t e = 0; e < kEngineCount; ++e) {
    REQUIRE(a.cores[0].engine[e].size() == b.cores[0].engine[e].size());
    for (std::size_t i = 0; i < a.cores[0].engine[e].size(); ++i) {
      const Issue& left = a.cores[0].engine[e][i];
      const Issue& right = b.cores[0].engine[e][i];
      const StreamInstruction one = a.cores[0].complete(left);
      const StreamInstruction other = b.cores[0].complete(right);
      CHECK(one.opcode == other.opcode);
      CHECK(one.dst.offset == other.dst.offset);
      CHECK(one.src[0].offset == other.src[0].offset);
      CHECK(one.src[1].offset == other.src[1].offset);
      CHECK(left.waits == right.waits);
      CHECK(left.updates == right.updates);
    }
  }
}

}  // namespace

TEST_CASE("a loop over copies is the same program as one that names each") {
  const auto rolled = expand(parse_text(kRolled, "p"), test::trn2_limits());
  check_same_streams(*rolled, *expand(parse_text(unrolled(), "p"), test::trn2_limits()));
}

TEST_CASE("copies take turns: each has a place from its first access to its last") {
  const Program program = parse_text(kRolled, "p");
  const Placement placement = find_places(program, test::trn2_limits());
  CHECK(placement.first == std::vector<std::uint32_t>{0, 1, 10, 19});
  CHECK(placement.sbuf_peak == 64 + 2 * 64);  // acc, a tile and the next one
  for (std::size_t i = 0; i < 9; ++i) {
    CHECK(placement.address[10 + i] == placement.address[1 + i]);  // the view
  }
  const auto lives = lifetimes(program, placement.first, 1000);
  CHECK(lives[1].first == 1);
  CHECK(lives[1].last == 3);
  CHECK(lives[2].first == 3);
  CHECK(lives[2].last == 7);
}

TEST_CASE("copies survive printing, parsing and the container") {
  const Program program = parse_text(kRolled, "p");
  const std::string text = print_text(program);
  CHECK(text.find("sbuf tile float32 [128, 8] transient copies 9") != std::string::npos);
  CHECK(text.find("vector.tensor_copy bits{i + 1}[:, 0 +: 4], bits{i}[:, 4 +: 4]") !=
        std::string::npos);
  CHECK(same(parse_text(text, "again"), program));
  const auto file = write_container(program);
  CHECK(same(read_container(file.data(), file.size()), program));
}

TEST_CASE("copies that are not there, or not said, are refused") {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"vector.memset tile value 0", "'tile' has 9 copies: say which, as in tile{0}"},
      {"vector.memset acc{0} value 0", "only a buffer declared 'transient copies N'"},
      {"vector.memset x{0} value 0", "only a buffer declared 'transient copies N'"},
      {"vector.memset tile{0 value 0", "after the number of the copy"},
      {"vector.memset tile{9} value 0", "copy 9 is not one of the 9 of buffer tile"},
      {"loop k 0..3 {\nvector.memset tile{k - 1} value 0\n}",
       "copy -1 is not one of the 9 of buffer tile"},
      {"vector.memset tile{j} value 0", "'j'"},
      {"sbuf none float32 [1, 1] transient copies 0", "the number of copies"},
      {"sbuf many float32 [1, 1] transient copies 4194304", "more than 4194304 buffers and copies"},
  };
  for (const auto& [statement, part] : cases) {
    INFO(statement);
    CHECK_THROWS_WITH(expand(parse_text(kRolled + statement + "\n", "p"), test::trn2_limits()),
                      Catch::Contains(part));
  }
  Program program = parse_text(kRolled, "p");
  program.buffers[2].copies = 2;
  CHECK_THROWS_WITH(expand(program, test::trn2_limits()),
                    Catch::Contains("has 2 copies, tile has 9"));
  program.buffers[0].copies = 2;
  CHECK_THROWS_WITH(expand(program, test::trn2_limits()),
                    Catch::Contains("has 2 copies: 1, or more when it is transient"));
}

TEST_CASE("loops too long to be unrolled end where the limit is, whatever they allocate") {
  const Program program = parse_text(R"(program p
target trn2
sbuf tile float32 [128, 8] transient copies 4
loop i 0..1000000000000 {
  loop j 0..1000000000000 {
    loop nothing 0..1000000000000 {
    }
    vector.memset tile{j % 4} value 0
  }
}
)",
                                     "p");
  CHECK_THROWS_WITH(expand(program, test::trn2_limits()), Catch::Contains("unrolls to more than"));
}
