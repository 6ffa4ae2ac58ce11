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
  RequestDescriptor& descriptor = result.descriptor;
  result.ready =
      now() + read_(base_ + head_ % size_ * sizeof descriptor, &descriptor, sizeof descriptor);
  const std::size_t bytes = descriptor.binding_count * sizeof(std::uint64_t);
  const bool has_table =
      descriptor.opcode == RequestOpcode::Execute || descriptor.opcode == RequestOpcode::Collective;
  if (has_table && bytes > 0 && map_.locate(descriptor.bindings, bytes).region == Region::Host) {
    result.bindings.resize(descriptor.binding_count);
    result.ready += read_(descriptor.bindings, result.bindings.data(), bytes);
  }
  return result;
}

FetchedRequest DescriptorRing::take() {
  FetchedRequest result = std::move(fetched_.front());
  fetched_.pop_front();
  return result;
}

void DescriptorRing::drop() {
  fetched_.clear();
  head_ = tail_;
}

}  // namespace nsim::hw
