// SPDX-License-Identifier: Apache-2.0
// What a client knows of an execution unit, kept independently of the library: which requests were
// accepted and how each ended. Any thread.
#pragma once

#include <nrt/nrt_async_types.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <limits>
#include <map>
#include <mutex>
#include <vector>

#include "tests/stress/stress_checks.h"

namespace nsim::test {

/// Numbers from 1, each of which is added at most once.
class NumberSet {
 public:
  explicit NumberSet(std::uint64_t largest) : words_(largest / kBits + 1) {}

  /// False when it is too large, or in the set already.
  bool add(std::uint64_t number) {
    const std::uint64_t bit = std::uint64_t{1} << (number % kBits);
    return number / kBits < words_.size() && (words_[number / kBits].fetch_or(bit) & bit) == 0;
  }
  bool has(std::uint64_t number) const {
    return number / kBits < words_.size() && (words_[number / kBits] >> (number % kBits) & 1) != 0;
  }

 private:
  static constexpr std::uint64_t kBits = 64;
  std::vector<std::atomic<std::uint64_t>> words_;
};

class UnitLedger {
 public:
  explicit UnitLedger(std::uint64_t most_requests)
      : accepted_(most_requests), ended_(most_requests) {}

  void accepted(nrta_seq_t sequence) {
    count_.fetch_add(1);
    nrta_seq_t id = NRTA_SEQ_GET_XU_ID(sequence);
    nrta_seq_t none = kNoId;
    expect(id_.compare_exchange_strong(none, id) || none == id, "a unit has one id");
    expect(accepted_.add(NRTA_SEQ_GET_SEQ_NUM(sequence)), "a number is given once");
  }
  void ended(nrta_seq_t sequence, NRT_STATUS status) {
    const std::uint64_t number = NRTA_SEQ_GET_SEQ_NUM(sequence);
    expect(ended_.add(number), "a request ends once");
    const std::lock_guard<std::mutex> lock(mutex_);
    if (status != NRT_SUCCESS) {
      ++failed_[status];
    }
    if (status == NRT_EXEC_UNIT_UNRECOVERABLE) {
      first_given_up_ = std::min(first_given_up_, number);
    } else if (status != NRT_SUCCESS && status == fatal_) {
      fatal_number_ = number;
    } else {
      last_ended_ = std::max(last_ended_, number);
    }
  }
  /// A fault is about to be injected that a request of this unit is to end with.
  void injected(NRT_STATUS status, bool fatal) {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++injected_[status];
    fatal_ = fatal ? status : fatal_;
  }
  /// The library refused a request because the unit is degraded.
  void refused() { refused_ = true; }
  bool degraded() const { return refused_; }

  std::uint64_t count() const { return count_; }
  std::uint64_t failed() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::uint64_t sum = 0;
    for (const auto& [status, count] : failed_) {
      sum += count;
    }
    return sum;
  }
  /// Faults that no request has met so far.
  std::uint64_t faults_left() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::uint64_t left = 0;
    for (const auto& [status, count] : injected_) {
      const auto met = failed_.find(status);
      left += count - (met == failed_.end() ? 0 : met->second);
    }
    return left;
  }

  /// When everything is over. `last` is the last completed request as the library says.
  void check(nrta_seq_t last) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    expect(NRTA_SEQ_GET_SEQ_NUM(last) == count_, "as many requests are complete as were accepted");
    for (std::uint64_t number = 1; number <= count_; ++number) {
      expect(accepted_.has(number), "numbers have no gap");
      expect(ended_.has(number), "every accepted request ended");
    }
    if (fatal_ == NRT_SUCCESS) {
      expect(failed_ == injected_, "requests fail with what was injected, and no others do");
      expect(!refused_, "only a degraded unit refuses for good");
    } else if (fatal_number_ != 0) {
      expect(failed_.at(fatal_) == 1, "one request meets the fatal error");
      expect(last_ended_ < fatal_number_, "nothing ends well behind a fatal error");
      expect(first_given_up_ > fatal_number_, "nothing before a fatal error is given up");
    }
  }

 private:
  static constexpr nrta_seq_t kNoId = std::numeric_limits<nrta_seq_t>::max();

  NumberSet accepted_;
  NumberSet ended_;
  std::atomic<std::uint64_t> count_{0};
  std::atomic<nrta_seq_t> id_{kNoId};
  std::atomic<bool> refused_{false};

  mutable std::mutex mutex_;
  std::map<NRT_STATUS, std::uint64_t> failed_;
  std::map<NRT_STATUS, std::uint64_t> injected_;
  NRT_STATUS fatal_ = NRT_SUCCESS;
  std::uint64_t fatal_number_ = 0;
  std::uint64_t last_ended_ = 0;  // in another way than for want of the unit
  std::uint64_t first_given_up_ = std::numeric_limits<std::uint64_t>::max();
};

}  // namespace nsim::test
