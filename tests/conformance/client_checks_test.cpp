// SPDX-License-Identifier: Apache-2.0
// The checking mode: each kind of client bug is found, and correct use is not.
#include <poll.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/conformance/ranks.h"
#include "tests/support/scratch_folder.h"

using namespace nsim::test;
using Json = nlohmann::json;

namespace {

/// Runs `body` with a checked client; its findings.
Json findings_of(const std::function<void(Client&)>& body) {
  const ScratchFolder folder;
  {
    Client client{{"NSIM_CHECK", "1"}, {"NSIM_OUT", folder.path()}, {"NSIM_TRACE", "0"}};
    body(client);
  }
  const Json summary = Json::parse(contents(folder / "summary.json"));
  CHECK(summary["client_checks"]["enabled"] == true);
  return summary["client_checks"]["findings"];
}

std::vector<std::string> bugs_of(const Json& findings) {
  std::vector<std::string> bugs;
  for (const Json& finding : findings) {
    INFO(finding["text"]);
    bugs.push_back(finding["bug"]);
  }
  return bugs;
}

using Bugs = std::vector<std::string>;

nrta_seq_t write(nrt_tensor_t* tensor, const std::vector<char>& from, std::size_t offset = 0,
                 nrta_error_tracker_t* tracker = nullptr) {
  nrta_seq_t sequence = 0;
  REQUIRE(nrta_tensor_write(tensor, from.data(), offset, from.size(), 0, tracker, &sequence) ==
          NRT_SUCCESS);
  return sequence;
}

/// On a queue of its own: units of reads and writes are the same in generation C.
nrta_seq_t read(std::vector<char>& to, nrt_tensor_t* tensor, std::size_t offset = 0) {
  nrta_seq_t sequence = 0;
  REQUIRE(nrta_tensor_read(to.data(), tensor, offset, to.size(), 1, nullptr, &sequence) ==
          NRT_SUCCESS);
  return sequence;
}

}  // namespace

TEST_CASE("R26 a missing wait between two units is found, and both calls are named") {
  nrta_seq_t first = 0;
  nrta_seq_t second = 0;
  const Json findings = findings_of([&](Client& client) {
    nrt_tensor_t* tensor = client.tensor(256);
    const std::vector<char> from(128);
    std::vector<char> to(128);
    first = write(tensor, from);
    second = read(to, tensor, 64);
    Client::wait(second);
    Client::wait(first);
  });
  REQUIRE(bugs_of(findings) == Bugs{"unordered_access"});
  CHECK(findings[0]["first"]["sequence"] == first);
  CHECK(findings[0]["second"]["sequence"] == second);
  CHECK(findings[0]["first"]["api"] == "nrta_tensor_write");
  CHECK(findings[0]["second"]["api"] == "nrta_tensor_read");
  CHECK(findings[0]["first"]["unit"] != findings[0]["second"]["unit"]);
  CHECK(findings[0]["object"] == "tensor \"t\" [64, 128)");
}

TEST_CASE("R26 an input written while an execution may read it is found, also through a slice") {
  const Json findings = findings_of([&](Client& client) {
    const Client::Job job = client.job();
    nrt_tensor_t* slice = nullptr;
    REQUIRE(nrt_tensor_allocate_slice(job.x, 64, 64, "part", &slice) == NRT_SUCCESS);
    const nrta_seq_t sequence = Client::start(job);
    const std::vector<char> from(64);
    Client::wait(write(slice, from));
    Client::wait(sequence);
  });
  REQUIRE(bugs_of(findings) == Bugs{"unordered_access"});
  CHECK(findings[0]["first"]["api"] == "nrta_execute_schedule");
  CHECK(findings[0]["object"] == "tensor \"part\" [0, 64)");
}

TEST_CASE("R26 a blocking read behind an execution that was not waited for is found") {
  CHECK(bugs_of(findings_of([&](Client& client) {
          const Client::Job job = client.job();
          const nrta_seq_t sequence = Client::start(job);
          Client::read(job.y);
          Client::wait(sequence);
        })) == Bugs{"unordered_access"});
}

TEST_CASE("R26 correct order is not reported: queries, sequence numbers, handles, blocking calls") {
  CHECK(bugs_of(findings_of([&](Client& client) {
          const Client::Job job = client.job();
          std::vector<char> buffer(Client::bytes());
          Client::wait(write(job.x, buffer));
          const nrta_seq_t first = Client::start(job);
          while (Client::completed(NRTA_XU_COMPUTE) < first) {
            usleep(1);
          }
          const nrta_seq_t output = read(buffer, job.y);
          int handle = -1;
          REQUIRE(nrta_get_completion_handle(output, &handle) == NRT_SUCCESS);
          pollfd ready{handle, POLLIN, 0};
          REQUIRE(poll(&ready, 1, 30000) == 1);
          close(handle);
          write(job.y, buffer);  // no wait: the same unit as the next
          const nrta_seq_t last = write(job.y, buffer);
          std::thread waits([&] { Client::wait(last); });
          waits.join();
          REQUIRE(nrt_execute(job.model, job.inputs, job.outputs) == NRT_SUCCESS);
          Client::read(job.y);
          nrt_tensor_t* y = job.y;
          nrt_tensor_free(&y);
          REQUIRE(nrt_unload(job.model) == NRT_SUCCESS);
        })) == Bugs{});
}

TEST_CASE("R57 a buffer of the host in use by two units is found") {
  CHECK(bugs_of(findings_of([&](Client& client) {
          nrt_tensor_t* a = client.tensor(64);
          nrt_tensor_t* b = client.tensor(64);
          std::vector<char> buffer(64);
          const nrta_seq_t out = write(a, buffer);
          Client::wait(read(buffer, b));
          Client::wait(out);
        })) == Bugs{"buffer_reuse"});
}

TEST_CASE("R57 a tensor or model freed before its request was seen complete is found") {
  const Json findings = findings_of([&](Client& client) {
    const std::vector<char> from(64);
    nrt_tensor_t* tensor = client.tensor(64);
    const nrta_seq_t sequence = write(tensor, from);
    nrt_tensor_free(&tensor);
    Client::wait(sequence);
    const Client::Job job = client.job();
    const nrta_seq_t execution = Client::start(job);
    REQUIRE(nrt_unload(job.model) == NRT_SUCCESS);
    Client::wait(execution);
  });
  REQUIRE(bugs_of(findings) == Bugs{"freed_in_flight", "freed_in_flight"});
  CHECK(findings[0]["second"]["api"] == "nrt_tensor_free");
  CHECK(findings[1]["second"]["api"] == "nrt_unload");
}

TEST_CASE("R57 a tensor freed while a slice of it is in use is no bug") {
  CHECK(bugs_of(findings_of([&](Client& client) {
          const std::vector<char> from(64);
          nrt_tensor_t* tensor = client.tensor(128);
          nrt_tensor_t* slice = nullptr;
          REQUIRE(nrt_tensor_allocate_slice(tensor, 64, 64, "s", &slice) == NRT_SUCCESS);
          const nrta_seq_t sequence = write(slice, from);
          nrt_tensor_free(&tensor);
          Client::wait(sequence);
        })) == Bugs{});
}

TEST_CASE("R46 a failure that nobody asked about is found when the tracker goes", "[A]") {
  const auto run = [](bool ask, bool destroy) {
    return bugs_of(findings_of([&](Client& client) {
      const Client::Job job = client.job();
      nrta_error_tracker_t* tracker = client.tracker();
      REQUIRE(nsim_hook_inject(0, NRTA_XU_COMPUTE, 0, NSIM_FAULT_OUT_OF_BOUNDS, 0) == NRT_SUCCESS);
      Client::wait(Client::start(job, tracker));
      if (ask) {
        CHECK(Client::errors(tracker).size() == 1);
      }
      if (destroy) {
        nrta_error_tracker_destroy(tracker);
      }
    }));
  };
  CHECK(run(true, true) == Bugs{});
  CHECK(run(false, true) == Bugs{"error_not_seen"});
  CHECK(run(false, false) == Bugs{"error_not_seen"});
}

TEST_CASE("R35 an id that no unit gave is found") {
  CHECK(bugs_of(findings_of([&](Client& client) {
          nrt_tensor_t* tensor = client.tensor(64);
          const std::vector<char> from(64);
          const nrta_seq_t sequence = write(tensor, from);
          Client::wait(sequence);
          bool done = false;
          CHECK(nrta_is_completed(sequence + 1, &done) == NRT_INVALID);
        })) == Bugs{"unknown_sequence"});
}

TEST_CASE("R26 a collective that may overtake the write of its input is found") {
  const Json findings = findings_of([&](Client& client) {
    join_all(1);
    nrt_tensor_t* input = client.tensor(256);
    nrt_tensor_t* output = client.tensor(256);
    const std::vector<char> from(256);
    const nrta_seq_t written = write(input, from);
    nrt_cc_context_t* context = nullptr;
    REQUIRE(Operation().prepare(0, 1, input, output, &context) == NRT_SUCCESS);
    nrta_seq_t reduced = 0;
    REQUIRE(nrta_cc_schedule(&context, 0, client.tracker(), &reduced) == NRT_SUCCESS);
    REQUIRE(finishes(reduced));
    Client::wait(written);
  });
  REQUIRE(bugs_of(findings) == Bugs{"unordered_access"});
  CHECK(findings[0]["second"]["api"] == "nrta_cc_schedule");
}

TEST_CASE("R26 collectives of all ranks, each waited for, are nothing to find") {
  const Json findings = findings_of([&](Client& client) {
    const std::uint32_t ranks = core_count();
    join_all(ranks);
    std::vector<nrt_tensor_t*> buffers;
    for (std::uint32_t rank = 0; rank < ranks; ++rank) {
      buffers.push_back(client.tensor(256, static_cast<int>(rank)));
    }
    for (int round = 0; round < 2; ++round) {  // each rank's output is its input
      CHECK(run_ranks({}, buffers, buffers) == std::vector<NRT_STATUS>(ranks, NRT_SUCCESS));
    }
  });
  CHECK(bugs_of(findings).empty());
}
