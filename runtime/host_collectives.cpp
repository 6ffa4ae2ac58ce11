// SPDX-License-Identifier: Apache-2.0
#include "runtime/host_collectives.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "runtime/cc.h"
#include "runtime/status.h"

namespace nsim::rt {
namespace {

/// The driver's own unit on which hosts meet.
constexpr int kMeetingQueue = 1;

}  // namespace

NRT_STATUS host_barrier(const char* api, Session& session, const HostRank& rank) {
  session.require_core(rank.core);
  const int core = static_cast<int>(rank.core);
  session.communicators().join(core, rank.rank, rank.ranks);
  const auto member = session.communicators().member_of_world(core, rank.ranks, rank.rank);
  return session.run(*session.unit(core, hw::UnitType::Sync, kMeetingQueue),
                     collective_request(api, session, *member, kHostQueue, {}));
}

NRT_STATUS host_all_gather(const char* api, Session& session, const HostRank& rank,
                           std::size_t bytes, const void* input, void* output) {
  session.require_core(rank.core);
  session.communicators().join(static_cast<int>(rank.core), rank.rank, rank.ranks);
  // A rank must not offer its next data before all have taken these: the second barrier.
  HostExchange& exchange = session.host_exchange();
  exchange.offer(rank.ranks, rank.rank, input, bytes);
  NRT_STATUS status = host_barrier(api, session, rank);
  if (status != NRT_SUCCESS) {
    return status;
  }
  const std::vector<HostExchange::Offer> offers = exchange.offers(rank.ranks);
  const bool equal = std::all_of(offers.begin(), offers.end(), [&](const auto& offer) {
    return offer && offer->size() == bytes;
  });
  if (equal && bytes > 0) {
    for (std::size_t r = 0; r < offers.size(); ++r) {
      std::memmove(static_cast<std::byte*>(output) + r * bytes, offers[r]->data(), bytes);
    }
  }
  status = host_barrier(api, session, rank);
  if (status == NRT_SUCCESS && !equal) {
    throw StatusError(NRT_INVALID,
                      fmt::format("rank {} offers {} bytes, not all others do", rank.rank, bytes));
  }
  return status;
}

}  // namespace nsim::rt
