// SPDX-License-Identifier: Apache-2.0
#include "runtime/tensor.h"

#include <fmt/format.h>

#include <utility>

#include "runtime/status.h"

namespace nsim::rt {

View Tensor::view() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return view_;
}

void Tensor::attach(View view) {
  View before;  // released after the lock
  const std::lock_guard<std::mutex> lock(mutex_);
  before = std::exchange(view_, std::move(view));
}

View Tensor::range(std::uint64_t offset, std::uint64_t size) const {
  View part = view();
  if (!part.storage) {
    throw StatusError(NRT_INVALID, fmt::format("tensor \"{}\" has no storage", name_));
  }
  if (offset > part.size || size > part.size - offset) {
    throw StatusError(NRT_INVALID,
                      fmt::format("{} bytes at {} are not inside the {} bytes of tensor \"{}\"",
                                  size, offset, part.size, name_));
  }
  part.offset += offset;
  part.size = size;
  return part;
}

void TensorSet::add(const std::string& name, Entry entry) {
  const std::lock_guard<std::mutex> lock(mutex_);
  entries_[name] = std::move(entry);
}

TensorSet::Entry TensorSet::find(const std::string& name) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = entries_.find(name);
  return found == entries_.end() ? Entry() : found->second;
}

}  // namespace nsim::rt
