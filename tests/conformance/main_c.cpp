// SPDX-License-Identifier: Apache-2.0
// Programs of generation C run, unless they are told which, every case but those that are about
// generation A alone.
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>

int main(int argc, char** argv) {
  Catch::Session session;
  const int wrong = session.applyCommandLine(argc, argv);
  if (wrong != 0) {
    return wrong;
  }
  std::vector<std::string>& cases = session.configData().testsOrTags;
  if (cases.empty()) {
    cases.emplace_back("~[A]");
  }
  return session.run();
}
