// SPDX-License-Identifier: Apache-2.0
#include "runtime/sys_trace.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace nsim;
using namespace nsim::rt;

namespace {

nlohmann::json fetch(SysTrace& trace, std::optional<std::uint32_t> core = {},
                     std::uint64_t most = 1000) {
  return nlohmann::json::parse(trace.fetch(core, most)).at("events");
}

}  // namespace

TEST_CASE("events come in pairs with one tracking id and are gone once fetched") {
  SysTrace trace(4, 2);
  trace.start({});
  trace.event("nc_exec_running", 5, 77, 1000, 3000);
  const nlohmann::json events = fetch(trace);
  REQUIRE(events.size() == 2);
  CHECK(events[0]["event_type"] == "nc_exec_running");
  CHECK(events[0]["phase"] == "start");
  CHECK(events[1]["phase"] == "stop");
  CHECK(events[0]["tracking_id"] == events[1]["tracking_id"]);
  CHECK(events[0]["lnc_idx"] == 1);
  CHECK(events[1]["data"]["nc_timestamp_ns"] == 3);
  CHECK(fetch(trace).empty());
}

TEST_CASE("only what the filter wants is kept, and nothing while stopped") {
  SysTrace trace(0, 2);
  trace.event("nc_exec_running", 0, 1, 0, 1);
  SysTraceFilter filter;
  filter.cores = {true, false};
  filter.events[*find_sys_trace_event("nrt_execute")] = false;
  trace.start(filter);
  trace.event("nc_exec_running", 0, 1, 0, 1);
  trace.event("nc_exec_running", 1, 1, 0, 1);
  trace.event("nrt_execute", 0, 1, 0, 1);
  trace.event("not an event", 0, 1, 0, 1);
  CHECK(fetch(trace).size() == 2);
  trace.event("nc_exec_running", 0, 1, 0, 1);
  trace.stop();
  CHECK(fetch(trace).empty());
}

TEST_CASE("a full ring drops the oldest, and a fetch takes at most what it asks for of one core") {
  SysTrace trace(0, 2);
  SysTraceFilter filter;
  filter.max_events_per_core = 4;
  trace.start(filter);
  for (std::uint64_t i = 1; i <= 5; ++i) {
    trace.event("nc_exec_running", 0, i, 0, 1);
  }
  trace.event("nc_exec_running", 1, 9, 0, 1);
  const nlohmann::json one = fetch(trace, 0, 1);
  REQUIRE(one.size() == 1);
  CHECK(one[0]["data"]["sequence_id"] == 4);
  CHECK(fetch(trace, 0).size() == 3);
  CHECK(fetch(trace).size() == 2);
}

TEST_CASE("a filter takes cores and ranges, kinds of events and names, and takes away with ^") {
  const SysTraceFilter all = parse_filter("", "");
  CHECK(all.core(1000));
  const SysTraceFilter some = parse_filter("0,2-3", "hardware,^cc_running,nrt_load");
  for (std::size_t core = 0; core < 5; ++core) {
    CHECK(some.core(core) == (core == 0 || core == 2 || core == 3));
  }
  CHECK(some.events[*find_sys_trace_event("nc_exec_running")]);
  CHECK(some.events[*find_sys_trace_event("nrt_load")]);
  CHECK_FALSE(some.events[*find_sys_trace_event("cc_running")]);
  CHECK_FALSE(some.events[*find_sys_trace_event("nrt_execute")]);
  const SysTraceFilter without = parse_filter("", "^software");
  CHECK(without.events[*find_sys_trace_event("hw_notify")]);
  CHECK_FALSE(without.events[*find_sys_trace_event("nrt_execute")]);
}

TEST_CASE("a filter that is none says which variable is wrong") {
  for (const char* cores : {"a", "1-", "2-1", "0,,1", "-1", "1 ", "9999"}) {
    INFO(cores);
    CHECK_THROWS_WITH(parse_filter(cores, ""), Catch::Contains("EVENT_FILTER_NC"));
  }
  for (const char* events : {"x", "^", "hardware,", ",hardware"}) {
    INFO(events);
    if (std::string(events) == "hardware,") {
      CHECK_NOTHROW(parse_filter("", events));
    } else {
      CHECK_THROWS_WITH(parse_filter("", events), Catch::Contains("EVENT_FILTER_TYPE"));
    }
  }
}
