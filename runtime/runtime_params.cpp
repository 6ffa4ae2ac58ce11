// SPDX-License-Identifier: Apache-2.0
#include "runtime/runtime_params.h"

namespace nsim::rt {

RuntimeParams::RuntimeParams(ParamScope scope)
    // 63: the limit of requests in flight of the runtime's former implicit async mode; the explicit
    // one's is not published.
    : queue_depth(scope.count("queue_depth", 63, 1, 16384,
                              "Requests an execution unit accepts before NRT_QUEUE_FULL")),
      // Neuron runtime developer guide: 600 s on trn1 and inf2.
      exec_timeout(scope.duration(
          "exec_timeout", "600s", "1us", "100000s",
          "Simulated time after which an execution counts as hung (NEURON_RT_EXEC_TIMEOUT)")),
      // Neuron docs, device memory: about 96 MB per physical core.
      microcode_bytes(scope.bytes("microcode", "96MiB", "0B", "1GiB",
                                  "Device memory taken by microcode per physical core")),
      // aws-neuron-driver memory pool: page granularity of at least 1 KiB.
      page_bytes(
          scope.bytes("page", "1KiB", "64B", "2MiB", "Granularity of device memory allocations")),
      max_records(scope.count("max_records", 1000000, 0, 1000000000,
                              "Requests remembered for the report; later ones are not")) {}

}  // namespace nsim::rt
