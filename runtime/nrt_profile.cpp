// SPDX-License-Identifier: Apache-2.0
// nrt_profile_start and nrt_profile_stop.
#include <nrt/nrt_profile.h>

#include "runtime/border.h"
#include "runtime/profiles.h"

using namespace nsim::rt;

NRT_STATUS nrt_profile_start(nrt_model_t* model, const char* filename) {
  return in_session(__func__, [&](Session& session) {
    require_pointer(filename, "filename");
    const auto object = session.objects().models.get(model);
    session.profiles().start(filename, object->id, object->name);
    return NRT_SUCCESS;
  });
}

NRT_STATUS nrt_profile_stop(const char* filename) {
  return in_session(__func__, [&](Session& session) {
    require_pointer(filename, "filename");
    session.profiles().stop(filename);
    return NRT_SUCCESS;
  });
}
