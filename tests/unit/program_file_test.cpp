// SPDX-License-Identifier: Apache-2.0
#include "models/program_file.h"

#include <catch2/catch.hpp>
#include <string>

#include "sim/base/error.h"

using namespace nsim;

TEST_CASE("a program file that cannot be read is the user's error, with the reason") {
  CHECK_THROWS_WITH(ml::read_file("/nowhere/x"),
                    "cannot read /nowhere/x: No such file or directory");
  CHECK_THROWS_WITH(ml::read_file("/tmp"), "cannot read /tmp: it is a directory");
  CHECK_THROWS_AS(ml::read_file(std::string(5000, 'x')), UserError);
}
