// SPDX-License-Identifier: Apache-2.0
// nrt_sys_trace_*: configuration objects are plain memory of the client; the events are the
// session's.
#include <nrt/nrt_sys_trace.h>

#include <cstdlib>
#include <cstring>

#include "runtime/border.h"
#include "runtime/status.h"
#include "runtime/sys_trace.h"

using namespace nsim::rt;

struct nrt_sys_trace_config {
  SysTraceFilter filter;
};

struct nrt_sys_trace_fetch_options {
  std::optional<std::uint32_t> core;
  std::uint64_t max_events_per_core = UINT64_MAX;
};

namespace nsim::rt {
namespace {

/// The types that `filter` lets pass.
NRT_STATUS list_events(const SysTraceFilter& filter, const char*** event_types,
                       std::size_t* count) {
  std::vector<const char*> names;
  for (std::size_t i = 0; i < kSysTraceEvents.size(); ++i) {
    if (filter.events[i]) {
      names.push_back(kSysTraceEvents[i].name);
    }
  }
  give_names(names, "event_types", event_types, count);
  return NRT_SUCCESS;
}

}  // namespace
}  // namespace nsim::rt

NRT_STATUS nrt_sys_trace_config_allocate(nrt_sys_trace_config_t** config) {
  return at_border(__func__, [&] {
    require_pointer(config, "config");
    *config = new nrt_sys_trace_config;
    return NRT_SUCCESS;
  });
}

NRT_STATUS nrt_sys_trace_config_set_defaults(nrt_sys_trace_config_t* config) {
  return at_border(__func__, [&] {
    require_pointer(config, "config");
    config->filter = SysTraceFilter();
    return NRT_SUCCESS;
  });
}

NRT_STATUS nrt_sys_trace_config_free(nrt_sys_trace_config_t* config) {
  delete config;
  return NRT_SUCCESS;
}

NRT_STATUS nrt_sys_trace_config_set_max_events_per_nc(nrt_sys_trace_config_t* config,
                                                      uint64_t max_events_per_nc) {
  return at_border(__func__, [&] {
    require_pointer(config, "config");
    config->filter.max_events_per_core = max_events_per_nc;
    return NRT_SUCCESS;
  });
}

NRT_STATUS nrt_sys_trace_config_set_capture_enabled_for_nc(nrt_sys_trace_config_t* config,
                                                           uint32_t nc_idx, bool enabled) {
  return at_border(__func__, [&] {
    require_pointer(config, "config");
    config->filter.set_core(nc_idx, enabled);
    return NRT_SUCCESS;
  });
}

NRT_STATUS nrt_sys_trace_config_set_capture_enabled_for_event_type(nrt_sys_trace_config_t* config,
                                                                   const char* event_type,
                                                                   bool enabled) {
  return at_border(__func__, [&] {
    require_pointer(config, "config");
    require_pointer(event_type, "event_type");
    const auto type = find_sys_trace_event(event_type);
    if (!type) {
      throw StatusError(NRT_INVALID, std::string("no event type \"") + event_type + "\"");
    }
    config->filter.events[*type] = enabled;
    return NRT_SUCCESS;
  });
}

NRT_STATUS nrt_sys_trace_config_get_enabled_event_types(const nrt_sys_trace_config_t* config,
                                                        const char*** event_types, size_t* count) {
  return at_border(__func__, [&] {
    require_pointer(config, "config");
    return list_events(config->filter, event_types, count);
  });
}

NRT_STATUS nrt_sys_trace_get_event_types(const char*** event_types, size_t* count) {
  return at_border(__func__, [&] { return list_events(SysTraceFilter(), event_types, count); });
}

NRT_STATUS nrt_sys_trace_free_event_types(const char** event_types, size_t count) {
  static_cast<void>(count);  // the names themselves are constants
  std::free(event_types);
  return NRT_SUCCESS;
}

NRT_STATUS nrt_sys_trace_start(nrt_sys_trace_config_t* config) {
  return in_session(__func__, [&](Session& session) {
    require_pointer(config, "config");
    session.events().start(config->filter);
    return NRT_SUCCESS;
  });
}

NRT_STATUS nrt_sys_trace_stop(void) {
  return in_session(__func__, [](Session& session) {
    session.events().stop();
    return NRT_SUCCESS;
  });
}

NRT_STATUS nrt_sys_trace_fetch_options_allocate(nrt_sys_trace_fetch_options_t** options) {
  return at_border(__func__, [&] {
    require_pointer(options, "options");
    *options = new nrt_sys_trace_fetch_options;
    return NRT_SUCCESS;
  });
}

NRT_STATUS nrt_sys_trace_fetch_options_set_defaults(nrt_sys_trace_fetch_options_t* options) {
  return at_border(__func__, [&] {
    require_pointer(options, "options");
    *options = nrt_sys_trace_fetch_options();
    return NRT_SUCCESS;
  });
}

NRT_STATUS nrt_sys_trace_fetch_options_free(nrt_sys_trace_fetch_options_t* options) {
  delete options;
  return NRT_SUCCESS;
}

NRT_STATUS nrt_sys_trace_fetch_options_set_max_events_per_nc(nrt_sys_trace_fetch_options_t* options,
                                                             uint64_t max_events_per_nc) {
  return at_border(__func__, [&] {
    require_pointer(options, "options");
    options->max_events_per_core = max_events_per_nc;
    return NRT_SUCCESS;
  });
}

NRT_STATUS nrt_sys_trace_fetch_options_set_nc_idx(nrt_sys_trace_fetch_options_t* options,
                                                  uint32_t nc_idx) {
  return at_border(__func__, [&] {
    require_pointer(options, "options");
    options->core = nc_idx;
    return NRT_SUCCESS;
  });
}

NRT_STATUS nrt_sys_trace_fetch_events(char** buffer, size_t* written_size,
                                      const nrt_sys_trace_fetch_options_t* options) {
  return in_session(__func__, [&](Session& session) {
    require_pointer(buffer, "buffer");
    require_pointer(written_size, "written_size");
    const nrt_sys_trace_fetch_options chosen =
        options == nullptr ? nrt_sys_trace_fetch_options() : *options;
    const std::string json = session.events().fetch(chosen.core, chosen.max_events_per_core);
    auto* text = static_cast<char*>(std::malloc(json.size() + 1));
    if (text == nullptr) {
      throw std::bad_alloc();
    }
    std::memcpy(text, json.c_str(), json.size() + 1);
    *buffer = text;
    *written_size = json.size();
    return NRT_SUCCESS;
  });
}

void nrt_sys_trace_buffer_free(char* buffer) {
  std::free(buffer);
}
