// SPDX-License-Identifier: Apache-2.0
#include "tools/check/run_events.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "sim/base/trace.h"
#include "tests/support/scratch_folder.h"

using namespace nsim;
using namespace nsim::tool;

namespace {

/// Two writes and two executions: submitted, started, ended, completed in microseconds.
class Run {
 public:
  Run() {
    const auto request = [](const char* unit, int sequence, int model, SimTime submitted,
                            SimTime started, SimTime ended, SimTime completed) {
      return nlohmann::json{{"unit", unit},
                            {"sequence", sequence},
                            {"model_id", model},
                            {"submitted_ps", submitted * kMicrosecond},
                            {"started_ps", started * kMicrosecond},
                            {"ended_ps", ended * kMicrosecond},
                            {"completed_ps", completed * kMicrosecond}};
    };
    const nlohmann::json summary{{"metadata", nlohmann::json::object()},
                                 {"summary", nlohmann::json::object()},
                                 {"requests",
                                  {request("nc0.tensor_write.q0", 1, 0, 0, 1, 11, 12),
                                   request("nc0.compute.q0", 1, 1, 0, 12, 32, 33),
                                   request("nc0.tensor_write.q0", 2, 0, 13, 14, 24, 25),
                                   request("nc0.compute.q0", 2, 1, 1, 36, 56, 57)}}};
    scratch_.write("summary.json", summary.dump());
    Trace trace(scratch_ / "device_profile_model_1.pftrace");
    const TrackId queue = trace.track("qSyncIO0(nc0)");
    trace.slice(queue, trace.name("transfer"), 13 * kMicrosecond, 31 * kMicrosecond);
    trace.slice(queue, trace.name("transfer"), 40 * kMicrosecond, 56 * kMicrosecond);
    trace.close();
  }
  Verdict judge(const std::string& text) const {
    RunEvents events(scratch_.path());
    return tool::judge(parse_expectation(text, {}), events);
  }
  bool holds(const std::string& text) const { return judge(text).holds; }

 private:
  test::ScratchFolder scratch_;
};

}  // namespace

TEST_CASE("what follows what is judged request by request") {
  const Run run;
  CHECK(run.holds("every completion of nc0.compute.q0 follows its data"));
  CHECK_FALSE(run.holds("every start of nc0.compute.q0 follows its data"));
  CHECK(run.holds("every completion of * follows its end"));
  CHECK(run.holds("every start of nc0.compute.q0 follows completion of nc0.tensor_write.q0"));
  const Verdict verdict =
      run.judge("every start of nc0.tensor_write.q0 follows completion of nc0.compute.q0");
  CHECK_FALSE(verdict.holds);
  CHECK(verdict.found ==
        "request 1 of nc0.tensor_write.q0: 1.000 us, but what it follows is at 33.000 us");
}

TEST_CASE("what is under way at once is counted, ends before starts") {
  const Run run;
  CHECK(run.holds("never more than 1 executions of nc0.compute.q0 at once"));
  CHECK(run.holds("never more than 2 requests of nc0.compute.q0 in flight"));
  const Verdict verdict = run.judge("never more than 1 requests of nc0.compute.q0 in flight");
  CHECK_FALSE(verdict.holds);
  CHECK(verdict.found == "2 from 1.000 us on");
}

TEST_CASE("overlap is the share of the first in which the second is under way too") {
  const Run run;
  const char* const text =
      "overlap of executions of nc0.tensor_write.* and executions of nc0.compute.* exactly ";
  // Of (11 - 1) + (24 - 14) us the second half lies within 12 .. 32.
  CHECK(run.holds(std::string(text) + "50%"));
  CHECK_FALSE(run.holds(std::string(text) + "51%"));
}

TEST_CASE("durations and counts of requests and slices") {
  const Run run;
  CHECK(run.holds("gaps of executions of nc0.compute.q0 exactly 4us"));
  CHECK(run.holds("total of executions of nc0.compute.q0 exactly 40us"));
  CHECK(run.holds("longest of requests of nc0.compute.q0 exactly 56us"));
  CHECK(run.holds("shortest of slices of q* named transfer exactly 16us"));
  CHECK(run.holds("count of slices of q* named trans* exactly 2"));
  CHECK(run.holds("count of slices of Vector* exactly 0"));
}

TEST_CASE("an expectation about nothing is refused") {
  const Run run;
  CHECK_THROWS_AS(run.judge("never more than 1 executions of nc7.* at once"), UserError);
  CHECK_THROWS_AS(run.judge("every start of nc7.* follows its submission"), UserError);
  CHECK_THROWS_AS(run.judge("longest of slices of Vector* at most 1us"), UserError);
}
