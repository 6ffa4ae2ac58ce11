// SPDX-License-Identifier: Apache-2.0
// nrt_init, nrt_close, and what can be asked without them.
#include <nrt/nrt.h>
#include <nrt/nrt_version.h>

#include <algorithm>
#include <cstring>

#include "runtime/border.h"
#include "runtime/core_range.h"
#include "runtime/parameters.h"
#include "runtime/status.h"
#include "sim/base/log.h"

namespace nsim::rt {
namespace {

struct CoreCounts {
  int total;
  int visible;
};

/// Before nrt_init the answer comes from the environment, as nrt_init would read it.
CoreCounts core_counts() {
  const Lease lease;
  if (lease) {
    return {lease->topology().logical_cores, lease->cores().count};
  }
  const Environment environment = read_environment();
  Config config = load_config(environment, options(environment));
  const int total = hw::Hardware::topology_of(*resolve(config).hardware).logical_cores;
  return {total, claim_cores(environment, total).count};
}

NRT_STATUS report_count(const char* function, int CoreCounts::*which, std::uint32_t* count) {
  return at_border(function, [&] {
    require_pointer(count, "count");
    *count = static_cast<std::uint32_t>(core_counts().*which);
    return NRT_SUCCESS;
  });
}

}  // namespace
}  // namespace nsim::rt

using namespace nsim::rt;

NRT_STATUS nrt_init(nrt_framework_type_t framework, const char* fw_version,
                    const char* fal_version) {
  return at_border(__func__, [&] {
    static_cast<void>(fw_version);
    static_cast<void>(fal_version);
    if (framework <= NRT_FRAMEWORK_TYPE_INVALID || framework > NRT_FRAMEWORK_TYPE_PRECHECK) {
      throw StatusError(NRT_INVALID, "unknown framework type");
    }
    if (!open_session()) {
      NSIM_LOG(Nrt, Warn, "already initialised");
    }
    return NRT_SUCCESS;
  });
}

void nrt_close(void) {
  at_border(__func__, [] {
    close_session();
    return NRT_SUCCESS;
  });
}

NRT_STATUS nrt_get_version(nrt_version_t* version, size_t size) {
  return at_border(__func__, [&] {
    require_pointer(version, "version");
    nrt_version_t ours{};
    ours.rt_major = NRT_MAJOR_VERSION;
    ours.rt_minor = NSIM_VERSION_MINOR;
    ours.rt_patch = NSIM_VERSION_PATCH;
    std::strncpy(ours.rt_detail, "neuronsim", sizeof ours.rt_detail - 1);
    std::memcpy(version, &ours, std::min(size, sizeof ours));
    return NRT_SUCCESS;
  });
}

const char* nrt_get_status_as_str(NRT_STATUS status) {
  return status_name(status);
}

NRT_STATUS nrt_get_total_nc_count(uint32_t* nc_count) {
  return report_count(__func__, &CoreCounts::total, nc_count);
}
NRT_STATUS nrt_get_total_vnc_count(uint32_t* vnc_count) {
  return report_count(__func__, &CoreCounts::total, vnc_count);
}
NRT_STATUS nrt_get_visible_nc_count(uint32_t* nc_count) {
  return report_count(__func__, &CoreCounts::visible, nc_count);
}
NRT_STATUS nrt_get_visible_vnc_count(uint32_t* vnc_count) {
  return report_count(__func__, &CoreCounts::visible, vnc_count);
}

NRT_STATUS nrt_build_global_comm(int32_t vnc, uint32_t g_device_id, uint32_t g_device_count) {
  return in_session(__func__, [&](Session& session) {
    session.require_core(vnc);
    session.communicators().join(vnc, g_device_id, g_device_count);
    return NRT_SUCCESS;
  });
}

NRT_STATUS nrt_cc_global_comm_init(uint32_t vnc, uint32_t g_device_id, uint32_t g_device_count) {
  return in_session(__func__, [&](Session& session) {
    session.require_core(vnc);
    session.communicators().join(static_cast<int>(vnc), g_device_id, g_device_count);
    return NRT_SUCCESS;
  });
}
