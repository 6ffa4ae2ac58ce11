// SPDX-License-Identifier: Apache-2.0
// nrt_experimental.h, except for the queries about models.
#include <nrt/nrt_experimental.h>

#include <cstring>

#include "runtime/border.h"
#include "runtime/host_collectives.h"
#include "runtime/status.h"
#include "runtime/transfers.h"

using namespace nsim::rt;

namespace nsim::rt {
namespace {

struct DevicePlace {
  std::uint64_t address = 0;
  int core = 0;  // a visible one whose memory it is
};

/// The device memory behind an address of nrt_tensor_get_va; throws StatusError(NRT_INVALID) when
/// there is none.
DevicePlace device_place(const Session& session, const void* va, std::size_t size) {
  const auto* at = static_cast<const std::byte*>(va);
  for (int core = 0; core < session.cores().count; ++core) {
    const hw::HbmRegion& region = session.pool_of_core(core)->region();
    if (region.storage != nullptr && at >= region.storage && at < region.storage + region.bytes &&
        size <= region.bytes - static_cast<std::size_t>(at - region.storage)) {
      return {region.base + static_cast<std::uint64_t>(at - region.storage), core};
    }
  }
  throw StatusError(NRT_INVALID, "the destination is not device memory");
}

}  // namespace
}  // namespace nsim::rt

NRT_STATUS nrt_memcpy_to_device(void* dest, const void* src, size_t size) {
  return in_session(__func__, [&](Session& session) {
    require_pointer(dest, "dest");
    require_pointer(src, "src");
    const DevicePlace place = device_place(session, dest, size);
    auto request = std::make_unique<Request>("nrt_memcpy_to_device");
    request->descriptor.opcode = nsim::hw::RequestOpcode::Copy;
    request->descriptor.source = host_address(src);
    request->descriptor.destination = place.address;
    request->descriptor.size = size;
    return session.run(*session.unit(place.core, nsim::hw::UnitType::Sync, 0), std::move(request));
  });
}

NRT_STATUS nrt_register_async_exec_callback(nrt_async_exec_callback_t callback, void* params) {
  static_cast<void>(params);
  return in_session(__func__, [&](Session&) {
    require_pointer(reinterpret_cast<const void*>(callback), "callback");
    return NRT_SUCCESS;  // the mode that would call it is gone (R30)
  });
}

NRT_STATUS nrt_async_drain_queued_execs(int32_t vnc) {
  return in_session(__func__, [&](Session& session) {
    session.require_core(vnc);
    return NRT_SUCCESS;
  });
}

NRT_STATUS nrt_barrier(int32_t vnc, uint32_t g_device_id, uint32_t g_device_count) {
  return in_session(__func__, [&](Session& session) {
    return host_barrier("nrt_barrier", session, {vnc, g_device_id, g_device_count});
  });
}

NRT_STATUS nrt_all_gather(int32_t vnc, uint32_t g_device_id, uint32_t g_device_count,
                          uint32_t rank_input_size, void* input, void* output) {
  return in_session(__func__, [&](Session& session) {
    require_pointer(input, "input");
    require_pointer(output, "output");
    return host_all_gather("nrt_all_gather", session, {vnc, g_device_id, g_device_count},
                           rank_input_size, input, output);
  });
}
