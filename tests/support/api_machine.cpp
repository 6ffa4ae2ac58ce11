// SPDX-License-Identifier: Apache-2.0
#include <nrt/nrt_experimental.h>

#include "tests/support/api_machine.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <thread>

namespace nsim::test {
namespace {

constexpr int kCores = 2;
constexpr std::uint8_t kPoison = 0xa5;

/// The type of the unit that does what units of type `xu` are there for.
nrta_xu_t type_of(nrta_xu_t xu) {
  return of_generation_c() && xu < NRTA_XU_TENSOR_OP ? NRTA_XU_TENSOR_OP : xu;
}

bool ever_open = false;  // of the process, as the library remembers it

std::uint64_t id_of(const UnitModel& unit, std::uint64_t number) {
  return (static_cast<std::uint64_t>(unit.id) << 48) | number;
}

void require(NRT_STATUS status, const char* what) {
  if (status != NRT_SUCCESS) {
    throw ApiMismatch(std::string(what) + " returns " + nrt_get_status_as_str(status));
  }
}

}  // namespace

ApiMachine::ApiMachine(std::vector<std::byte> container, std::size_t bytes, std::uint64_t depth)
    : container_(std::move(container)), bytes_(bytes), depth_(depth) {}

ApiMachine::~ApiMachine() {
  nrt_close();
}

NRT_STATUS ApiMachine::closed() const {
  return ever_open ? NRT_CLOSED : NRT_UNINITIALIZED;
}

void ApiMachine::check(NRT_STATUS got, Statuses errors, const char* call) {
  ++calls_;
  if (!is_open_) {
    errors = {closed()};
  } else if (errors.empty()) {
    errors = {NRT_SUCCESS};
  }
  if (errors.count(got) == 0) {
    std::string text = std::string(call) + " returns " + nrt_get_status_as_str(got) + ", allowed:";
    for (const NRT_STATUS each : errors) {
      text += std::string(" ") + nrt_get_status_as_str(each);
    }
    throw ApiMismatch(text);
  }
}

void ApiMachine::run(const std::uint8_t* data, std::size_t size) {
  try {
    walk(data, size);
  } catch (const ApiMismatch&) {
    nrt_close();
    forget();
    throw;
  }
}

void ApiMachine::walk(const std::uint8_t* data, std::size_t size) {
  using Operation = void (ApiMachine::*)(Decisions&);
  constexpr Operation kOperations[] = {
      &ApiMachine::allocate,      &ApiMachine::slice,        &ApiMachine::free,
      &ApiMachine::write,         &ApiMachine::write,        &ApiMachine::write,
      &ApiMachine::read,          &ApiMachine::read,         &ApiMachine::read,
      &ApiMachine::copy,          &ApiMachine::copy,         &ApiMachine::execute,
      &ApiMachine::fill_input,    &ApiMachine::pause,        &ApiMachine::inject,
      &ApiMachine::ask_completed, &ApiMachine::ask_sequence, &ApiMachine::ask_errors,
      &ApiMachine::ask_handle,    &ApiMachine::wait,         &ApiMachine::write_now,
      &ApiMachine::read_now};
  constexpr unsigned kCount = sizeof kOperations / sizeof kOperations[0];
  Decisions decide(data, size);
  if (!decide.one_in(4)) {
    open();
  }
  while (!decide.over()) {
    const unsigned choice = decide.below(256);
    if (choice == 255) {
      close();
    } else if (choice == 254 || (!is_open_ && choice >= 224)) {
      open();
    } else if (choice >= 250) {
      sum(decide);
    } else {
      (this->*kOperations[choice % kCount])(decide);
    }
  }
  if (is_open_ && size % 2 == 0) {
    for (UnitModel& unit : units_) {
      drain(unit);
    }
  }
  close();
}

void ApiMachine::open() {
  ++calls_;
  require(nrt_init(NRT_FRAMEWORK_TYPE_NO_FW, "", ""), "nrt_init");
  if (is_open_) {
    return;
  }
  is_open_ = ever_open = true;
  units_.clear();
  for (int core = 0; core < kCores; ++core) {
    for (const nrta_xu_t xu : {NRTA_XU_TENSOR_READ, NRTA_XU_TENSOR_WRITE, NRTA_XU_TENSOR_OP,
                               NRTA_XU_COMPUTE, NRTA_XU_COLLECTIVES}) {
      const int queues = xu == NRTA_XU_COMPUTE || xu == NRTA_XU_COLLECTIVES ? 1 : 2;
      for (int queue = 0; queue < queues && type_of(xu) == xu; ++queue) {
        UnitModel unit;
        unit.core = core;
        unit.xu = xu;
        unit.queue = queue;
        units_.push_back(unit);
      }
    }
  }
  for (UnitModel& unit : units_) {
    nrta_seq_t none = 1;
    require(nrta_get_sequence(static_cast<std::uint32_t>(unit.core), unit.xu, unit.queue, &none),
            "nrta_get_sequence");
    unit.id = NRTA_SEQ_GET_XU_ID(none);
    if (NRTA_SEQ_GET_SEQ_NUM(none) != 0) {
      throw ApiMismatch("a fresh unit has completed something");
    }
  }
  for (int core = 0; core < kCores; ++core) {
    open_job(core);
  }
}

void ApiMachine::open_job(int core) {
  Job& job = jobs_[static_cast<std::size_t>(core)];
  const auto rank = static_cast<std::uint32_t>(core);
  require(nrt_cc_global_comm_init(rank, rank, kCores), "nrt_cc_global_comm_init");
  require(nrta_error_tracker_create(static_cast<std::uint32_t>(core), &job.tracker),
          "nrta_error_tracker_create");
  require(nrt_load(container_.data(), container_.size(), core, 1, &job.model), "nrt_load");
  require(nrt_allocate_tensor_set(&job.inputs), "nrt_allocate_tensor_set");
  require(nrt_allocate_tensor_set(&job.outputs), "nrt_allocate_tensor_set");
  for (TensorModel* tensor : {&job.x, &job.y}) {
    const bool input = tensor == &job.x;
    *tensor = {};
    tensor->storage = std::make_shared<StorageModel>();
    tensor->storage->core = core;
    tensor->storage->bytes.assign(bytes_, kUnknown);
    tensor->size = bytes_;
    require(nrt_tensor_allocate(NRT_TENSOR_PLACEMENT_DEVICE, core, bytes_, "t", &tensor->handle),
            "nrt_tensor_allocate");
    require(nrt_add_tensor_to_tensor_set(input ? job.inputs : job.outputs, input ? "x" : "y",
                                         tensor->handle),
            "nrt_add_tensor_to_tensor_set");
  }
}

void ApiMachine::close() {
  ++calls_;
  nrt_close();
  if (!is_open_) {
    return;
  }
  for (UnitModel& unit : units_) {
    settle(unit, unit.issued, true);
    failed_ += unit.failures.size();
  }
  for (const TensorModel& tensor : tensors_) {
    stale_.push_back(tensor.handle);
  }
  if (stale_.size() > 16) {
    stale_.erase(stale_.begin(), stale_.end() - 16);
  }
  stale_tracker_ = jobs_[0].tracker;
  forget();
}

void ApiMachine::forget() {
  tensors_.clear();
  jobs_ = {};
  units_.clear();
  is_open_ = false;
}

/// Everything up to `completed` is over; a cancelled read left its buffer alone or filled it.
void ApiMachine::settle(UnitModel& unit, std::uint64_t completed, bool cancelled) {
  unit.known = std::max(unit.known, completed);
  while (!unit.open.empty() && unit.open.front().number <= completed) {
    const OpenRequest& request = unit.open.front();
    for (std::size_t i = 0; i < request.expected.size(); ++i) {
      const int byte = (*request.buffer)[i];
      const int expected = request.expected[i];
      compared_ += expected != kUnknown ? 1 : 0;
      if (byte != expected && expected != kUnknown && !(cancelled && byte == kPoison)) {
        throw ApiMismatch("request " + std::to_string(request.number) + " read " +
                          std::to_string(byte) + " at " + std::to_string(i) + ", expected " +
                          std::to_string(expected));
      }
    }
    unit.open.pop_front();
  }
}

/// Waits until the unit has nothing open.
void ApiMachine::drain(UnitModel& unit) {
  if (unit.paused) {
    check(nsim_hook_pause(static_cast<std::uint32_t>(unit.core), unit.xu, unit.queue, false), {},
          "nsim_hook_pause");
    unit.paused = false;
  }
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  bool done = unit.known == unit.issued;
  while (!done) {
    check(nrta_is_completed(id_of(unit, unit.issued), &done), {}, "nrta_is_completed");
    if (!done && std::chrono::steady_clock::now() > deadline) {
      throw ApiMismatch("a request does not complete");
    }
    if (!done) {
      std::this_thread::yield();
    }
  }
  settle(unit, unit.issued, false);
}

/// Waits for what other units still do with the storage (R26).
void ApiMachine::order(StorageModel& storage, UnitModel* unit, bool writes) {
  const auto wait_for = [&](const std::map<UnitModel*, std::uint64_t>& users) {
    for (const auto& [user, number] : users) {
      if (user != unit && number > user->known) {
        drain(*user);
      }
    }
  };
  wait_for(storage.written_by);
  if (writes) {
    wait_for(storage.read_by);
  }
}

UnitModel* ApiMachine::unit_of(int core, nrta_xu_t xu, int queue) {
  for (UnitModel& unit : units_) {
    if (unit.core == core && unit.xu == type_of(xu) && unit.queue == queue) {
      return &unit;
    }
  }
  return nullptr;
}

UnitModel& ApiMachine::choose_unit(Decisions& decide) {
  static UnitModel nobody;  // calls without a session need some arguments
  return units_.empty() ? (nobody = UnitModel())
                        : units_[decide.below(static_cast<unsigned>(units_.size()))];
}

bool ApiMachine::schedule(const char* name, const Target& target, const Statuses& errors,
                          const std::function<NRT_STATUS(nrta_seq_t*)>& call) {
  constexpr nrta_seq_t kUntouched = 0x1234;
  nrta_seq_t sequence = kUntouched;
  Statuses allowed = errors;
  allowed.insert(target.errors.begin(), target.errors.end());
  const bool right = allowed.empty() && is_open_;
  if (right) {
    allowed = target.unit->admission(depth_);
  }
  const NRT_STATUS status = call(&sequence);
  check(status, allowed, name);
  if (status != NRT_SUCCESS) {
    if (sequence != kUntouched) {
      throw ApiMismatch("a refused call wrote an id");
    }
    return false;
  }
  if (sequence != id_of(*target.unit, target.unit->issued + 1)) {
    throw ApiMismatch("a request has not the next id of its unit");
  }
  ++accepted_;
  return true;
}

}  // namespace nsim::test
