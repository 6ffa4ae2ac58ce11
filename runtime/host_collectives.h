// SPDX-License-Identifier: Apache-2.0
// Barriers and all-gathers of host threads that act for ranks of a world. Ranks meet on the device,
// on a unit of the driver's own, so that a rank that never comes ends in a status after the
// simulated time of runtime.collectives_timeout. Both block, and throw StatusError.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "runtime/session.h"

namespace nsim::rt {

/// Where the ranks of an all-gather leave their data for each other. A copy: a rank whose call ends
/// because another one is late has its buffer back while that one still reads.
class HostExchange {
 public:
  using Offer = std::shared_ptr<const std::vector<std::byte>>;

  void offer(std::uint32_t world, std::uint32_t rank, const void* data, std::size_t bytes) {
    const auto* first = static_cast<const std::byte*>(data);
    auto copy = std::make_shared<std::vector<std::byte>>(first, first + bytes);
    const std::lock_guard<std::mutex> lock(mutex_);
    std::vector<Offer>& offers = offers_[world];
    offers.resize(world);
    offers[rank] = std::move(copy);
  }
  /// By rank; nullptr where a rank has left nothing.
  std::vector<Offer> offers(std::uint32_t world) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return offers_.at(world);
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::uint32_t, std::vector<Offer>> offers_;
};

/// One rank among `ranks` of a world.
struct HostRank {
  std::int64_t core = 0;
  std::uint32_t rank = 0;
  std::uint32_t ranks = 1;
};

NRT_STATUS host_barrier(const char* api, Session& session, const HostRank& rank);
/// `output` gets the inputs, each of `bytes`, of all ranks in their order.
NRT_STATUS host_all_gather(const char* api, Session& session, const HostRank& rank,
                           std::size_t bytes, const void* input, void* output);

}  // namespace nsim::rt
