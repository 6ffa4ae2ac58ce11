// SPDX-License-Identifier: Apache-2.0
#include "runtime/execution.h"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/status.h"
#include "sim/base/log.h"

namespace nsim::rt {
namespace {

std::shared_ptr<Tensor> tensor_for(const LoadedModel::Port& port, const TensorSet& set,
                                   const char* what) {
  const TensorSet::Entry entry = set.find(port.name);
  if (entry.handle == nullptr) {
    throw StatusError(NRT_INVALID,
                      fmt::format("{} \"{}\" is not in the tensor set", what, port.name));
  }
  std::shared_ptr<Tensor> tensor = entry.tensor.lock();
  if (!tensor) {
    throw StatusError(NRT_INVALID_HANDLE,
                      fmt::format("the tensor for {} \"{}\" was freed", what, port.name));
  }
  return tensor;
}

void bind(Request& request, Session& session, const LoadedModel::Port& port, const Tensor& tensor) {
  const View whole = tensor.view();
  if (whole.size > port.bytes) {
    NSIM_LOG(Nrt, Warn, "tensor for \"{}\" has {} bytes, {} are used", port.name, whole.size,
             port.bytes);
  }
  const View view = tensor.range(0, port.bytes);
  const HbmPool* pool = view.storage->memory->pool();
  if (pool != nullptr && pool != session.pool_of_core(request.model->core).get()) {
    throw StatusError(
        NRT_INVALID,
        fmt::format("the tensor for \"{}\" is in HBM {}, out of reach of logical core {}",
                    port.name, pool->index(), request.model->core));
  }
  request.bindings[port.index] = view.address();
  if (std::find(request.storages.begin(), request.storages.end(), view.storage) ==
      request.storages.end()) {
    request.storages.push_back(view.storage);
  }
}

/// Makes the outputs of one execution the inputs of the next.
void chain(Request& request, const LoadedModel& model) {
  const std::size_t chained = std::min(model.inputs.size(), model.outputs.size());
  for (std::size_t i = 0; i < chained; ++i) {
    request.bindings[model.inputs[i].index] = request.bindings[model.outputs[i].index];
  }
}

void check_chain(const LoadedModel& model) {
  for (std::size_t i = 0; i < std::min(model.inputs.size(), model.outputs.size()); ++i) {
    if (model.inputs[i].bytes != model.outputs[i].bytes) {
      throw StatusError(
          NRT_INVALID,
          fmt::format("output \"{}\" cannot be input \"{}\" of the next run: sizes differ",
                      model.outputs[i].name, model.inputs[i].name));
    }
  }
}

}  // namespace

std::unique_ptr<Request> execution_request(const char* api, Session& session,
                                           const std::shared_ptr<LoadedModel>& model,
                                           const TensorSet& inputs, const TensorSet& outputs) {
  auto request = std::make_unique<Request>(api);
  request->model = model;
  request->bindings = model->bindings;
  for (const LoadedModel::Port& port : model->inputs) {
    bind(*request, session, port, *tensor_for(port, inputs, "input"));
  }
  for (const LoadedModel::Port& port : model->outputs) {
    std::shared_ptr<Tensor> tensor = tensor_for(port, outputs, "output");
    bind(*request, session, port, *tensor);
    request->outputs.push_back(std::move(tensor));
  }
  request->descriptor.opcode = hw::RequestOpcode::Execute;
  request->descriptor.program = model->program;
  request->descriptor.bindings = host_address(request->bindings.data());
  request->descriptor.binding_count = static_cast<std::uint32_t>(request->bindings.size());
  return request;
}

NRT_STATUS execute(Session& session, const std::shared_ptr<LoadedModel>& model,
                   const TensorSet& inputs, const TensorSet& outputs, int count) {
  if (count > 1) {
    check_chain(*model);
  }
  UnitQueue& unit = *session.unit(model->core, hw::UnitType::Compute, 0);
  for (int run = 0; run < count; ++run) {
    auto request = execution_request("nrt_execute", session, model, inputs, outputs);
    if (run > 0) {
      chain(*request, *model);
    }
    const NRT_STATUS status = session.run(unit, std::move(request));
    if (status != NRT_SUCCESS) {
      return status;
    }
  }
  return NRT_SUCCESS;
}

}  // namespace nsim::rt
