// SPDX-License-Identifier: Apache-2.0
#include "sim/base/text_file.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "sim/base/error.h"
#include "tests/support/scratch_folder.h"

using namespace nsim;
using Catch::Contains;

TEST_CASE("a text file is read whole, whatever bytes it has") {
  const test::ScratchFolder folder;
  for (const std::size_t size : {0, 1, 16383, 16384, 16385, 100000}) {
    std::string text(size, 'x');
    for (std::size_t i = 0; i < size; ++i) {
      text[i] = static_cast<char>(i * 7);
    }
    CHECK(read_text_file(folder.write("text", text)) == text);
  }
}

TEST_CASE("a text file that cannot be read is refused with the reason") {
  CHECK_THROWS_WITH(read_text_file("/nowhere/x"), "cannot read \"/nowhere/x\": no such file");
  CHECK_THROWS_WITH(read_text_file("/tmp"), "cannot read \"/tmp\": it is a directory");
  const test::ScratchFolder folder;
  CHECK_THROWS_WITH(read_text_file(folder.write("large", std::string((16 << 20) + 1, ' '))),
                    Contains("larger than 16 MiB"));
  CHECK_THROWS_AS(read_text_file("/nowhere/x"), UserError);
}
