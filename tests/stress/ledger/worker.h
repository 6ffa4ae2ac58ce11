// SPDX-License-Identifier: Apache-2.0
// One thread of the ledger stress: keeps many requests under way, and knows what each must bring.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <vector>

#include "tests/stress/ledger/calls.h"
#include "tests/stress/ledger/unit_ledger.h"
#include "tests/support/test_program.h"

namespace nsim::test {

/// The ledgers of all units of a session.
class Book {
 public:
  Book(int cores, std::uint64_t requests);

  UnitLedger& of(const Unit& unit);
  const std::vector<Unit>& units() const { return units_; }

 private:
  std::vector<Unit> units_;
  std::vector<std::unique_ptr<UnitLedger>> ledgers_;
};

using Floats = std::array<float, kSmallFloats>;

/// Tensors of its own, and at most one request under way that uses them.
class Lane {
 public:
  Lane(Calls& calls, Book& book, const Job& job) : calls_(calls), book_(book), job_(job) {}

  /// What all elements of a are, when that is known.
  std::optional<float> a() const { return a_; }
  /// What the next collective brings.
  void expect_sum(std::optional<float> sum) { sum_ = sum; }
  bool busy() const { return busy_; }
  /// Another request of that kind, if one can be accepted now.
  bool start(Kind kind, unsigned choice, Way way);
  /// Looks whether it is over, and checks what it brought.
  void look();
  void wait();
  /// After nrt_close: the status that was left under way is there.
  void check_closed();

 private:
  void ended(NRT_STATUS status);

  Calls& calls_;
  Book& book_;
  const Job job_;
  bool busy_ = false;
  Work work_;
  std::array<Ticket, 2> tickets_;  // in turn: what comes too late shows in the one that rests
  std::size_t ticket_ = 0;
  float next_ = 1;  // next value to write
  Floats buffer_{};
  std::optional<float> a_;
  std::optional<float> b_;
  std::optional<float> sum_;
};

class Worker {
 public:
  struct Part {
    std::uint64_t requests = 0;
    unsigned seed = 0;
    bool collectives = false;
    bool fatal = false;  // injects one fatal fault, halfway
  };
  Worker(std::unique_ptr<Calls> calls, Book& book, const Part& part,
         const std::vector<nrt_model_t*>& models);

  /// Until the part is accepted; with `to_the_end`, until it is over.
  void run(bool to_the_end);
  void check_closed();
  std::uint64_t accepted() const { return accepted_; }

 private:
  void start(Lane& lane);
  void inject_something(bool fatal);
  /// A sum over all cores, waited for and looked at.
  void sum();

  const std::unique_ptr<Calls> calls_;
  Book& book_;
  const Part part_;
  std::mt19937 random_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::vector<std::unique_ptr<Lane>> ranks_;  // for collectives, one per core
  std::uint64_t accepted_ = 0;
  bool fatal_done_ = false;
};

Job make_job(int core, nrt_model_t* model);

}  // namespace nsim::test
