// SPDX-License-Identifier: Apache-2.0
// What the matrix of fault points is made of: its cells with what the contract says of each, and
// logical cores with something to do on every unit.
#pragma once

#include <catch2/catch.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/conformance/client.h"

namespace nsim::test {

/// What every element of y is after an execution of a Core's model.
inline constexpr float kResult = 3;
/// For NSIM_SET: with the step clock the host waits in large steps, so that the driver's 10 ms take
/// a thousand looks.
inline constexpr const char* kSeldomPolls = "clock.poll_cost=10us";

/// All cells of the registry.
std::vector<nsim_fault_cell_t> fault_cells();
/// The cell with what the contract says of it, not what the registry does. Fails the test when the
/// two differ, and when the contract says nothing.
nsim_fault_cell_t documented(nsim_fault_cell_t cell);
/// Points that the contract speaks of.
std::vector<std::string> documented_points();
/// A plan with the cell, for a queue of core 0; `more` keys.
std::string plan_for(const nsim_fault_cell_t& cell, const std::string& more, int queue = 0);
/// What a unit of the cell's type does to go through its phase: tensor-op units copy, unless only
/// data of the host gets there. A name for schedule().
std::string operation_for(const nsim_fault_cell_t& cell);
bool is(const char* text, const char* other);

/// The tensors and the model of one logical core. The model goes through every phase.
struct Core {
  Core(Client& client, int core);

  Client::Job job;
  std::vector<char> buffer = std::vector<char>(256, 7);
};

/// A request of the unit type, by the name the registry has for it.
NRT_STATUS schedule(const std::string& unit, Core& core, int queue, nrta_error_tracker_t* tracker,
                    nrta_seq_t* sequence);
nrta_seq_t start(const std::string& unit, Core& core, int queue, nrta_error_tracker_t* tracker);

/// Simulated times of a completed request.
struct Times {
  std::uint64_t started = 0;
  std::uint64_t ended = 0;
};
Times times_of(nrta_seq_t sequence);

bool step_clock();

/// What units that have nothing to do with a fault do: how long each request took, and results.
struct Others {
  std::vector<std::uint64_t> times;
  std::vector<float> results;
};
/// Runs one request on the unit and waits for it.
void run_one(const char* unit, Core& core, int queue, Others& others);

}  // namespace nsim::test
