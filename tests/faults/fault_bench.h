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

/// All cells of the registry.
std::vector<nsim_fault_cell_t> fault_cells();
/// The cell with what the contract says of it, not what the registry does. Fails the test when the
/// two differ, and when the contract says nothing.
nsim_fault_cell_t documented(nsim_fault_cell_t cell);
/// Points that the contract speaks of.
std::vector<std::string> documented_points();
/// A plan with the cell, for queue 0 of core 0; `more` keys.
std::string plan_for(const nsim_fault_cell_t& cell, const std::string& more);
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
