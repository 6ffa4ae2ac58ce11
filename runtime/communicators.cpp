// SPDX-License-Identifier: Apache-2.0
#include "runtime/communicators.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "runtime/status.h"

namespace nsim::rt {

void Communicators::join(int core, std::uint32_t rank, std::uint32_t ranks) {
  if (rank >= ranks) {
    throw StatusError(NRT_INVALID,
                      fmt::format("rank {} does not exist in a world of {} ranks", rank, ranks));
  }
  if (ranks > static_cast<std::uint32_t>(core_count_)) {
    throw StatusError(NRT_INVALID,
                      fmt::format("a world of {} ranks needs as many logical cores, this process "
                                  "has {}; ranks of other processes are not simulated",
                                  ranks, core_count_));
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  World& world = worlds_[ranks];
  world.resize(ranks, -1);
  const auto before = std::find(world.begin(), world.end(), core);
  if (before != world.end() && before - world.begin() != static_cast<std::ptrdiff_t>(rank)) {
    throw StatusError(NRT_INVALID,
                      fmt::format("logical core {} is rank {} of the world of {} ranks already",
                                  core, before - world.begin(), ranks));
  }
  if (world[rank] >= 0 && world[rank] != core) {
    throw StatusError(
        NRT_INVALID, fmt::format("rank {} of the world of {} ranks is logical core {}", rank, ranks,
                                 world[rank]));
  }
  world[rank] = core;
}

std::shared_ptr<Member> Communicators::member(int core, std::uint32_t world,
                                              const std::vector<std::uint32_t>& group,
                                              std::uint32_t rank) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto joined = worlds_.find(world);
  if (joined == worlds_.end() || group[rank] >= world || joined->second[group[rank]] != core) {
    throw StatusError(NRT_INVALID,
                      fmt::format("logical core {} is not rank {} of a world of {} ranks: "
                                  "nrt_cc_global_comm_init was not called with these",
                                  core, group[rank], world));
  }
  const auto known = groups_.find({world, group});
  if (known != groups_.end()) {
    const auto found = known->second.members.find(rank);
    if (found != known->second.members.end()) {
      return found->second;
    }
  }
  std::int64_t& count = groups_of_core_[core];
  if (count >= max_groups_) {
    throw StatusError(
        NRT_RESOURCE,
        fmt::format("logical core {} belongs to {} replica groups, which is the limit", core,
                    count));
  }
  const auto id = static_cast<std::uint32_t>(groups_.size()) + 1;
  Group& entry = groups_.emplace(GroupKey{world, group}, Group{id, {}}).first->second;
  auto member = std::make_shared<Member>(Member{entry.id, world, group, rank, core, {}});
  for (auto& order : member->order) {
    order = std::make_shared<CollectiveOrder>();
  }
  entry.members.emplace(rank, member);
  ++count;
  return member;
}

std::shared_ptr<Member> Communicators::member_of_world(int core, std::uint32_t world,
                                                       std::uint32_t rank) {
  std::vector<std::uint32_t> all(world);
  std::iota(all.begin(), all.end(), 0);
  return member(core, world, all, rank);
}

std::vector<std::uint64_t> Communicators::cores(const Member& member) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const World& world = worlds_.at(member.world);
  std::vector<std::uint64_t> result;
  for (const std::uint32_t rank : member.group) {
    const int core = world[rank];
    result.push_back(core < 0 ? hw::kUnknownCore : static_cast<std::uint64_t>(first_core_ + core));
  }
  return result;
}

}  // namespace nsim::rt
