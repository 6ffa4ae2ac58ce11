// SPDX-License-Identifier: Apache-2.0
// An oracle of libnrt for one client thread: what it expects of units, storages and requests, in as
// few words as the contract allows. It knows nothing of how the library does it. ApiMachine
// (api_machine.h) makes calls and compares.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/conformance/any_generation.h"

namespace nsim::test {

/// The library did something that the oracle does not allow.
struct ApiMismatch : std::runtime_error {
  using std::runtime_error::runtime_error;
};

using Statuses = std::set<NRT_STATUS>;
/// One byte of memory; kUnknown when nothing is promised about it.
using Memory = std::vector<int>;
constexpr int kUnknown = -1;

/// With generation C tensor-op units do what A's units for reads and writes do, and a tracker is a
/// list of places for statuses, so that there is no wrong one (tests/conformance/calls.h).
inline bool of_generation_c() {
  return call_generation() == 'C';
}

/// Takes a sequence of bytes for a sequence of decisions; out of bytes it decides 0.
class Decisions {
 public:
  Decisions(const std::uint8_t* data, std::size_t size) : at_(data), end_(data + size) {}
  bool over() const { return at_ == end_; }
  unsigned below(unsigned count) { return over() ? 0 : *at_++ % count; }
  bool one_in(unsigned count) { return below(count) == count - 1; }

 private:
  const std::uint8_t* at_;
  const std::uint8_t* end_;
};

/// An accepted request that is not known to be complete.
struct OpenRequest {
  std::uint64_t number = 0;
  std::shared_ptr<std::vector<std::uint8_t>> buffer;  // of a transfer with the host
  Memory expected;                                    // of a read: its buffer in the end
};

struct UnitModel {
  int core = 0;
  nrta_xu_t xu = NRTA_XU_COMPUTE;
  int queue = 0;
  std::uint64_t issued = 0;
  std::uint64_t known = 0;                   // completed, as far as the client has seen
  bool paused = false;                       // since a moment when nothing was open
  nsim_fault_t next_fault = nsim_fault_t{};  // of the next request; 0: none
  std::uint64_t fatal = 0;  // number of the request that degrades the unit; 0: none
  std::map<std::uint64_t, NRT_STATUS> failures;
  std::set<std::uint64_t> tracked;  // numbers that were given an error tracker
  std::deque<OpenRequest> open;
  nrta_xu_id_t id = 0;  // learnt from the first answer

  /// What a schedule call with right arguments may return.
  Statuses admission(std::uint64_t depth) const;
  /// Numbers a request that was accepted; returns its failure, or success.
  NRT_STATUS accept(bool with_tracker);
};

struct StorageModel {
  int core = -1;  // -1: host
  Memory bytes;
  std::map<UnitModel*, std::uint64_t> written_by;  // last request of the unit that writes it
  std::map<UnitModel*, std::uint64_t> read_by;
};

struct TensorModel {
  nrt_tensor_t* handle = nullptr;
  std::shared_ptr<StorageModel> storage;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

NRT_STATUS status_of(nsim_fault_t fault);
bool degrades(nsim_fault_t fault);

}  // namespace nsim::test
