// SPDX-License-Identifier: Apache-2.0
// The door by which host threads enter a running simulation.
//
// Data flow: host thread --ring()--> async_request_update --> update phase of the next delta cycle
// --> `opened` runs in a method process at the same simulated time. The door carries no data: what
// is to be done lies in the kernel's task queue.
#pragma once

#include <functional>
#include <systemc>

namespace nsim {

class Door : public sc_core::sc_module {
 public:
  Door(sc_core::sc_module_name name, std::function<void()> opened);

  /// Any thread, while the simulation runs; several rings before an opening are one. The only call
  /// into SystemC that a host thread makes.
  void ring() { bell_.ring(); }

 private:
  class Bell : public sc_core::sc_prim_channel {
   public:
    void ring() { async_request_update(); }
    const sc_core::sc_event& rung() const { return rung_; }

   private:
    void update() override { rung_.notify(sc_core::SC_ZERO_TIME); }

    sc_core::sc_event rung_;
  };

  void open() { opened_(); }

  std::function<void()> opened_;
  Bell bell_;
};

}  // namespace nsim
