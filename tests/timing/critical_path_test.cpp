// SPDX-License-Identifier: Apache-2.0
// What an execution waited for, moment by moment.
#include <catch2/catch.hpp>

#include "tests/support/core_bench.h"

using namespace nsim;
using hw::PathKind;
using isa::Engine;
using test::CoreBench;
using test::in_psum;
using test::in_sbuf;
using test::StreamMaker;

namespace {

struct Part {
  PathKind kind;
  SimTime time;
  bool operator==(const Part& other) const { return kind == other.kind && time == other.time; }
};

std::ostream& operator<<(std::ostream& out, const Part& part) {
  return out << hw::name(part.kind) << " " << part.time;
}

/// The path of one execution of `maker`'s streams; it must be whole.
std::vector<Part> path_of(CoreBench& bench, const StreamMaker& maker) {
  hw::Moments moments;
  bench.moments = &moments;
  bench.start(maker.streams());
  bench.kernel.run();
  REQUIRE(bench.ended.size() == bench.cores());
  std::vector<Part> parts;
  SimTime reached = 0;
  for (const hw::PathSegment& segment :
       moments.path_to(bench.last_core().ended_by(), &maker.streams())) {
    CHECK(segment.from == reached);
    reached = segment.to;
    parts.push_back({segment.kind, segment.to - segment.from});
  }
  CHECK(reached == bench.ended.back().at);
  return parts;
}

const isa::StreamInstruction kVector =
    test::copy(Engine::Vector, in_sbuf(0, 512), in_sbuf(4096, 512));
const isa::StreamInstruction kScalar =
    test::copy(Engine::Scalar, in_sbuf(8192, 256), in_sbuf(0, 256));

}  // namespace

TEST_CASE(
    "an engine's second instruction follows the first one, the result comes from the second") {
  CoreBench bench;
  StreamMaker maker;
  maker.add(kVector).add(kVector);
  CHECK(path_of(bench, maker) == std::vector<Part>{{PathKind::Start, bench.first_issue()},
                                                   {PathKind::Execute, bench.interval(kVector)},
                                                   {PathKind::Result, bench.latency(kVector)}});
}

TEST_CASE("who waits for a semaphore follows the result of the one that updates it") {
  CoreBench bench;
  StreamMaker maker;
  maker.add(kVector, {}, {{3, 1}}).add(kScalar, {{3, 1}});
  CHECK(path_of(bench, maker) ==
        std::vector<Part>{{PathKind::Start, bench.first_issue()},
                          {PathKind::Result, bench.latency(kVector)},
                          {PathKind::Semaphore, bench.params.semaphores.latency},
                          {PathKind::Result, bench.latency(kScalar)}});
}

TEST_CASE("a semaphore that was there in time has delayed nothing") {
  CoreBench bench;
  StreamMaker maker;
  maker.add(test::nop(Engine::Sync), {}, {{3, 1}}).add(kVector).add(kVector, {{3, 1}});
  CHECK(path_of(bench, maker) == std::vector<Part>{{PathKind::Start, bench.first_issue()},
                                                   {PathKind::Execute, bench.interval(kVector)},
                                                   {PathKind::Result, bench.latency(kVector)}});
}

TEST_CASE("waiting for a bank is a part of its own") {
  CoreBench bench({"psum.shared_port=true"});
  const isa::StreamInstruction first = test::copy(Engine::Vector, in_psum(0, 512), in_psum(0, 512));
  const isa::StreamInstruction second =
      test::copy(Engine::Scalar, in_psum(4096, 256), in_psum(4096, 256));
  StreamMaker maker;
  const isa::StreamInstruction nop = test::nop(Engine::Scalar);
  maker.add(first).add(nop).add(second);
  const SimTime nop_time = bench.interval(nop);
  const SimTime held = bench.interval(first) - nop_time;
  const std::vector<Part> path = path_of(bench, maker);
  CHECK(path == std::vector<Part>{{PathKind::Start, bench.first_issue()},
                                  {PathKind::Execute, nop_time},
                                  {PathKind::Bank, held},
                                  {PathKind::Result, bench.latency(second)}});
}

TEST_CASE("at a barrier the path goes over to the core that came last") {
  CoreBench bench({}, false, 2);
  StreamMaker maker(2);
  isa::StreamInstruction barrier = test::instruction(Engine::GpSimd, isa::Opcode::CoreBarrier);
  isa::StreamInstruction slow = test::copy(Engine::GpSimd, in_sbuf(0, 512), in_sbuf(4096, 512));
  maker.add(barrier, {}, {}, 0);
  maker.add(slow, {}, {}, 1).add(barrier, {}, {}, 1);
  const std::vector<Part> path = path_of(bench, maker);
  CHECK(path == std::vector<Part>{{PathKind::Start, bench.first_issue()},
                                  {PathKind::Result, bench.latency(slow)},
                                  {PathKind::Peer, bench.params.semaphores.peer_latency},
                                  {PathKind::Result, bench.latency(barrier)}});
}
