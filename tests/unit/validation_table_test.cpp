// SPDX-License-Identifier: Apache-2.0
#include "tools/validation_table.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "sim/base/error.h"
#include "tests/support/scratch_folder.h"

using namespace nsim;
using namespace nsim::tool;

namespace {

/// A table in a file of its own.
struct TableFile : test::ScratchFolder {
  explicit TableFile(const std::string& text) : path(write("table.toml", text)) {}
  const std::string path;
};

const std::string kRow = R"x([[row]]
id = "X1"
title = "a copy"
config = "trn1"
program = "copy.nasm"
define = { n = 4 }
measure = "active(vector)"
published = 5
unit = "us"
tolerance = 0.1
kind = "kernel"
confidence = "measured"
source = "a page"
)x";

std::string with(const std::string& line) {
  const std::string key = line.substr(0, line.find(' '));
  const std::size_t at = kRow.find("\n" + key + " =") + 1;
  return kRow.substr(0, at) + line + kRow.substr(kRow.find('\n', at));
}

}  // namespace

TEST_CASE("A row of the table is read, its program found beside the table") {
  const TableFile file(kRow);
  const std::vector<ValidationRow> rows = read_validation_table(file.path);
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].id == "X1");
  CHECK(rows[0].define.at("n") == "4");
  CHECK(rows[0].program == (std::filesystem::path(file.path).parent_path() / "copy.nasm").string());
  CHECK(rows[0].scale == 1);
  CHECK_FALSE(rows[0].weak());
}

TEST_CASE("A schedule that was read off a figure makes its row a fitted one") {
  const TableFile own(kRow + "schedule_from = \"X1\"\n");
  const std::vector<ValidationRow> rows = read_validation_table(own.path);
  CHECK(rows.at(0).schedule_from == "X1");
  CHECK(rows.at(0).is_fitted());
  const TableFile none(kRow + "schedule_from = \"X2\"\n");
  CHECK_THROWS_WITH(read_validation_table(none.path),
                    Catch::Contains("'schedule_from' names a row, 'X2' is none"));
}

TEST_CASE("What is wrong with a row is said with its line") {
  const std::pair<std::string, std::string> cases[] = {
      {"measure = \"activ(vector)\"", "unknown measure 'activ'"},
      {"measure = \"active\"", "takes 1 argument(s), not 0"},
      {"measure = \"instructions(vector)\"", "is in 1, the row in us"},
      {"unit = \"GHz\"", "unknown unit 'GHz'"},
      {"kind = \"kernl\"", "did you mean 'kernel'"},
      {"published = 0", "'published' is a positive number"},
      {"published = nan", "'published' is a positive number"},
      {"tolerance = -1", "'tolerance' is a positive number"},
      {"scale = 0", "'scale' is a positive number"},
      {"define = 3", "is a table of names and values"},
      {"titel = 3", "did you mean 'title'"}};
  for (const auto& [line, message] : cases) {
    INFO(line);
    const bool known = kRow.find("\n" + line.substr(0, line.find(' ')) + " =") != std::string::npos;
    const TableFile file(known ? with(line) : kRow + line + "\n");
    CHECK_THROWS_WITH(read_validation_table(file.path),
                      Catch::Contains(file.path + ":") && Catch::Contains(message));
  }
  const TableFile twice(kRow + kRow);
  CHECK_THROWS_WITH(read_validation_table(twice.path), Catch::Contains("a second row 'X1'"));
  const TableFile broken("[[row]\n");
  CHECK_THROWS_AS(read_validation_table(broken.path), UserError);
}

TEST_CASE("A row names a program or a kernel, not both") {
  const std::string bare = kRow.substr(0, kRow.find("program")) + kRow.substr(kRow.find("measure"));
  const TableFile kernel(bare + "kernel = \"softmax\"\n");
  const std::vector<ValidationRow> rows = read_validation_table(kernel.path);
  CHECK(rows.at(0).runs());
  CHECK(rows[0].kernel == "softmax");
  CHECK(rows[0].program.empty());
  const TableFile both(kRow + "kernel = \"softmax\"\n");
  CHECK_THROWS_WITH(read_validation_table(both.path),
                    Catch::Contains("neither 'program' nor 'define'"));
}

TEST_CASE("A row without a program needs a note that explains it") {
  const std::string head =
      "[[row]]\nid = \"X\"\ntitle = \"t\"\npublished = 1\nunit = \"us\"\n"
      "kind = \"kernel\"\nconfidence = \"weak\"\nsource = \"s\"\n";
  const TableFile bare(head);
  CHECK_THROWS_WITH(read_validation_table(bare.path), Catch::Contains("'note' is missing"));
  const TableFile explained(head + "note = \"not published\"\n");
  CHECK(read_validation_table(explained.path)[0].program.empty());
}

TEST_CASE("Definitions are filled into a text, with arithmetic") {
  const Definitions definitions{{"n", "8"}, {"dtype", "bfloat16"}};
  CHECK(substitute("a ${dtype} [${n}, ${2 * n + 1}] ${n / 4 - 1}", definitions, "f") ==
        "a bfloat16 [8, 17] 1");
  CHECK(substitute("no names", {}, "f") == "no names");
  CHECK_THROWS_WITH(substitute("${n}", definitions, "f"), Catch::Contains("defines 'dtype'"));
  CHECK_THROWS_WITH(substitute("x\ny ${m}", definitions, "f.nasm"),
                    Catch::Contains("f.nasm:2") && Catch::Contains("'m'"));
  CHECK_THROWS_WITH(substitute("${n", definitions, "f"), Catch::Contains("without '}'"));
  CHECK_THROWS_WITH(substitute("${n / 0}", definitions, "f"), Catch::Contains("divides by zero"));
  CHECK_THROWS_WITH(substitute("${dtype + 1}", definitions, "f"), Catch::Contains("bfloat16"));
  CHECK_THROWS_WITH(substitute("${n n}", definitions, "f"), Catch::Contains("neither a name"));
}
