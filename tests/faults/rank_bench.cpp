// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/rank_bench.h"

#include <numeric>

namespace nsim::test {
namespace {

constexpr std::size_t kBytes = 16384;

}  // namespace

Ranks::Ranks(Client& client, const std::vector<std::uint32_t>& cores, int queue,
             const std::vector<std::uint32_t>& members)
    : cores_(cores), queue_(queue), members_(members) {
  if (members_.empty()) {
    members_.resize(cores_.size());
    std::iota(members_.begin(), members_.end(), 0);
  }
  const auto world = static_cast<std::uint32_t>(cores_.size());
  for (const std::uint32_t rank : members_) {
    REQUIRE(nrt_cc_global_comm_init(cores_[rank], rank, world) == NRT_SUCCESS);
    tensors_.push_back(client.tensor(kBytes, static_cast<int>(cores_[rank])));
    reports_.emplace_back(cores_[rank], queue_);
  }
}

NRT_STATUS Ranks::schedule(std::size_t member, nrta_seq_t* sequence) {
  nrt_cc_comm_t comm{};
  comm.replica_group = members_.data();
  comm.rank = static_cast<std::uint32_t>(member);
  comm.rank_n = static_cast<std::uint32_t>(members_.size());
  comm.ctx_device_id = members_[member];
  comm.ctx_device_count = static_cast<std::uint32_t>(cores_.size());
  comm.vnc = core(member);
  nrt_tensor_list_t list{&tensors_[member], 1};
  nrt_cc_context_t* context = nullptr;
  REQUIRE(nrta_cc_prepare(&comm, &list, &list, NRT_DTYPE_INT32, NRT_OP_ADD, NRT_CC_ALLREDUCE,
                          &context) == NRT_SUCCESS);
  return reports_[member].schedule(&context, sequence);
}

nrta_seq_t Ranks::start(std::size_t member) {
  nrta_seq_t sequence = 0;
  REQUIRE(schedule(member, &sequence) == NRT_SUCCESS);
  return sequence;
}

NRT_STATUS Ranks::end_of(std::size_t member, nrta_seq_t sequence) {
  return reports_[member].end_of(sequence);
}

Statuses Ranks::run() {
  Sequences sequences;
  for (std::size_t member = 0; member < count(); ++member) {
    sequences.push_back(start(member));
  }
  Statuses statuses;
  for (std::size_t member = 0; member < count(); ++member) {
    statuses.push_back(end_of(member, sequences[member]));
  }
  return statuses;
}

/// The first member goes on last: what the others take part in is at their units before it meets a
/// fault, however long the host takes in between.
std::vector<Statuses> Ranks::run_together(std::size_t requests) {
  std::vector<Sequences> sequences(count());
  for (std::size_t member = 0; member < count(); ++member) {
    pause(member, true);
  }
  for (std::size_t member = 0; member < count(); ++member) {
    for (std::size_t i = 0; i < requests; ++i) {
      sequences[member].push_back(start(member));
    }
  }
  for (std::size_t member = count(); member-- > 0;) {
    pause(member, false);
  }
  std::vector<Statuses> statuses(count());
  for (std::size_t member = 0; member < count(); ++member) {
    for (const nrta_seq_t sequence : sequences[member]) {
      statuses[member].push_back(end_of(member, sequence));
    }
  }
  return statuses;
}

void Ranks::check() const {
  for (const Reports& reports : reports_) {
    reports.check();
  }
}

void Ranks::pause(std::size_t member, bool paused) const {
  REQUIRE(nsim_hook_pause(core(member), NRTA_XU_COLLECTIVES, queue_, paused) == NRT_SUCCESS);
}

}  // namespace nsim::test
