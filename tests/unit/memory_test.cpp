// SPDX-License-Identifier: Apache-2.0
#include "runtime/memory.h"

#include <catch2/catch.hpp>
#include <random>

#include "runtime/status.h"

using namespace nsim;
using namespace nsim::rt;

namespace {

constexpr std::uint64_t kPage = 1024;

std::shared_ptr<HbmPool> make_pool(std::uint64_t pages, std::uint64_t reserved = 0) {
  hw::HbmRegion region;
  region.base = 1ULL << 40;
  region.bytes = pages * kPage;
  region.reserved = reserved;
  return std::make_shared<HbmPool>(region, 0, kPage);
}

}  // namespace

TEST_CASE("an allocation is whole pages at the lowest place that fits, behind the firmware") {
  const auto pool = make_pool(16, 1500);
  CHECK(pool->allocate(1, MemoryUse::Tensors) == 2 * kPage);
  CHECK(pool->allocate(1025, MemoryUse::Tensors) == 3 * kPage);
  CHECK(pool->allocate(kPage, MemoryUse::Code) == 5 * kPage);
  CHECK(pool->used() == 1500 + 4 * kPage);
}

TEST_CASE("released neighbours become one hole again") {
  const auto pool = make_pool(4);
  const std::uint64_t a = pool->allocate(kPage, MemoryUse::Tensors);
  const std::uint64_t b = pool->allocate(kPage, MemoryUse::Tensors);
  const std::uint64_t c = pool->allocate(2 * kPage, MemoryUse::Tensors);
  pool->release(a);
  pool->release(c);
  pool->release(b);
  CHECK(pool->allocate(4 * kPage, MemoryUse::Tensors) == 0);
}

TEST_CASE("what does not fit is NRT_RESOURCE, names who has the memory, and changes nothing") {
  const auto pool = make_pool(4);
  pool->allocate(3 * kPage, MemoryUse::Constants);
  for (const std::uint64_t bytes : {2 * kPage, std::uint64_t{UINT64_MAX}}) {
    try {
      pool->allocate(bytes, MemoryUse::Tensors);
      FAIL("it fitted");
    } catch (const StatusError& error) {
      CHECK(error.status() == NRT_RESOURCE);
      CHECK_THAT(error.what(), Catch::Contains("3072 model constants"));
    }
  }
  CHECK(pool->allocate(kPage, MemoryUse::Tensors) == 3 * kPage);
}

TEST_CASE("no two live allocations overlap, whatever the order of allocating and releasing") {
  constexpr std::size_t kPages = 64;
  const auto pool = make_pool(kPages);
  std::mt19937 random(1);
  std::map<std::uint64_t, std::uint64_t> live;
  std::uint64_t used = 0;
  for (int step = 0; step < 2000; ++step) {
    if (random() % 2 == 0 && !live.empty()) {
      const auto victim =
          std::next(live.begin(), static_cast<std::ptrdiff_t>(random() % live.size()));
      pool->release(victim->first);
      used -= victim->second;
      live.erase(victim);
      continue;
    }
    const std::uint64_t bytes = (1 + random() % 8) * kPage;
    try {
      const std::uint64_t at = pool->allocate(bytes, MemoryUse::Tensors);
      const auto next = live.lower_bound(at);
      REQUIRE((next == live.end() || at + bytes <= next->first));
      REQUIRE((next == live.begin() || std::prev(next)->first + std::prev(next)->second <= at));
      live[at] = bytes;
      used += bytes;
    } catch (const StatusError&) {
      REQUIRE(used + 8 * kPage > 0);
    }
    REQUIRE(pool->used() == used);
  }
}

TEST_CASE("an allocation gives its memory back when the last owner is gone") {
  const auto pool = make_pool(2);
  {
    const auto first = Allocation::device(pool, 2 * kPage, MemoryUse::Tensors);
    CHECK(first->address() == pool->region().base);
    CHECK_THROWS_AS(Allocation::device(pool, 1, MemoryUse::Tensors), StatusError);
  }
  CHECK(pool->used() == 0);
}

TEST_CASE("host memory is zero and addressed through the host window") {
  const auto host = Allocation::host(5000);
  CHECK(host->data()[4999] == std::byte{0});
  CHECK(host->address() == host_address(host->data()));
  CHECK(host->pool() == nullptr);
  CHECK_THROWS_AS(Allocation::host(std::uint64_t{1} << 62), StatusError);
}
