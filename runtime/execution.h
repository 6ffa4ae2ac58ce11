// SPDX-License-Identifier: Apache-2.0
// Executions of a model as requests.
#pragma once

#include <memory>

#include "runtime/request.h"
#include "runtime/session.h"

namespace nsim::rt {

/// Resolves the names of both sets now (R57) and checks sizes and places (R56). Throws StatusError.
std::unique_ptr<Request> execution_request(const char* api, Session& session,
                                           const std::shared_ptr<LoadedModel>& model,
                                           const TensorSet& inputs, const TensorSet& outputs);

/// Blocking executions; the i-th input of the second and later ones is the i-th output of the one
/// before.
NRT_STATUS execute(Session& session, const std::shared_ptr<LoadedModel>& model,
                   const TensorSet& inputs, const TensorSet& outputs, int count);

}  // namespace nsim::rt
