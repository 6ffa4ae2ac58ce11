// SPDX-License-Identifier: Apache-2.0
#include "runtime/communicators.h"

#include <catch2/catch.hpp>
#include <functional>
#include <vector>

#include "runtime/status.h"

using namespace nsim;
using namespace nsim::rt;

namespace {

NRT_STATUS status_of_call(const std::function<void()>& call) {
  try {
    call();
  } catch (const StatusError& error) {
    return error.status();
  }
  return NRT_SUCCESS;
}

}  // namespace

TEST_CASE("the same group is the same communicator for all its ranks, another order is another") {
  Communicators communicators(16, 0, 4);
  for (int core = 0; core < 4; ++core) {
    communicators.join(core, static_cast<std::uint32_t>(3 - core), 4);
  }
  const auto first = communicators.member(3, 4, {0, 2}, 0);
  const auto second = communicators.member(1, 4, {0, 2}, 1);
  CHECK(first->communicator == second->communicator);
  CHECK(first != second);
  CHECK(communicators.member(3, 4, {0, 2}, 0) == first);
  CHECK(communicators.member(3, 4, {2, 0}, 1)->communicator != first->communicator);
  CHECK(communicators.member_of_world(0, 4, 3)->group == std::vector<std::uint32_t>{0, 1, 2, 3});
}

TEST_CASE("cores are those of the instance, and unknown until their ranks join") {
  Communicators communicators(16, 10, 4);
  communicators.join(2, 0, 2);
  const auto member = communicators.member_of_world(2, 2, 0);
  CHECK(communicators.cores(*member) == std::vector<std::uint64_t>{12, hw::kUnknownCore});
  communicators.join(0, 1, 2);
  CHECK(communicators.cores(*member) == std::vector<std::uint64_t>{12, 10});
}

TEST_CASE("a core that is not the rank it says cannot be a member") {
  Communicators communicators(16, 0, 4);
  communicators.join(0, 0, 2);
  CHECK(status_of_call([&] { communicators.member(0, 3, {0}, 0); }) == NRT_INVALID);
  CHECK(status_of_call([&] { communicators.member(1, 2, {0, 1}, 1); }) == NRT_INVALID);
  CHECK(status_of_call([&] { communicators.member(0, 2, {1, 0}, 0); }) == NRT_INVALID);
  CHECK(status_of_call([&] { communicators.join(1, 0, 2); }) == NRT_INVALID);
  CHECK(status_of_call([&] { communicators.join(0, 1, 2); }) == NRT_INVALID);
  CHECK(status_of_call([&] { communicators.join(0, 0, 5); }) == NRT_INVALID);
  CHECK(status_of_call([&] { communicators.join(0, 0, 0); }) == NRT_INVALID);
  CHECK(status_of_call([&] { communicators.join(0, 1, 3); }) == NRT_SUCCESS);  // another world
}
