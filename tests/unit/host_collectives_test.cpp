// SPDX-License-Identifier: Apache-2.0
#include "runtime/host_collectives.h"

#include <catch2/catch.hpp>

using namespace nsim::rt;

TEST_CASE("what a rank offers is there for the others when its call has ended early") {
  HostExchange exchange;
  {
    const std::vector<std::byte> data(1000, std::byte{7});
    exchange.offer(2, 1, data.data(), data.size());
  }
  const std::vector<HostExchange::Offer> offers = exchange.offers(2);
  REQUIRE(offers.size() == 2);
  CHECK(offers[0] == nullptr);
  CHECK(*offers[1] == std::vector<std::byte>(1000, std::byte{7}));
}

TEST_CASE("an offer of nothing is one") {
  HostExchange exchange;
  exchange.offer(1, 0, nullptr, 0);
  REQUIRE(exchange.offers(1)[0] != nullptr);
  CHECK(exchange.offers(1)[0]->empty());
}
