// SPDX-License-Identifier: Apache-2.0
#include "tools/device_choice.h"

#include <fmt/format.h>

#include "models/program_file.h"
#include "tools/device.h"

namespace nsim::tool {

DeviceNames device_for(const std::string& path, const Arguments& arguments) {
  DeviceNames names{arguments.text("config"), arguments.list("set")};
  if (arguments.has("config")) {
    return names;
  }
  const ml::MadeFor made = ml::made_for(path);
  names.config = made.target;
  if (!made.target.empty() && open_device(made.target, {}).limits.cores_per_logical != made.cores) {
    names.set.insert(names.set.begin(), fmt::format("device.cores_per_logical={}", made.cores));
  }
  return names;
}

}  // namespace nsim::tool
