// SPDX-License-Identifier: Apache-2.0
// Wrong input of any kind: one line that says what, where and what would be right, and exit code 2.
#include <catch2/catch.hpp>

#include <algorithm>

#include "tests/tools/nsim_process.h"

using namespace nsim::test;

namespace {

void refuses(const std::string& command, const std::string& expected) {
  const Outcome outcome = shell("%N " + command);
  INFO(command << "\n" << outcome.text);
  CHECK(outcome.exit_code == 2);
  CHECK(outcome.text.find("error: ") == 0);
  CHECK(std::count(outcome.text.begin(), outcome.text.end(), '\n') == 1);
  CHECK(outcome.text.find(expected) != std::string::npos);
}

}  // namespace

TEST_CASE("a wrong command line is refused") {
  // Placeholders of the library's own messages: these hung for ever.
  refuses("run '-%original_token%'", "is no option");
  refuses("run x '--check=%original_token%'", "is no option");
  refuses("rnu model.toml", "did you mean 'run'");
  refuses("run", "MODEL is missing");
  refuses("run a b", "unexpected argument 'b'");
  refuses("run %S/models/gemm_1024.toml --request 3x", "3x");
  refuses("run %S/models/gemm_1024.toml --requests 0", "from 1 to");
  refuses("run %S/models/gemm_1024.toml --colour red", "colour");
  refuses("run %S/models/gemm_1024.toml --clock sideways", "sideways");
  refuses("run %S/models/gemm_1024.toml --numerics maybe", "maybe");
  refuses("run %S/models/gemm_1024.toml --check --numerics off", "--check needs numerics");
  refuses("run %S/models/vector_add.nasm --check", "only model files");
  refuses("exec --config trn1", "no program given");
}

TEST_CASE("files that are not there, or not what they should be, are refused") {
  const ScratchFolder scratch;
  refuses("run /nowhere/model.toml", "/nowhere/model.toml");
  refuses("run /", "directory");
  refuses("run " + scratch.write("empty.toml", ""), "empty.toml");
  refuses("run " + scratch.write("broken.toml", "[["), "broken.toml:1");
  refuses("run " + scratch.write("garbage.nasm", "\x01\x02\x03"), "garbage.nasm:1:1");
  refuses("asm " + scratch.write("opcode.nasm",
                                 "program p\ntarget trn1\nsync auto\ntensor.nc_matmull x, y, z\n"),
          "nc_matmul");
  refuses("disasm " + scratch.write("cut.neff", std::string("\x02\0\0\0\0\0\0\0\0\x04", 10)),
          "cut.neff");
}

TEST_CASE("a wrong configuration is refused with file, line, key and the nearest name") {
  const ScratchFolder scratch;
  const std::string base = std::string("extends = \"") + NSIM_SOURCE_DIR + "/configs/trn2.toml\"\n";
  refuses("params --config " + scratch.write("key.toml", base + "[instance]\nnumrics = \"off\"\n"),
          "instance.numerics");
  refuses(
      "params --config " + scratch.write("unit.toml", base + "[clock]\nsubmit_cost = \"3GB\"\n"),
      "unit.toml:3");
  refuses("params --config " + scratch.write("range.toml", base + "[instance]\ndevices = 0\n"),
          "range.toml:3");
  refuses("params --config nowhere", "trn2");
  refuses("params --set instance.devices", "=");
  refuses("params --explain clock.submit_csot", "clock.submit_cost");
}

TEST_CASE("what is no run is told what it is instead") {
  const ScratchFolder scratch;
  refuses("report " + (scratch / "nothing"), "there is no such directory");
  refuses("why " + (scratch / ""), "no summary.json");
  refuses("report " + scratch.write("a.json", "{}"), "that is a file; a run is a directory");
  refuses("diff " + scratch.write("b.json", "{") + " " + scratch.write("c.json", "[]"),
          "b.json is no JSON: line 1, column 2: ");
  const std::string sweep =
      scratch.write("s.toml", std::string("config = \"trn1\"\nprogram = \"") + NSIM_SOURCE_DIR +
                                  "/models/vector_add.nasm\"\n[axes]\ndepth = [1]\n");
  REQUIRE(shell("%N sweep " + sweep + " -q --out " + (scratch / "o")).exit_code == 0);
  refuses("why " + (scratch / "o"), "a run is one of its points: ");
  refuses("sweep show " + (scratch / "o/points/000001"), "holds no sweep");
}
