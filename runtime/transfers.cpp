// SPDX-License-Identifier: Apache-2.0
#include "runtime/transfers.h"

#include <algorithm>
#include <cstring>

#include "runtime/status.h"

namespace nsim::rt {
namespace {

std::unique_ptr<Request> copy(const char* api, std::uint64_t to, std::uint64_t from,
                              std::uint64_t size) {
  auto request = std::make_unique<Request>(api);
  request->descriptor.opcode = hw::RequestOpcode::Copy;
  request->descriptor.source = from;
  request->descriptor.destination = to;
  request->descriptor.size = size;
  return request;
}

/// Host tensors use core 0 (R55).
UnitQueue& sync_unit(Session& session, int core) {
  return *session.unit(std::max(core, 0), hw::UnitType::Sync, 0);
}

/// R29: a synchronous access waits for the synchronous executions under way that use the tensor.
void wait_for_executions(Session& session, const View& view) {
  const RunningExecutions& executions = view.storage->executions;
  const std::uint64_t begun = executions.begun();
  if (!executions.ended(begun)) {
    session.wait([&] { return executions.ended(begun); });
  }
}

}  // namespace

std::unique_ptr<Request> write_request(const char* api, const View& to, const void* from) {
  auto request = copy(api, to.address(), host_address(from), to.size);
  request->storages = {to.storage};
  return request;
}

std::unique_ptr<Request> read_request(const char* api, void* to, const View& from) {
  auto request = copy(api, host_address(to), from.address(), from.size);
  request->storages = {from.storage};
  return request;
}

std::unique_ptr<Request> copy_request(const char* api, const View& to, const View& from) {
  auto request = copy(api, to.address(), from.address(), to.size);
  request->storages = {to.storage, from.storage};
  return request;
}

NRT_STATUS write_tensor(Session& session, const char* api, const View& to, const void* from) {
  wait_for_executions(session, to);
  return session.run(sync_unit(session, to.core()), write_request(api, to, from));
}

NRT_STATUS read_tensor(Session& session, const char* api, void* to, const View& from) {
  wait_for_executions(session, from);
  return session.run(sync_unit(session, from.core()), read_request(api, to, from));
}

NRT_STATUS copy_tensor(Session& session, const View& to, const View& from) {
  if (to.core() >= 0 && from.core() >= 0 && to.core() != from.core()) {
    throw StatusError(NRT_INVALID, "the tensors belong to different logical cores");
  }
  wait_for_executions(session, to);
  wait_for_executions(session, from);
  if (to.core() < 0 && from.core() < 0) {
    std::memmove(to.data(), from.data(), to.size);
    return NRT_SUCCESS;
  }
  return session.run(sync_unit(session, std::max(to.core(), from.core())),
                     copy_request("nrt_tensor_copy", to, from));
}

NRT_STATUS fill_tensor(Session& session, const View& to, int value) {
  wait_for_executions(session, to);
  auto request = std::make_unique<Request>("nrt_tensor_memset");
  request->descriptor.opcode = hw::RequestOpcode::Fill;
  request->descriptor.destination = to.address();
  request->descriptor.size = to.size;
  request->descriptor.fill_value = static_cast<std::uint8_t>(value);
  request->storages = {to.storage};
  return session.run(sync_unit(session, to.core()), std::move(request));
}

}  // namespace nsim::rt
