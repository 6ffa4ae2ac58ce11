// SPDX-License-Identifier: Apache-2.0
#include "runtime/runtime_params.h"

namespace nsim::rt {
namespace {

DriverTimes driver_times(ParamScope scope) {
  DriverTimes times;
  times.execution = scope.from("documented: Neuron runtime developer guide, 600 s on trn1 and inf2")
                        .duration("exec_timeout", "600s", "1us", "100000s",
                                  "Simulated time after which an execution counts as hung "
                                  "(NEURON_RT_EXEC_TIMEOUT)");
  times.collective =
      scope.from("documented: Neuron runtime release notes, collectives unit waits 30 s")
          .duration("collectives_timeout", "30s", "1us", "100000s",
                    "Simulated time after which a collective counts as stuck, for "
                    "instance because a rank never came");
  times.margin = scope.from("assumed: a setting of the driver")
                     .duration("watchdog_margin", "1ms", "1us", "100s",
                               "How much longer than its watchdog a unit may be silent before the "
                               "host gives it up");
  times.first_look =
      scope.from("assumed: a setting of the driver")
          .duration("first_look", "10ms", "10us", "100s",
                    "From the last sign of life of the device until the host looks after it");
  times.drain = scope.from("documented: aws-neuron-driver, notification queues are given 1 ms")
                    .duration("drain_time", "1ms", "1us", "1s",
                              "From the reset of a unit until its requests are reported, at least; "
                              "longer when what is under way takes longer over the link");
  return times;
}

}  // namespace

RuntimeParams::RuntimeParams(ParamScope scope)
    // The limit of the asynchronous interface itself is not published.
    : queue_depth(
          scope
              .from("derived: limit of requests in flight of the former implicit async mode, "
                    "Neuron runtime release notes")
              .count("queue_depth", 63, 1, 16384,
                     "Requests an execution unit accepts before NRT_QUEUE_FULL")),
      driver(driver_times(scope)),
      max_replica_groups(scope.from("documented: Neuron runtime release notes, 16 replica groups")
                             .count("max_replica_groups", 16, 1, 1024,
                                    "Replica groups that one logical core may belong to")),
      microcode_bytes(scope.from("documented: Neuron device memory page, about 96 MB per core")
                          .bytes("microcode", "96MiB", "0B", "1GiB",
                                 "Device memory taken by microcode per physical core")),
      page_bytes(
          scope.from("derived: aws-neuron-driver memory pools, pages of at least 1 KiB")
              .bytes("page", "1KiB", "64B", "2MiB", "Granularity of device memory allocations")),
      checks(scope.from("assumed: a setting of the simulator")
                 .flag("checks", false, "Look for bugs of the client program (NSIM_CHECK)")),
      max_records(scope.from("assumed: a setting of the simulator")
                      .count("max_records", 1000000, 0, 1000000000,
                             "Requests remembered for the report; later ones are not")) {}

}  // namespace nsim::rt
