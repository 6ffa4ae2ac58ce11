// SPDX-License-Identifier: Apache-2.0
#include "runtime/unit_queue.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <utility>

#include "sim/base/error.h"

namespace nsim::rt {
namespace {

/// Makes the descriptor readable for ever. The counter starts at 0 and nobody else writes: this
/// cannot block.
void signal(int fd) {
  const std::uint64_t one = 1;
  if (write(fd, &one, sizeof one) != static_cast<ssize_t>(sizeof one)) {
    throw InternalError("cannot signal a completion handle");
  }
}

}  // namespace

UnitQueue::UnitQueue(hw::UnitAddress address, nrta_xu_id_t id, std::int64_t depth)
    : address_(address), id_(id), depth_(depth) {}

UnitQueue::~UnitQueue() {
  for (const auto& [number, fd] : handles_) {
    close(fd);
  }
}

NRT_STATUS UnitQueue::accept(std::unique_ptr<Request>& request, nrta_seq_t* sequence) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (degraded_) {
    return NRT_EXEC_UNIT_UNRECOVERABLE;
  }
  if (issued_ - completed() >= static_cast<std::uint64_t>(depth_)) {
    return NRT_QUEUE_FULL;
  }
  if (issued_ == NRTA_SEQ_NUM_MAX) {
    return NRT_RESOURCE;
  }
  request->sequence = id_of(++issued_);
  if (request->model) {
    request->model->in_flight.fetch_add(1, std::memory_order_relaxed);
  }
  *sequence = request->sequence;
  pending_.push_back(std::move(request));
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

int UnitQueue::completion_handle(std::uint64_t number) {
  const int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) {
    return -1;
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  if (number <= completed()) {
    signal(fd);
    return fd;
  }
  // A descriptor of our own for the same event: the caller may close the one it gets at any time.
  const int ours = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (ours < 0) {
    close(fd);
    return -1;
  }
  handles_.emplace(number, ours);
  return fd;
}

std::deque<std::unique_ptr<Request>> UnitQueue::take_pending(bool also_paused) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (paused_ && !also_paused) {
    return {};
  }
  return std::exchange(pending_, {});
}

void UnitQueue::degrade() {
  const std::lock_guard<std::mutex> lock(mutex_);
  degraded_ = true;
}

void UnitQueue::complete(std::uint64_t number) {
  completed_.store(number, std::memory_order_release);
  std::vector<int> due;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto end = handles_.upper_bound(number);
    for (auto handle = handles_.begin(); handle != end; ++handle) {
      due.push_back(handle->second);
    }
    handles_.erase(handles_.begin(), end);
  }
  for (const int fd : due) {
    signal(fd);
    close(fd);
  }
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
