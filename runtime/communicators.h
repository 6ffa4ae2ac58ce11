// SPDX-License-Identifier: Apache-2.0
// Who takes part in collectives. A world is a number of ranks, each on a logical core of this
// process that joined with its own call. A communicator is a group of ranks of a world; ranks that
// name the same group mean the same one.
//
// Data flow: nrt_cc_global_comm_init -> join(); nrta_cc_prepare -> member() -> a Member, which
// keeps count of the collectives of its rank -> schedule: cores() says where the others are. Any
// thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "runtime/request.h"

namespace nsim::rt {

/// One rank of a communicator, on its core.
struct Member {
  std::uint32_t communicator = 0;
  std::uint32_t world = 0;           // ranks of the world
  std::vector<std::uint32_t> group;  // ranks of the world, by rank of the communicator
  std::uint32_t rank = 0;            // in the communicator
  int core = 0;                      // visible index
  std::shared_ptr<CollectiveOrder> order[kCollectiveQueues];
};

class Communicators {
 public:
  /// `max_groups`: communicators that one core may belong to. `first_core` of the instance is index
  /// 0, `cores` there are.
  Communicators(std::int64_t max_groups, int first_core, int cores)
      : max_groups_(max_groups), first_core_(first_core), core_count_(cores) {}

  /// Makes `core` rank `rank` of the world of `ranks`. Again the same changes nothing; anything
  /// that contradicts what was said before is a StatusError(NRT_INVALID).
  void join(int core, std::uint32_t rank, std::uint32_t ranks);

  /// Rank `rank` of `group`, on `core`, which has joined the world of `world` ranks as
  /// `group[rank]`. Throws StatusError: NRT_INVALID when that is not so, NRT_RESOURCE for too many
  /// communicators.
  std::shared_ptr<Member> member(int core, std::uint32_t world,
                                 const std::vector<std::uint32_t>& group, std::uint32_t rank);
  /// The same for all ranks of a world.
  std::shared_ptr<Member> member_of_world(int core, std::uint32_t world, std::uint32_t rank);

  /// Logical core of the instance of every rank of the communicator; hw::kUnknownCore for one that
  /// has not joined.
  std::vector<std::uint64_t> cores(const Member& member) const;

 private:
  using World = std::vector<int>;  // core of each rank, -1: nobody yet
  using GroupKey = std::pair<std::uint32_t, std::vector<std::uint32_t>>;
  struct Group {
    std::uint32_t id = 0;
    std::map<std::uint32_t, std::shared_ptr<Member>> members;
  };

  const std::int64_t max_groups_;
  const int first_core_;
  const int core_count_;
  mutable std::mutex mutex_;
  std::map<std::uint32_t, World> worlds_;
  std::map<GroupKey, Group> groups_;
  std::map<int, std::int64_t> groups_of_core_;
};

}  // namespace nsim::rt
