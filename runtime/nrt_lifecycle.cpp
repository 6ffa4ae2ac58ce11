// SPDX-License-Identifier: Apache-2.0
// nrt_init, nrt_close, and what can be asked about the instance.
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
  Config config = load_config(environment, options());
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

struct FamilyRow {
  const char* prefix;
  nrt_instance_family_t family;
};
constexpr FamilyRow kFamilies[] = {
    {"trn1n.", NRT_INSTANCE_TRN1N}, {"trn1.", NRT_INSTANCE_TRN1},   {"inf2.", NRT_INSTANCE_INF2},
    {"trn2u.", NRT_INSTANCE_TRN2U}, {"trn2n.", NRT_INSTANCE_TRN2N}, {"trn2.", NRT_INSTANCE_TRN2},
    {"trn3.", NRT_INSTANCE_TRN3},
};

struct SizeRow {
  const char* suffix;
  nrt_instance_size_t size;
};
constexpr SizeRow kSizes[] = {
    {".xlarge", NRT_INSTANCE_SIZE_1XL},    {".2xlarge", NRT_INSTANCE_SIZE_2XL},
    {".3xlarge", NRT_INSTANCE_SIZE_3XL},   {".4xlarge", NRT_INSTANCE_SIZE_4XL},
    {".6xlarge", NRT_INSTANCE_SIZE_6XL},   {".8xlarge", NRT_INSTANCE_SIZE_8XL},
    {".24xlarge", NRT_INSTANCE_SIZE_24XL}, {".32xlarge", NRT_INSTANCE_SIZE_32XL},
    {".48xlarge", NRT_INSTANCE_SIZE_48XL},
};

nrt_instance_info_t instance_info(const hw::Topology& topology) {
  nrt_instance_info_t info{};
  info.family = NRT_INSTANCE_UNKNOWN;
  info.size = NRT_INSTANCE_SIZE_UNKNOWN;
  for (const FamilyRow& row : kFamilies) {
    if (topology.name.rfind(row.prefix, 0) == 0) {
      info.family = row.family;
    }
  }
  const std::size_t dot = std::min(topology.name.find('.'), topology.name.size());
  for (const SizeRow& row : kSizes) {
    if (topology.name.compare(dot, std::string::npos, row.suffix) == 0) {
      info.size = row.size;
    }
  }
  topology.target.copy(info.arch_name, sizeof info.arch_name - 1);
  return info;
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

NRT_STATUS nrt_get_instance_info(nrt_instance_info_t* info, size_t instance_info_len) {
  return in_session(__func__, [&](Session& session) {
    require_pointer(info, "info");
    const nrt_instance_info_t ours = instance_info(session.topology());
    std::memcpy(info, &ours, std::min(instance_info_len, sizeof ours));
    return NRT_SUCCESS;
  });
}

NRT_STATUS nrt_host_device_id_get(int neuron_dev, uint32_t* host_device_id) {
  return in_session(__func__, [&](Session& session) {
    require_pointer(host_device_id, "host_device_id");
    if (neuron_dev < 0 || neuron_dev >= session.topology().devices) {
      throw StatusError(NRT_INVALID, "no such device");
    }
    *host_device_id = static_cast<std::uint32_t>(neuron_dev);
    return NRT_SUCCESS;
  });
}

NRT_STATUS nrt_get_vnc_memory_stats(uint32_t vnc, nrt_vnc_memory_stats_t* stats,
                                    size_t stats_size_in, size_t* stats_size_out) {
  return in_session(__func__, [&](Session& session) {
    require_pointer(stats, "stats");
    session.require_core(vnc);
    const auto pool = session.pool_of_core(static_cast<int>(vnc));
    const nrt_vnc_memory_stats_t ours{pool->used(), pool->region().bytes};
    const std::size_t written = std::min(stats_size_in, sizeof ours);
    std::memcpy(stats, &ours, written);
    if (stats_size_out != nullptr) {
      *stats_size_out = written;
    }
    return NRT_SUCCESS;
  });
}

NRT_STATUS nrt_get_hbm_mmap_va(int device_id, int hbm_idx, void** addr, size_t* size) {
  return in_session(__func__, [&](Session& session) {
    require_pointer(addr, "addr");
    require_pointer(size, "size");
    if (device_id < 0 || device_id >= session.topology().devices || hbm_idx < 0) {
      throw StatusError(NRT_INVALID, "no such device");
    }
    for (const auto& pool : session.pools()) {
      const auto& region = pool->region();
      if (region.device == device_id && region.stack == hbm_idx) {
        *addr = region.storage;
        *size = region.bytes;
        return NRT_SUCCESS;
      }
    }
    return NRT_INVALID_HANDLE;  // how a caller that counts up finds the end
  });
}

NRT_STATUS nrt_build_global_comm(int32_t vnc, uint32_t g_device_id, uint32_t g_device_count) {
  return in_session(__func__, [&](Session& session) {
    session.require_core(vnc);
    if (g_device_count != 1 || g_device_id != 0) {
      throw StatusError(NRT_INVALID, "collectives of more than one rank are not simulated");
    }
    return NRT_SUCCESS;
  });
}

NRT_STATUS nrt_cc_global_comm_init(uint32_t vnc, uint32_t g_device_id, uint32_t g_device_count) {
  return nrt_build_global_comm(static_cast<int32_t>(vnc), g_device_id, g_device_count);
}
