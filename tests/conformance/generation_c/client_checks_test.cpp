// SPDX-License-Identifier: Apache-2.0
// The checking mode with what generation C has: places for statuses, events of requests and units.
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>

#include "tests/conformance/client.h"
#include "tests/support/scratch_folder.h"

using namespace nsim::test;
using Json = nlohmann::json;

namespace {

using Bugs = std::vector<std::string>;

/// What the checking mode finds in `body`, by the line that a session adds to its report.
Bugs bugs_of(const std::function<void(Client&)>& body) {
  const ScratchFolder folder;
  const std::string file = folder / "checks";
  {
    Client client{{"NSIM_CHECK", "1"}, {"NSIM_CHECK_REPORT", file}};
    body(client);
  }
  const Json session = Json::parse(contents(file));
  Bugs bugs;
  for (const Json& finding : session["findings"]) {
    bugs.push_back(finding["bug"]);
  }
  return bugs;
}

nrta_seq_t write(nrt_tensor_t* tensor, const std::vector<char>& from, int queue,
                 NRT_STATUS* status) {
  nrta_seq_t sequence = 0;
  REQUIRE(call_c_tensor_write(tensor, from.data(), 0, from.size(), 0, queue, status, &sequence) ==
          NRT_SUCCESS);
  return sequence;
}

void wait(int event) {
  pollfd ready{event, POLLIN, 0};
  REQUIRE(poll(&ready, 1, 30000) == 1);
}

}  // namespace

TEST_CASE("R57 a place for a status given to a second request in flight is found") {
  CHECK(bugs_of([](Client& client) {
          nrt_tensor_t* tensor = client.tensor(64);
          const std::vector<char> from(64);
          NRT_STATUS status = NRT_SUCCESS;
          write(tensor, from, 0, &status);
          Client::wait(write(tensor, from, 0, &status));
        }) == Bugs{"status_reuse"});
}

TEST_CASE("R57 a place for a status may be used again once its request was seen complete") {
  CHECK(bugs_of([](Client& client) {
          nrt_tensor_t* tensor = client.tensor(64);
          const std::vector<char> from(64);
          NRT_STATUS status = NRT_SUCCESS;
          Client::wait(write(tensor, from, 0, &status));
          Client::wait(write(tensor, from, 1, &status));
        }) == Bugs{});
}

TEST_CASE("R26 events of a request and of a unit order what comes after them") {
  CHECK(bugs_of([](Client& client) {
          nrt_tensor_t* tensor = client.tensor(64);
          const std::vector<char> from(64);
          const int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
          NRT_STATUS statuses[3] = {};
          const nrta_seq_t first = write(tensor, from, 0, &statuses[0]);
          REQUIRE(call_c_event_register_seq_id_completion(first, event) == NRT_SUCCESS);
          wait(event);
          std::uint64_t count = 0;
          REQUIRE(read(event, &count, sizeof count) == sizeof count);
          REQUIRE(call_c_event_register_xu_completion(0, CALL_C_TENSOR_OP, 1, event) ==
                  NRT_SUCCESS);
          write(tensor, from, 1, &statuses[1]);
          wait(event);
          Client::wait(write(tensor, from, 0, &statuses[2]));
          close(event);
        }) == Bugs{});
}
