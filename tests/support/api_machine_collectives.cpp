// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "tests/support/api_machine.h"

namespace nsim::test {
namespace {

constexpr std::uint32_t kRanks = 2;

nrt_cc_comm_t comm_of(int core) {
  nrt_cc_comm_t comm{};
  comm.rank = static_cast<std::uint32_t>(core);
  comm.rank_n = kRanks;
  comm.ctx_device_id = comm.rank;
  comm.ctx_device_count = kRanks;
  comm.vnc = comm.rank;
  return comm;
}

/// The first float of a memory, when it is known.
bool first_float(const Memory& memory, float& value) {
  std::uint8_t bytes[sizeof value];
  for (std::size_t i = 0; i < sizeof value; ++i) {
    if (memory[i] == kUnknown) {
      return false;
    }
    bytes[i] = static_cast<std::uint8_t>(memory[i]);
  }
  std::memcpy(&value, bytes, sizeof value);
  return true;
}

}  // namespace

/// What is not prepared leaves the place for the context alone.
void ApiMachine::prepare_wrong(Decisions& decide) {
  const Job& job = jobs_[0];
  nrt_cc_comm_t comm = comm_of(0);
  nrt_tensor_t* input = job.x.handle;
  nrt_tensor_t* output = job.y.handle;
  nrt_tensor_list_t inputs{&input, 1};
  nrt_tensor_list_t outputs{&output, 1};
  nrt_cc_comm_t* whom = &comm;
  auto dtype = NRT_DTYPE_FLOAT32;
  NRT_STATUS wanted = NRT_INVALID;
  switch (decide.below(6)) {
    case 0:
      comm.rank = kRanks;
      break;
    case 1:
      whom = nullptr;
      break;
    case 2:
      inputs.num_tensors = 0;
      break;
    case 3:
      input = reinterpret_cast<nrt_tensor_t*>(std::uintptr_t{0x4e52540000000008});
      wanted = NRT_INVALID_HANDLE;
      break;
    case 4:
      comm.vnc = kRanks;
      break;
    default:
      comm.ctx_device_id = 1;
      break;
  }
  nrt_cc_context_t* context = nullptr;
  check(nrta_cc_prepare(whom, &inputs, &outputs, dtype, NRT_OP_ADD, NRT_CC_ALLREDUCE, &context),
        {wanted}, "nrta_cc_prepare");
  if (context != nullptr) {
    throw ApiMismatch("a refused nrta_cc_prepare wrote a context");
  }
  nrta_seq_t sequence = 0;
  check(nrta_cc_schedule(&context, 0, nullptr, &sequence), {NRT_INVALID}, "nrta_cc_schedule");
}

nrt_cc_context_t* ApiMachine::prepare_sum(int core) {
  Job& job = jobs_[static_cast<std::size_t>(core)];
  nrt_cc_comm_t comm = comm_of(core);
  nrt_tensor_list_t inputs{&job.x.handle, 1};
  nrt_tensor_list_t outputs{&job.y.handle, 1};
  nrt_cc_context_t* context = nullptr;
  check(nrta_cc_prepare(&comm, &inputs, &outputs, NRT_DTYPE_FLOAT32, NRT_OP_ADD, NRT_CC_ALLREDUCE,
                        &context),
        {}, "nrta_cc_prepare");
  return context;
}

/// Both ranks, or none: a rank alone would wait until its watchdog.
void ApiMachine::sum(Decisions& decide) {
  if (!is_open_ || decide.one_in(8)) {
    prepare_wrong(decide);
    return;
  }
  for (int core = 0; core < static_cast<int>(kRanks); ++core) {
    const Job& job = jobs_[static_cast<std::size_t>(core)];
    UnitModel* unit = unit_of(core, NRTA_XU_COLLECTIVES, 0);
    drain(*unit);
    order(*job.y.storage, unit, true);
    order(*job.x.storage, unit, false);
  }
  float total = 0;
  bool known = true;
  for (const Job& job : jobs_) {
    float value = 0;
    known = first_float(job.x.storage->bytes, value) && known;
    total += value;
  }
  const auto* raw = reinterpret_cast<const std::uint8_t*>(&total);
  for (int core = 0; core < static_cast<int>(kRanks); ++core) {
    const Job& job = jobs_[static_cast<std::size_t>(core)];
    const Target target{unit_of(core, NRTA_XU_COLLECTIVES, 0), 0, job.tracker, {}};
    nrt_cc_context_t* context = prepare_sum(core);
    if (!schedule("nrta_cc_schedule", target, {}, [&](nrta_seq_t* sequence) {
          return nrta_cc_schedule(&context, target.queue, target.tracker, sequence);
        })) {
      throw ApiMismatch("a collectives unit with nothing open refuses");
    }
    if (context != nullptr) {
      throw ApiMismatch("an accepted collective left its context");
    }
    target.unit->accept(true);
    Memory& result = job.y.storage->bytes;
    for (std::size_t i = 0; i < result.size(); ++i) {
      result[i] = known ? raw[i % sizeof total] : kUnknown;
    }
    job.y.storage->written_by[target.unit] = target.unit->issued;
    job.x.storage->read_by[target.unit] = target.unit->issued;
    target.unit->open.push_back({target.unit->issued, nullptr, {}});
  }
}

}  // namespace nsim::test
