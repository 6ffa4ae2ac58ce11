// SPDX-License-Identifier: Apache-2.0
// Tensors: named views of shared storage. Requests keep the storage, so that freeing a tensor in
// flight is harmless (R58).
#pragma once

#include <nrt/nrt.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "runtime/memory.h"
#include "runtime/running_executions.h"

namespace nsim::rt {

struct Storage {
  std::shared_ptr<Allocation> memory;
  int core = -1;  // visible index of the logical core it was allocated for; -1: host memory
  RunningExecutions executions;
};

/// A range of a storage.
struct View {
  std::shared_ptr<Storage> storage;  // nullptr: nothing attached yet
  std::uint64_t offset = 0;
  std::uint64_t size = 0;

  std::uint64_t address() const { return storage->memory->address() + offset; }
  std::byte* data() const { return storage->memory->data() + offset; }
  int core() const { return storage->core; }
};

class Tensor {
 public:
  Tensor(std::string name, View view) : name_(std::move(name)), view_(std::move(view)) {}

  const std::string& name() const { return name_; }
  View view() const;
  void attach(View view);
  /// The view of `size` bytes from `offset`; throws StatusError(NRT_INVALID) when they are not all
  /// inside.
  View range(std::uint64_t offset, std::uint64_t size) const;

  /// Executions completed that wrote this tensor (R80).
  std::atomic<std::uint64_t> output_completions{0};

 private:
  const std::string name_;
  mutable std::mutex mutex_;
  View view_;
};

/// A tensor set: it knows its tensors but does not keep them.
class TensorSet {
 public:
  struct Entry {
    std::weak_ptr<Tensor> tensor;
    nrt_tensor_t* handle = nullptr;
  };
  void add(const std::string& name, Entry entry);
  /// An entry without tensor when the name is absent.
  Entry find(const std::string& name) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, Entry> entries_;
};

}  // namespace nsim::rt
