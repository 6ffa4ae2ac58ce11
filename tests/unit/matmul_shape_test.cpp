// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/matmul_shape.h"

#include <catch2/catch.hpp>
#include <string>

#include "sim/isa/expand.h"
#include "sim/isa/text.h"
#include "tests/support/isa_limits.h"

using namespace nsim::isa;

namespace {

Operand operand(int partition, int partitions, int elements) {
  Operand made;
  made.partition = static_cast<std::uint8_t>(partition);
  made.partitions = static_cast<std::uint16_t>(partitions);
  made.dims = 1;
  made.dim[0] = {1, elements};
  return made;
}

StreamInstruction matmul(PerfMode mode, int stationary, int moving) {
  StreamInstruction made;
  made.opcode = Opcode::NcMatmul;
  made.perf_mode = mode;
  made.src = {operand(0, 128, stationary), operand(0, 128, moving)};
  return made;
}

StreamInstruction tile(int rows, int columns, int row, int column) {
  StreamInstruction made = matmul(PerfMode::None, columns, 64);
  made.src[0] = operand(row, rows, columns);
  made.dst = operand(column, columns, 64);
  made.pattern = {rows, columns};
  return made;
}

}  // namespace

TEST_CASE("modes multiply more rows of the contraction than there are partitions") {
  const MatmulShape plain = matmul_shape(matmul(PerfMode::None, 100, 512));
  CHECK(plain.contraction == 128);
  CHECK(plain.columns == 100);
  CHECK(plain.rows == 512);
  const MatmulShape rows = matmul_shape(matmul(PerfMode::DoubleRow, 256, 1024));
  CHECK(rows.contraction == 256);
  CHECK(rows.columns == 128);
  CHECK(rows.rows == 512);
  const MatmulShape sparse = matmul_shape(matmul(PerfMode::Sparse4_12, 128, 3 * 512));
  CHECK(sparse.contraction == 384);
  CHECK(sparse.columns == 128);
  CHECK(sparse.rows == 512);
}

TEST_CASE("a matmul uses the whole array unless it names a tile") {
  CHECK(array_groups(matmul(PerfMode::None, 32, 512)) == kWholeArray);
  CHECK(array_groups(tile(128, 128, 0, 0)) == kWholeArray);
  CHECK(array_groups(tile(32, 32, 0, 0)) == 0x0001);
  CHECK(array_groups(tile(32, 32, 96, 32)) == 0x2000);
  CHECK(array_groups(tile(64, 32, 64, 64)) == 0x4400);
  CHECK(array_groups(tile(32, 128, 32, 0)) == 0x00f0);
  CHECK(array_groups(tile(128, 64, 0, 64)) == 0xcccc);
}

namespace {

/// What becomes of a transpose of [128, 128] on Tensor in transpose mode to `dst` of `elements`.
std::string transposed(const std::string& dtype, int elements, const std::string& dst) {
  Limits limits = test::trn2_limits();
  limits.transpose_mode = true;
  const std::string text = "program p\ntarget trn2\nsbuf s " + dtype + " [128, 128]\npsum q " +
                           dtype + " [128, " + std::to_string(elements) +
                           "]\ntensor.nc_transpose " + dst + ", s\n";
  try {
    expand(parse_text(text, "p.nasm"), limits);
  } catch (const nsim::UserError& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("in transpose mode fp8 takes two bytes of dst for each element, other types their own") {
  using Catch::Contains;
  const char* fp8 = "float8_e4m3";
  CHECK(transposed(fp8, 256, "q[:, 0 +: 128 by 2]") == "accepted");
  CHECK_THAT(transposed(fp8, 255, "q[:, 0 +: 128 by 2]"), Contains("are not within the 255"));
  CHECK_THAT(transposed(fp8, 258, "q[:, 1 +: 128 by 2]"), Contains("an even one is needed"));
  CHECK_THAT(transposed(fp8, 128, "q"), Contains("dst must have a step of 2 elements"));
  for (const char* dtype : {"uint8", "int8", "bfloat16"}) {
    CHECK(transposed(dtype, 128, "q") == "accepted");
  }
}
