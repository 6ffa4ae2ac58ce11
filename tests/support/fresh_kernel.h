// SPDX-License-Identifier: Apache-2.0
// A SystemC context for one test case. Declare it first: modules must not outlive their context.
// Assert after run() or run_until() has returned, never inside a process.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <systemc>
#include <utility>

#include "sim/hw/time.h"

namespace nsim::test {

/// Calls functions at given simulated times, in the order they were given for the same time.
class Agenda : public sc_core::sc_module {
 public:
  explicit Agenda(sc_core::sc_module_name name) : sc_module(name) {
    SC_HAS_PROCESS(Agenda);
    SC_METHOD(run);
    sensitive << due_;
    dont_initialize();
  }

  void at(SimTime time, std::function<void()> action) {
    actions_.emplace(time, std::move(action));
    due_.notify(hw::to_sc(time - hw::now()));
  }

 private:
  void run() {
    while (!actions_.empty() && actions_.begin()->first <= hw::now()) {
      const auto action = std::move(actions_.begin()->second);
      actions_.erase(actions_.begin());
      action();
    }
    if (!actions_.empty()) {
      due_.notify(hw::to_sc(actions_.begin()->first - hw::now()));
    }
  }

  sc_core::sc_event due_;
  std::multimap<SimTime, std::function<void()>> actions_;
};

class FreshKernel {
 public:
  FreshKernel() {
    sc_core::sc_report_handler::set_actions(sc_core::SC_ID_NO_SC_START_ACTIVITY_,
                                            sc_core::SC_DO_NOTHING);
    // The library refers to the first context of a process from statics of its own: it stays for
    // ever.
    previous_ = sc_core::sc_get_curr_simcontext();
    own_ = std::make_unique<sc_core::sc_simcontext>();
    sc_core::sc_curr_simcontext = own_.get();
    agenda_ = std::make_unique<Agenda>("agenda");
  }
  ~FreshKernel() {
    agenda_.reset();
    own_.reset();
    sc_core::sc_curr_simcontext = previous_;
  }
  FreshKernel(const FreshKernel&) = delete;
  FreshKernel& operator=(const FreshKernel&) = delete;

  /// Calls `action` in a process at simulated time `time`, which has not passed yet.
  void at(SimTime time, std::function<void()> action) { agenda_->at(time, std::move(action)); }
  Agenda& agenda() { return *agenda_; }

  /// Runs up to and including everything that happens at `time`.
  void run_until(SimTime time) {
    if (time > hw::now()) {
      sc_core::sc_start(hw::to_sc(time - hw::now()));
    }
    do {
      sc_core::sc_start(sc_core::SC_ZERO_TIME);
    } while (sc_core::sc_pending_activity_at_current_time());
  }
  /// Runs until nothing is left to happen.
  void run() { sc_core::sc_start(); }

 private:
  sc_core::sc_simcontext* previous_ = nullptr;
  std::unique_ptr<sc_core::sc_simcontext> own_;
  std::unique_ptr<Agenda> agenda_;
};

}  // namespace nsim::test
