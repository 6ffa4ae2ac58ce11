// SPDX-License-Identifier: Apache-2.0
// The descriptor ring of an execution unit as the unit sees it: descriptors are fetched from host
// memory a few ahead of their execution, together with their binding tables.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "sim/base/units.h"
#include "sim/hw/address_map.h"
#include "sim/hw/request.h"

namespace nsim::hw {

/// A request as it arrived at the unit.
struct FetchedRequest {
  std::uint64_t number = 0;  // counts the requests of the ring from 1
  RequestDescriptor descriptor;
  std::vector<std::uint64_t> bindings;
  SimTime written = 0;                    // the doorbell arrived
  SimTime requested = 0;                  // there was room to fetch it
  SimTime ready = 0;                      // when all of it is there
  DeviceError error = DeviceError::None;  // met while it was fetched
};

class DescriptorRing {
 public:
  struct Transaction {
    SimTime duration = 0;
    DeviceError error = DeviceError::None;
  };
  /// Reads host memory now, for request `number`; tells how long that takes on the host link.
  using Read = std::function<Transaction(std::uint64_t number, std::uint64_t address, void* to,
                                         std::size_t bytes)>;

  DescriptorRing(const AddressMap& map, std::int64_t ahead, Read read);

  void set_base(std::uint64_t base);
  void set_size(std::uint64_t entries) { size_ = entries; }
  /// Total number of descriptors the host has written.
  void set_tail(std::uint64_t tail);

  /// Fetches what the host has written, up to the limit.
  void fetch();
  /// Requests that the host has written and nobody has taken.
  std::int64_t waiting() const {
    return static_cast<std::int64_t>(tail_ - head_ + fetched_.size());
  }
  bool empty() const { return fetched_.empty(); }
  /// When the next request is there.
  SimTime next_ready() const { return fetched_.front().ready; }
  FetchedRequest take();
  /// Forgets everything the host has written so far.
  void drop();

 private:
  FetchedRequest fetch_one();
  void read(FetchedRequest& request, std::uint64_t address, void* to, std::size_t bytes);

  const AddressMap& map_;
  const std::size_t ahead_;
  const Read read_;
  std::uint64_t base_ = 0;
  std::uint64_t size_ = 0;
  std::uint64_t head_ = 0;  // fetched so far
  std::uint64_t tail_ = 0;
  std::deque<FetchedRequest> fetched_;
  struct Doorbell {
    SimTime at = 0;
    std::uint64_t tail = 0;
  };
  std::deque<Doorbell> doorbells_;  // of what has not been fetched yet
};

}  // namespace nsim::hw
