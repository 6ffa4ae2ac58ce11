// SPDX-License-Identifier: Apache-2.0
// nrt_inspect_* and nrt_profile_continuous_*: configuration objects are plain memory of the client.
#include <nrt/nrt_profile.h>

#include <array>
#include <cstdlib>
#include <string>
#include <vector>

#include "runtime/border.h"
#include "runtime/inspection.h"
#include "runtime/status.h"

using namespace nsim::rt;

struct nrt_profile_continuous_options {
  std::string output_dir;
};

namespace nsim::rt {
namespace {

constexpr std::array<const char*, 4> kActivities = {"system_profile", "device_profile",
                                                    "host_memory", "cpu_util"};

InspectOptions inspect_defaults() {
  InspectOptions options;
  options.settings.enabled = true;
  return options;
}

/// The calling function's body, with the config checked.
template <class Config, class Body>
NRT_STATUS with_config(const char* function, Config* config, Body body) {
  return at_border(function, [&] {
    require_pointer(config, "options");
    body(*config);
    return NRT_SUCCESS;
  });
}

}  // namespace
}  // namespace nsim::rt

struct nrt_inspect_config {
  InspectOptions options = inspect_defaults();
  std::array<bool, kActivities.size()> activities = {true, false, false, false};
};

NRT_STATUS nrt_profile_continuous_options_allocate(nrt_profile_continuous_options_t** options) {
  return at_border(__func__, [&] {
    require_pointer(options, "options");
    *options = new nrt_profile_continuous_options;
    return NRT_SUCCESS;
  });
}

NRT_STATUS nrt_profile_continuous_options_free(nrt_profile_continuous_options_t* options) {
  delete options;
  return NRT_SUCCESS;
}

NRT_STATUS nrt_profile_continuous_options_set_output_dir(nrt_profile_continuous_options_t* options,
                                                         const char* output_dir) {
  return with_config(__func__, options, [&](nrt_profile_continuous_options& chosen) {
    require_pointer(output_dir, "output_dir");
    chosen.output_dir = output_dir;
  });
}

NRT_STATUS nrt_inspect_begin(void) {
  return in_session(__func__, [](Session& session) {
    InspectOptions options = inspect_options(session.environment().inspect);
    options.settings.enabled = true;
    session.inspection().begin(options);
    return NRT_SUCCESS;
  });
}

NRT_STATUS nrt_inspect_begin_with_options(nrt_inspect_config_t* options) {
  return in_session(__func__, [&](Session& session) {
    require_pointer(options, "options");
    InspectOptions chosen = options->options;
    chosen.settings.system_profile = options->activities[0];
    chosen.settings.device_profile = options->activities[1];
    session.inspection().begin(chosen);
    return NRT_SUCCESS;
  });
}

NRT_STATUS nrt_inspect_stop(void) {
  return in_session(__func__, [](Session& session) {
    session.inspection().stop();
    return NRT_SUCCESS;
  });
}

NRT_STATUS nrt_inspect_config_allocate(nrt_inspect_config_t** options) {
  return at_border(__func__, [&] {
    require_pointer(options, "options");
    *options = new nrt_inspect_config;
    return NRT_SUCCESS;
  });
}

NRT_STATUS nrt_inspect_config_set_defaults(nrt_inspect_config_t* options) {
  return with_config(__func__, options,
                     [](nrt_inspect_config& config) { config = nrt_inspect_config(); });
}

NRT_STATUS nrt_inspect_config_free(nrt_inspect_config_t* options) {
  delete options;
  return NRT_SUCCESS;
}

NRT_STATUS nrt_inspect_config_set_session_id(nrt_inspect_config_t* options, int session_id) {
  return with_config(__func__, options,
                     [&](nrt_inspect_config& config) { config.options.session_id = session_id; });
}

NRT_STATUS nrt_inspect_config_set_output_dir(nrt_inspect_config_t* options,
                                             const char* output_dir) {
  return with_config(__func__, options, [&](nrt_inspect_config& config) {
    require_pointer(output_dir, "output_dir");
    config.options.settings.output_dir = output_dir;
  });
}

NRT_STATUS nrt_inspect_config_set_sys_trace_max_events_per_nc(nrt_inspect_config_t* options,
                                                              uint64_t max_events) {
  return with_config(__func__, options, [&](nrt_inspect_config& config) {
    config.options.filter.max_events_per_core = max_events;
  });
}

NRT_STATUS nrt_inspect_config_set_capture_enabled_for_nc(nrt_inspect_config_t* options,
                                                         uint32_t nc_idx, bool enabled) {
  return with_config(__func__, options, [&](nrt_inspect_config& config) {
    config.options.filter.set_core(nc_idx, enabled);
  });
}

NRT_STATUS nrt_inspect_config_set_capture_enabled_for_event_type_string(
    nrt_inspect_config_t* options, const char* event_type, bool enabled) {
  return with_config(__func__, options, [&](nrt_inspect_config& config) {
    require_pointer(event_type, "event_type");
    if (!config.options.filter.set_events(event_type, enabled)) {
      throw StatusError(NRT_INVALID, std::string("no event type \"") + event_type + "\"");
    }
  });
}

NRT_STATUS nrt_inspect_config_set_enable_inspect(nrt_inspect_config_t* options, bool enabled) {
  return with_config(__func__, options, [&](nrt_inspect_config& config) {
    config.options.settings.enabled = enabled;
  });
}

NRT_STATUS nrt_inspect_config_set_enable_inspect_on_fail(nrt_inspect_config_t* options,
                                                         bool enabled) {
  return with_config(__func__, options, [&](nrt_inspect_config& config) {
    config.options.settings.on_fail = enabled;
  });
}

NRT_STATUS nrt_inspect_config_get_all_activity_types(const char*** activity_types, size_t* count) {
  return at_border(__func__, [&] {
    give_names({kActivities.begin(), kActivities.end()}, "activity_types", activity_types, count);
    return NRT_SUCCESS;
  });
}

NRT_STATUS nrt_inspect_config_get_enabled_activity_types(nrt_inspect_config_t* options,
                                                         const char*** activity_types,
                                                         size_t* count) {
  return with_config(__func__, options, [&](const nrt_inspect_config& config) {
    std::vector<const char*> enabled;
    for (std::size_t i = 0; i < kActivities.size(); ++i) {
      if (config.activities[i]) {
        enabled.push_back(kActivities[i]);
      }
    }
    give_names(enabled, "activity_types", activity_types, count);
  });
}

NRT_STATUS nrt_inspect_config_free_activity_types(const char** activity_types, size_t count) {
  static_cast<void>(count);  // the names themselves are constants
  std::free(activity_types);
  return NRT_SUCCESS;
}

NRT_STATUS nrt_inspect_config_set_activity(nrt_inspect_config_t* options, const char* activity_type,
                                           bool enabled) {
  return with_config(__func__, options, [&](nrt_inspect_config& config) {
    require_pointer(activity_type, "activity_type");
    for (std::size_t i = 0; i < kActivities.size(); ++i) {
      if (std::string(activity_type) == kActivities[i]) {
        config.activities[i] = enabled;
        return;
      }
    }
    throw StatusError(NRT_INVALID, std::string("no activity type \"") + activity_type + "\"");
  });
}
