// SPDX-License-Identifier: Apache-2.0
#include "runtime/client_checks.h"

#include <catch2/catch.hpp>
#include <new>
#include <utility>

#include "runtime/error_tracker.h"
#include "sim/base/log.h"

using namespace nsim;
using namespace nsim::rt;
using Catch::Matchers::Contains;
using Range = ClientChecks::Range;

namespace {

constexpr std::uint64_t kTensor = 0x1000;  // where the only tensor lies
constexpr std::uint64_t kTensorBytes = 0x1000;

std::string name(const Range& range) {
  const bool inside = range.begin >= kTensor && range.end <= kTensor + kTensorBytes;
  return inside ? "tensor \"t\"" : "";
}

/// Two units of one core and a checker; requests are made, finished and observed by hand.
struct Bench {
  explicit Bench(ClientChecks::Naming naming = name) : checks(std::move(naming)) {
    log::set_level(log::Level::Quiet);
  }
  ~Bench() { log::set_level(log::Level::Error); }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  ClientChecks checks;
  UnitQueue reads{{0, hw::UnitType::TensorRead, 0}, 1, 16};
  UnitQueue writes{{0, hw::UnitType::TensorWrite, 0}, 2, 16};
  std::uint64_t numbers[3] = {};

  static std::unique_ptr<Request> copy(std::uint64_t from, std::uint64_t to, std::uint64_t size) {
    auto request = std::make_unique<Request>("copy");
    request->descriptor.opcode = hw::RequestOpcode::Copy;
    request->descriptor.source = from;
    request->descriptor.destination = to;
    request->descriptor.size = size;
    return request;
  }
  nrta_seq_t schedule(UnitQueue& queue, Request& request) {
    const nrta_xu_id_t id = NRTA_SEQ_GET_XU_ID(queue.last_completed());
    request.sequence = (static_cast<nrta_seq_t>(id) << 48) | ++numbers[id];
    checks.scheduled(ClientChecks::describe(queue, request), request.sequence);
    return request.sequence;
  }
  nrta_seq_t schedule(UnitQueue& queue, std::unique_ptr<Request> request) {
    return schedule(queue, *request);
  }
  void complete(Request& request, NRT_STATUS status = NRT_SUCCESS) {
    request.status = status;
    checks.completed(request);
  }
  std::vector<ClientBug> bugs() const {
    std::vector<ClientBug> out;
    for (const ClientFinding& finding : checks.findings()) {
      out.push_back(finding.bug);
    }
    return out;
  }
};

const std::vector<ClientBug> kNone;
constexpr std::uint64_t kBuffer = hw::kHostWindow + 0x4000;
constexpr std::uint64_t kOther = hw::kHostWindow + 0x8000;

}  // namespace

TEST_CASE("a read behind a write of another unit that was not observed is found, with both calls") {
  Bench bench;
  const nrta_seq_t write = bench.schedule(bench.writes, Bench::copy(kBuffer, kTensor, 64));
  const nrta_seq_t read = bench.schedule(bench.reads, Bench::copy(kTensor + 32, kOther, 64));
  REQUIRE(bench.bugs() == std::vector{ClientBug::UnorderedAccess});
  const ClientFinding finding = bench.checks.findings().front();
  CHECK(finding.first.sequence == write);
  CHECK(finding.second.sequence == read);
  CHECK(finding.first.unit == "nc0.tensor_write.q0");
  CHECK(finding.object == "tensor \"t\"");
  CHECK_THAT(finding.text(), Contains("unordered_access: tensor \"t\": copy 0x2000000000001"));
}

TEST_CASE("completion alone orders nothing, its observation does") {
  Bench bench;
  auto write = Bench::copy(kBuffer, kTensor, 64);
  const nrta_seq_t sequence = bench.schedule(bench.writes, *write);
  bench.complete(*write);
  SECTION("not observed") {
    bench.schedule(bench.reads, Bench::copy(kTensor, kOther, 64));
    CHECK(bench.bugs() == std::vector{ClientBug::UnorderedAccess});
  }
  SECTION("observed") {
    bench.checks.observed(sequence);
    bench.schedule(bench.reads, Bench::copy(kTensor, kOther, 64));
    CHECK(bench.bugs() == kNone);
  }
  SECTION("a later request of the unit observed") {
    auto later = Bench::copy(kBuffer, kTensor + 512, 64);
    const nrta_seq_t last = bench.schedule(bench.writes, *later);
    bench.complete(*later);
    bench.checks.observed(last);
    bench.schedule(bench.reads, Bench::copy(kTensor, kOther, 64));
    CHECK(bench.bugs() == kNone);
  }
  SECTION("an event told of it") {
    bench.checks.event(sequence);
    bench.schedule(bench.reads, Bench::copy(kTensor, kOther, 64));
    CHECK(bench.bugs() == kNone);
  }
}

TEST_CASE("an event of the unit, or a blocking call, observes each completion") {
  Bench bench;
  auto write = Bench::copy(kBuffer, kTensor, 64);
  SECTION("event of the unit") {
    bench.checks.event(bench.writes.last_completed());
    bench.schedule(bench.writes, *write);
  }
  SECTION("blocking") {
    write->sync = std::make_shared<SyncResult>();
    bench.schedule(bench.writes, *write);
  }
  bench.complete(*write);
  bench.schedule(bench.reads, Bench::copy(kTensor, kOther, 64));
  CHECK(bench.bugs() == kNone);
}

TEST_CASE("one unit, reads, and neighbours need no order") {
  Bench bench;
  bench.schedule(bench.writes, Bench::copy(kBuffer, kTensor, 64));
  bench.schedule(bench.writes, Bench::copy(kBuffer, kTensor, 64));
  bench.schedule(bench.reads, Bench::copy(kTensor + 64, kOther, 64));
  bench.schedule(bench.writes, Bench::copy(kBuffer + 64, kTensor + 256, 0));
  CHECK(bench.bugs() == kNone);
}

TEST_CASE("a buffer of the host that a write still reads must not be read into") {
  Bench bench;
  bench.schedule(bench.writes, Bench::copy(kBuffer, kTensor, 64));
  bench.schedule(bench.reads, Bench::copy(kTensor + 512, kBuffer + 63, 64));
  REQUIRE(bench.bugs() == std::vector{ClientBug::BufferReuse});
  CHECK_THAT(bench.checks.findings()[0].object, Contains("1 bytes of host memory at 0x403f"));
}

TEST_CASE("a place for a status takes one request at a time") {
  Bench bench;
  NRT_STATUS status = NRT_SUCCESS;
  auto first = Bench::copy(kBuffer, kTensor, 64);
  first->sink.status = &status;
  const nrta_seq_t sequence = bench.schedule(bench.writes, *first);
  auto second = Bench::copy(kBuffer, kTensor, 64);
  second->sink.status = &status;
  SECTION("reused in flight") {
    bench.schedule(bench.writes, *second);
    CHECK(bench.bugs() == std::vector{ClientBug::StatusReuse});
  }
  SECTION("reused afterwards") {
    bench.complete(*first);
    bench.checks.observed(sequence);
    bench.schedule(bench.writes, *second);
    CHECK(bench.bugs() == kNone);
  }
}

TEST_CASE("what a request uses is not freed before its completion was observed") {
  Bench bench;
  auto write = Bench::copy(kBuffer, kTensor, 64);
  const nrta_seq_t sequence = bench.schedule(bench.writes, *write);
  bench.checks.released("nrt_tensor_free", {kTensor + 64, kTensor + 128}, "tensor \"u\"");
  CHECK(bench.bugs() == kNone);
  SECTION("in flight") {
    bench.checks.released("nrt_tensor_free", {kTensor, kTensor + 64}, "tensor \"t\"");
    REQUIRE(bench.bugs() == std::vector{ClientBug::FreedInFlight});
    CHECK(bench.checks.findings()[0].second.api == "nrt_tensor_free");
  }
  SECTION("afterwards") {
    bench.complete(*write);
    bench.checks.observed(sequence);
    bench.checks.released("nrt_tensor_free", {kTensor, kTensor + 64}, "tensor \"t\"");
    CHECK(bench.bugs() == kNone);
  }
}

TEST_CASE("a failure is seen in the list of its tracker, or found") {
  Bench bench;
  auto write = Bench::copy(kBuffer, kTensor, 64);
  write->sink.tracker = std::make_shared<ErrorTracker>(0);
  const void* tracker = write->sink.tracker.get();
  const nrta_seq_t sequence = bench.schedule(bench.writes, *write);
  bench.complete(*write, NRT_EXEC_OOB);
  SECTION("listed") {
    bench.checks.errors_listed(tracker);
    bench.checks.tracker_destroyed(tracker);
    bench.checks.closing();
    CHECK(bench.bugs() == kNone);
  }
  SECTION("destroyed unread") {
    bench.checks.observed(sequence);
    bench.checks.tracker_destroyed(tracker);
    bench.checks.closing();
    CHECK(bench.bugs() == std::vector{ClientBug::ErrorNotSeen});
  }
  SECTION("closed unread") {
    bench.checks.closing();
    CHECK(bench.bugs() == std::vector{ClientBug::ErrorNotSeen});
    CHECK(bench.checks.findings()[0].second.api == "nrt_close");
  }
}

TEST_CASE("a failure with nowhere to go is found, one of a blocking call is not") {
  Bench bench;
  auto write = Bench::copy(kBuffer, kTensor, 64);
  SECTION("nowhere") {
    bench.schedule(bench.writes, *write);
    bench.complete(*write, NRT_EXEC_OOB);
    CHECK(bench.bugs() == std::vector{ClientBug::ErrorNotSeen});
  }
  SECTION("blocking") {
    write->sync = std::make_shared<SyncResult>();
    bench.schedule(bench.writes, *write);
    bench.complete(*write, NRT_EXEC_OOB);
    CHECK(bench.bugs() == kNone);
  }
}

TEST_CASE("an error tracker outlives the requests that name it") {
  Bench bench;
  auto write = Bench::copy(kBuffer, kTensor, 64);
  write->sink.tracker = std::make_shared<ErrorTracker>(0);
  bench.schedule(bench.writes, *write);
  bench.checks.tracker_destroyed(write->sink.tracker.get());
  CHECK(bench.bugs() == std::vector{ClientBug::FreedInFlight});
}

TEST_CASE("an id that no unit gave is named with the unit that gave its number") {
  Bench bench;
  bench.schedule(bench.writes, Bench::copy(kBuffer, kTensor, 64));
  bench.schedule(bench.writes, Bench::copy(kBuffer, kTensor, 64));
  const nrta_seq_t read = bench.schedule(bench.reads, Bench::copy(kTensor + 512, kOther, 64));
  bench.checks.unknown_sequence(read + 1);
  REQUIRE(bench.bugs() == std::vector{ClientBug::UnknownSequence});
  CHECK_THAT(bench.checks.findings()[0].object,
             Contains("number 2 of nc0.tensor_read.q0, which gave 1 so far") &&
                 Contains("nc0.tensor_write.q0 gave one of that number"));
}

TEST_CASE("a completion may be told before the call that made the request is") {
  Bench bench;
  auto write = Bench::copy(kBuffer, kTensor, 64);
  write->sink.tracker = std::make_shared<ErrorTracker>(0);
  write->sequence = bench.writes.last_completed() + 1;
  bench.complete(*write, NRT_EXEC_OOB);
  bench.checks.observed(write->sequence);
  bench.schedule(bench.writes, *write);
  bench.schedule(bench.reads, Bench::copy(kTensor, kOther, 64));
  CHECK(bench.bugs() == kNone);
  bench.checks.closing();
  CHECK(bench.bugs() == std::vector{ClientBug::ErrorNotSeen});
}

TEST_CASE("repetitions of a finding are counted") {
  Bench bench;
  for (int i = 0; i < 3; ++i) {
    bench.schedule(bench.writes, Bench::copy(kBuffer, kTensor, 64));
  }
  bench.schedule(bench.reads, Bench::copy(kTensor, kOther, 64));
  REQUIRE(bench.bugs().size() == 1);
  CHECK(bench.checks.findings()[0].count == 3);
}

TEST_CASE("a client that never asks does not fill the memory") {
  Bench bench;
  for (int i = 0; i < 10000; ++i) {
    auto write = Bench::copy(kBuffer, kTensor, 64);
    bench.schedule(bench.writes, *write);
    bench.complete(*write);
  }
  bench.schedule(bench.reads, Bench::copy(kTensor, kOther, 64));
  REQUIRE(bench.bugs().size() == 1);
  CHECK(bench.checks.findings()[0].count <= 4096);
}

TEST_CASE("without memory for its books the mode ends, and the call that was watched does not") {
  Bench bench([](const Range&) -> std::string { throw std::bad_alloc(); });
  bench.schedule(bench.writes, Bench::copy(kBuffer, kTensor, 64));
  auto read = Bench::copy(kTensor, kOther, 64);
  bench.schedule(bench.reads, *read);  // unordered: what it conflicts in has no name
  bench.complete(*read, NRT_FAILURE);
  bench.checks.closing();
  CHECK(bench.bugs() == kNone);
}
