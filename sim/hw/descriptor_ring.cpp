// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/descriptor_ring.h"

#include <algorithm>
#include <utility>

#include "sim/hw/time.h"

namespace nsim::hw {

DescriptorRing::DescriptorRing(const AddressMap& map, std::int64_t ahead, Read read)
    : map_(map), ahead_(static_cast<std::size_t>(ahead)), read_(std::move(read)) {}

void DescriptorRing::set_base(std::uint64_t base) {
  base_ = base;
  head_ = 0;
  tail_ = 0;
  fetched_.clear();
  doorbells_.clear();
}

void DescriptorRing::set_tail(std::uint64_t tail) {
  tail_ = tail;
  if (doorbells_.empty() || doorbells_.back().tail != tail) {
    doorbells_.push_back({now(), tail});
  }
}

void DescriptorRing::fetch() {
  while (head_ < tail_ && size_ > 0 && fetched_.size() < ahead_) {
    FetchedRequest next = fetch_one();
    if (!fetched_.empty()) {
      next.ready = std::max(next.ready, fetched_.back().ready);
    }
    fetched_.push_back(std::move(next));
    ++head_;
  }
}

FetchedRequest DescriptorRing::fetch_one() {
  FetchedRequest result;
  while (doorbells_.size() > 1 && doorbells_.front().tail <= head_) {
    doorbells_.pop_front();
  }
  result.written = doorbells_.empty() ? now() : doorbells_.front().at;
  result.requested = now();
  RequestDescriptor& descriptor = result.descriptor;
  result.number = head_ + 1;
  result.ready = now();
  const std::uint64_t address = base_ + head_ % size_ * sizeof descriptor;
  read(result, address, &descriptor, sizeof descriptor);
  if (result.error != DeviceError::None) {
    read(result, address, &descriptor, sizeof descriptor);  // once more: whose error is it?
  }
  const std::size_t bytes = descriptor.binding_count * sizeof(std::uint64_t);
  const bool has_table =
      descriptor.opcode == RequestOpcode::Execute || descriptor.opcode == RequestOpcode::Collective;
  if (has_table && bytes > 0 && map_.locate(descriptor.bindings, bytes).region == Region::Host) {
    result.bindings.resize(descriptor.binding_count);
    read(result, descriptor.bindings, result.bindings.data(), bytes);
  }
  return result;
}

void DescriptorRing::read(FetchedRequest& request, std::uint64_t address, void* to,
                          std::size_t bytes) {
  const Transaction transaction = read_(request.number, address, to, bytes);
  request.ready += transaction.duration;
  if (transaction.error != DeviceError::None) {
    request.error = transaction.error;
  }
}

FetchedRequest DescriptorRing::take() {
  FetchedRequest result = std::move(fetched_.front());
  fetched_.pop_front();
  return result;
}

void DescriptorRing::drop() {
  fetched_.clear();
  doorbells_.clear();
  head_ = tail_;
}

}  // namespace nsim::hw
