// SPDX-License-Identifier: Apache-2.0
// The instance, its devices and their memory, and pinned memory of the host.
#include <nrt/nrt.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <vector>

#include "runtime/border.h"
#include "runtime/memory_ledger.h"
#include "runtime/status.h"

namespace nsim::rt {
namespace {

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

/// A list with its room in `*count`, which becomes its length; without a list only that.
template <class Item>
NRT_STATUS fill_list(const std::vector<Item>& items, Item* list, std::uint32_t* count) {
  require_pointer(count, "count");
  if (list != nullptr && *count < items.size()) {
    throw StatusError(NRT_RESOURCE, "the list has room for " + std::to_string(*count) + " of " +
                                        std::to_string(items.size()) + " entries");
  }
  if (list != nullptr) {
    std::copy(items.begin(), items.end(), list);
  }
  *count = static_cast<std::uint32_t>(items.size());
  return NRT_SUCCESS;
}

std::vector<nrt_device_allocation_chunk_t> chunks_of(const HbmPool& pool) {
  std::vector<nrt_device_allocation_chunk_t> chunks;
  for (const HbmBlock& block : pool.blocks()) {
    nrt_device_allocation_chunk_t chunk{};
    chunk.physical_address = pool.region().base + block.offset;
    chunk.size = block.bytes;
    chunk.hbm_index = pool.index();
    std::strncpy(chunk.category, memory_use_name(block.use), sizeof chunk.category - 1);
    chunks.push_back(chunk);
  }
  return chunks;
}

/// 0 for a type that is none.
std::size_t alignment_of(int type) {
  constexpr std::size_t kPage = 4096;
  switch (type) {
    case NRT_PINNED_MALLOC:
      return kPage;
    case NRT_PINNED_HUGEPAGE_2M:
      return std::size_t{2} << 20;
    case NRT_PINNED_HUGEPAGE_1G:
      return std::size_t{1} << 30;
    default:
      return 0;
  }
}

}  // namespace
}  // namespace nsim::rt

using namespace nsim::rt;

NRT_STATUS nrt_get_instance_info(nrt_instance_info_t* info, size_t instance_info_len) {
  return in_session(__func__, [&](Session& session) {
    require_pointer(info, "info");
    give_info(instance_info(session.topology()), info, instance_info_len, nullptr);
    return NRT_SUCCESS;
  });
}

NRT_STATUS nrt_get_device_id(int lnc_idx, int* device_id) {
  return in_session(__func__, [&](Session& session) {
    require_pointer(device_id, "device_id");
    session.require_core(lnc_idx);
    *device_id = session.device_of_core(lnc_idx);
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

NRT_STATUS nrt_host_device_id_rid_map_get(uint32_t* count, uint32_t* host_did_to_rid_map) {
  return in_session(__func__, [&](Session& session) {
    std::vector<std::uint32_t> identity(static_cast<std::size_t>(session.topology().devices));
    std::iota(identity.begin(), identity.end(), 0U);
    return fill_list(identity, host_did_to_rid_map, count);
  });
}

NRT_STATUS nrt_get_vnc_memory_stats(uint32_t vnc, nrt_vnc_memory_stats_t* stats,
                                    size_t stats_size_in, size_t* stats_size_out) {
  return in_session(__func__, [&](Session& session) {
    require_pointer(stats, "stats");
    session.require_core(vnc);
    const auto pool = session.pool_of_core(static_cast<int>(vnc));
    give_info({pool->used(), pool->region().bytes}, stats, stats_size_in, stats_size_out);
    return NRT_SUCCESS;
  });
}

NRT_STATUS nrt_get_hbm_mmap_va(int device_id, int hbm_idx, void** addr, size_t* size) {
  return in_session(__func__, [&](Session& session) {
    require_pointer(addr, "addr");
    require_pointer(size, "size");
    if (!session.numerics()) {
      throw StatusError(NRT_INVALID, "with instance.numerics = false the device keeps no bytes");
    }
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

void* nrt_pinned_malloc(size_t size, nrt_pinned_malloc_type_t type) {
  void* memory = nullptr;
  in_session(__func__, [&, type = integer_of(type)](Session&) {
    const std::size_t alignment = alignment_of(type);
    if (alignment == 0 || size == 0) {
      throw StatusError(NRT_INVALID, "the size must not be 0, and the type one of the three");
    }
    if (posix_memalign(&memory, alignment, size) != 0) {
      memory = nullptr;
      throw std::bad_alloc();
    }
    return NRT_SUCCESS;
  });
  return memory;
}

void nrt_pinned_free(void* memory) {
  std::free(memory);  // also after nrt_close: the memory is the client's
}

NRT_STATUS nrt_dump_device_allocation_info(int lnc_idx, nrt_device_allocation_chunk_t* chunks,
                                           uint32_t* count) {
  return in_session(__func__, [&](Session& session) {
    session.require_core(lnc_idx);
    return fill_list(chunks_of(*session.pool_of_core(lnc_idx)), chunks, count);
  });
}

NRT_STATUS nrt_debug_log_oom_report(int lnc_idx) {
  return in_session(__func__, [&](Session& session) {
    session.require_core(lnc_idx);
    session.memory_ledger().report(*session.pool_of_core(lnc_idx));
    return NRT_SUCCESS;
  });
}
