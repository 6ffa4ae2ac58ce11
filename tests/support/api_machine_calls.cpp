// SPDX-License-Identifier: Apache-2.0
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "tests/support/api_machine.h"

namespace nsim::test {
namespace {

constexpr std::uint8_t kPoison = 0xa5;

template <class Handle>
Handle* garbage() {
  return reinterpret_cast<Handle*>(std::uintptr_t{0x4e52540000000008});
}

std::shared_ptr<std::vector<std::uint8_t>> pattern(std::uint64_t size, unsigned seed) {
  auto bytes = std::make_shared<std::vector<std::uint8_t>>(size);
  for (std::size_t i = 0; i < size; ++i) {
    (*bytes)[i] = static_cast<std::uint8_t>(seed + i * 7);
  }
  return bytes;
}

Memory part(const Memory& memory, std::uint64_t offset, std::uint64_t size) {
  const auto begin = memory.begin() + static_cast<std::ptrdiff_t>(offset);
  return Memory(begin, begin + static_cast<std::ptrdiff_t>(size));
}

void put(Memory& memory, std::uint64_t offset, const Memory& bytes) {
  std::copy(bytes.begin(), bytes.end(), memory.begin() + static_cast<std::ptrdiff_t>(offset));
}

/// What a request with that outcome leaves where it would write `bytes`.
void put_result(Memory& memory, std::uint64_t offset, const Memory& bytes, NRT_STATUS status) {
  if (status == NRT_SUCCESS) {
    put(memory, offset, bytes);
  } else if (status !=
             NRT_EXEC_UNIT_UNRECOVERABLE) {  // those behind a fatal one are not executed (R63)
    put(memory, offset, Memory(bytes.size(), kUnknown));
  }
}

}  // namespace

ApiMachine::Range ApiMachine::choose_range(Decisions& decide) {
  Range range;
  const unsigned kind = decide.below(16);
  if (kind == 15) {
    range.errors.insert(NRT_INVALID);  // NULL
  } else if (kind == 14 || tensors_.empty()) {
    range.tensor.handle = stale_.empty() || decide.one_in(2)
                              ? garbage<nrt_tensor_t>()
                              : stale_[decide.below(static_cast<unsigned>(stale_.size()))];
    range.errors.insert(NRT_INVALID_HANDLE);
  } else if (kind == 13 && is_open_) {
    range.tensor.handle = reinterpret_cast<nrt_tensor_t*>(jobs_[0].model);
    range.errors.insert(NRT_INVALID_HANDLE);
  } else {
    range.tensor = tensors_[decide.below(static_cast<unsigned>(tensors_.size()))];
  }
  if (range.tensor.storage == nullptr) {
    range.size = decide.below(64);
    return range;
  }
  range.offset = decide.below(static_cast<unsigned>(range.tensor.size) + 1);
  range.size = decide.below(static_cast<unsigned>(range.tensor.size - range.offset) + 1);
  const unsigned wrong = decide.below(24);
  if (wrong == 23) {
    range.size = range.tensor.size - range.offset + 1;
  } else if (wrong == 22) {
    range.size =
        UINT64_MAX - range.offset + 1 + (range.offset == 0 ? UINT64_MAX : decide.below(16));
  } else if (wrong == 21) {
    range.offset = UINT64_MAX;
    range.size = 2;
  } else {
    return range;
  }
  if (range.offset > range.tensor.size || range.size > range.tensor.size - range.offset) {
    range.errors.insert(NRT_INVALID);
  }
  return range;
}

ApiMachine::Target ApiMachine::choose_target(Decisions& decide, int core, nrta_xu_t xu) {
  Target target;
  const unsigned kind = decide.below(16);
  target.queue = kind == 15              ? 2
                 : kind == 14            ? -1
                 : xu == NRTA_XU_COMPUTE ? 0
                                         : static_cast<int>(kind % 2);
  target.unit = unit_of(core, xu, target.queue);
  if (target.unit == nullptr) {
    target.errors.insert(NRT_INVALID);
  }
  const unsigned tracker = decide.below(16);
  if (!is_open_ || tracker == 15) {
    target.tracker = nullptr;
  } else if (of_generation_c()) {
    target.tracker = jobs_[static_cast<std::size_t>(core)].tracker;
  } else if (tracker == 14) {
    target.tracker = jobs_[static_cast<std::size_t>(1 - core)].tracker;
    target.errors.insert(NRT_INVALID);
  } else if (tracker == 13) {
    target.tracker = stale_tracker_ == nullptr ? garbage<nrta_error_tracker_t>() : stale_tracker_;
    target.errors.insert(NRT_INVALID_HANDLE);
  } else {
    target.tracker = jobs_[static_cast<std::size_t>(core)].tracker;
  }
  return target;
}

void ApiMachine::allocate(Decisions& decide) {
  if (tensors_.size() >= 6) {
    return;
  }
  TensorModel tensor;
  const bool host = decide.one_in(4);
  const unsigned core = decide.below(16);
  const int vnc = core == 15 ? 2 : core == 14 ? -1 : static_cast<int>(core % 2);
  tensor.size = decide.below(201);
  Statuses errors;
  if (tensor.size == 0 || (!host && (vnc < 0 || vnc > 1))) {
    errors.insert(NRT_INVALID);
  }
  const NRT_STATUS status =
      nrt_tensor_allocate(host ? NRT_TENSOR_PLACEMENT_HOST : NRT_TENSOR_PLACEMENT_DEVICE,
                          host ? -1 : vnc, tensor.size, nullptr, &tensor.handle);
  check(status, errors, "nrt_tensor_allocate");
  if (status == NRT_SUCCESS) {
    tensor.storage = std::make_shared<StorageModel>();
    tensor.storage->core = host ? -1 : vnc;
    tensor.storage->bytes.assign(tensor.size, kUnknown);
    tensors_.push_back(tensor);
  } else if (tensor.handle != nullptr) {
    throw ApiMismatch("a failed allocation wrote a handle");
  }
}

void ApiMachine::slice(Decisions& decide) {
  Range range = choose_range(decide);
  if (tensors_.size() >= 8) {
    return;
  }
  if (range.size == 0) {
    range.errors.insert(NRT_INVALID);
  }
  TensorModel tensor;
  const NRT_STATUS status =
      nrt_tensor_allocate_slice(range.tensor.handle, range.offset, range.size, "s", &tensor.handle);
  check(status, range.errors, "nrt_tensor_allocate_slice");
  if (status == NRT_SUCCESS) {
    tensor.storage = range.tensor.storage;
    tensor.offset = range.tensor.offset + range.offset;
    tensor.size = range.size;
    tensors_.push_back(tensor);
  }
}

void ApiMachine::free(Decisions& decide) {
  ++calls_;
  if (tensors_.empty() || decide.one_in(4)) {
    nrt_tensor_t* wrong = stale_.empty() ? garbage<nrt_tensor_t>() : stale_.back();
    nrt_tensor_free(&wrong);
    return;
  }
  const unsigned index = decide.below(static_cast<unsigned>(tensors_.size()));
  stale_.push_back(tensors_[index].handle);
  nrt_tensor_free(&tensors_[index].handle);
  tensors_.erase(tensors_.begin() + index);
}

/// The core whose unit transfers: that of the tensor; core 0 for host memory and for bad ranges.
int ApiMachine::core_of(const Range& range) {
  return range.errors.empty() && range.tensor.storage != nullptr
             ? std::max(range.tensor.storage->core, 0)
             : 0;
}

void ApiMachine::write(Decisions& decide) {
  Range range = choose_range(decide);
  const bool valid = range.errors.empty();
  const Target target = choose_target(decide, core_of(range), NRTA_XU_TENSOR_WRITE);
  const bool null = decide.one_in(16);
  if (null && range.size != 0) {
    range.errors.insert(NRT_INVALID);
  }
  const auto buffer = pattern(valid ? range.size : 64, decide.below(256));
  if (valid && target.unit != nullptr && is_open_) {
    order(*range.tensor.storage, target.unit, true);
  }
  if (schedule("nrta_tensor_write", target, range.errors, [&](nrta_seq_t* sequence) {
        return nrta_tensor_write(range.tensor.handle, null ? nullptr : buffer->data(), range.offset,
                                 range.size, target.queue, target.tracker, sequence);
      })) {
    StorageModel& storage = *range.tensor.storage;
    const NRT_STATUS status = target.unit->accept(target.tracker != nullptr);
    put_result(storage.bytes, range.tensor.offset + range.offset,
               Memory(buffer->begin(), buffer->end()), status);
    storage.written_by[target.unit] = target.unit->issued;
    target.unit->open.push_back({target.unit->issued, buffer, {}});
  }
}

void ApiMachine::read(Decisions& decide) {
  Range range = choose_range(decide);
  const bool valid = range.errors.empty();
  const Target target = choose_target(decide, core_of(range), NRTA_XU_TENSOR_READ);
  if (valid && target.unit != nullptr && is_open_) {
    order(*range.tensor.storage, target.unit, false);
  }
  const auto buffer =
      std::make_shared<std::vector<std::uint8_t>>((valid ? range.size : 64) + 8, kPoison);
  if (schedule("nrta_tensor_read", target, range.errors, [&](nrta_seq_t* sequence) {
        return nrta_tensor_read(buffer->data(), range.tensor.handle, range.offset, range.size,
                                target.queue, target.tracker, sequence);
      })) {
    StorageModel& storage = *range.tensor.storage;
    const NRT_STATUS status = target.unit->accept(target.tracker != nullptr);
    Memory expected(buffer->begin(), buffer->end());  // what lies behind the range stays
    put_result(expected, 0, part(storage.bytes, range.tensor.offset + range.offset, range.size),
               status);
    storage.read_by[target.unit] = target.unit->issued;
    target.unit->open.push_back({target.unit->issued, buffer, expected});
  }
}

void ApiMachine::copy(Decisions& decide) {
  Range to = choose_range(decide);
  Range from = choose_range(decide);
  Statuses errors = to.errors;
  if (errors.empty() && from.errors.empty()) {
    to.size = from.size = std::min(to.size, from.size);
  }
  errors.insert(from.errors.begin(), from.errors.end());
  const bool valid =
      errors.empty() && from.tensor.storage != nullptr && to.tensor.storage != nullptr;
  if (valid &&
      (to.tensor.storage->core < 0 || to.tensor.storage->core != from.tensor.storage->core)) {
    errors.insert(NRT_INVALID);
  }
  // A wrong range at one end decides the size of both, and may be wrong at the other as well.
  const std::uint64_t size = from.errors.empty() ? to.size : from.size;
  for (const Range* range : {&to, &from}) {
    if (range->tensor.storage != nullptr &&
        (range->offset > range->tensor.size || size > range->tensor.size - range->offset)) {
      errors.insert(NRT_INVALID);
    }
  }
  const std::uint64_t source = from.tensor.offset + from.offset;
  const std::uint64_t destination = to.tensor.offset + to.offset;
  const bool overlap = valid && to.tensor.storage == from.tensor.storage &&
                       source < destination + size && destination < source + size;
  if (overlap) {
    return;  // nothing is promised
  }
  const Target target = choose_target(decide, errors.empty() && valid ? to.tensor.storage->core : 0,
                                      NRTA_XU_TENSOR_OP);
  if (errors.empty() && valid && target.unit != nullptr && is_open_) {
    order(*to.tensor.storage, target.unit, true);
    order(*from.tensor.storage, target.unit, false);
  }
  if (schedule("nrta_tensor_copy", target, errors, [&](nrta_seq_t* sequence) {
        return nrta_tensor_copy(from.tensor.handle, from.offset, to.tensor.handle, to.offset, size,
                                target.queue, target.tracker, sequence);
      })) {
    const NRT_STATUS status = target.unit->accept(target.tracker != nullptr);
    put_result(to.tensor.storage->bytes, destination,
               part(from.tensor.storage->bytes, source, size), status);
    to.tensor.storage->written_by[target.unit] = target.unit->issued;
    from.tensor.storage->read_by[target.unit] = target.unit->issued;
  }
}

}  // namespace nsim::test
