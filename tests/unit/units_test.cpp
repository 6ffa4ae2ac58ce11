// SPDX-License-Identifier: Apache-2.0
#include "sim/base/units.h"

#include <catch2/catch.hpp>
#include <vector>

#include "sim/base/random.h"

using namespace nsim;

namespace {

struct Case {
  Quantity kind;
  const char* text;
  std::int64_t value;
};

const std::vector<Quantity> kAll = {Quantity::Bytes,    Quantity::Rate,   Quantity::Frequency,
                                    Quantity::Duration, Quantity::Cycles, Quantity::Count,
                                    Quantity::Ratio};

}  // namespace

TEST_CASE("a quantity is read exactly, in base units", "[units]") {
  const std::vector<Case> cases = {
      {Quantity::Bytes, "0B", 0},
      {Quantity::Bytes, "64KiB", 65536},
      {Quantity::Bytes, "64 KiB", 65536},
      {Quantity::Bytes, "1.5MiB", 1572864},
      {Quantity::Bytes, "16GiB", std::int64_t{16} << 30},
      {Quantity::Bytes, "2TB", 2'000'000'000'000},
      {Quantity::Rate, "2.9TB/s", 2'900'000'000'000},
      {Quantity::Rate, "410GB/s", 410'000'000'000},
      {Quantity::Rate, "1GiB/s", std::int64_t{1} << 30},
      {Quantity::Frequency, "1.4GHz", 1'400'000'000},
      {Quantity::Duration, "600ns", 600'000},
      {Quantity::Duration, "0.5ps", 1},
      {Quantity::Duration, "0.4ps", 0},
      {Quantity::Duration, "1e-9s", 1000},
      {Quantity::Duration, "1.5E3ns", 1'500'000},
      {Quantity::Cycles, "64", 64},
      {Quantity::Cycles, "64cycles", 64},
      {Quantity::Cycles, "64 cycles", 64},
      {Quantity::Count, "9223372036854775807", INT64_MAX},
      {Quantity::Count, "007", 7},
      {Quantity::Ratio, "1", 1'000'000'000},
      {Quantity::Ratio, "0.25", 250'000'000},
      {Quantity::Ratio, "50%", 500'000'000},
      {Quantity::Ratio, "0.33333333333333333333", 333'333'333},
      {Quantity::Ratio, "1e-60", 0},
  };
  for (const Case& each : cases) {
    CAPTURE(each.text);
    const auto value = parse_quantity(each.kind, each.text);
    REQUIRE(value.has_value());
    CHECK(*value == each.value);
  }
}

TEST_CASE("text that is no such quantity is refused", "[units]") {
  const std::vector<std::pair<Quantity, const char*>> cases = {
      {Quantity::Bytes, ""},
      {Quantity::Bytes, "64"},
      {Quantity::Bytes, "KiB"},
      {Quantity::Bytes, "64kb"},
      {Quantity::Bytes, "64K"},
      {Quantity::Bytes, "0.3B"},
      {Quantity::Bytes, "0.3KiB"},
      {Quantity::Bytes, "-1B"},
      {Quantity::Bytes, "+1B"},
      {Quantity::Bytes, "1B "},
      {Quantity::Bytes, " 1B"},
      {Quantity::Bytes, "1  B"},
      {Quantity::Bytes, ".5B"},
      {Quantity::Bytes, "1.B"},
      {Quantity::Bytes, "1.2.3B"},
      {Quantity::Bytes, "8388608TiB"},
      {Quantity::Bytes, "1GB/s"},
      {Quantity::Rate, "1GB"},
      {Quantity::Rate, "1e60TB/s"},
      {Quantity::Rate, "1e999TB/s"},
      {Quantity::Frequency, "1 "},
      {Quantity::Duration, "1m"},
      {Quantity::Duration, "1es"},
      {Quantity::Count, "1.5"},
      {Quantity::Count, "1e-3"},
      {Quantity::Count, "9223372036854775808"},
      {Quantity::Count, "nan"},
      {Quantity::Count, "inf"},
      {Quantity::Count, "0x10"},
      {Quantity::Cycles, "64ns"},
      {Quantity::Ratio, "10000000000"},
      {Quantity::Ratio, "1e1000000000000"},
  };
  for (const auto& [kind, text] : cases) {
    CAPTURE(text);
    CHECK_FALSE(parse_quantity(kind, text).has_value());
  }
}

TEST_CASE("a quantity is written in its shortest form", "[units]") {
  CHECK(format_quantity(Quantity::Bytes, 65536) == "64KiB");
  CHECK(format_quantity(Quantity::Bytes, 1000) == "1kB");
  CHECK(format_quantity(Quantity::Bytes, 0) == "0B");
  CHECK(format_quantity(Quantity::Rate, 410'000'000'000) == "410GB/s");
  CHECK(format_quantity(Quantity::Frequency, 1'400'000'000) == "1.4GHz");
  CHECK(format_quantity(Quantity::Duration, 600'000) == "600ns");
  CHECK(format_quantity(Quantity::Cycles, 64) == "64");
  CHECK(format_quantity(Quantity::Ratio, 500'000'000) == "0.5");
}

TEST_CASE("what is written reads back as the same value", "[units]") {
  RandomStream random(1, "units_test");
  for (const Quantity kind : kAll) {
    std::vector<std::int64_t> values = {0, 1, 999, 1000, 1023, 1024, INT64_MAX};
    for (int i = 0; i < 200; ++i) {
      values.push_back(static_cast<std::int64_t>(random.next() >> (1 + random.below(63))));
    }
    for (const std::int64_t value : values) {
      CAPTURE(name(kind), value);
      const std::string text = format_quantity(kind, value);
      CAPTURE(text);
      const auto back = parse_quantity(kind, text);
      REQUIRE(back.has_value());
      REQUIRE(*back == value);
    }
  }
}

TEST_CASE("cycles become picoseconds with one rounding", "[units]") {
  const ClockDomain clock(2'800'000'000);  // a period of 357.14 ps
  CHECK(clock.duration(0) == 0);
  CHECK(clock.duration(1) == 357);
  CHECK(clock.duration(1000) == 357'143);
  CHECK(clock.duration(2'800'000'000) == kSecond);
  CHECK(ClockDomain(1'400'000'000).duration(std::int64_t{1'400'000'000} * 3600) == 3600 * kSecond);
}

TEST_CASE("a transfer takes as long as its last byte, rounded up", "[units]") {
  CHECK(transfer_time(0, 1'000'000'000) == 0);
  CHECK(transfer_time(1, 1'000'000'000) == 1000);
  CHECK(transfer_time(1, 3'000'000'000) == 334);
  CHECK(transfer_time(std::int64_t{96} << 30, 2'900'000'000'000) == 35'544'556'933);
}

TEST_CASE("the units of a quantity can be listed", "[units]") {
  CHECK(suffixes(Quantity::Frequency) == "Hz, kHz, MHz, GHz");
  CHECK(suffixes(Quantity::Count).empty());
  CHECK(std::string(name(Quantity::Rate)) == "rate");
}
