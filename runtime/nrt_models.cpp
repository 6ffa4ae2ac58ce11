// SPDX-License-Identifier: Apache-2.0
// Loading, querying and synchronously executing models.
#include <nrt/nrt.h>
#include <nrt/nrt_experimental.h>

#include <algorithm>
#include <cstdlib>

#include "runtime/border.h"
#include "runtime/execution.h"
#include "runtime/loader.h"
#include "runtime/status.h"

using namespace nsim::rt;

namespace nsim::rt {
namespace {

NRT_STATUS load_model(Session& session, const void* neff_bytes, std::size_t size, std::int32_t vnc,
                      std::int32_t vnc_count, bool collectives, nrt_model_t** model) {
  require_pointer(neff_bytes, "neff_bytes");
  require_pointer(model, "model");
  if (vnc < kAnyCore || (vnc_count != -1 && vnc_count != 1)) {
    throw StatusError(NRT_INVALID, "vnc must be -1 or a logical core, vnc_count -1 or 1");
  }
  const nsim::SimTime start = session.now();
  try {
    *model = session.objects().models.add(
        load_container(session, static_cast<const std::byte*>(neff_bytes), size, vnc, collectives));
  } catch (const StatusError& error) {
    session.counters().refused(session.cores().first + std::max(vnc, 0), error.status());
    throw;
  }
  session.trace_call("nrt_load", session.objects().models.get(*model)->core, start);
  return NRT_SUCCESS;
}

}  // namespace
}  // namespace nsim::rt

NRT_STATUS nrt_load(const void* neff_bytes, size_t size, int32_t vnc, int32_t vnc_count,
                    nrt_model_t** model) {
  return in_session(__func__, [&](Session& session) {
    return load_model(session, neff_bytes, size, vnc, vnc_count, false, model);
  });
}

NRT_STATUS nrt_load_collectives(const void* neff_bytes, size_t size, int32_t vnc, int32_t vnc_count,
                                uint32_t ctx_device_id, uint32_t ctx_device_count,
                                nrt_model_t** model) {
  return in_session(__func__, [&](Session& session) {
    require_pointer(model, "model");
    nrt_model_t* loaded = nullptr;
    const NRT_STATUS status = load_model(session, neff_bytes, size, vnc, vnc_count, true, &loaded);
    if (status != NRT_SUCCESS) {
      return status;
    }
    try {
      session.communicators().join(session.objects().models.get(loaded)->core, ctx_device_id,
                                   ctx_device_count);
    } catch (const StatusError&) {
      unload(session, session.objects().models.remove(loaded));
      throw;
    }
    *model = loaded;
    return NRT_SUCCESS;
  });
}

NRT_STATUS nrt_unload(nrt_model_t* model) {
  return in_session(__func__, [&](Session& session) {
    session.objects().models.get(model);  // NULL and stale handles
    if (auto object = session.objects().models.remove(model)) {
      if (session.checks() != nullptr) {
        session.checks()->unloading(object.get(), object->name);
      }
      const nsim::SimTime start = session.now();
      const int core = object->core;
      unload(session, std::move(object));
      session.trace_call("nrt_unload", core, start);
    }
    return NRT_SUCCESS;
  });
}

NRT_STATUS nrt_get_model_nc_count(const nrt_model_t* model, uint32_t* nc_count) {
  return in_session(__func__, [&](Session& session) {
    require_pointer(nc_count, "count");
    session.objects().models.get(model);
    *nc_count = 1;  // a program runs on one logical core
    return NRT_SUCCESS;
  });
}

NRT_STATUS nrt_get_model_vnc_count(const nrt_model_t* model, uint32_t* vnc_count) {
  return nrt_get_model_nc_count(model, vnc_count);
}

NRT_STATUS nrt_get_model_instance_count(nrt_model_t* model, uint32_t* instance_count) {
  return nrt_get_model_nc_count(model, instance_count);
}

NRT_STATUS nrt_execute(nrt_model_t* model, const nrt_tensor_set_t* input_set,
                       nrt_tensor_set_t* output_set) {
  return nrt_execute_repeat(model, input_set, output_set, 1);
}

NRT_STATUS nrt_execute_repeat(nrt_model_t* model, const nrt_tensor_set_t* input_set,
                              nrt_tensor_set_t* output_set, int repeat_count) {
  return in_session(__func__, [&](Session& session) {
    Objects& objects = session.objects();
    const auto object = objects.models.get(model);
    const auto inputs = objects.tensor_sets.get(input_set);
    const auto outputs = objects.tensor_sets.get(output_set);
    if (repeat_count < 1) {
      throw StatusError(NRT_INVALID, "repeat_count must be at least 1");
    }
    return execute(session, object, *inputs, *outputs, repeat_count);
  });
}

NRT_STATUS nrt_get_model_info(const nrt_model_t* model, nrt_model_info_t* info, size_t info_size_in,
                              size_t* info_size_out) {
  return in_session(__func__, [&](Session& session) {
    require_pointer(info, "info");
    give_info({static_cast<std::uint32_t>(session.objects().models.get(model)->core)}, info,
              info_size_in, info_size_out);
    return NRT_SUCCESS;
  });
}

namespace nsim::rt {
namespace {

void fill_info(const LoadedModel::Port& port, nrt_tensor_usage_t usage, std::uint32_t* shape,
               nrt_tensor_info_t& info) {
  port.name.copy(info.name, sizeof info.name - 1);
  info.usage = usage;
  info.size = port.bytes;
  info.dtype = port.dtype;
  info.shape = shape;
  info.ndim = static_cast<std::uint32_t>(port.shape.size());
  std::transform(port.shape.begin(), port.shape.end(), shape,
                 [](std::int64_t size) { return static_cast<std::uint32_t>(size); });
}

/// One block of memory: the array, then the shapes.
nrt_tensor_info_array_t* tensor_info(const LoadedModel& model) {
  std::size_t dims = 0;
  for (const auto* ports : {&model.inputs, &model.outputs}) {
    for (const LoadedModel::Port& port : *ports) {
      dims += port.shape.size();
    }
  }
  const std::size_t count = model.inputs.size() + model.outputs.size();
  const std::size_t shapes_at = sizeof(nrt_tensor_info_array_t) + count * sizeof(nrt_tensor_info_t);
  auto* array = static_cast<nrt_tensor_info_array_t*>(
      std::calloc(1, shapes_at + dims * sizeof(std::uint32_t)));
  if (array == nullptr) {
    throw std::bad_alloc();
  }
  array->tensor_count = count;
  auto* shape = reinterpret_cast<std::uint32_t*>(reinterpret_cast<std::byte*>(array) + shapes_at);
  nrt_tensor_info_t* next = array->tensor_array;
  for (const auto* ports : {&model.inputs, &model.outputs}) {
    for (const LoadedModel::Port& port : *ports) {
      fill_info(port, ports == &model.inputs ? NRT_TENSOR_USAGE_INPUT : NRT_TENSOR_USAGE_OUTPUT,
                shape, *next++);
      shape += port.shape.size();
    }
  }
  return array;
}

}  // namespace
}  // namespace nsim::rt

NRT_STATUS nrt_get_model_tensor_info(nrt_model_t* model, nrt_tensor_info_array_t** info) {
  return in_session(__func__, [&](Session& session) {
    require_pointer(info, "tensor_info");
    *info = tensor_info(*session.objects().models.get(model));
    return NRT_SUCCESS;
  });
}

NRT_STATUS nrt_free_model_tensor_info(nrt_tensor_info_array_t* info) {
  std::free(info);  // also after nrt_close: the memory is the client's
  return NRT_SUCCESS;
}
