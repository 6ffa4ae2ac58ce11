// SPDX-License-Identifier: Apache-2.0
// write_container TARGET FILE: the increment program as a container, for clients that read one.
#include <cstdio>
#include <fstream>

#include "tests/support/test_program.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s TARGET FILE\n", argv[0]);
    return 2;
  }
  const std::string target = argv[1];
  const std::vector<std::byte> bytes =
      nsim::test::increment_container(target, target == "trn2" ? 2 : 1);
  std::ofstream file(argv[2], std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  file.close();
  return file ? 0 : 1;
}
