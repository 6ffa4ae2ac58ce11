// SPDX-License-Identifier: Apache-2.0
#include "runtime/handle_table.h"

#include <catch2/catch.hpp>

using namespace nsim::rt;

namespace {

struct Handle;

NRT_STATUS status_of_get(const HandleTable<int, Handle>& table, const Handle* handle) {
  try {
    table.get(handle);
  } catch (const StatusError& error) {
    return error.status();
  }
  return NRT_SUCCESS;
}

}  // namespace

TEST_CASE("a handle finds its object until it is removed, and never another one") {
  HandleTable<int, Handle> table("number");
  Handle* const first = table.add(std::make_shared<int>(1));
  CHECK(*table.get(first) == 1);
  CHECK(*table.remove(first) == 1);
  Handle* const second = table.add(std::make_shared<int>(2));
  CHECK(first != second);
  CHECK(status_of_get(table, first) == NRT_INVALID_HANDLE);
  CHECK(*table.get(second) == 2);
  CHECK(table.remove(first) == nullptr);
}

TEST_CASE("NULL is an invalid argument, any other value an invalid handle") {
  const HandleTable<int, Handle> table("number");
  CHECK(status_of_get(table, nullptr) == NRT_INVALID);
  int anything = 0;
  CHECK(status_of_get(table, reinterpret_cast<Handle*>(&anything)) == NRT_INVALID_HANDLE);
}
