// SPDX-License-Identifier: Apache-2.0
#include <poll.h>
#include <unistd.h>

#include <cstring>

#include "tests/support/api_machine.h"

namespace nsim::test {
namespace {

nrta_seq_t id_of(const UnitModel& unit, std::uint64_t number) {
  return (static_cast<nrta_seq_t>(unit.id) << 48) | number;
}

/// The bytes of `count` floats of that value.
Memory floats(float value, std::size_t bytes) {
  std::uint8_t one[sizeof value];
  std::memcpy(one, &value, sizeof value);
  Memory memory(bytes);
  for (std::size_t i = 0; i < bytes; ++i) {
    memory[i] = one[i % sizeof value];
  }
  return memory;
}

struct Asked {
  nrta_seq_t id = 0;
  std::uint64_t number = 0;
  bool given = false;
};

Asked choose_id(Decisions& decide, const UnitModel& unit) {
  Asked asked;
  const unsigned kind = decide.below(8);
  asked.number = kind == 7   ? 0
                 : kind == 6 ? unit.issued + 1 + decide.below(8)
                 : kind == 5 ? NRTA_SEQ_NUM_MAX
                             : decide.below(static_cast<unsigned>(unit.issued) + 1);
  asked.id = id_of(unit, asked.number);
  if (kind == 4) {
    asked.id |= nrta_seq_t{0xffff} << 48;
    asked.number = 0;
  }
  asked.given = asked.number >= 1 && asked.number <= unit.issued;
  return asked;
}

}  // namespace

void ApiMachine::fill_input(Decisions& decide) {
  if (!is_open_) {
    return;
  }
  Job& job = jobs_[decide.below(2)];
  order(*job.x.storage, nullptr, true);
  const Memory bytes = floats(static_cast<float>(decide.below(100)), bytes_);
  const std::vector<std::uint8_t> buffer(bytes.begin(), bytes.end());
  check(nrt_tensor_write(job.x.handle, buffer.data(), 0, bytes_), {}, "nrt_tensor_write");
  job.x.storage->bytes = bytes;
}

void ApiMachine::execute(Decisions& decide) {
  const int core = static_cast<int>(decide.below(2));
  const Job& job = jobs_[static_cast<std::size_t>(core)];
  const Target target = choose_target(decide, core, NRTA_XU_COMPUTE);
  Statuses errors;
  nrt_model_t* model = job.model;
  const nrt_tensor_set_t* inputs = job.inputs;
  switch (decide.below(16)) {
    case 15:
      model = nullptr;
      errors.insert(NRT_INVALID);
      break;
    case 14:
      model = reinterpret_cast<nrt_model_t*>(job.x.handle);
      errors.insert(is_open_ ? NRT_INVALID_HANDLE : closed());
      break;
    case 13:
      inputs = job.outputs;  // has no x
      errors.insert(NRT_INVALID);
      break;
    default:
      break;
  }
  if (is_open_ && errors.empty() && target.unit != nullptr) {
    order(*job.y.storage, target.unit, true);
    order(*job.x.storage, target.unit, false);
  }
  if (schedule("nrta_execute_schedule", target, errors, [&](nrta_seq_t* sequence) {
        return nrta_execute_schedule(model, inputs, job.outputs, target.queue, target.tracker,
                                     sequence);
      })) {
    const NRT_STATUS status = target.unit->accept(target.tracker != nullptr);
    float first = 0;
    std::uint8_t bytes[sizeof first];
    bool known = true;
    for (std::size_t i = 0; i < sizeof first; ++i) {
      known = known && job.x.storage->bytes[i] != kUnknown;
      bytes[i] = static_cast<std::uint8_t>(job.x.storage->bytes[i]);
    }
    std::memcpy(&first, bytes, sizeof first);
    if (status != NRT_EXEC_UNIT_UNRECOVERABLE) {
      job.y.storage->bytes =
          status == NRT_SUCCESS && known ? floats(first + 1, bytes_) : Memory(bytes_, kUnknown);
    }
    job.y.storage->written_by[target.unit] = target.unit->issued;
    job.x.storage->read_by[target.unit] = target.unit->issued;
  }
}

void ApiMachine::ask_completed(Decisions& decide) {
  UnitModel& unit = choose_unit(decide);
  const Asked asked = choose_id(decide, unit);
  bool done = true;
  const NRT_STATUS status = nrta_is_completed(asked.id, &done);
  check(status, asked.given ? Statuses{} : Statuses{NRT_INVALID}, "nrta_is_completed");
  if (!is_open_) {
    return;
  }
  if (done && !asked.given) {
    throw ApiMismatch("an id never given is complete");
  }
  if (!done && asked.given && asked.number <= unit.known) {
    throw ApiMismatch("a complete request is no more");
  }
  if (done && unit.paused && asked.number > unit.known) {
    throw ApiMismatch("a paused unit completed a request");
  }
  if (done) {
    settle(unit, asked.number, false);
  }
}

void ApiMachine::ask_sequence(Decisions& decide) {
  UnitModel& unit = choose_unit(decide);
  const unsigned wrong = decide.below(16);
  nrta_seq_t sequence = 7;
  const NRT_STATUS status = nrta_get_sequence(
      wrong == 15 ? 2U : static_cast<std::uint32_t>(unit.core),
      wrong == 14 ? NRTA_XU_TYPE_NUM : unit.xu, wrong == 13 ? 3 : unit.queue, &sequence);
  check(status, wrong >= 13 ? Statuses{NRT_INVALID} : Statuses{}, "nrta_get_sequence");
  if (status != NRT_SUCCESS) {
    if (sequence != 7) {
      throw ApiMismatch("a refused question got an answer");
    }
    return;
  }
  const std::uint64_t number = NRTA_SEQ_GET_SEQ_NUM(sequence);
  if (NRTA_SEQ_GET_XU_ID(sequence) != unit.id || number < unit.known || number > unit.issued ||
      (unit.paused && number != unit.known)) {
    throw ApiMismatch("nrta_get_sequence answers " + std::to_string(number) + ", known " +
                      std::to_string(unit.known) + ", issued " + std::to_string(unit.issued));
  }
  settle(unit, number, false);
}

void ApiMachine::ask_errors(Decisions& decide) {
  const int core = static_cast<int>(decide.below(2));
  const bool stale = decide.one_in(8);
  if (of_generation_c() && (stale || !is_open_)) {
    return;
  }
  nrta_error_tracker_t* tracker =
      stale ? stale_tracker_ : jobs_[static_cast<std::size_t>(core)].tracker;
  const nrta_error_t* list = nullptr;
  std::size_t count = 0;
  const Statuses errors =
      !stale ? Statuses{} : Statuses{tracker == nullptr ? NRT_INVALID : NRT_INVALID_HANDLE};
  const NRT_STATUS status = nrta_error_tracker_get_list(tracker, &list, &count);
  check(status, errors, "nrta_error_tracker_get_list");
  std::set<nrta_seq_t> seen;
  for (std::size_t i = 0; status == NRT_SUCCESS && i < count; ++i) {
    bool expected = false;
    for (const UnitModel& unit : units_) {
      const auto failure = unit.failures.find(NRTA_SEQ_GET_SEQ_NUM(list[i].seq_id));
      expected = expected || (unit.core == core && NRTA_SEQ_GET_XU_ID(list[i].seq_id) == unit.id &&
                              failure != unit.failures.end() &&
                              list[i].error_code == static_cast<std::uint64_t>(failure->second));
    }
    if (!expected || !seen.insert(list[i].seq_id).second) {
      throw ApiMismatch("an entry of the error tracker is wrong or comes twice: number " +
                        std::to_string(NRTA_SEQ_GET_SEQ_NUM(list[i].seq_id)) + ", code " +
                        std::to_string(list[i].error_code));
    }
  }
  for (const UnitModel& unit : units_) {
    for (const auto& [number, failure] : unit.failures) {
      if (status == NRT_SUCCESS && unit.core == core && number <= unit.known &&
          unit.tracked.count(number) != 0 && seen.count(id_of(unit, number)) == 0) {
        throw ApiMismatch("a failed request is complete and not in its error tracker");
      }
    }
  }
}

void ApiMachine::ask_handle(Decisions& decide) {
  UnitModel& unit = choose_unit(decide);
  const Asked asked = choose_id(decide, unit);
  int fd = -7;
  const NRT_STATUS status = nrta_get_completion_handle(asked.id, &fd);
  check(status, asked.given ? Statuses{} : Statuses{NRT_INVALID}, "nrta_get_completion_handle");
  if (status != NRT_SUCCESS) {
    if (fd != -7) {
      throw ApiMismatch("a refused call wrote a descriptor");
    }
    return;
  }
  pollfd wanted{fd, POLLIN, 0};
  const bool readable = poll(&wanted, 1, 0) == 1;
  ::close(fd);
  if (!readable && asked.number <= unit.known) {
    throw ApiMismatch("the handle of a complete request is not readable");
  }
  if (readable && unit.paused && asked.number > unit.known) {
    throw ApiMismatch("the handle of a request that waits is readable");
  }
}

void ApiMachine::pause(Decisions& decide) {
  UnitModel& unit = choose_unit(decide);
  const bool pause = decide.below(3) != 2;
  if (unit.xu == NRTA_XU_COLLECTIVES) {
    return;  // the other rank would wait
  }
  if (is_open_ && (!pause || !unit.paused)) {
    drain(unit);
  }
  if (pause) {
    check(nsim_hook_pause(static_cast<std::uint32_t>(unit.core), unit.xu, unit.queue, true), {},
          "nsim_hook_pause");
    unit.paused = is_open_;
  }
}

void ApiMachine::inject(Decisions& decide) {
  UnitModel& unit = choose_unit(decide);
  const auto fault = static_cast<nsim_fault_t>(NSIM_FAULT_HANG + decide.below(12));
  if (!decide.one_in(2) || unit.next_fault != nsim_fault_t{} || unit.fatal != 0 ||
      unit.issued != unit.known || unit.xu == NRTA_XU_COLLECTIVES) {
    return;
  }
  const NRT_STATUS status =
      nsim_hook_inject(static_cast<std::uint32_t>(unit.core), unit.xu, unit.queue, fault, 0);
  check(status, {}, "nsim_hook_inject");
  unit.next_fault = status == NRT_SUCCESS ? fault : nsim_fault_t{};
}

void ApiMachine::wait(Decisions& decide) {
  if (is_open_) {
    drain(choose_unit(decide));
  }
}

void ApiMachine::write_now(Decisions& decide) {
  const Range range = choose_range(decide);
  const bool valid = range.errors.empty() && range.tensor.storage != nullptr;
  std::vector<std::uint8_t> buffer(valid ? range.size : 64,
                                   static_cast<std::uint8_t>(decide.below(256)));
  if (valid && is_open_) {
    order(*range.tensor.storage, nullptr, true);
  }
  const NRT_STATUS status =
      nrt_tensor_write(range.tensor.handle, buffer.data(), range.offset, range.size);
  check(status,
        range.size == 0 && !valid ? Statuses{NRT_INVALID, NRT_INVALID_HANDLE} : range.errors,
        "nrt_tensor_write");
  for (std::uint64_t i = 0; status == NRT_SUCCESS && i < range.size; ++i) {
    range.tensor.storage->bytes[range.tensor.offset + range.offset + i] = buffer[i];
  }
}

void ApiMachine::read_now(Decisions& decide) {
  const bool output = is_open_ && decide.one_in(4);
  Range range;
  if (output) {
    range.tensor = jobs_[decide.below(2)].y;
    range.size = 64;
  } else {
    range = choose_range(decide);
  }
  const bool valid = range.errors.empty() && range.tensor.storage != nullptr;
  std::vector<std::uint8_t> buffer(valid ? range.size + 1 : 64);
  if (valid && is_open_) {
    order(*range.tensor.storage, nullptr, false);
  }
  const NRT_STATUS status =
      nrt_tensor_read(range.tensor.handle, buffer.data(), range.offset, range.size);
  check(status, range.errors, "nrt_tensor_read");
  for (std::uint64_t i = 0; status == NRT_SUCCESS && i < range.size; ++i) {
    const int expected = range.tensor.storage->bytes[range.tensor.offset + range.offset + i];
    if (expected != kUnknown && expected != buffer[i]) {
      throw ApiMismatch("nrt_tensor_read reads " + std::to_string(buffer[i]) + " at " +
                        std::to_string(i) + ", expected " + std::to_string(expected));
    }
  }
}

}  // namespace nsim::test
