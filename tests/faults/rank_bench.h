// SPDX-License-Identifier: Apache-2.0
// Ranks that all-reduce, for the matrix of faults at units of collectives.
#pragma once

#include <cstdint>
#include <vector>

#include "tests/faults/generation.h"

namespace nsim::test {

using Statuses = std::vector<NRT_STATUS>;
using Sequences = std::vector<nrta_seq_t>;

/// Those ranks of a world that make one communicator on one queue, each with a tensor that is
/// reduced in place. Members are numbered as in `members`, all driven by this thread.
class Ranks {
 public:
  /// Rank r of the world is logical core `cores[r]`; `members` none: all of them.
  Ranks(Client& client, const std::vector<std::uint32_t>& cores, int queue,
        const std::vector<std::uint32_t>& members = {});

  std::size_t count() const { return members_.size(); }
  std::uint32_t core(std::size_t member) const { return cores_[members_[member]]; }

  NRT_STATUS schedule(std::size_t member, nrta_seq_t* sequence);
  nrta_seq_t start(std::size_t member);
  NRT_STATUS end_of(std::size_t member, nrta_seq_t sequence);
  /// One collective of all members; what each ended with.
  Statuses run();
  /// `requests` collectives that are at the units together; by member, what each ended with.
  std::vector<Statuses> run_together(std::size_t requests);
  /// Nothing was told twice.
  void check() const;

 private:
  void pause(std::size_t member, bool paused) const;

  const std::vector<std::uint32_t> cores_;
  const int queue_;
  std::vector<std::uint32_t> members_;
  std::vector<nrt_tensor_t*> tensors_;  // by member
  std::vector<Reports> reports_;
};

}  // namespace nsim::test
