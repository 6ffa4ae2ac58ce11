// SPDX-License-Identifier: Apache-2.0
#include "runtime/unit_queue.h"

#include <cstddef>
#include <new>
#include <utility>

namespace nsim::rt {

UnitQueue::UnitQueue(hw::UnitAddress address, nrta_xu_id_t id, std::int64_t depth)
    : address_(address), id_(id), depth_(depth) {}

NRT_STATUS UnitQueue::accept(std::unique_ptr<Request>& request, nrta_seq_t* sequence) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (closed_) {
    return NRT_CLOSED;
  }
  if (degraded_) {
    return NRT_EXEC_UNIT_UNRECOVERABLE;
  }
  if (issued_ - completed() >= static_cast<std::uint64_t>(depth_)) {
    return NRT_QUEUE_FULL;
  }
  if (issued_ == NRTA_SEQ_NUM_MAX) {
    return NRT_RESOURCE;
  }
  try {
    pending_.emplace_back();
  } catch (const std::bad_alloc&) {
    return NRT_RESOURCE;
  }
  request->sequence = id_of(++issued_);
  if (request->order) {
    constexpr std::size_t kOrder = offsetof(hw::CollectiveHeader, order) / sizeof(std::uint64_t);
    request->bindings[kOrder] = ++request->order->accepted;
  }
  if (request->model) {
    request->model->in_flight.fetch_add(1, std::memory_order_relaxed);
  }
  *sequence = request->sequence;
  pending_.back() = std::move(request);
  return NRT_SUCCESS;
}

bool UnitQueue::was_issued(std::uint64_t number) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return number >= first_ && number <= issued_;
}

bool UnitQueue::outstanding() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return issued_ != completed();
}

void UnitQueue::close() {
  const std::lock_guard<std::mutex> lock(mutex_);
  closed_ = true;
}

void UnitQueue::take_pending(Requests& taken, bool also_paused) {
  // Before looking: a request that comes too late for this look finds no doorbell on its way.
  doorbell_sent_.store(false, std::memory_order_release);
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!paused_ || also_paused) {
    pending_.swap(taken);
  }
}

void UnitQueue::degrade() {
  const std::lock_guard<std::mutex> lock(mutex_);
  degraded_ = true;
}

void UnitQueue::complete(std::uint64_t number) {
  completed_.store(number, std::memory_order_release);
  events_.completed(number);
}

void UnitQueue::pause(bool paused) {
  const std::lock_guard<std::mutex> lock(mutex_);
  paused_ = paused;
}

bool UnitQueue::set_next_number(std::uint64_t number) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (issued_ != completed() || number == 0 || number > NRTA_SEQ_NUM_MAX) {
    return false;
  }
  first_ = number;
  issued_ = number - 1;
  completed_.store(issued_, std::memory_order_release);
  at_device_.store(issued_, std::memory_order_release);
  return true;
}

nrta_seq_t UnitQueue::id_of(std::uint64_t number) const {
  return (static_cast<nrta_seq_t>(id_) << 48) | number;
}

}  // namespace nsim::rt
