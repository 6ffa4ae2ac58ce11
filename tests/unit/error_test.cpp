// SPDX-License-Identifier: Apache-2.0
#include "sim/base/error.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace nsim;

TEST_CASE("a source position leaves out what is unknown", "[error]") {
  CHECK(SourcePos{"a.toml", 3, 7}.text() == "a.toml:3:7");
  CHECK(SourcePos{"a.toml", 3, 0}.text() == "a.toml:3");
  CHECK(SourcePos{"a.toml", 0, 7}.text() == "a.toml");
  CHECK(SourcePos{"", 3, 7}.text() == "3:7");
  CHECK(SourcePos{}.text().empty());
}

TEST_CASE("a user error starts with its place", "[error]") {
  CHECK(std::string(UserError(SourcePos{"a.toml", 3, 7}, "bad").what()) == "a.toml:3:7: bad");
  CHECK(std::string(UserError(SourcePos{}, "bad").what()) == "bad");
}

TEST_CASE("edit distance counts insertions, removals and replacements", "[error]") {
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("abc", "") == 3);
  CHECK(edit_distance("kitten", "sitting") == 3);
  CHECK(edit_distance("bandwith", "bandwidth") == 1);
  CHECK(edit_distance("flaw", "lawn") == edit_distance("lawn", "flaw"));
}

TEST_CASE("the nearest name is near, or none is named", "[error]") {
  const std::vector<std::string> names = {"bandwidth", "capacity", "stacks"};
  CHECK(nearest_name("bandwith", names) == "bandwidth");
  CHECK(nearest_name("stack", names) == "stacks");
  CHECK(nearest_name("xyzzy", names).empty());
  CHECK(nearest_name("x", std::vector<std::string>{}).empty());
}
