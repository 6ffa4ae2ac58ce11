// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/container.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>

#include "sim/isa/archive.h"
#include "sim/isa/compare.h"
#include "sim/isa/text.h"
#include "tests/support/every_opcode.h"

using namespace nsim;
using namespace nsim::isa;
using Kind = ContainerError::Kind;
using Bytes = std::vector<std::byte>;

namespace {

Program sample() {
  return parse_text(R"(
program sample
target trn2
cores 2
sync explicit
spilled 4096
tensor a input float32 [128, 64] = normal(0, 1, seed 3)
tensor raw weight uint8 [4] = bytes("00ff1234")
tensor c output bfloat16 [128, 64]
sbuf t float32 [128, 64] partition 32 address 512
psum acc float32 [64, 512]
semaphore s, done
label first
loop m -2..4 step 2 {
  sync.dma_copy t[:, m % 2 * 3 +: 2], a[m / 2 + 64 +: 128 by 64 +: 2] queue 1 dge hwdge signal s += 16
  loop k 0..2 {
    vector.tensor_scalar t, t op0 subtract operand0 t[:, k] reverse0 op1 multiply operand1 2.5 \
        wait s >= m * 16 + core signal done += 1
  }
  scalar.activation_reduce t, t[:, 0], acc[0 +: 64, :] function exp scale 0.125 bias t[:, 1]
}
label second
gpsimd.affine_select t, t fill -inf base core - 3 partition_step -1 pattern [1, 64]
tensor.nc_matmul acc, t, t accumulate core perf_mode sparse_4_12 tags t is_moving_onezero tile_size [64, 32]
)",
                    "sample.nasm");
}

Kind error_kind(const Bytes& bytes, bool verify_hash = false) {
  try {
    read_container(bytes.data(), bytes.size(), verify_hash);
  } catch (const ContainerError& error) {
    return error.kind();
  }
  FAIL("the container was read");
  return Kind::Malformed;
}

bool is_refused(const Bytes& binary) {
  try {
    read_binary(binary.data(), binary.size());
  } catch (const ContainerError&) {
    return true;
  }
  return false;
}

Bytes with_payload(const Bytes& container, const Bytes& payload) {
  Bytes made = container;
  made.resize(1024 + payload.size());
  const std::uint64_t size = payload.size();
  std::memcpy(made.data() + 16, &size, sizeof size);
  std::copy(payload.begin(), payload.end(), made.data() + 1024);
  return made;
}

}  // namespace

TEST_CASE("a program comes back from its container as it was") {
  const Program program = sample();
  const Bytes bytes = write_container(program);
  CHECK(looks_like_container(bytes.data(), bytes.size()));
  const Program again = read_container(bytes.data(), bytes.size(), true);
  INFO(print_text(again));
  CHECK(same(program, again));
}

TEST_CASE("every opcode with every attribute comes back from its container") {
  const Program program = test::every_opcode();
  const Bytes bytes = write_container(program);
  CHECK(same(program, read_container(bytes.data(), bytes.size(), true)));
}

TEST_CASE("views, transient buffers and bodies of cores come back from their container") {
  const Program program = parse_text(R"(program views
target trn2
cores 2
tensor x input float32 [256, 64]
tensor bits view x bfloat16 [64, 64] at 4
sbuf t float32 [128, 64] transient
sbuf low bfloat16 [32, 64] partition 32 view t at 128
loop i 0..2 {
  vector.memset t value 0
}
core 1 {
  loop i 0..2 dynamic {
    sync.dma_copy low, bits[0 +: 2048]
  }
}
)",
                                     "views.nasm");
  const std::vector<std::byte> file = write_container(program);
  const Program again = read_container(file.data(), file.size());
  CHECK(same(program, again));
  CHECK(print_text(again) == print_text(program));
}

TEST_CASE("the same program gives the same bytes") {
  CHECK(write_container(sample()) == write_container(sample()));
}

TEST_CASE("the header has the fields of a NEFF") {
  const Bytes bytes = write_container(sample());
  const auto field = [&](std::size_t at, std::size_t width) {
    std::uint64_t value = 0;
    std::memcpy(&value, bytes.data() + at, width);
    return value;
  };
  CHECK(field(0, 8) == 2);
  CHECK(field(8, 8) == 1024);
  CHECK(field(16, 8) == bytes.size() - 1024);
  CHECK(field(24, 8) == 2);
  CHECK(field(0xA8, 4) == 1);   // logical cores
  CHECK(field(0x228, 4) == 2);  // physical cores of one
  CHECK(std::string(reinterpret_cast<const char*>(bytes.data()) + 0xDC) == "sample");
  CHECK(field(0xAC + 16, 8) == 0);
  CHECK(bytes[1024] == std::byte{0x1f});  // gzip
  CHECK(bytes[1025] == std::byte{0x8b});
}

TEST_CASE("the archive lists inputs and outputs for other tools") {
  const Bytes bytes = write_container(sample());
  const auto neff = read_member(bytes.data() + 1024, bytes.size() - 1024, "neff.json", 1 << 20);
  REQUIRE(neff);
  const std::string text(reinterpret_cast<const char*>(neff->data()), neff->size());
  CHECK_THAT(text, Catch::Matchers::Contains("\"bfloat16\""));
  CHECK_FALSE(read_member(bytes.data() + 1024, bytes.size() - 1024, "none", 1));
  CHECK_THROWS_AS(read_member(bytes.data() + 1024, bytes.size() - 1024, "neff.json", 5),
                  ContainerError);
}

TEST_CASE("each kind of wrong container has its kind of error") {
  const Bytes good = write_container(sample());
  SECTION("shorter than the header") {
    CHECK(error_kind(Bytes(good.begin(), good.begin() + 1000)) == Kind::Malformed);
  }
  SECTION("cut or extended") {
    CHECK(error_kind(Bytes(good.begin(), good.end() - 1)) == Kind::Malformed);
    Bytes longer = good;
    longer.push_back(std::byte{0});
    CHECK(error_kind(longer) == Kind::Malformed);
  }
  SECTION("a newer version") {
    Bytes newer = good;
    newer[24] = std::byte{3};
    CHECK(error_kind(newer) == Kind::UnsupportedVersion);
    newer = good;
    newer[32] = std::byte{1};
    CHECK(error_kind(newer) == Kind::UnsupportedVersion);
    newer = good;
    newer[0] = std::byte{3};
    CHECK(error_kind(newer) == Kind::UnsupportedVersion);
  }
  SECTION("a damaged payload") {
    Bytes damaged = good;
    damaged[damaged.size() / 2 + 512] ^= std::byte{1};
    CHECK(error_kind(damaged, true) == Kind::HashMismatch);
    CHECK(error_kind(with_payload(good, Bytes(100))) == Kind::Malformed);
  }
  SECTION("no program inside") {
    const Bytes other = write_archive({{"neff.json", Bytes(3)}, {"sg00/def.json", Bytes(9)}});
    CHECK(error_kind(with_payload(good, other)) == Kind::NotExecutable);
  }
  SECTION("a header for another number of cores") {
    Bytes other = good;
    other[0x228] = std::byte{1};
    CHECK(error_kind(other) == Kind::Malformed);
  }
}

TEST_CASE("every cut of the binary form is refused") {
  const Bytes good = write_binary(sample());
  for (std::size_t size = 0; size < good.size(); ++size) {
    if (!is_refused(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)))) {
      FAIL("a cut at " << size << " was read");
    }
  }
}

TEST_CASE("any changed byte of the binary form is refused or gives a program that can be printed") {
  const Bytes good = write_binary(sample());
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const int change : {1, 0x80}) {
      Bytes other = good;
      other[at] ^= static_cast<std::byte>(change);
      try {
        const Program program = read_binary(other.data(), other.size());
        CHECK(same(parse_text(print_text(program), "changed"), program));
      } catch (const ContainerError&) {
        continue;
      }
    }
  }
}

TEST_CASE("counts that the file cannot hold are refused before memory is taken") {
  Bytes file = write_binary(sample());
  file.resize(20);
  const std::uint64_t size = 17;
  std::memcpy(file.data() + 12, &size, sizeof size);
  // name "", target "", one core, auto, nothing spilled, then 2^60 tensors.
  for (const int byte :
       {0, 0, 1, 1, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0, 0}) {
    file.push_back(static_cast<std::byte>(byte));
  }
  CHECK(is_refused(file));
}

TEST_CASE("another version of the binary form is told apart from damage") {
  Bytes file = write_binary(sample());
  file[8] = std::byte{2};
  try {
    read_binary(file.data(), file.size());
    FAIL("it was read");
  } catch (const ContainerError& error) {
    CHECK(error.kind() == Kind::UnsupportedVersion);
  }
}
