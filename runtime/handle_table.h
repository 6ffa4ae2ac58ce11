// SPDX-License-Identifier: Apache-2.0
// Handles: what the opaque pointers of the C interface are. A handle is a number that is never
// given twice in a process, so that a stale one is recognised and never reaches memory (R5).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>

#include "runtime/status.h"

namespace nsim::rt {

/// A new handle value; nonzero.
std::uintptr_t next_handle();

template <class Object, class Handle>
class HandleTable {
 public:
  explicit HandleTable(const char* what) : what_(what) {}

  Handle* add(std::shared_ptr<Object> object) {
    const std::uintptr_t value = next_handle();
    const std::unique_lock<std::shared_mutex> lock(mutex_);
    objects_.emplace(value, std::move(object));
    return reinterpret_cast<Handle*>(value);
  }

  /// Throws StatusError: NRT_INVALID for NULL, NRT_INVALID_HANDLE for one that is not in the table.
  std::shared_ptr<Object> get(const Handle* handle) const {
    if (handle == nullptr) {
      throw StatusError(NRT_INVALID, std::string(what_) + " is NULL");
    }
    std::shared_ptr<Object> object = find(handle);
    if (!object) {
      throw StatusError(NRT_INVALID_HANDLE, std::string(what_) + " was freed or never existed");
    }
    return object;
  }

  /// nullptr when there is none.
  std::shared_ptr<Object> find(const Handle* handle) const {
    const std::shared_lock<std::shared_mutex> lock(mutex_);
    const auto found = objects_.find(reinterpret_cast<std::uintptr_t>(handle));
    return found == objects_.end() ? nullptr : found->second;
  }

  /// Calls `visit(object)` for all, in any order, under the table's lock.
  template <class Visit>
  void each(Visit visit) const {
    const std::shared_lock<std::shared_mutex> lock(mutex_);
    for (const auto& [value, object] : objects_) {
      visit(*object);
    }
  }

  /// Takes the object out; nullptr when there is none.
  std::shared_ptr<Object> remove(const Handle* handle) {
    const std::unique_lock<std::shared_mutex> lock(mutex_);
    const auto found = objects_.find(reinterpret_cast<std::uintptr_t>(handle));
    if (found == objects_.end()) {
      return nullptr;
    }
    std::shared_ptr<Object> object = std::move(found->second);
    objects_.erase(found);
    return object;
  }

 private:
  const char* what_;
  mutable std::shared_mutex mutex_;
  std::unordered_map<std::uintptr_t, std::shared_ptr<Object>> objects_;
};

}  // namespace nsim::rt
