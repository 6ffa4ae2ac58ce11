// SPDX-License-Identifier: Apache-2.0
// write_neff TARGET FOLDER: a file with the shape of a NEFF that increments, opaque as a real one
// (increment.neff), and what a user adds to run it: a program that computes the same (program.neff)
// and a substitution map (map.toml).
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "tests/support/neff_fixture.h"
#include "tests/support/test_program.h"

namespace {

bool write(const std::filesystem::path& path, const void* bytes, std::size_t size) {
  std::ofstream file(path, std::ios::binary);
  file.write(static_cast<const char*>(bytes), static_cast<std::streamsize>(size));
  file.close();
  return static_cast<bool>(file);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s TARGET FOLDER\n", argv[0]);
    return 2;
  }
  const std::string target = argv[1];
  const std::filesystem::path folder = argv[2];
  std::filesystem::create_directories(folder);
  const int cores = target == "trn2" ? 2 : 1;
  const std::vector<std::byte> neff = nsim::test::increment_neff(target, cores).file();
  const std::vector<std::byte> program = nsim::test::increment_container(target, cores);
  const std::string map =
      "[[substitute]]\nhash = \"" +
      nsim::isa::payload_md5(neff.data() + nsim::isa::kNeffHeaderSize,
                             neff.size() - nsim::isa::kNeffHeaderSize) +
      "\"\nprogram = \"program.neff\"\n[substitute.tensors]\ntokens = \"x\"\nresult = \"y\"\n";
  const bool written = write(folder / "increment.neff", neff.data(), neff.size()) &&
                       write(folder / "program.neff", program.data(), program.size()) &&
                       write(folder / "map.toml", map.data(), map.size());
  return written ? 0 : 1;
}
