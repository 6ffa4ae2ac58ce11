// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/neuron_link.h"

#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "sim/base/error.h"
#include "sim/hw/request.h"
#include "tests/support/fresh_kernel.h"

using namespace nsim;
using namespace nsim::hw;
using namespace nsim::test;

namespace {

NeuronLinkParams params(const std::string& topology, std::int64_t columns = 4) {
  Config config;
  config.set("neuron_link.topology=" + topology);
  config.set("neuron_link.columns=" + std::to_string(columns));
  return NeuronLinkParams(ParamScope(config, "neuron_link"));
}

/// Stands in for the fabric of a device: takes `served` and then `latency` more.
class FarMemory : public sc_core::sc_module {
 public:
  explicit FarMemory(sc_core::sc_module_name name) : sc_module(name) {
    in.register_b_transport(this, &FarMemory::b_transport);
    out.register_invalidate_direct_mem_ptr(this, &FarMemory::invalidate);
  }
  tlm_utils::simple_initiator_socket<FarMemory> out{"out"};
  tlm_utils::simple_target_socket<FarMemory> in{"in"};
  SimTime served = 0;
  SimTime latency = 0;
  int accesses = 0;
  int home = 0;

 private:
  void invalidate(sc_dt::uint64, sc_dt::uint64) {}
  void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    ++accesses;
    delay += to_sc(served + latency);
    ScatterList* list = payload.get_extension<ScatterList>();
    home = list->home;
    list->pipelined += latency;
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
  }
};

struct Linked {
  explicit Linked(const NeuronLinkParams& params, int devices) : link("link", params, devices) {
    for (int device = 0; device < devices; ++device) {
      memories.push_back(std::make_unique<FarMemory>(("memory" + std::to_string(device)).c_str()));
      memories.back()->out.bind(link.in);
      link.out.bind(memories.back()->in);
    }
    payload.set_extension(new ScatterList);
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
  }

  struct Times {
    SimTime served;
    SimTime latency;
  };
  Times access(bool read, int from, int to, unsigned bytes) {
    ScatterList* list = payload.get_extension<ScatterList>();
    list->pipelined = 0;
    payload.set_command(read ? tlm::TLM_READ_COMMAND : tlm::TLM_WRITE_COMMAND);
    payload.set_address(static_cast<std::uint64_t>(to) << kDeviceShift);
    payload.set_data_length(bytes);
    sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
    memories[static_cast<std::size_t>(from)]->out->b_transport(payload, delay);
    const auto total = static_cast<SimTime>(delay.value());
    return {total - list->pipelined, list->pipelined};
  }

  NeuronLink link;
  std::vector<std::unique_ptr<FarMemory>> memories;
  tlm::tlm_generic_payload payload;
};

}  // namespace

TEST_CASE("the links of a topology decide how far devices are apart") {
  const FreshKernel kernel;
  struct Row {
    const char* topology;
    int devices, from, to, hops;
  };
  int number = 0;
  for (const Row& row :
       {Row{"line", 6, 0, 5, 5}, Row{"line", 6, 4, 1, 3}, Row{"ring", 12, 0, 11, 1},
        Row{"ring", 12, 0, 6, 6}, Row{"ring", 12, 10, 2, 4}, Row{"torus", 16, 0, 12, 1},
        Row{"torus", 16, 0, 3, 1}, Row{"torus", 16, 0, 10, 4}, Row{"torus", 16, 5, 5, 0},
        Row{"switch", 4, 0, 3, 2}, Row{"switch", 4, 2, 2, 0}}) {
    CAPTURE(row.topology, row.from, row.to);
    const NeuronLink link(("link" + std::to_string(number++)).c_str(), params(row.topology),
                          row.devices);
    CHECK(link.hops(row.from, row.to) == row.hops);
    CHECK(link.hops(row.to, row.from) == row.hops);
  }
}

TEST_CASE("devices that do not fill the rows of a torus are refused") {
  const FreshKernel kernel;
  CHECK_THROWS_AS(NeuronLink("link", params("torus", 4), 6), UserError);
}

TEST_CASE("a packet takes every link of its way once, and the latency of each") {
  const FreshKernel kernel;
  const NeuronLinkParams way = params("line");
  Linked linked(way, 3);
  const SimTime duration = transfer_time(1 << 20, way.bandwidth);
  for (const bool read : {false, true}) {
    Linked::Times times = linked.access(read, 0, 2, 1 << 20);
    CHECK(times.served == duration);
    CHECK(times.latency == (read ? 4 : 2) * way.latency);
  }
  // Reads come back on the other direction, so that neither waited for the other; a second one
  // does, for the first one's arrival at the last link.
  CHECK(linked.access(true, 0, 1, 1 << 20).served == way.latency + 2 * duration);
  CHECK(linked.memories[2]->accesses == 2);
  CHECK(linked.memories[2]->home == -1);

  Stats stats;
  linked.link.report(StatsScope(stats));
  CHECK(stats.value("nd0_to_nd1.bytes") == 1 << 20);
  CHECK(stats.value("nd1_to_nd0.bytes") == 2 << 20);
  CHECK(stats.value("nd2_to_nd1.busy") == Approx(static_cast<double>(duration) / kNanosecond));
  CHECK(stats.value("nd1_to_nd0.waited") > 0);
}

TEST_CASE("the slower of links and memory is what keeps the initiator, latencies add up") {
  const FreshKernel kernel;
  const NeuronLinkParams way = params("switch");
  Linked linked(way, 2);
  linked.memories[1]->served = 50 * kMicrosecond;
  linked.memories[1]->latency = 70 * kNanosecond;
  const Linked::Times times = linked.access(false, 0, 1, 4096);
  CHECK(times.served == 50 * kMicrosecond);
  CHECK(times.latency == 2 * way.latency + 70 * kNanosecond);
}

TEST_CASE("two devices that write to a third behind a switch share its port") {
  const FreshKernel kernel;
  const NeuronLinkParams way = params("switch");
  Linked linked(way, 3);
  const SimTime duration = transfer_time(4096, way.bandwidth);
  CHECK(linked.access(false, 0, 2, 4096).served == duration);
  CHECK(linked.access(false, 1, 2, 4096).served == 2 * duration);
  CHECK(linked.access(false, 2, 0, 4096).served == duration);
}

TEST_CASE("a message arrives after its bytes and the latency of every link") {
  const FreshKernel kernel;
  const NeuronLinkParams way = params("torus");
  NeuronLink link("link", way, 16);
  CHECK(link.send(0, 5, 64) == transfer_time(64, way.bandwidth) + 2 * way.latency);
  CHECK(link.send(3, 3, 64) == 0);
}
