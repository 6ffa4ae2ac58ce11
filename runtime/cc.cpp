// SPDX-License-Identifier: Apache-2.0
#include "runtime/cc.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "runtime/border.h"
#include "runtime/status.h"

namespace nsim::rt {
namespace {

std::optional<num::ElementType> element_type(int dtype) {
  switch (dtype) {
    case NRT_DTYPE_UINT64:
      return num::ElementType::Uint64;
    case NRT_DTYPE_INT8:
      return num::ElementType::Int8;
    case NRT_DTYPE_UINT8:
      return num::ElementType::Uint8;
    case NRT_DTYPE_INT16:
      return num::ElementType::Int16;
    case NRT_DTYPE_UINT16:
      return num::ElementType::Uint16;
    case NRT_DTYPE_BFLOAT16:
      return num::ElementType::Bf16;
    case NRT_DTYPE_FLOAT16:
      return num::ElementType::Fp16;
    case NRT_DTYPE_INT32:
      return num::ElementType::Int32;
    case NRT_DTYPE_UINT32:
      return num::ElementType::Uint32;
    case NRT_DTYPE_FLOAT32:
    case NRT_DTYPE_FP32R:  // fp32 in memory
      return num::ElementType::Fp32;
    case NRT_DTYPE_INT64:
      return num::ElementType::Int64;
    case NRT_DTYPE_FP8_E3:
      return num::ElementType::Fp8E3;
    case NRT_DTYPE_FP8_E4:
      return num::ElementType::Fp8E4;
    case NRT_DTYPE_FP8_E5:
      return num::ElementType::Fp8E5;
    case NRT_DTYPE_INVALID:
      break;
  }
  return std::nullopt;
}

std::optional<num::CombineOp> combine_op(int op) {
  switch (op) {
    case NRT_OP_ADD:
      return num::CombineOp::Add;
    case NRT_OP_MAX:
      return num::CombineOp::Max;
    case NRT_OP_MIN:
      return num::CombineOp::Min;
    default:
      return std::nullopt;
  }
}

std::optional<hw::CollectiveOp> collective_op(int op) {
  switch (op) {
    case NRT_CC_ALLGATHER:
      return hw::CollectiveOp::AllGather;
    case NRT_CC_ALLREDUCE:
      return hw::CollectiveOp::AllReduce;
    case NRT_CC_REDUCESCATTER:
      return hw::CollectiveOp::ReduceScatter;
  }
  return std::nullopt;
}

/// What is combined how; nothing is for an all-gather, whatever `op` says.
hw::CollectiveHeader header_of(const CollectiveRequest& request) {
  const auto what = collective_op(request.cc_op);
  const auto type = element_type(request.dtype);
  const auto op = combine_op(request.op);
  if (!what) {
    throw StatusError(NRT_INVALID, fmt::format("{} is none of NRT_CC_ALLGATHER, NRT_CC_ALLREDUCE, "
                                               "NRT_CC_REDUCESCATTER",
                                               request.cc_op));
  }
  if (!type) {
    throw StatusError(NRT_INVALID, fmt::format("{} is no element type", request.dtype));
  }
  if (!op && *what != hw::CollectiveOp::AllGather) {
    throw StatusError(
        NRT_INVALID,
        fmt::format("operation {} is none of NRT_OP_ADD, NRT_OP_MAX, NRT_OP_MIN", request.op));
  }
  hw::CollectiveHeader header;
  header.op = *what;
  header.type = static_cast<std::uint8_t>(*type);
  header.combine =
      static_cast<std::uint8_t>(*what == hw::CollectiveOp::AllGather ? num::CombineOp::Add : *op);
  return header;
}

/// `replica_group` names ranks of the world; `rank` is the caller's place in it. Without a group
/// all ranks of the world take part.
std::shared_ptr<Member> member_of(Session& session, const nrt_cc_comm_t& comm, int core) {
  if (comm.rank >= comm.rank_n) {
    throw StatusError(NRT_INVALID, fmt::format("rank {} does not exist in a group of {} ranks",
                                               comm.rank, comm.rank_n));
  }
  if (comm.ctx_device_count > static_cast<std::uint32_t>(session.cores().count)) {
    throw StatusError(NRT_INVALID, fmt::format("a world of {} ranks, this process has {} cores",
                                               comm.ctx_device_count, session.cores().count));
  }
  if (comm.rank_n > comm.ctx_device_count) {
    throw StatusError(NRT_INVALID, fmt::format("a group of {} ranks in a world of {}", comm.rank_n,
                                               comm.ctx_device_count));
  }
  if (comm.replica_group == nullptr) {
    if (comm.rank_n != comm.ctx_device_count || comm.rank != comm.ctx_device_id) {
      throw StatusError(NRT_INVALID,
                        "replica_group is NULL, but not all ranks of the world take part");
    }
    return session.communicators().member_of_world(core, comm.ctx_device_count, comm.rank);
  }
  std::vector<std::uint32_t> group(comm.replica_group, comm.replica_group + comm.rank_n);
  if (group[comm.rank] != comm.ctx_device_id) {
    throw StatusError(NRT_INVALID,
                      fmt::format("replica_group[{}] is {}, but the caller is rank {} of the world",
                                  comm.rank, group[comm.rank], comm.ctx_device_id));
  }
  std::vector<std::uint32_t> sorted = group;
  std::sort(sorted.begin(), sorted.end());
  if (sorted.back() >= comm.ctx_device_count ||
      std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) {
    throw StatusError(NRT_INVALID, "replica_group names a rank twice, or one that does not exist");
  }
  return session.communicators().member(core, comm.ctx_device_count, group, comm.rank);
}

View tensor_view(Session& session, const nrt_tensor_list_t& list, std::size_t index, int core,
                 const char* what) {
  const View view = session.objects().tensors.get(list.tensors[index])->view();
  const HbmPool* pool = view.storage ? view.storage->memory->pool() : nullptr;
  if (pool == nullptr || pool != session.pool_of_core(core).get()) {
    throw StatusError(
        NRT_INVALID,
        fmt::format("{} {} is not in the device memory of logical core {}", what, index, core));
  }
  return view;
}

/// Checks sizes (R71) and adds the pair of tensors.
void add_buffer(CcContext& context, const View& input, const View& output, std::size_t index) {
  hw::Collective& collective = context.collective;
  const std::uint64_t ranks = collective.header.ranks;
  const hw::CollectiveBuffer buffer{input.address(), output.address(), input.size};
  const bool scatter = collective.header.op == hw::CollectiveOp::ReduceScatter;
  const std::uint64_t unit = num::size_of(collective.type()) * (scatter ? ranks : 1);
  if (input.size == 0 || input.size % unit != 0 || output.size != collective.output_bytes(buffer)) {
    throw StatusError(
        NRT_INVALID,
        fmt::format("sizes of tensors {}: input {}, output {} bytes, for {} ranks and "
                    "elements of {} bytes",
                    index, input.size, output.size, ranks, num::size_of(collective.type())));
  }
  collective.buffers.push_back(buffer);
  context.storages.push_back(input.storage);
  context.storages.push_back(output.storage);
}

}  // namespace

NRT_STATUS prepare_collective(Session& session, const CollectiveRequest& request,
                              nrt_cc_context_t** context) {
  require_pointer(request.comm, "comm");
  require_pointer(request.input, "input");
  require_pointer(request.output, "output");
  require_pointer(context, "cc_ctx");
  require_pointer(request.input->tensors, "input->tensors");
  require_pointer(request.output->tensors, "output->tensors");
  auto result = std::make_shared<CcContext>();
  result->collective.header = header_of(request);
  const std::size_t count = request.input->num_tensors;
  if (count == 0 || count != request.output->num_tensors) {
    throw StatusError(
        NRT_INVALID, fmt::format("{} inputs and {} outputs: the lists must be equally long and not "
                                 "empty",
                                 count, request.output->num_tensors));
  }
  const nrt_cc_comm_t& comm = *request.comm;
  session.require_core(comm.vnc);
  const int core = static_cast<int>(comm.vnc);
  result->collective.header.ranks = comm.rank_n;
  if (comm.rank_n > 0) {
    for (std::size_t i = 0; i < count; ++i) {
      add_buffer(*result, tensor_view(session, *request.input, i, core, "input"),
                 tensor_view(session, *request.output, i, core, "output"), i);
    }
  }
  result->member = member_of(session, comm, core);
  *context = session.objects().contexts.add(std::move(result));
  return NRT_SUCCESS;
}

std::unique_ptr<Request> collective_request(const char* api, Session& session, const Member& member,
                                            int queue, hw::Collective collective) {
  collective.header.communicator = member.communicator;
  collective.header.rank = member.rank;
  collective.header.ranks = static_cast<std::uint32_t>(member.group.size());
  collective.cores = session.communicators().cores(member);
  auto request = std::make_unique<Request>(api);
  request->order = member.order[queue];
  request->bindings = collective.table();
  request->descriptor.opcode = hw::RequestOpcode::Collective;
  request->descriptor.bindings = host_address(request->bindings.data());
  request->descriptor.binding_count = static_cast<std::uint32_t>(request->bindings.size());
  return request;
}

NRT_STATUS schedule_collective(Session& session, nrt_cc_context_t** context, std::int64_t queue,
                               const StatusSink& sink, nrta_seq_t* sequence) {
  require_pointer(context, "cc_ctx");
  require_pointer(sequence, "req_sequence");
  const std::shared_ptr<CcContext> prepared = session.objects().contexts.get(*context);
  const UnitChoice unit{hw::UnitType::Collectives, queue};
  require_unit(session, prepared->member->core, unit.type, unit.queue);
  if (prepared->scheduled.exchange(true)) {
    throw StatusError(NRT_INVALID_HANDLE, "another thread schedules the context");
  }
  NRT_STATUS status = NRT_FAILURE;
  try {
    auto request = collective_request("nrta_cc_schedule", session, *prepared->member,
                                      static_cast<int>(queue), prepared->collective);
    request->storages = prepared->storages;
    status =
        schedule_request(session, prepared->member->core, unit, std::move(request), sink, sequence);
  } catch (...) {
    prepared->scheduled = false;
    throw;
  }
  if (status != NRT_SUCCESS) {
    prepared->scheduled = false;
    return status;
  }
  session.objects().contexts.remove(*context);
  *context = nullptr;
  return NRT_SUCCESS;
}

}  // namespace nsim::rt
